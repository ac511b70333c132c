package utxo

import (
	"math/bits"
	"slices"

	"grapevine/chain/consensus"
	"grapevine/chain/script"
	"grapevine/wire"
)

// Overlay is what one block, or several, change, stacked on the overlays of
// the blocks before it that are still in flight and on the [Set]. Nobody sees
// it until [Set.Merge] folds it in; one whose block failed is just dropped,
// and with it those above.
//
// The owner of the Set is the only one to use its overlays. Scripts of coins
// that were added are not copied: they alias the block.
type Overlay struct {
	set   *Set
	below *Overlay
	// belowEpoch is the epoch of below when this was stacked on it: after its
	// merge its content is in the set, and the overlay may have been reused.
	belowEpoch uint64
	epoch      uint64

	entries []layerEntry
	slots   []uint32 // number of an entry plus one, by hash; a power of two
	scratch overlayScratch
}

// layerEntry is what the overlay says of one outpoint.
type layerEntry struct {
	op       wire.OutPoint
	hash     uint32
	out      wire.TxOut
	height   int32
	state    entryState
	coinbase bool
}

type entryState uint8

const (
	entrySpent entryState = iota // there is no such coin any more
	entryFresh                   // created here, nothing lies below
	entryLive                    // created here, something may lie below
	entryGone                    // created fresh and spent here
)

func (e *layerEntry) live() bool { return e.state == entryFresh || e.state == entryLive }

func (e *layerEntry) coin() consensus.Coin {
	return consensus.Coin{Out: e.out, Height: e.height, Coinbase: e.coinbase}
}

// NewOverlay returns an empty layer over below, which may be nil, and the set.
// Overlays below one that is still used are merged from the bottom up.
func NewOverlay(below *Overlay, set *Set) *Overlay {
	o := &Overlay{}
	o.Reset(below, set)
	return o
}

// Reset empties an overlay that has been merged or dropped and stacks it anew.
func (o *Overlay) Reset(below *Overlay, set *Set) {
	o.retire()
	o.set, o.below = set, below
	if below != nil {
		o.belowEpoch = below.epoch
	}
}

// retire empties the overlay, so that overlays above look past it, and leaves
// its memory to the next one.
func (o *Overlay) retire() {
	o.epoch++
	o.below = nil
	if o.entries == nil {
		return
	}
	clear(o.entries) // for the collector: they hold blocks
	clear(o.slots)
	if o.set != nil {
		o.set.keepSpare(overlayMemory{o.entries[:0], o.slots})
	}
	o.entries, o.slots = nil, nil
}

// overlayMemory is what an overlay's entries lie in, empty.
type overlayMemory struct {
	entries []layerEntry
	slots   []uint32
}

const (
	// Spares are kept for as many blocks as are usually in flight, and not
	// those of the largest blocks: 8 of 32,768 entries are 23 MiB, 8 of usual
	// ones 12 MiB.
	maxSpares       = 8
	maxSpareEntries = 32 << 10
)

func (s *Set) keepSpare(m overlayMemory) {
	if len(s.spares) < maxSpares && cap(m.entries) <= maxSpareEntries {
		s.spares = append(s.spares, m)
	}
}

func (s *Set) takeSpare() (m overlayMemory) {
	if n := len(s.spares); n > 0 {
		m = s.spares[n-1]
		s.spares[n-1] = overlayMemory{}
		s.spares = s.spares[:n-1]
	}
	return m
}

// under returns the next layer below that has not been merged.
func (o *Overlay) under() *Overlay {
	if o.below != nil && o.below.epoch != o.belowEpoch {
		o.below = nil
	}
	return o.below
}

// Len returns the number of outpoints that the overlay says something of.
func (o *Overlay) Len() int { return len(o.entries) }

// reserve makes room for n more entries.
func (o *Overlay) reserve(n int) {
	if o.entries == nil {
		m := o.set.takeSpare()
		o.entries, o.slots = m.entries, m.slots
	}
	o.entries = slices.Grow(o.entries, n)
	want := 2 * (len(o.entries) + n)
	if want <= len(o.slots) {
		return
	}
	o.slots = make([]uint32, 1<<bits.Len(uint(max(want, 64)-1)))
	for i := range o.entries {
		o.place(o.entries[i].hash, uint32(i+1))
	}
}

func (o *Overlay) place(hash, number uint32) {
	mask := uint32(len(o.slots) - 1)
	i := hash & mask
	for o.slots[i] != 0 {
		i = (i + 1) & mask
	}
	o.slots[i] = number
}

// find returns this layer's entry, nil when it has none.
func (o *Overlay) find(hash uint32, op *wire.OutPoint) *layerEntry {
	if len(o.slots) == 0 {
		return nil
	}
	mask := uint32(len(o.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		number := o.slots[i]
		if number == 0 {
			return nil
		}
		if e := &o.entries[number-1]; e.hash == hash && e.op == *op {
			return e
		}
	}
}

// lookup returns the topmost entry of this layer and those below, nil when
// only the set can tell.
func (o *Overlay) lookup(hash uint32, op *wire.OutPoint) *layerEntry {
	for l := o; l != nil; l = l.under() {
		if e := l.find(hash, op); e != nil {
			return e
		}
	}
	return nil
}

// insert adds an entry for an outpoint that has none. There is room.
func (o *Overlay) insert(hash uint32, op *wire.OutPoint) *layerEntry {
	o.entries = append(o.entries, layerEntry{op: *op, hash: hash})
	o.place(hash, uint32(len(o.entries)))
	return &o.entries[len(o.entries)-1]
}

// Spend removes a coin. The caller knows that it is there.
func (o *Overlay) Spend(op wire.OutPoint) {
	o.reserve(1)
	o.spend(o.set.hash.outpoint(&op), &op)
}

func (o *Overlay) spend(hash uint32, op *wire.OutPoint) {
	e := o.find(hash, op)
	if e == nil {
		o.insert(hash, op)
		return
	}
	e.spend()
}

func (e *layerEntry) spend() {
	switch e.state {
	case entryFresh:
		e.state = entryGone
	case entryLive:
		e.state = entrySpent
	}
	e.out = wire.TxOut{}
}

// Add creates a coin. It is fresh when the caller knows that no unspent coin
// of this outpoint lies below: such a coin, spent again before it reaches the
// database, never does. False is always right. A coin that cannot be spent is
// left out, as everywhere.
func (o *Overlay) Add(op wire.OutPoint, c consensus.Coin, fresh bool) {
	if script.IsUnspendable(c.Out.PkScript) {
		return
	}
	o.reserve(1)
	o.add(o.set.hash.outpoint(&op), &op, &c.Out, c.Height, c.Coinbase, fresh)
}

func (o *Overlay) add(hash uint32, op *wire.OutPoint, out *wire.TxOut, height int32, coinbase, fresh bool) {
	e := o.find(hash, op)
	switch {
	case e == nil:
		e = o.insert(hash, op)
		if fresh {
			e.state = entryFresh
		} else {
			e.state = entryLive
		}
	case e.state == entryGone:
		e.state = entryFresh
	case e.state == entrySpent:
		e.state = entryLive
	}
	e.out, e.height, e.coinbase = *out, height, coinbase
}

// Fetch resolves outpoints as [Set.Fetch] does, with what the overlay and
// those below it change.
func (o *Overlay) Fetch(ops []wire.OutPoint, dst []consensus.Coin, found []bool) error {
	w := &o.set.work
	w.reset()
	clear(dst[:len(ops)])
	clear(found[:len(ops)])
	for i := range ops {
		hash := o.set.hash.outpoint(&ops[i])
		e := o.lookup(hash, &ops[i])
		switch {
		case e == nil:
			w.push(&ops[i], hash, i)
		case e.live():
			dst[i], found[i] = e.coin(), true
		}
	}
	return o.set.resolve(w, dst, found)
}
