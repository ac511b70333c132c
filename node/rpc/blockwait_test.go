package rpc

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestWaitReturnsTip(t *testing.T) {
	f, tip, _ := spendingChain(t)
	table := f.table(t)
	want := fmt.Sprintf(`{"hash":"%s","height":4}`, tip.Hash())
	other := strings.Repeat("11", 32)
	for _, c := range []struct{ method, args string }{
		{"waitforblockheight", "4"}, {"waitforblockheight", "1, 10"}, {"waitforblockheight", "-3"},
		{"waitforblock", `"` + tip.Hash().String() + `"`}, {"waitfornewblock", `0, "` + other + `"`},
	} {
		if got, err := ask(t, table, c.method, c.args); err != nil || got != want {
			t.Errorf("%s %s: %s %v", c.method, c.args, got, err)
		}
	}
	for _, c := range []struct{ method, args, message string }{
		{"waitforblockheight", "1, -1", "Negative timeout"}, {"waitfornewblock", "-1", "Negative timeout"}, {"waitforblock", `"` + other + `", -1`, "Negative timeout"},
		{"waitforblock", `"x"`, "blockhash must be of length 64 (not 1, for 'x')"}, {"waitfornewblock", `0, "x"`, "current_tip must be of length 64 (not 1, for 'x')"},
		{"waitforblockheight", "2147483648", "JSON integer out of range"},
	} {
		if _, err := ask(t, table, c.method, c.args); err == nil || err.Message != c.message {
			t.Errorf("%s %s: %v, want %s", c.method, c.args, err, c.message)
		}
	}
}

// A tip is told of once the pool has followed to it.
func TestWaitSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, _ := spendingChain(t)
		settled := make(chan struct{})
		f.settled = func(ctx context.Context) error {
			select {
			case <-settled:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		table := f.table(t)
		answer := make(chan string, 1)
		go func() {
			got, _ := ask(t, table, "waitforblockheight", "5")
			answer <- got
		}()
		synctest.Wait()
		n := f.mine(t)
		synctest.Wait()
		select {
		case got := <-answer:
			t.Errorf("before the pool followed: %s", got)
		default:
		}
		close(settled)
		if got := <-answer; !strings.Contains(got, n.Hash().String()) {
			t.Error(got)
		}
	})
}

func TestWaitForTipAndTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, tip, _ := spendingChain(t)
		table := f.table(t)
		start := time.Now()
		got, err := ask(t, table, "waitforblockheight", "5, 1500")
		if err != nil || !strings.Contains(got, tip.Hash().String()) || time.Since(start) != 1500*time.Millisecond {
			t.Errorf("after %v: %s %v", time.Since(start), got, err)
		}
		for _, call := range []string{"waitfornewblock 0", "waitforblockheight 6"} {
			method, args, _ := strings.Cut(call, " ")
			answer := make(chan string)
			go func() {
				got, _ := ask(t, table, method, args)
				answer <- got
			}()
			synctest.Wait()
			n := f.mine(t)
			if got, want := <-answer, fmt.Sprintf(`{"hash":"%s","height":%d}`, n.Hash(), n.Height()); got != want {
				t.Errorf("%s: %s, want %s", call, got, want)
			}
		}
	})
}
