// Package chain is the replicated ledger: it accepts headers and blocks,
// checks every rule, follows the valid chain with the most work and keeps the
// coins that this chain leaves unspent.
//
// # Ownership
//
// One goroutine, started by [Chain.Run], owns the block tree, the candidates
// for the tip, the pipeline and the decision to move the tip. Calls that
// write ([Chain.SubmitBlock], [Chain.Invalidate], ...) post to it and return
// when what they brought has been judged. Calls that read never wait for it:
// the active chain is an immutable view behind an atomic pointer, the tree
// only grows, and coins are read under a short read lock. The exceptions go
// over all coins or try blocks out, and take their turn when nothing is in
// flight: [Chain.CoinStats], [Chain.VerifyDB], [Chain.CheckTemplate].
//
// # The pipeline
//
// A block passes four stages, and every stage may work on another block:
//
//  1. decoding and the checks without context, on the caller's goroutine, the
//     importer's or a reader's ([consensus.CheckBlock]);
//  2. the owner checks the header and the rules that need the branch, stores
//     the block, resolves its inputs and builds a private [utxo.Overlay]
//     stacked on those of the blocks before it that are still in flight;
//  3. the script workers check its scripts in batches and encode its undo
//     data;
//  4. once these have passed, and those of all blocks before it, the owner
//     writes the undo data, merges the overlay into the coins and moves the
//     tip: the only moment at which a reader sees anything of it.
//
// A block that fails in any stage is marked, with its descendants, and the
// overlays from it on are dropped: nothing has to be undone.
//
// A reorganisation goes through the same pipeline. Blocks of the old branch
// are disconnected into overlays, those of the new one connected on top, and
// all of it is merged at once at the first block with more work than the old
// tip. A branch that turns out invalid before that leaves no trace but its
// mark. Where the overlays of one reorganisation would take more memory than
// the cache of coins, it is committed in several steps, each consistent.
//
// # Attackers
//
// A mutated block (merkle tree, witness, 64-byte transactions) or one from
// the future is refused without marking its header, because an honest block
// with the same header may follow (CVE-2012-2459). Blocks that fail the checks
// without context never mark a header at all. The memory of blocks in
// flight is bounded in bytes, whatever arrives.
//
// What nobody asked for is to cost its sender work: headers are refused below
// the work that the caller names ([Chain.MinWork]), blocks that were not
// requested are kept only where they may soon be the tip ([BlockOptions]). A block
// that turns out invalid costs a look at the leaves of the tree and at its
// descendants. Blocks that were requested are the caller's to bound:
// [Chain.Queued] tells how much waits in memory. Those without their parents
// wait there too, the nearest 32 MiB; the others are read back from their files.
//
// # What survives a crash
//
// Blocks and undo data are synced before the index names them, and the index
// before the coins that rest on them. A flush of coins runs in the background,
// framed by a marker with both heads; one that was interrupted is rolled
// forward from the block files by the next [Open].
package chain
