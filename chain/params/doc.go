// Package params says what a network is: its genesis block, its magic bytes and
// ports, the figures of its consensus rules, and what is taken on trust about
// its history (minimum chain work, assumed-valid block, snapshots).
//
// A [Params] is built once at start-up by [Mainnet], [Testnet3], [Testnet4],
// [Signet], [Regtest] or [New], and is read-only from then on: any number of
// goroutines may share it. Code that wants a variation for a test copies the
// struct and changes the copy before anyone else sees it.
//
// The package is a leaf that knows no rule but one: which target a header's
// compact bits stand for on this network ([Params.Target],
// [Params.CheckProofOfWork]), because the limit of the network decides it.
// Script flags appear here as bare bits, since package script comes later in
// the order of imports.
//
// The figures are facts of the networks, taken from the reference
// implementation's release of 2026. Those on trust age: a stale MinimumChainWork
// only lets an attacker who hides the network present a longer outdated chain,
// a stale AssumeValid only costs script checks.
//
// BIPs: 9 and 90 (deployments), 16, 30, 34, 65, 66, 68, 112, 113, 141, 341
// (heights), 94 (testnet4), 325 (signet), 13, 32, 173 (prefixes).
package params
