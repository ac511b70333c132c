package mempool

import (
	"context"
	"testing"
)

// What the chain published before the pool began is taken in: the pool begins at
// the tip that it led to.
func TestBeginsAfterMoves(t *testing.T) {
	w := build(t, branch(t, 3, 0), nil)
	late, err := New(w.cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- late.Run(ctx) }()
	if err := late.TakenIn(t.Context(), w.chain.Events().Last()); err != nil {
		t.Error(err)
	}
	if tip := late.Tip(); tip != w.chain.Active().Tip() {
		t.Errorf("the pool is at %v", tip)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
