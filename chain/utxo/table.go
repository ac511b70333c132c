package utxo

import "grapevine/wire"

// table is one generation of the cache: what changed between two freezes,
// over what lies below (the generation before, then the database). Neither
// index nor arena holds a pointer, and both lie outside the Go heap, so the
// garbage collector never looks at them.
//
// It has no lock: [Set] says who may touch it when.
type table struct {
	index index
	arena arena
}

func newTable(budget int64) (*table, error) {
	t := &table{}
	t.arena.init(chunkShift(budget))
	x, err := newIndex(homesFor(1024))
	if err != nil {
		return nil, err
	}
	t.index = x
	return t, nil
}

// sortBytes is what a flush needs an entry to bring them into order.
const sortBytes = 4

// used is what the entries take, the flush's sorting included: the figure
// that is held against the budget.
func (t *table) used() int64 {
	return t.arena.used() + t.index.bytes() + int64(t.index.n)*sortBytes
}

// mapped is what the table takes of the machine.
func (t *table) mapped() int64 { return t.arena.bytes() + t.index.bytes() }

// find returns the position of an outpoint in the index and its record.
func (t *table) find(hash uint32, op *wire.OutPoint) (pos int, r record, ok bool) {
	slots := t.index.slots
	for i := t.index.home(hash); ; i++ {
		slot := slots[i]
		if slot == 0 || uint32(slot>>32) > hash {
			return 0, nil, false
		}
		if uint32(slot>>32) == hash {
			if r := record(t.arena.at(uint32(slot))); r.is(op) {
				return i, r, true
			}
		}
	}
}

// growth is memory that a table needs for what comes, to be put in place
// where no reader looks at the table.
type growth struct {
	index  *index
	chunks [][]byte
}

// reserve prepares room for n entries with the given bytes of records. It
// changes nothing that readers see.
func (t *table) reserve(n, bytes int) (growth, error) {
	chunks, err := t.arena.missing(bytes)
	if err != nil {
		return growth{}, err
	}
	g := growth{chunks: chunks}
	if t.index.room(n) {
		return g, nil
	}
	want := t.index.n + n
	x, err := t.index.grown(homesFor(want + want/2))
	if err != nil {
		freeChunks(chunks)
		return growth{}, err
	}
	g.index = &x
	return g, nil
}

// adopt puts what reserve prepared in place.
func (t *table) adopt(g growth) {
	t.arena.chunks = append(t.arena.chunks, g.chunks...)
	if g.index != nil {
		t.index.release()
		t.index = *g.index
	}
}

// spend removes a coin: a fresh one leaves nothing, another a tombstone.
func (t *table) spend(hash uint32, op *wire.OutPoint) error {
	pos, r, ok := t.find(hash, op)
	if !ok {
		ref, b := t.arena.alloc(tombBytes)
		record(b).setTomb(op)
		return t.insert(hash, ref)
	}
	if r.tomb() {
		return nil
	}
	old, size := uint32(t.index.slots[pos]), r.size()
	if r.fresh() {
		t.index.remove(pos)
		t.arena.release(old, size)
		return nil
	}
	ref, b := t.arena.alloc(tombBytes)
	record(b).setTomb(op)
	t.index.replace(pos, ref)
	t.arena.release(old, size)
	return nil
}

// add puts a coin in. It is fresh when the caller knows that nothing lies
// below this generation; a tombstone that is already here knows better, and
// so does an unspent coin that is overwritten (BIP 30's two exceptions).
func (t *table) add(hash uint32, op *wire.OutPoint, out *wire.TxOut, height int32, coinbase, fresh bool) error {
	pos, r, ok := t.find(hash, op)
	if ok {
		fresh = r.fresh() // false for a tombstone
		old, size := uint32(t.index.slots[pos]), r.size()
		ref, b := t.arena.alloc(coinHeader + len(out.PkScript))
		record(b).setCoin(op, out, height, coinbase, fresh)
		t.index.replace(pos, ref)
		t.arena.release(old, size)
		return nil
	}
	ref, b := t.arena.alloc(coinHeader + len(out.PkScript))
	record(b).setCoin(op, out, height, coinbase, fresh)
	return t.insert(hash, ref)
}

// insert is index.insert that grows where the end of the table is reached,
// which reserve makes all but impossible.
func (t *table) insert(hash, ref uint32) error {
	for range 8 {
		if t.index.insert(hash, ref) {
			return nil
		}
		x, err := t.index.grown(t.index.homes + t.index.homes/4)
		if err != nil {
			return err
		}
		t.adopt(growth{index: &x})
	}
	return memoryError(int(t.index.bytes()), nil)
}

// clear empties the table and keeps its memory up to a budget.
func (t *table) clear(budget int64) {
	t.arena.clear(budget)
	t.index.clear()
}

// release gives all memory back. Nothing may read the table any more.
func (t *table) release() {
	t.index.release()
	t.arena.releaseAll()
}
