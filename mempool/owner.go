package mempool

import (
	"context"

	"grapevine/chain/event"
)

// owner is what only the goroutine of [Pool.Run] touches.
type owner struct {
	*Pool
	moves   chan event.Event // moves of the chain's tip, in order
	waiting []*job           // taken from the queue and not judged yet
	scripts *scriptPool
	seq     uint64 // newest event of the chain that was applied

	// What a reorganisation left to be done, see follow.
	returning []*job // transactions of disconnected blocks, parents first
	aside     []*job // entries that depended on them, parents first
	recheck   bool   // entries may have become locked or immature
}

// Run drives the pool until ctx ends: nil then, else the failure that made it
// stop. It may be called once; the chain may run already or start later.
func (p *Pool) Run(ctx context.Context) error {
	defer close(p.done)
	ctx, cancel := context.WithCancel(ctx)
	o := &owner{Pool: p, moves: make(chan event.Event), scripts: newScriptPool(p.cfg.Workers, p.cfg.SigCache)}
	cursor := p.cfg.Chain.Events().Hold()
	defer cursor.Close()
	read := make(chan struct{})
	go func() {
		defer close(read)
		o.read(ctx, cursor)
	}()
	ended := o.scripts.start(ctx)
	defer func() {
		cancel()
		<-read
		ended()
	}()
	if err := o.loop(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// read hands on the moves of the tip. It must not call into the chain, which
// may be waiting for it.
func (o *owner) read(ctx context.Context, cursor *event.Cursor) {
	for {
		e, err := cursor.Next(ctx)
		if err != nil {
			return // ctx has ended: a holding cursor does not lag
		}
		select {
		case o.moves <- e:
		case <-ctx.Done():
			return
		}
	}
}

func (o *owner) loop(ctx context.Context) error {
	o.begin()
	for {
		if len(o.waiting) == 0 {
			select {
			case <-ctx.Done():
				return nil
			case e := <-o.moves:
				if err := o.take(ctx, e); err != nil {
					return err
				}
				continue
			case j := <-o.jobs:
				o.waiting = append(o.waiting, j)
			}
		}
		o.gather()
		if err := o.round(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// begin starts at the tip as it stands now, which shows all events that were
// published so far, whether or not the cursor still hands them out.
func (o *owner) begin() {
	o.seq = o.cfg.Chain.Events().Last()
	o.mu.Lock()
	o.tip = o.cfg.Chain.Active().Tip()
	o.settled = true
	o.mu.Unlock()
	o.taken.reach(o.seq)
}

// gather takes what waits in the queue, as far as a round may use it.
func (o *owner) gather() {
	for len(o.waiting) < roundJobs {
		select {
		case j := <-o.jobs:
			o.waiting = append(o.waiting, j)
		default:
			return
		}
	}
}

// drain applies the moves that are there.
func (o *owner) drain(ctx context.Context) error {
	for {
		select {
		case e := <-o.moves:
			if err := o.take(ctx, e); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// awaitMove applies the next move; false when ctx has ended. The caller knows
// that one is under way.
func (o *owner) awaitMove(ctx context.Context) (bool, error) {
	select {
	case e := <-o.moves:
		return true, o.take(ctx, e)
	case <-ctx.Done():
		return false, nil
	}
}

// take applies one event of the chain.
func (o *owner) take(ctx context.Context, e event.Event) error {
	if e.Seq <= o.seq {
		return nil
	}
	o.seq = e.Seq
	if e.Kind == event.TipMoved {
		if n := o.cfg.Chain.Tree().Lookup(e.Hash); n != nil && n != o.tip {
			if err := o.follow(ctx, n); err != nil {
				return err
			}
		}
	}
	return o.settle(ctx)
}
