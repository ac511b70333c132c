package chain

import (
	"sync"

	"grapevine/chain/headers"
	"grapevine/wire"
)

// blockReader reads stored blocks ahead of the pipeline, each on a goroutine
// of its own, at most readAhead at a time.
type blockReader struct {
	read func(*headers.Node) (*wire.Block, error)
	have func(*headers.Node) bool // in memory already; of the caller of get
	wake func()

	running sync.WaitGroup

	mu      sync.Mutex
	fetches map[*headers.Node]*fetch
}

// readAhead is how many blocks are read at once: enough to hide the disk and
// the decoding behind script checks, at most 8 * 4 MB raw.
const readAhead = 8

type fetch struct {
	done  bool
	block *wire.Block
	err   error
}

func newBlockReader(read func(*headers.Node) (*wire.Block, error), have func(*headers.Node) bool, wake func()) *blockReader {
	return &blockReader{read: read, have: have, wake: wake, fetches: make(map[*headers.Node]*fetch)}
}

// get returns the block of n when it has been read, which it then forgets. It
// returns nil while it is being read. Blocks between n and target are read
// along.
func (r *blockReader) get(n, target *headers.Node) (*wire.Block, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.fetches[n]; f != nil && f.done {
		delete(r.fetches, n)
		if n != target {
			r.aheadLocked(target.Ancestor(n.Height()+1), target)
		}
		return f.block, f.err
	}
	r.aheadLocked(n, target)
	return nil, nil
}

// aheadLocked starts reading n and what follows it towards target.
func (r *blockReader) aheadLocked(n, target *headers.Node) {
	for m := range r.fetches {
		if target.Ancestor(m.Height()) != m || m.Height() < n.Height() {
			delete(r.fetches, m) // of another branch; its goroutine ends by itself
		}
	}
	for h := n.Height(); h <= target.Height() && len(r.fetches) < readAhead; h++ {
		m := target.Ancestor(h)
		if m.Status()&headers.StatusHasData == 0 {
			return
		}
		if r.fetches[m] != nil || r.have(m) {
			continue
		}
		f := &fetch{}
		r.fetches[m] = f
		r.running.Go(func() {
			b, err := r.read(m)
			r.mu.Lock()
			f.block, f.err, f.done = b, err, true
			r.mu.Unlock()
			r.wake()
		})
	}
}

// wait returns when nothing is being read any more.
func (r *blockReader) wait() { r.running.Wait() }
