// Package consensus holds the rules that make a transaction, a header and a
// block valid, as functions of their arguments: no state, no clock, no I/O, no
// goroutine, so that any number of callers may use it at once. What a rule needs
// of the chain (heights, median times, the coins that are spent) comes in.
//
// A rule that is broken comes back as an [*Error]: the reason, in the words that
// the rest of the ecosystem matches on, a detail for people, and a [Result] that
// says whose fault it can be. The difference matters. A peer can take a valid
// block and change what its hash does not cover (the order of transactions
// repeated at the end, witnesses), and whoever then marked the hash invalid would
// refuse the real block: such a block is [ResultMutated]. A block from the
// future may be fine later, or the clock here is wrong: [ResultTimeFuture].
// Neither marks its header, and [Result.MarksHeader] says of each result whether
// it does.
//
// The order of checks is part of the contract: all that can be mutated is
// checked before anything that would condemn the header. In order:
//
//   - [CheckHeader], [ContextualCheckHeader]: proof of work, difficulty, times,
//     version. They guard the memory of the tree.
//   - [CheckBlock]: proof of work, the signet solution, merkle root and its
//     mutation, size, coinbase, each transaction by itself, a lower bound of
//     signature operations.
//   - [ContextualCheckBlock]: lock times, height in the coinbase, witness
//     commitment, weight.
//   - with the coins: [EnforcesBIP30], [CheckTxInputs], [SequenceLocks],
//     [TxSigOpCost], [Subsidy], and the scripts under [ScriptFlagsAt].
//
// The attacker sends blocks with proof of work, and transactions without. Cost
// is linear in the size of what is sent, but for the search of duplicate inputs,
// which sorts. A block is at most 4 million bytes on arrival; nothing here
// allocates more than 32 bytes a transaction, or 8 an input of one that has more
// than 256.
//
// BIPs: 16, 30, 34, 65, 66, 68, 94, 112, 113, 141, 147, 325, 341.
package consensus
