package crash

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// sector is what a disk writes in one step.
const sector = 512

// Reopen returns the disk as the next start finds it, see the package comment
// for what the seed chooses. The old FS loses power, if it has not. The same
// disk may be reopened with several seeds.
func (f *FS) Reopen(seed uint64) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.off = true
	r := &reopening{seed: seed, rng: rand.New(rand.NewPCG(seed, 0x6372617368)), files: make(map[*inode]*inode)}
	n := newFS(r.dir(f.root))
	for _, in := range r.files {
		n.used += in.data.size
	}
	return n
}

type reopening struct {
	seed  uint64
	rng   *rand.Rand
	files map[*inode]*inode // old to new: a rename may leave two names for a file
}

// fate is how the unsynced changes of one file or directory are treated.
type fate uint8

const (
	loseAll fate = iota
	keepAll
	upTo     // all up to some point in time
	anything // each sector or name on its own
	fates
)

func (r *reopening) fate() fate {
	if r.seed < 2 {
		return fate(r.seed)
	}
	return fate(r.rng.IntN(int(fates)))
}

func (r *reopening) dir(d *dir) *dir {
	names := maps.Clone(d.base)
	fate, n := r.fate(), len(d.changes)
	switch fate {
	case loseAll:
		n = 0
	case upTo:
		n = r.rng.IntN(n + 1)
	}
	for _, c := range d.changes[:n] {
		if fate != anything || r.rng.IntN(2) == 0 {
			c.apply(names)
		}
	}
	out := newDir()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old := names[name]
		if old.dir != nil {
			out.names[name] = node{dir: r.dir(old.dir)}
			continue
		}
		in := r.files[old.file]
		if in == nil {
			in = &inode{base: r.content(old.file)}
			in.data = in.base.copy()
			r.files[old.file] = in
		}
		out.names[name] = node{file: in}
	}
	out.base = maps.Clone(out.names)
	return out
}

// content decides what a file holds. Every sector, and the length, has a point
// in time after which no change reached the disk: a number of ops.
func (r *reopening) content(in *inode) content {
	fate, n := r.fate(), len(in.ops)
	length := in.base.size
	for _, o := range in.ops {
		length = max(length, o.end())
	}
	out := in.base.copy()
	out.resize(length)
	var common int
	switch fate {
	case keepAll:
		common = n
	case upTo:
		common = r.rng.IntN(n + 1)
	}
	times := make(map[int64]int)
	timeOf := func(s int64) int {
		if fate != anything {
			return common
		}
		t, ok := times[s]
		if !ok {
			t = r.time(n)
			times[s] = t
		}
		return t
	}
	for i, o := range in.ops {
		from, to := o.off, o.end()
		if o.data == nil {
			from, to = o.size, length // what is cut off reads as zeros later
		}
		for s := from / sector; s*sector < to; s++ {
			if i >= timeOf(s) {
				continue
			}
			lo, hi := max(from, s*sector), min(to, (s+1)*sector)
			if o.data == nil {
				out.zero(lo, hi)
			} else {
				out.write(o.data[lo-o.off:hi-o.off], lo)
			}
		}
	}
	end := r.length(in, fate, common)
	if fate == upTo && common < n {
		end = max(end, r.tear(&out, in.ops[common]))
	}
	out.resize(end)
	return out
}

// time draws from the ends as often as from between.
func (r *reopening) time(n int) int {
	switch r.rng.IntN(3) {
	case 0:
		return 0
	case 1:
		return n
	}
	return r.rng.IntN(n + 1)
}

// tear does the first sectors of a write and returns where they end.
func (r *reopening) tear(out *content, o op) int64 {
	if o.data == nil {
		return 0
	}
	first := (sector - o.off%sector) % sector
	whole := (int64(len(o.data)) - first) / sector
	if whole <= 0 {
		return 0
	}
	n := first + sector*r.rng.Int64N(whole+1)
	out.write(o.data[:n], o.off)
	return o.off + n
}

// length is the file's length after the ops that reached the disk.
func (r *reopening) length(in *inode, fate fate, common int) int64 {
	t := common
	if fate == anything {
		t = r.time(len(in.ops))
	}
	size := in.base.size
	for _, o := range in.ops[:t] {
		if o.data == nil {
			size = o.size
		} else {
			size = max(size, o.end())
		}
	}
	return size
}
