package utxo

import (
	"slices"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// work is a list of outpoints to resolve, reused from call to call.
type work struct {
	ops  []wire.OutPoint
	hash []uint32
	at   []int32 // where in the result
	// ref holds what probe found: a reference, not a record, because a
	// pointer into memory that is unmapped later must not stay in the heap.
	ref   []uint64
	miss  []int32 // positions in ops that neither generation knows
	bytes int     // of the scripts that probe found
	sink  uint64  // what the touching loads add up to
}

const (
	refOld  = 1 << 32 // in the generation before
	refSkip = 0       // spent, or not in a generation
)

// group is how many outpoints are looked up together: their cache lines (one
// or two of the index, two of the arena, in two generations) stay in the
// first two levels of the processor's cache.
const group = 128

func (w *work) reset() {
	w.ops, w.hash, w.at = w.ops[:0], w.hash[:0], w.at[:0]
}

func (w *work) push(op *wire.OutPoint, hash uint32, at int) {
	w.ops = append(w.ops, *op)
	w.hash = append(w.hash, hash)
	w.at = append(w.at, int32(at))
}

// load fills the list with outpoints whose results stand in their order.
func (w *work) load(h hasher, ops []wire.OutPoint) {
	w.reset()
	for i := range ops {
		w.push(&ops[i], h.outpoint(&ops[i]), i)
	}
}

// probe finds the outpoints in the two generations. Each pass over a group
// first reads what the next pass needs, by loads that do not wait for one
// another, so that many cache misses are in flight at a time.
func (w *work) probe(cur, old *table) {
	w.ref = slices.Grow(w.ref[:0], len(w.ops))[:len(w.ops)]
	w.miss, w.bytes = w.miss[:0], 0
	for from := 0; from < len(w.ops); from += group {
		to := min(from+group, len(w.ops))
		w.sink += cur.touch(w.hash[from:to])
		if old != nil {
			w.sink += old.touch(w.hash[from:to])
		}
		for i := from; i < to; i++ {
			w.probeOne(i, cur, old)
		}
	}
}

func (w *work) probeOne(i int, cur, old *table) {
	w.ref[i] = refSkip
	pos, r, ok := cur.find(w.hash[i], &w.ops[i])
	if ok {
		if !r.tomb() {
			w.ref[i] = uint64(uint32(cur.index.slots[pos]))
			w.bytes += r.scriptLen()
		}
		return
	}
	if old != nil {
		if pos, r, ok = old.find(w.hash[i], &w.ops[i]); ok {
			if !r.tomb() {
				w.ref[i] = refOld | uint64(uint32(old.index.slots[pos]))
				w.bytes += r.scriptLen()
			}
			return
		}
	}
	w.miss = append(w.miss, int32(i))
}

// copyOut copies what probe found.
func (w *work) copyOut(cur, old *table, dst []consensus.Coin, found []bool) {
	scripts := slab{want: w.bytes}
	for i, ref := range w.ref {
		if ref == refSkip {
			continue
		}
		t := cur
		if ref&refOld != 0 {
			t = old
		}
		c := record(t.arena.at(uint32(ref))).coin()
		c.Out.PkScript = scripts.copy(c.Out.PkScript)
		dst[w.at[i]], found[w.at[i]] = c, true
	}
}

// touch reads the first slots and the first candidate records of hashes: the
// sum it returns only keeps the loads alive.
func (t *table) touch(hashes []uint32) (sum uint64) {
	for _, h := range hashes {
		sum += t.index.slots[t.index.home(h)]
	}
	for _, h := range hashes {
		if ref := t.index.candidate(h); ref != 0 {
			b := t.arena.at(ref)
			sum += uint64(b[0]) + uint64(b[min(coinHeader+24, len(b)-1)])
		}
	}
	return sum
}

// slab hands out byte slices cut from few allocations. One that is kept alone
// keeps slabBytes with it at most.
type slab struct {
	free []byte
	want int // bytes still expected
}

const slabBytes = 64 << 10

func (s *slab) copy(b []byte) []byte {
	if s.free == nil || len(s.free) < len(b) {
		s.free = make([]byte, max(len(b), min(s.want, slabBytes)))
	}
	n := copy(s.free, b)
	out := s.free[:n:n]
	s.free = s.free[n:]
	s.want -= n
	return out
}
