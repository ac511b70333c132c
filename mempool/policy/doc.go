// Package policy holds the rules for relaying a transaction that are stricter
// than those for mining it: pure functions of a transaction and of the outputs
// that it spends.
//
// Consensus accepts much that nobody needs and that costs every node: scripts
// of unknown form, outputs that cost more to spend than they hold, witnesses
// of any size. A node that relays only what is standard keeps such from being
// spread for the price of a fee, and keeps room for later rules: what is
// undefined today (witness versions, annexes, success opcodes) is not relayed,
// so that giving it a meaning surprises nobody.
//
// None of this decides about blocks. A rule that is broken comes back as an
// [Error] with the reason in the words that the ecosystem matches on. The cost
// of each check is linear in the transaction; [CheckTx] comes first, as it
// bounds the transaction to 400,000 weight units and each input script to 1,650
// bytes of pushes.
//
// Concurrency: no state at all.
//
// BIPs: 16 (15 signature operations a redeem script), 54 (2,500 legacy
// signature operations a transaction), 141, 341, 342 (limits of witnesses), 431
// (version 3 is standard).
package policy
