// Package mining builds blocks on a tip and finds their nonce.
//
// A block starts from a [Template]: height, version, time and difficulty of the
// block after some parent. [Template.Assemble] puts a coinbase in front of a
// list of transactions and fills in what depends on them: the merkle root and
// the witness commitment (BIP 141). The coinbase carries the height (BIP 34)
// and, once the nonces of a header are used up, an extra nonce. Its lock time is
// the height before and its sequence is not final, so that no two coinbases are
// alike without help from BIP 34, as mining software does since 2025.
//
// [Miner] joins template, nonce search and submission for the generate calls:
// it is meant for regtest, where the second try succeeds. On a network with real
// difficulty it gives up after the tries that the caller allows.
//
// State and concurrency: a [Template] is a value; a [Miner] holds only what its
// [Config] names and may be used by many goroutines, which then race for the
// same height, as independent miners do. Nothing here checks a block: the chain
// does, and its verdict is what the caller gets.
//
// The input comes from an authenticated caller; cost is bounded by the number
// of tries and by the context.
package mining
