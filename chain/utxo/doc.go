// Package utxo keeps the coins: the outputs that the active chain leaves
// unspent, the undo data that bring spent ones back, and statistics over all
// of them.
//
// # The set
//
// A [Set] is the coins at one block. Changes come as an [Overlay], the private
// layer of one block, stacked on those of the blocks before it that are still
// in flight; [Set.Merge] folds layers in when their blocks are valid. Below
// the overlays lie, from top to bottom:
//
//	the active generation     takes every merge
//	the generation before it  read-only; being written, or written and kept to read
//	LevelDB                   the rest
//
// A generation is an open-addressing index over an arena, both outside the Go
// heap and without pointers. It says of an outpoint either the coin or that
// it is spent. A coin that is created and spent within one generation, over
// nothing below (it is "fresh"), leaves no trace and never reaches LevelDB.
//
// [Set.BeginFlush] freezes the active generation and opens an empty one;
// [Set.FlushStep] writes the frozen one in bounded batches in the order of the
// keys, beside everything else. Once written it stays as a cache of what is
// newest in the database, until the next freeze reuses its memory.
//
// # Memory
//
// Config.CacheBytes covers the two generations, LevelDB's write buffers and
// the index and filter blocks of its open tables, with the arithmetic in
// store.go. A coin with a usual script takes 80 bytes in the arena, 11 to 16 in the
// index and 4 for sorting it at the flush. One block more than the budget may be
// held: a generation is not full in the middle of a block. The owner stops
// merging while [Set.Full].
//
// # Concurrency
//
// One owner, the chain's, merges, fetches, begins flushes and uses overlays.
// FlushStep may run on one other goroutine. [Set.Coins], [Set.Best], [Set.Bytes]
// and [Set.Memory] are for anyone: they take a read lock that only
// a merge (no I/O, some ten nanoseconds a coin) and a freeze hold against
// them. A [Snapshot] is a consistent view for one goroutine, for as long as it
// is open.
//
// # The database
//
// Directory chainstate, LevelDB with bytewise order, no compression:
//
//	key                           value
//	'O'                           owner: "grapevine chainstate"
//	'V'                           version of this layout: 1, 4 bytes, little endian
//	'B'                           block whose coins these are: 32 bytes; none in an empty set
//	'H'                           only while a flush runs: block it leads to, block it
//	                              comes from, 32 bytes each
//	'c' txid (32 bytes) index     coin, as [AppendCoin] encodes it
//
// Block hashes and txids stand in the byte order of the hash function. The
// index stands in one byte below 248, else as a byte 247 + n and n bytes, big
// endian, n as small as possible: keys ascend as (txid, index) does.
//
// # What survives a crash
//
// The first batch of a flush carries 'H', the last removes it and sets 'B', and
// each batch is synced before the next. An interrupted flush therefore
// leaves 'H', and each coin is as of one of the two blocks. [Set.Heads] reports
// it at the next start, and the chain repeats the blocks between them with
// [Set.ReplaySpend] and [Set.ReplayAdd], which do not look at what is there,
// until [Set.FinishReplay]. What a generation held that was not being written is
// in the block files, after 'B'.
//
// A damaged record, a full disk or an unreadable file is an [Error] with its
// kind; nothing is guessed, and nothing that was written before is lost.
//
// # The attacker
//
// makes outpoints as he likes: the index hashes them under a secret key and
// always compares all 36 bytes. He fills the set with coins: that costs
// him fees and us disk, the memory is bounded. He grinds txids for a common
// beginning: a flush sorts one of its buckets longer. He spends a
// coin twice, within a block or over several: [Overlay.Connect] finds the coin gone.
package utxo
