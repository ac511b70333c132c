// Package compact makes and reads compact blocks (BIP 152, version 2): a block
// of which most transactions are only named, since the other side's pool has them.
//
// [Build] makes one. [NewPartial] begins to put one together again, [Partial.Fill]
// finds its transactions in the pool and [Partial.FillExtra] among others that were
// seen lately ([Extra]); [Partial.Missing] says which to ask for and
// [Partial.Complete] gives the block. [Announcers] says which peers are to send us new
// blocks this way unasked.
//
// # Names
//
// A transaction is named by six bytes of SipHash-2-4 of its wtxid. The key is the
// start of SHA256(header, nonce), so that it differs from block to block and from
// sender to sender, and nobody can prepare two transactions that collide for
// everybody. That two of 3,000 in a block and 50,000 in the pool collide has a
// chance of 3000 x 50000 / 2^48, once in two million blocks.
//
// # Attackers
//
// A compact block costs its sender the proof of work of its header, which the
// caller checks first, but that may be another's: the rest can be made up. So
//
//   - names are sought in a table whose chains are at most 64 long, however they were
//     chosen (a quarter of it is used, so that names at random make chains of 20); the
//     scan of the pool is one hash a transaction, whatever was sent;
//   - what is found counts up to the 4 MB of a block, and no further;
//   - a block that does not fit its merkle root or witness commitment is not handed
//     on: it may be a collision, which is nobody's fault, so [ErrCollision] asks for the
//     whole block. [ErrInvalid] is what no honest peer can bring about.
//
// # Memory
//
// A [Partial] takes 8 bytes a transaction and what was sent whole: see
// [Partial.Footprint], which the caller bounds. While it is filled, the table takes up
// to 68 bytes a transaction, 2.3 MB at most. What it found belongs to the pool and is held,
// at most 4 MB of encoded transactions, should they leave the pool meanwhile. [Extra]
// holds 100 transactions of at most 100,000 bytes each: 10 MB. [Announcers]: three
// peers.
//
// Nothing here has a goroutine, clock, lock or source of randomness. One goroutine
// at a time uses a value.
package compact
