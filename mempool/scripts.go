package mempool

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/mempool/policy"
)

// scriptPool checks the scripts of a round. The owner takes part, and helpers
// when there is enough for several.
type scriptPool struct {
	verifier sigverify.Verifier
	helpers  int
	rounds   chan *scriptRound // handed to whichever helpers are free
}

func newScriptPool(workers int, cache *sigverify.Cache) *scriptPool {
	return &scriptPool{
		// What holds is remembered: a block with the transaction will ask again.
		verifier: sigverify.Cached{Cache: cache, Store: true, Verify: sigverify.NewPortable()},
		helpers:  workers - 1,
		rounds:   make(chan *scriptRound),
	}
}

// start runs the helpers until ctx ends; the result waits for them.
func (s *scriptPool) start(ctx context.Context) (wait func()) {
	var wg sync.WaitGroup
	for range s.helpers {
		wg.Go(func() {
			for {
				select {
				case r := <-s.rounds:
					r.work(s.verifier)
					r.helping.Done()
				case <-ctx.Done():
					return
				}
			}
		})
	}
	return wg.Wait
}

// scriptState is the part of a candidate that the checkers share.
type scriptState struct {
	once sync.Once
	mids *script.Midstates

	mu     sync.Mutex
	failed int // the first input that failed
	err    error
}

// scriptRound is the script check of a round: parts that are taken one by one.
type scriptRound struct {
	parts   []scriptPart
	next    atomic.Int64
	helping sync.WaitGroup
}

// scriptPart is a run of inputs of one transaction.
type scriptPart struct {
	job      *job
	from, to int
}

const (
	// partInputs is how many inputs are checked in one go; larger transactions
	// are spread over the helpers.
	partInputs = 16
	// helpInputs is from how many inputs on helpers are called: below that the
	// check takes less than waking them gains.
	helpInputs = 4
)

// check runs the scripts of all jobs that passed so far, and sets the error of
// those that fail.
func (s *scriptPool) check(batch []*job) {
	r := &scriptRound{}
	inputs := 0
	for _, j := range batch {
		// What was in the pool before has been checked.
		if j.work == nil || j.old != nil {
			continue
		}
		n := len(j.tx.In)
		inputs += n
		for from := 0; from < n; from += partInputs {
			r.parts = append(r.parts, scriptPart{j, from, min(from+partInputs, n)})
		}
	}
	if inputs >= helpInputs {
		s.call(r)
	}
	r.work(s.verifier)
	r.helping.Wait()
	for _, j := range batch {
		if j.work != nil && j.work.scripts.err != nil {
			j.err, j.work = j.work.scriptError(), nil
		}
	}
}

// call hands the round to the helpers that are free, which all are unless they
// are still on their way back from the last one.
func (s *scriptPool) call(r *scriptRound) {
	for range min(s.helpers, len(r.parts)-1) {
		r.helping.Add(1)
		select {
		case s.rounds <- r:
		default:
			r.helping.Done()
			return
		}
	}
}

func (r *scriptRound) work(v sigverify.Verifier) {
	for {
		i := int(r.next.Add(1)) - 1
		if i >= len(r.parts) {
			return
		}
		p := r.parts[i]
		p.job.work.verify(p.from, p.to, v)
	}
}

// verify runs the scripts of a run of inputs.
func (c *candidate) verify(from, to int, v sigverify.Verifier) {
	s := &c.scripts
	s.once.Do(func() { s.mids = script.NewMidstates(c.tx, c.spent) })
	for in := from; in < to; in++ {
		err := script.Verify(c.tx, in, script.StandardFlags, s.mids, v)
		if err == nil {
			continue
		}
		s.mu.Lock()
		if s.err == nil || in < s.failed {
			s.failed, s.err = in, err
		}
		s.mu.Unlock()
		return
	}
}

// scriptError says which script failed.
func (c *candidate) scriptError() error {
	in := c.scripts.failed
	op := c.tx.In[in].PrevOut
	e := &Error{
		Kind:   ErrorKind(fmt.Sprintf("%s (%s)", ErrScript, c.scripts.err)),
		Cause:  CauseNotStandard,
		Detail: fmt.Sprintf("input %d of %s (wtxid %s), spending %s", in, c.tx.Txid(), c.tx.Wtxid(), op),
		err:    c.scripts.err,
	}
	if !c.tx.HasWitness() && policy.SpendsWitness(c.tx, c.spent) {
		e.Cause = CauseWitnessStripped
	}
	return e
}
