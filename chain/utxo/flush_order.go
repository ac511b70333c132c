package utxo

import (
	"bytes"
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

// orderPair is a record with the parts of its key that decide nearly always:
// the beginning of the txid, and the index among outputs of one transaction.
type orderPair struct {
	prefix uint64
	index  uint32
	ref    uint32
}

func comparePairs(a, b orderPair) int {
	switch {
	case a.prefix < b.prefix:
		return -1
	case a.prefix > b.prefix:
		return 1
	}
	return cmp.Compare(a.index, b.index)
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
		r := record(o.t.arena.at(ref))
		o.pairs = append(o.pairs, orderPair{binary.BigEndian.Uint64(r), r.index(), ref})
	}
	slices.SortFunc(o.pairs, comparePairs)
	for rest := o.pairs; len(rest) > 1; {
		n := 1
		for n < len(rest) && rest[n].prefix == rest[0].prefix {
			n++
		}
		o.sortWhole(rest[:n])
		rest = rest[n:]
	}
}

// sortWhole sorts records whose txids begin alike by the whole key. They are
// in order already where the txids are the same: two that agree in 64 bits
// and not in the rest cost somebody 2^32 transactions.
func (o *keyOrder) sortWhole(run []orderPair) {
	txid := func(p orderPair) *[32]byte { return record(o.t.arena.at(p.ref)).txid() }
	for _, p := range run[1:] {
		if *txid(p) != *txid(run[0]) {
			slices.SortFunc(run, func(a, b orderPair) int {
				if c := bytes.Compare(txid(a)[:], txid(b)[:]); c != 0 {
					return c
				}
				return cmp.Compare(a.index, b.index)
			})
			return
		}
	}
}

func (o *keyOrder) release() {
	if o.mem != nil {
		_ = unmapMemory(o.mem)
	}
	o.mem, o.refs, o.pairs = nil, nil, nil
}
