package utxo

import (
	"cmp"
	"encoding/binary"
	"slices"
	"unsafe"
)

// keyOrder yields the records of a frozen table in the order of their keys.
// They are first dealt into buckets by the first bits of the txid, four bytes
// an entry outside the Go heap, and each bucket is sorted when its turn comes.
// An attacker who grinds txids into one bucket makes that sort longer, by the
// logarithm of the bucket.
type keyOrder struct {
	t      *table
	mem    []byte
	refs   []uint32
	starts [orderBuckets + 1]uint32

	bucket int // sorted into pairs last, plus one
	pairs  []orderPair
	at     int
}

const (
	orderBits    = 12
	orderBuckets = 1 << orderBits
)

// orderPair is a record with the beginning of its key.
type orderPair struct {
	prefix uint64
	ref    uint32
}

func bucketOf(r record) uint32 {
	return uint32(binary.BigEndian.Uint16(r)) >> (16 - orderBits)
}

func newKeyOrder(t *table) (*keyOrder, error) {
	o := &keyOrder{t: t}
	n := t.index.n
	if n > 0 {
		mem, err := mapMemory(n * sortBytes)
		if err != nil {
			return nil, memoryError(n*sortBytes, err)
		}
		o.mem = mem
		o.refs = unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(mem))), n)
	}
	for _, slot := range t.index.slots {
		if slot != 0 {
			o.starts[bucketOf(t.arena.at(uint32(slot)))+1]++
		}
	}
	for b := range orderBuckets {
		o.starts[b+1] += o.starts[b]
	}
	next := o.starts
	for _, slot := range t.index.slots {
		if slot != 0 {
			b := bucketOf(t.arena.at(uint32(slot)))
			o.refs[next[b]] = uint32(slot)
			next[b]++
		}
	}
	return o, nil
}

// next returns the next record; ok is false at the end.
func (o *keyOrder) next() (ref uint32, ok bool) {
	for o.at == len(o.pairs) {
		if o.bucket == orderBuckets {
			return 0, false
		}
		o.sort(o.bucket)
		o.bucket++
	}
	ref = o.pairs[o.at].ref
	o.at++
	return ref, true
}

// done reports whether next has nothing more.
func (o *keyOrder) done() bool {
	return o.at == len(o.pairs) && (o.bucket == orderBuckets || int(o.starts[o.bucket]) == len(o.refs))
}

func (o *keyOrder) sort(bucket int) {
	o.pairs, o.at = o.pairs[:0], 0
	for _, ref := range o.refs[o.starts[bucket]:o.starts[bucket+1]] {
		o.pairs = append(o.pairs, orderPair{binary.BigEndian.Uint64(o.t.arena.at(ref)), ref})
	}
	slices.SortFunc(o.pairs, func(a, b orderPair) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		x, y := record(o.t.arena.at(a.ref)), record(o.t.arena.at(b.ref))
		if c := cmp.Compare(string(x.txid()[:]), string(y.txid()[:])); c != 0 {
			return c
		}
		return cmp.Compare(x.index(), y.index())
	})
}

func (o *keyOrder) release() {
	if o.mem != nil {
		_ = unmapMemory(o.mem)
	}
	o.mem, o.refs, o.pairs = nil, nil, nil
}
