// Package sigverify checks signatures on secp256k1: ECDSA in the lenient form
// that the chain has always accepted, Schnorr signatures of BIP 340, and the
// commitment of a taproot output key (BIP 341).
//
// # Who uses it
//
// The interpreter asks a [Verifier]. [Direct] computes every answer, [Cached]
// remembers the true ones of transactions seen before their block. Block
// validation collects the checks whose outcome decides an input in a [Batch]
// and has them verified together: the batch shares one modular inversion
// among many checks, and it is the row layout that an engine working on
// several signatures at once needs.
//
// # Engines
//
// An [Engine] does the arithmetic. [Reference] is built on btcec's curve code.
// [Portable] is three times as fast, on curve code of our own in package curve;
// the reference is its oracle in the tests. Both run everywhere. Which engine a Batch or Verifier uses is decided where
// it is made; nothing here is configured through package variables.
//
// # Rules that are easy to miss
//
// Encoding rules (strict DER, low S, key types) are flags of the interpreter
// and not of this package. What is accepted here is exactly what consensus
// accepts once no such flag applies: any DER-like blob that the lenient parser
// reads, r and s out of range count as zero and fail, high S passes, hybrid
// keys (06/07) pass when their parity bit is right.
//
// # The attacker
//
// He chooses keys, signatures and messages. All verification is variable time,
// which is fine as nothing here is secret. The cache is keyed by a salted hash
// so that he can neither aim collisions at it nor choose which entries his own
// displace; it has a fixed size. Batches add nothing that is unbounded: a check
// takes 163 bytes whatever it was given.
//
// # Concurrency
//
// Functions, Engines, Verifiers and the Cache are safe for concurrent use. A
// Batch belongs to one goroutine.
package sigverify
