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
	cache   *sigverify.Cache
	engine  *sigverify.Portable
	helpers int
	own     *checker
	rounds  chan *scriptRound // handed to whichever helpers are free
}

func newScriptPool(workers int, cache *sigverify.Cache) *scriptPool {
	s := &scriptPool{
		cache: cache, engine: sigverify.NewPortable(), helpers: workers - 1, rounds: make(chan *scriptRound),
	}
	s.own = s.checker()
	return s
}

// start runs the helpers until ctx ends; the result waits for them.
func (s *scriptPool) start(ctx context.Context) (wait func()) {
	var wg sync.WaitGroup
	for range s.helpers {
		wg.Go(func() {
			c := s.checker()
			for {
				select {
				case r := <-s.rounds:
					r.work(c)
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

// scriptRound is the script check of a round: groups that are taken one by one.
type scriptRound struct {
	spans   []span
	groups  [][]span // runs of spans
	next    atomic.Int64
	helping sync.WaitGroup
}

// span is a run of inputs of one transaction.
type span struct {
	work     *candidate
	from, to int
}

const (
	// groupInputs is how many inputs are checked together, where there are as
	// many: signatures in one batch share work, and more of them share little
	// more. Larger transactions are spread over the helpers.
	groupInputs = 16
	// helpInputs is from how many inputs on helpers are called: below that the
	// check takes less than waking them gains.
	helpInputs = 4
)

// check runs the scripts of all jobs that passed so far, and sets the error of
// those that fail.
func (s *scriptPool) check(batch []*job) {
	r := s.plan(batch)
	if len(r.groups) > 1 {
		s.call(r)
	}
	r.work(s.own)
	r.helping.Wait()
	for _, j := range batch {
		if j.work != nil && j.work.scripts.err != nil {
			j.err, j.work = j.work.scriptError(), nil
		}
	}
}

// plan cuts the inputs of a round into groups.
func (s *scriptPool) plan(batch []*job) *scriptRound {
	r := &scriptRound{spans: make([]span, 0, len(batch))}
	inputs := 0
	for _, j := range batch {
		// What was in the pool before has been checked.
		if j.work != nil && j.old == nil {
			inputs += len(j.tx.In)
		}
	}
	size := groupInputs
	if inputs < groupInputs*(s.helpers+1) {
		size = max(helpInputs/2, (inputs+s.helpers)/(s.helpers+1))
	}
	start, room := 0, size
	for _, j := range batch {
		if j.work == nil || j.old != nil {
			continue
		}
		for from := 0; from < len(j.tx.In); {
			to := min(from+room, len(j.tx.In))
			r.spans = append(r.spans, span{j.work, from, to})
			if room -= to - from; room == 0 {
				r.groups = append(r.groups, r.spans[start:len(r.spans):len(r.spans)])
				start, room = len(r.spans), size
			}
			from = to
		}
	}
	if start < len(r.spans) {
		r.groups = append(r.groups, r.spans[start:])
	}
	return r
}

// call hands the round to the helpers that are free, which all are unless they
// are still on their way back from the last one.
func (s *scriptPool) call(r *scriptRound) {
	for range min(s.helpers, len(r.groups)-1) {
		r.helping.Add(1)
		select {
		case s.rounds <- r:
		default:
			r.helping.Done()
			return
		}
	}
}

func (r *scriptRound) work(c *checker) {
	for {
		i := int(r.next.Add(1)) - 1
		if i >= len(r.groups) {
			return
		}
		c.check(r.groups[i])
	}
}

// midstates returns what the signature hashes of a candidate share.
func (c *candidate) midstates() *script.Midstates {
	c.scripts.once.Do(func() { c.scripts.mids = script.NewMidstates(c.tx, c.spent) })
	return c.scripts.mids
}

// verify runs the script of one input.
func (c *candidate) verify(in int, v sigverify.Verifier) error {
	return script.Verify(c.tx, in, script.StandardFlags, c.midstates(), v)
}

// fail notes that an input failed; the first one counts.
func (c *candidate) fail(in int, err error) {
	s := &c.scripts
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil || in < s.failed {
		s.failed, s.err = in, err
	}
}

// failedBefore reports whether an input before this one is known to fail.
func (c *candidate) failedBefore(in int) bool {
	s := &c.scripts
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil && s.failed < in
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
