package utxo

import (
	"grapevine/chain/consensus"
	"grapevine/wire"
)

// work is a list of outpoints to resolve, reused from call to call.
type work struct {
	ops  []wire.OutPoint
	hash []uint32
	at   []int32 // where in the result
	miss []int32 // positions in ops that neither generation knows
}

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

// probe finds the outpoints in the two generations and copies their coins,
// group by group: the cache misses of a group are in flight at the same time.
func (w *work) probe(cur, old *table, dst []consensus.Coin, found []bool) {
	w.miss = w.miss[:0]
	var scripts slab
	for from := 0; from < len(w.ops); from += group {
		to := min(from+group, len(w.ops))
		cur.warm(w.hash[from:to])
		if old != nil {
			old.warm(w.hash[from:to])
		}
		for i := from; i < to; i++ {
			_, r, ok := cur.find(w.hash[i], &w.ops[i])
			if !ok && old != nil {
				_, r, ok = old.find(w.hash[i], &w.ops[i])
			}
			switch {
			case !ok:
				w.miss = append(w.miss, int32(i))
			case !r.tomb():
				c := r.coin()
				c.Out.PkScript = scripts.copy(c.Out.PkScript, len(w.ops)-i)
				dst[w.at[i]], found[w.at[i]] = c, true
			}
		}
	}
}

// warm brings what is needed to look up hashes, at most a group, into the
// processor's cache: first the lines of the index, then those of the first
// candidate records.
func (t *table) warm(hashes []uint32) (sum byte) {
	var lines [2 * group]*byte
	for i, h := range hashes {
		lines[i] = &t.index.mem[t.index.home(h)*slotBytes]
	}
	sum = touch(lines[:len(hashes)])
	n := 0
	for _, h := range hashes {
		if ref := t.index.candidate(h); ref != 0 {
			r := t.arena.at(ref)
			lines[n], lines[n+1] = &r[0], &r[min(cacheLine, len(r)-1)]
			n += 2
		}
	}
	return sum + touch(lines[:n])
}

// A record of the usual size lies in two lines.
const cacheLine = 64

// touch loads one byte of each line. The loads do not wait for one another
// and nothing else stands between them, so that the processor has as many
// misses under way as it can; a prefetch instruction gained nothing over
// this. The sum only keeps the loads in the program.
//
//go:noinline
func touch(lines []*byte) (sum byte) {
	for _, p := range lines {
		sum += *p
	}
	return sum
}

// slab hands out byte slices cut from few allocations. One that is kept alone
// keeps slabBytes with it at most.
type slab struct{ free []byte }

const (
	slabBytes   = 64 << 10
	usualScript = 28
)

// copy returns a copy of b; left is how many more are expected, this one included.
func (s *slab) copy(b []byte, left int) []byte {
	if s.free == nil || len(s.free) < len(b) {
		s.free = make([]byte, max(len(b), min((left-1)*usualScript+len(b), slabBytes)))
	}
	n := copy(s.free, b)
	out := s.free[:n:n]
	s.free = s.free[n:]
	return out
}
