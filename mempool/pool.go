package mempool

import (
	"context"
	"log/slog"
	"sync"

	"grapevine/chain/headers"
	"grapevine/mempool/graph"
	"grapevine/wire"
)

// Pool holds unconfirmed transactions. [New] makes one, [Pool.Run] drives it;
// all methods may be called from any goroutine.
type Pool struct {
	cfg    Config
	log    *slog.Logger
	events *Events
	jobs   chan *job
	taken  progress
	done   chan struct{} // closed when Run has ended

	mu sync.RWMutex // guards state
	state
}

// queuedJobs is how many calls may wait for the owner: further ones wait to
// be queued, so that memory is bounded by the callers.
const queuedJobs = 256

// New returns an empty pool at the chain's tip. It takes in nothing before
// [Pool.Run].
func New(cfg Config) (*Pool, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	limits := graph.Limits{
		Count: cfg.ClusterCount, Weight: wire.Weight(cfg.ClusterVBytes) * wire.WitnessScaleFactor,
	}
	p := &Pool{
		cfg: cfg, log: cfg.Logger, events: newEvents(),
		jobs: make(chan *job, queuedJobs), done: make(chan struct{}), state: newState(limits),
	}
	p.taken.changed = make(chan struct{})
	p.tip = cfg.Chain.Active().Tip()
	return p, nil
}

// Events returns the changes of the pool.
func (p *Pool) Events() *Events { return p.events }

// Tip returns the block that the pool follows on.
func (p *Pool) Tip() *headers.Node {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.tip
}

// progress is the newest event of the chain that was taken in.
type progress struct {
	mu      sync.Mutex
	seq     uint64
	changed chan struct{} // closed and replaced when seq has grown
}

func (p *progress) reach(seq uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if seq > p.seq {
		p.seq = seq
		close(p.changed)
		p.changed = make(chan struct{})
	}
}

// TakenIn waits until the pool has taken in the chain's event of that sequence
// number, and all before it: what is read afterwards shows it. It fails with
// [ErrClosed] or ctx's error.
func (p *Pool) TakenIn(ctx context.Context, seq uint64) error {
	for {
		p.taken.mu.Lock()
		reached, wait := p.taken.seq >= seq, p.taken.changed
		p.taken.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			return ErrClosed
		}
	}
}
