package utxo

import (
	"fmt"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/iterator"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/util"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// Snapshot is all coins at one block, in the order of (txid, index), whatever
// happens to the set meanwhile. It is for one goroutine. While it is open
// LevelDB keeps what is deleted and overwritten, so it should be closed soon.
type Snapshot struct {
	store *store
	best  wire.BlockHash
	snap  *leveldb.Snapshot
	it    iterator.Iterator
	op    wire.OutPoint
	coin  consensus.Coin
	slab  []byte
	err   error
}

// Snapshot opens a snapshot. All coins have to be written: [ErrFlushing] and
// [ErrUnflushed] say that they are not, [Set.Flush] does it. The owner's.
func (s *Set) Snapshot() (*Snapshot, error) {
	switch {
	case s.closed.Load():
		return nil, &Error{Kind: ErrClosed}
	case s.interrupted:
		return nil, &Error{Kind: ErrInterrupted}
	case s.flushing.Load():
		return nil, &Error{Kind: ErrFlushing}
	case s.dirty:
		return nil, &Error{Kind: ErrUnflushed}
	}
	snap, err := s.store.db.GetSnapshot()
	if err != nil {
		return nil, dbError(s.store.dir, err)
	}
	it := snap.NewIterator(coinRange(), &opt.ReadOptions{DontFillCache: true})
	return &Snapshot{store: s.store, best: s.best, snap: snap, it: it}, nil
}

// Best returns the block whose coins these are.
func (n *Snapshot) Best() wire.BlockHash { return n.best }

// Next goes to the next coin, the first one at first. It returns false at the
// end and on an error, which Err tells apart.
func (n *Snapshot) Next() bool {
	if n.err != nil || !n.it.Next() {
		return false
	}
	var ok bool
	if n.op, ok = parseKey(n.it.Key()); !ok {
		n.err = n.store.corrupt(fmt.Sprintf("key %x", n.it.Key()), nil)
		return false
	}
	coin, slab, err := DecodeCoin(n.it.Value(), n.slab[:0])
	if err != nil {
		n.err = n.store.corrupt("coin "+n.op.String(), err)
		return false
	}
	n.coin, n.slab = coin, slab
	return true
}

// Coin returns the present coin; it and its script are valid until the next
// call of Next.
func (n *Snapshot) Coin() (wire.OutPoint, *consensus.Coin) { return n.op, &n.coin }

// Err returns what ended the iteration, nil at the end of the coins.
func (n *Snapshot) Err() error {
	if n.err != nil {
		return n.err
	}
	return dbError(n.store.dir, n.it.Error())
}

// Close lets the snapshot go.
func (n *Snapshot) Close() {
	n.it.Release()
	n.snap.Release()
}

// DiskSize estimates the bytes that the coins take on the disk. Any goroutine.
func (s *Set) DiskSize() (uint64, error) {
	sizes, err := s.store.db.SizeOf([]util.Range{*coinRange()})
	if err != nil {
		return 0, dbError(s.store.dir, err)
	}
	return uint64(sizes.Sum()), nil
}
