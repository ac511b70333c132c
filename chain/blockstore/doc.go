// Package blockstore keeps blocks and their undo data in flat files, in the
// form that Bitcoin Core writes, and the tree of headers in an index of its
// own. It knows nothing of rules: it stores what it is given, and gives back
// exactly that or a named error.
//
// # Files
//
//	blk?????.dat   blocks in the order in which they arrived
//	rev?????.dat   undo data of the blocks in the file of the same number
//	xor.dat        the 8-byte key that both are obscured with
//	.lock          held while the store is open
//	.reindex       only while the index is being dropped
//	index/         the LevelDB index
//
// A record is the network's magic (4 bytes), the length (4, little endian) and
// the bytes; undo data is followed by the double SHA-256 of the parent's hash
// and the bytes. A position is the offset of the first byte after the length.
// A block file has less than 128 MiB. Files grow by 16 and 1 MiB ahead of
// what is written, zeros on the disk, and are cut to their content when the
// next one begins.
//
// # Index
//
// All integers in keys are big endian, so that order in the database is order
// by number; in values little endian.
//
//	"!owner"             "grapevine block index"
//	"!version"           uint32: 1
//	'b' height32 hash    header (80 bytes), status32, txcount32, file32, datapos32, undopos32
//	'f' number32         blocks32, size32, undosize32, heights first32 last32, times first32 last32
//	'F' name             flag: 1 or 0
//	"l"                  uint32: number of the last file
//
// The height leads, so that a start reads a million headers in one pass, each
// after its parent. Another program's index is refused, see ldbstorage.
//
// # What survives
//
// Order of safety: append, then [Store.Sync], then [Store.WriteIndex], which is
// one synced batch that names nothing beyond what the last Sync covered. So the
// index never names bytes that a loss of power can take away. Bytes behind
// those that the index counts are leftovers of a crash and get overwritten. An
// append that fails is not counted. When a sync or an index write has failed,
// nothing is known about the disk, and the store refuses all writes until the
// next start.
//
// [Open] compares the files with the index and names what is missing. A
// reindex keeps the block files, drops the rest, and lets the caller read the
// files in place ([Store.ScanFile], [Store.RegisterBlock]); until
// [Store.EndReindex] no block is appended, since that could overwrite one that
// has not been read. All this goes on where it was when cut short.
//
// # Who may call what
//
// One goroutine, the owner, appends: AppendBlock, AppendUndo, RegisterBlock,
// PruneFile, EndReindex. Everything else is for any goroutine at any time: reads wait
// neither for appends nor for syncs, and a Sync covers what was appended
// before it while the owner goes on. The ledger, a small struct under its own
// lock, holds what is appended, synced and indexed.
//
// # The attacker
//
// Peers choose the bytes of blocks: the XOR key keeps patterns that other
// programs react to off the disk. Whoever can write to the folder can do
// damage, but no more than cost us an error: lengths are compared with the file
// before anything is allocated, magic and length, hash and checksum before
// anything is returned.
package blockstore
