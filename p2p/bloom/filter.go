package bloom

import (
	"encoding/binary"
	"math"
	"sync/atomic"

	"grapevine/chain/script"
	"grapevine/wire"
)

// seedStep sets the seeds of the hash functions apart (BIP 37).
const seedStep = 0xfba4c795

// Filter is what a client asked for. The zero value matches everything.
type Filter struct {
	words []atomic.Uint32 // bit n of the filter is bit n mod 32 of word n/32
	size  int             // in bytes
	funcs uint32
	tweak uint32
	flags wire.BloomFlags
}

// New returns the filter of a message that was decoded, which bounds it.
func New(m *wire.MsgFilterLoad) *Filter {
	f := &Filter{size: len(m.Data), funcs: m.HashFuncs, tweak: m.Tweak, flags: m.Flags & wire.BloomUpdateMask}
	f.words = make([]atomic.Uint32, (len(m.Data)+3)/4)
	for i, b := range m.Data {
		f.words[i/4].Or(uint32(b) << (i % 4 * 8))
	}
	return f
}

// ForElements returns an empty filter that, once it holds so many elements, takes
// others for its own at about this rate, as far as the limits allow.
func ForElements(elements int, rate float64, tweak uint32, flags wire.BloomFlags) *Filter {
	n := float64(max(elements, 1))
	size := int(min(-n*math.Log(rate)/(math.Ln2*math.Ln2), wire.MaxFilterLoad*8)) / 8
	funcs := min(uint32(float64(size*8)/n*math.Ln2), wire.MaxFilterHashes)
	return New(&wire.MsgFilterLoad{Data: make([]byte, max(size, 0)), HashFuncs: funcs, Tweak: tweak, Flags: flags})
}

// Message returns the filter as it stands.
func (f *Filter) Message() *wire.MsgFilterLoad {
	data := make([]byte, f.size)
	for i := range data {
		data[i] = byte(f.words[i/4].Load() >> (i % 4 * 8))
	}
	return &wire.MsgFilterLoad{Data: data, HashFuncs: f.funcs, Tweak: f.tweak, Flags: f.flags}
}

// Footprint returns the bytes that the filter takes.
func (f *Filter) Footprint() int { return 64 + 4*len(f.words) }

func (f *Filter) bit(function uint32, element []byte) uint32 {
	return murmur3(function*seedStep+f.tweak, element) % uint32(f.size*8)
}

// Add puts an element into the filter.
func (f *Filter) Add(element []byte) {
	if f.size == 0 {
		return
	}
	for i := range f.funcs {
		n := f.bit(i, element)
		f.words[n/32].Or(1 << (n % 32))
	}
}

// Has reports whether an element was added, or looks as if it was.
func (f *Filter) Has(element []byte) bool {
	if f.size == 0 {
		return true
	}
	for i := range f.funcs {
		if n := f.bit(i, element); f.words[n/32].Load()>>(n%32)&1 == 0 {
			return false
		}
	}
	return true
}

// AddOutPoint and HasOutPoint take an outpoint for its 36 bytes.
func (f *Filter) AddOutPoint(op wire.OutPoint) {
	b := outPoint(op)
	f.Add(b[:])
}

// HasOutPoint reports whether an outpoint was added, or looks as if it was.
func (f *Filter) HasOutPoint(op wire.OutPoint) bool {
	b := outPoint(op)
	return f.Has(b[:])
}

func outPoint(op wire.OutPoint) (b [36]byte) {
	copy(b[:], op.Txid[:])
	binary.LittleEndian.PutUint32(b[32:], op.Index)
	return b
}

// Match reports whether a transaction concerns the client, and adds what of it
// spends are to be recognised by.
func (f *Filter) Match(tx *wire.Tx) bool {
	if f.size == 0 {
		return true
	}
	txid := tx.Txid()
	found := f.Has(txid[:])
	for i := range tx.Out {
		pk := tx.Out[i].PkScript
		if !f.hasPush(pk) {
			continue
		}
		found = true
		if f.addsSpend(pk) {
			f.AddOutPoint(wire.OutPoint{Txid: txid, Index: uint32(i)})
		}
	}
	if found {
		return true
	}
	for i := range tx.In {
		if f.HasOutPoint(tx.In[i].PrevOut) || f.hasPush(tx.In[i].ScriptSig) {
			return true
		}
	}
	return false
}

// hasPush reports whether something that a script pushes matches. What comes behind a
// push that is cut off does not count.
func (f *Filter) hasPush(s []byte) bool {
	for t := script.NewTokenizer(s); t.Next(); {
		if data := t.Data(); len(data) > 0 && f.Has(data) {
			return true
		}
	}
	return false
}

// addsSpend reports whether the outpoint of a matching output is to be added.
func (f *Filter) addsSpend(pk []byte) bool {
	switch f.flags {
	case wire.BloomUpdateAll:
		return true
	case wire.BloomUpdatePubkeyOnly:
		t := script.TypeOf(pk)
		return t == script.PubKey || t == script.MultiSig
	}
	return false
}
