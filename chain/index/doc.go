// Package index finds confirmed transactions by their id.
//
// A [TxIndex] follows the active chain from a position of its own, beside
// validation and never in its way: it reads blocks back from the block files and
// notes where each transaction is. The first time this takes as long as
// reading the whole chain does; calls are answered meanwhile, with what is
// there. Blocks that leave the active chain stay in the index, as their
// transactions may only be there, unless they left before they were read; what
// is in the active chain is found first.
//
// # Ownership
//
// The goroutine of [TxIndex.Run] writes. [TxIndex.Find], [TxIndex.CatchUp] and
// [TxIndex.Summary] are for anyone: the state that they read is an immutable value
// behind an atomic pointer, the database serves readers beside its writer.
//
// # The database
//
// Directory indexes/txindex, LevelDB with bytewise order, no compression:
//
//	key                                         value
//	'B' number (4 bytes)                        hash of the block of that number: 32 bytes
//	'H' hash of a block (32 bytes)              its number: 4 bytes
//	'P'                                         position: hash of the last block of the chain
//	                                            that was followed, 32 bytes; none at first
//	'V'                                         version of this layout: 1, 4 bytes
//	't' txid (its first 8 bytes)                nothing
//	    number of a block (4 bytes)
//	    place in the block (2 bytes)
//
// Numbers are big endian and count blocks from 0 in the order in which they were
// indexed; hashes and txids stand in the byte order of the hash function. A
// place fits two bytes: a transaction has at least 60 bytes without witness, so
// that no block holds more than 16,666. An entry has 15 bytes, of which
// neighbours share some; mainnet's 1.3 billion transactions take about 20 GB.
//
// Eight bytes do not name a transaction for certain: [TxIndex.Find] reads each
// block that comes into question and compares the whole id.
//
// # What survives a crash
//
// A batch holds whole blocks, each with its number, and the position that
// they lead to, and is synced before the next. After a crash the index is as
// of some batch. It may then be ahead of the chain, which keeps less on disk
// at once: blocks that it knows are passed over when they come again. The files
// of another program are refused, never changed.
//
// # The attacker
//
// makes transactions whose ids begin alike, so that one lookup reads many
// blocks. Two such ids cost him 2^32 hashes, k of them 2^(64(k-1)/k), and
// fees for each.
package index
