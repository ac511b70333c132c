package chain

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"grapevine/chain/consensus"
	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// scriptPool checks the scripts of blocks on its own goroutines. The owner
// hands it whole blocks, at most as many as the pipeline holds, so its queue
// is bounded by the pipeline.
type scriptPool struct {
	workers int
	engine  sigverify.Engine
	cache   *sigverify.Cache
	settled func() // called on a worker each time a job has ended

	mu     sync.Mutex
	ready  sync.Cond
	queue  []*scriptJob // jobs with parts that no worker has taken yet, oldest first
	closed bool
}

func newScriptPool(workers int, cache *sigverify.Cache, settled func()) *scriptPool {
	p := &scriptPool{workers: workers, engine: sigverify.NewPortable(), cache: cache, settled: settled}
	p.ready.L = &p.mu
	return p
}

// scriptJob is the script check of one block.
type scriptJob struct {
	block  *wire.Block
	spent  [][]wire.TxOut // per transaction, the outputs it spends; nil for the coinbase
	flags  script.Flags
	verify bool // false: below the assumed-valid block, only finish is run
	store  bool // whether checked signatures go into the cache
	// finish is run by the worker that ends the job when no script failed.
	finish func()
	// after, when set, is run by that worker in any case, as the last thing.
	after func()

	parts   []scriptPart
	taken   int          // parts handed out; guarded by the pool's mutex
	left    atomic.Int32 // parts not finished
	dropped atomic.Bool  // set by the owner when the verdict no longer matters
	mids    []midstate   // by transaction

	mu      sync.Mutex
	failure *scriptFailure // the first in block order of those found

	done atomic.Bool
}

// scriptPart is a run of inputs: transactions [tx, txEnd), or where txEnd is
// tx+1 the inputs [in, inEnd) of one.
type scriptPart struct {
	tx, txEnd int
	in, inEnd int
}

// midstate is the cached part of a transaction's signature hashes, computed by
// whichever worker comes first.
type midstate struct {
	once sync.Once
	m    *script.Midstates
}

// scriptFailure says which input failed and why.
type scriptFailure struct {
	tx, in int
	err    error
}

// partInputs is how many inputs one part has at least, where there are as
// many: enough to fill the batches, few enough that a block spreads over all
// workers.
const partInputs = 64

// split cuts the block into parts of about partInputs inputs.
func (j *scriptJob) split() {
	if !j.verify {
		return
	}
	txs := j.block.Txs
	first, inputs := 1, 0
	for i := 1; i < len(txs); i++ {
		n := len(txs[i].In)
		if n >= 2*partInputs {
			if first < i {
				j.parts = append(j.parts, scriptPart{tx: first, txEnd: i})
			}
			for in := 0; in < n; in += partInputs {
				j.parts = append(j.parts, scriptPart{tx: i, txEnd: i + 1, in: in, inEnd: min(in+partInputs, n)})
			}
			first, inputs = i+1, 0
			continue
		}
		if inputs += n; inputs >= partInputs {
			j.parts = append(j.parts, scriptPart{tx: first, txEnd: i + 1})
			first, inputs = i+1, 0
		}
	}
	if first < len(txs) {
		j.parts = append(j.parts, scriptPart{tx: first, txEnd: len(txs)})
	}
	j.mids = make([]midstate, len(txs))
}

// submit queues the job. A job without parts still runs its finish on a
// worker.
func (p *scriptPool) submit(j *scriptJob) {
	j.split()
	if len(j.parts) == 0 {
		j.parts = []scriptPart{{}}
	}
	j.left.Store(int32(len(j.parts)))
	p.mu.Lock()
	p.queue = append(p.queue, j)
	p.mu.Unlock()
	p.ready.Broadcast()
}

// run checks what is submitted until ctx ends.
func (p *scriptPool) run(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		p.ready.Broadcast()
	})
	defer stop()
	var wg sync.WaitGroup
	for range p.workers {
		wg.Go(p.work)
	}
	wg.Wait()
}

func (p *scriptPool) work() {
	batch := sigverify.NewBatch(p.engine, p.cache)
	for {
		j, part, ok := p.take()
		if !ok {
			return
		}
		if j.verify && !j.dropped.Load() {
			p.check(j, part, batch)
		}
		if j.left.Add(-1) > 0 {
			continue
		}
		if j.failure == nil && !j.dropped.Load() {
			j.finish()
		}
		j.done.Store(true)
		if j.after != nil {
			j.after()
		}
		p.settled()
	}
}

// take returns the next part of the oldest job, waiting for one.
func (p *scriptPool) take() (*scriptJob, scriptPart, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if p.closed {
			return nil, scriptPart{}, false
		}
		if len(p.queue) > 0 {
			j := p.queue[0]
			part := j.parts[j.taken]
			if j.taken++; j.taken == len(j.parts) {
				p.queue[0] = nil
				p.queue = p.queue[1:]
			}
			return j, part, true
		}
		p.ready.Wait()
	}
}

// check runs the scripts of one part: signature checks that decide an input
// are collected and verified together; if a batch fails, its inputs are run
// again one by one, with the reference engine, for the exact verdict. That
// goes over the whole part: should the engines ever disagree, nothing behind
// the input in question stays unchecked.
func (p *scriptPool) check(j *scriptJob, part scriptPart, batch *sigverify.Batch) {
	if j.store {
		p.checkExactly(j, part, sigverify.Cached{Cache: p.cache, Store: true})
		return
	}
	batch.Reset()
	for i := part.tx; i < part.txEnd; i++ {
		from, to := part.in, part.inEnd
		if to == 0 {
			to = len(j.block.Txs[i].In)
		}
		m := j.midstates(i)
		for in := from; in < to; in++ {
			if err := script.VerifyBatched(&j.block.Txs[i], in, j.flags, m, batch); err != nil {
				// An input before this one may fail by its signature.
				p.checkExactly(j, part, sigverify.Direct{})
				return
			}
		}
	}
	if !batch.Verify() {
		p.checkExactly(j, part, sigverify.Direct{})
	}
}

// checkExactly runs the inputs of a part one by one and notes the first that
// fails.
func (p *scriptPool) checkExactly(j *scriptJob, part scriptPart, v sigverify.Verifier) {
	for i := part.tx; i < part.txEnd; i++ {
		from, to := part.in, part.inEnd
		if to == 0 {
			to = len(j.block.Txs[i].In)
		}
		for in := from; in < to; in++ {
			if err := script.Verify(&j.block.Txs[i], in, j.flags, j.midstates(i), v); err != nil {
				j.fail(&scriptFailure{tx: i, in: in, err: err})
				return
			}
		}
	}
}

func (j *scriptJob) midstates(i int) *script.Midstates {
	s := &j.mids[i]
	s.once.Do(func() { s.m = script.NewMidstates(&j.block.Txs[i], j.spent[i]) })
	return s.m
}

func (j *scriptJob) fail(f *scriptFailure) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failure == nil || f.tx < j.failure.tx || f.tx == j.failure.tx && f.in < j.failure.in {
		j.failure = f
	}
}

// err returns the verdict of a job that is done.
func (j *scriptJob) err() error {
	f := j.failure
	if f == nil {
		return nil
	}
	tx := &j.block.Txs[f.tx]
	return &ScriptError{Txid: tx.Txid(), Wtxid: tx.Wtxid(), Input: f.in, Spent: tx.In[f.in].PrevOut, Err: f.err}
}

// ScriptError says which input's script failed. It unwraps to the script
// error and, by [errors.As], to a [consensus.Error].
type ScriptError struct {
	Txid  wire.Txid
	Wtxid wire.Wtxid
	Input int
	Spent wire.OutPoint
	Err   error
}

func (e *ScriptError) Error() string {
	return fmt.Sprintf("%s, input %d of %s (wtxid %s), spending %s",
		e.reason(), e.Input, e.Txid, e.Wtxid, e.Spent)
}

func (e *ScriptError) reason() string {
	return "block-script-verify-flag-failed (" + e.Err.Error() + ")"
}

// Unwrap returns the consensus error with the ecosystem's reason, and the
// script error.
func (e *ScriptError) Unwrap() []error {
	return []error{
		&consensus.Error{
			Kind:   consensus.ErrorKind(e.reason()),
			Result: consensus.ResultConsensus,
			Detail: fmt.Sprintf("input %d of %s (wtxid %s), spending %s", e.Input, e.Txid, e.Wtxid, e.Spent),
		},
		e.Err,
	}
}
