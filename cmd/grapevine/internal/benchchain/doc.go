// Package benchchain writes a regtest chain to measure validation with: a
// block file full of signatures, the same bytes for the same configuration on
// every machine.
//
// # Shape of the chain
//
// F blocks with nothing but a coinbase, 100 until the first of these matures,
// then F blocks that each split one coinbase into thousands of coins, then
// blocks of transactions that spend two coins at random and make two. F is
// what the number of coins asks for, 3 by default. Coins are of five kinds,
// mixed by weight, and each has keys of its own. A transaction never spends a
// coin of its own block.
//
// # Keys and nonces
//
// Key number i is base + i for a base that the seed gives, and so are the
// nonces of signatures: the points come by adding the generator, and a run of
// them shares one inversion, which makes a signature ten times as cheap as
// with a nonce of its own kind. Nothing like it may guard coins of value: who
// knows the seed knows all keys, and who sees two signatures can find them.
//
// # Concurrency
//
// [Write] plans a block alone, has its transactions built and signed by one
// goroutine a core, and encodes it alone again. What a worker makes depends on
// its transactions only, so that the number of workers does not show in the
// result. Memory is one block and about 170 bytes for each coin alive.
package benchchain
