// Package muhash computes MuHash3072, a hash of a multiset: elements may be
// added and removed in any order, and two halves of a set may be hashed apart
// and joined. The node describes its set of unspent outputs with it.
//
// An element becomes a number of 3072 bits: the ChaCha20 key stream (nonce and
// counter zero) under the SHA-256 of its bytes, little endian. The set is the
// product of its elements modulo the prime 2^3072 - 1103717; a removal
// multiplies into a denominator, so that the one costly division waits for
// [MuHash.Sum], which hashes the 384 little-endian bytes of the quotient.
//
// Finding two sets with the same hash is a discrete-logarithm-like problem in
// a group of that size; nothing here is secret, so nothing runs in constant
// time.
//
// The multiplication and the key stream, which are all of the cost, have
// assembly for amd64 (BMI2 and ADX, AVX-512); the portable code serves every
// other CPU and is what the tests hold the assembly to.
//
// A [MuHash] is plain data without locks: one goroutine at a time may use it.
package muhash
