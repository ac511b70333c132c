package rpc

import (
	"context"
	"errors"
	"time"

	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/wire"
)

// waitTip returns the tip once it fulfils done, or the tip there is when the
// timeout or ctx ends. A timeout of 0 is none. The pool has followed to that
// tip, so that a caller who asks for what waits does not see what is in it.
func (l *ledger) waitTip(ctx context.Context, timeout time.Duration, done func(*headers.Node) bool) *headers.Node {
	tip := l.awaitTip(ctx, timeout, done)
	if l.Settled != nil {
		_ = l.Settled(ctx) // it fails only when the caller or the node goes
	}
	return tip
}

func (l *ledger) awaitTip(ctx context.Context, timeout time.Duration, done func(*headers.Node) bool) *headers.Node {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	// Subscribed before the tip is looked at: a move in between is not missed.
	moves := l.Events.Subscribe()
	for {
		if tip := l.Blocks.Active().Tip(); done(tip) {
			return tip
		}
		if _, err := moves.Next(ctx); err != nil && !errors.Is(err, event.ErrLagged) {
			return l.Blocks.Active().Tip()
		}
	}
}

// timeout reads an argument in milliseconds.
func timeout(r *Request, i int) (time.Duration, error) {
	ms, err := r.Int32(i)
	if err != nil {
		return 0, err
	}
	if ms < 0 {
		return 0, Errorf(CodeMisc, "Negative timeout")
	}
	return time.Duration(ms) * time.Millisecond, nil
}

func writeTip(w *Writer, tip *headers.Node) error {
	w.Obj().Key("hash").Hash(tip.Hash()).Key("height").Int(int64(tip.Height())).EndObj()
	return nil
}

func (l *ledger) waitForNewBlock(ctx context.Context, r *Request, w *Writer) error {
	limit, err := timeout(r, 0)
	if err != nil {
		return err
	}
	old := l.Blocks.Active().Tip().Hash()
	if r.Has(1) {
		if old, err = ParseBlockHash(r.Arg(1), "current_tip"); err != nil {
			return err
		}
	}
	return writeTip(w, l.waitTip(ctx, limit, func(tip *headers.Node) bool { return tip.Hash() != old }))
}

func (l *ledger) waitForBlock(ctx context.Context, r *Request, w *Writer) error {
	var want wire.BlockHash
	want, err := ParseBlockHash(r.Arg(0), "blockhash")
	if err != nil {
		return err
	}
	limit, err := timeout(r, 1)
	if err != nil {
		return err
	}
	return writeTip(w, l.waitTip(ctx, limit, func(tip *headers.Node) bool { return tip.Hash() == want }))
}

func (l *ledger) waitForBlockHeight(ctx context.Context, r *Request, w *Writer) error {
	want, err := r.Int32(0)
	if err != nil {
		return err
	}
	limit, err := timeout(r, 1)
	if err != nil {
		return err
	}
	return writeTip(w, l.waitTip(ctx, limit, func(tip *headers.Node) bool { return tip.Height() >= want }))
}

func (l *ledger) waitCommands() []Command {
	limit := Arg{Names: "timeout", Type: ArgNum, Default: "0", Description: "milliseconds to wait at most; 0 for no limit"}
	results := []Result{{Type: ResObj, Inner: []Result{
		{Type: ResHex, Key: "hash", Description: "hash of the tip"},
		{Type: ResNum, Key: "height", Description: "height of the tip"},
	}}}
	const note = " After the timeout, and when the node stops, the answer is the tip as it is. Clients need a timeout of their own that is longer."
	return []Command{
		{
			Category: "blockchain", Name: "waitfornewblock", Handler: l.waitForNewBlock,
			Description: "Waits until the tip is another one." + note,
			Args: []Arg{limit,
				{Names: "current_tip", Type: ArgHex, Optional: true, Description: "tip to be replaced; the present one if left out, which misses what happens before the call arrives"}},
			Results: results, Examples: examples("waitfornewblock", "1000", "1000"),
		}, {
			Category: "blockchain", Name: "waitforblock", Handler: l.waitForBlock,
			Description: "Waits until a block is the tip." + note,
			Args:        []Arg{argBlockHash("block to wait for"), limit},
			Results:     results, Examples: examples("waitforblock", exampleHash+" 1000", exampleHash+", 1000"),
		}, {
			Category: "blockchain", Name: "waitforblockheight", Handler: l.waitForBlockHeight,
			Description: "Waits until the tip is at a height or above it." + note,
			Args:        []Arg{{Names: "height", Type: ArgNum, Description: "height to wait for"}, limit},
			Results:     results, Examples: examples("waitforblockheight", "100 1000", "100, 1000"),
		},
	}
}
