package addrrelay

import (
	"encoding/binary"
	"unsafe"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// hash is the keyed hash of an address with its port.
func (r *Relay) hash(a *wire.NetAddr) uint64 {
	var b [32]byte
	a.Addr.AppendTo(b[:0])
	return r.key.HashWith(&b, uint64(a.Port)|uint64(a.Addr.Network())<<16)
}

// mark is the fingerprint of an address, never zero. A peer cannot choose addresses
// that look known without the key; one in 500,000 does by chance.
func (r *Relay) mark(a *wire.NetAddr) uint32 { return max(uint32(r.hash(a)>>32), 1) }

// pair makes the input of a hash of two numbers.
func pair(a, b uint64) (out [32]byte) {
	binary.LittleEndian.PutUint64(out[:], a)
	binary.LittleEndian.PutUint64(out[8:], b)
	return out
}

// generation is how many fingerprints a generation of [recent] holds; three are kept, so
// that the last 5000 are always there.
const generation = 2500

// recent remembers the last fingerprints that were added to it.
type recent struct {
	generations [3]table
}

func (r *recent) has(mark uint32) bool {
	return r.generations[0].has(mark) || r.generations[1].has(mark) || r.generations[2].has(mark)
}

func (r *recent) add(mark uint32) {
	if r.generations[0].has(mark) {
		return
	}
	if r.generations[0].count == generation {
		oldest := r.generations[2]
		clear(oldest.slots)
		oldest.count = 0
		r.generations = [3]table{oldest, r.generations[0], r.generations[1]}
	}
	r.generations[0].add(mark)
}

func (r *recent) clear() { *r = recent{} }

func (r *recent) bytes() (n int) {
	for _, t := range r.generations {
		n += 4 * len(t.slots)
	}
	return n
}

// table is a set of fingerprints with open addressing.
type table struct {
	slots []uint32 // a power of two; zero is empty
	count int
}

func (t *table) has(mark uint32) bool {
	return t.count > 0 && t.slots[t.find(mark)] == mark
}

// find returns the place of a fingerprint, or the empty one where it belongs.
func (t *table) find(mark uint32) int {
	mask := len(t.slots) - 1
	n := int(mark) & mask
	for t.slots[n] != 0 && t.slots[n] != mark {
		n = (n + 1) & mask
	}
	return n
}

func (t *table) add(mark uint32) {
	if 4*(t.count+1) > 3*len(t.slots) {
		old := t.slots
		t.slots = make([]uint32, max(16, 2*len(old)))
		for _, m := range old {
			if m != 0 {
				t.slots[t.find(m)] = m
			}
		}
	}
	t.slots[t.find(mark)] = mark
	t.count++
}

const addrBytes = int(unsafe.Sizeof(wire.TimedAddr{}))

// PeerFootprint returns the bytes that are kept for a peer.
func (r *Relay) PeerFootprint(id peer.ID) int {
	p := r.peer(id)
	if p == nil {
		return 0
	}
	return p.footprint()
}

func (p *state) footprint() int {
	return int(unsafe.Sizeof(*p)) + p.known.bytes() + cap(p.queue)*addrBytes
}

// Footprint returns the bytes that are kept for all peers, and of answers.
func (r *Relay) Footprint() (n int) {
	for _, p := range r.peers {
		n += p.footprint()
	}
	for _, a := range r.answers {
		n += cap(a.addrs) * addrBytes
	}
	return n
}
