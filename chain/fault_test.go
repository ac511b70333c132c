package chain

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"grapevine/chain/blockstore"
	"grapevine/chain/utxo"
	"grapevine/internal/vfs/crash"
)

// named reports whether an error says what failed, and not only how.
func named(err error) bool {
	var blocks *blockstore.Error
	var coins *utxo.Error
	return errors.As(err, &blocks) || errors.As(err, &coins) || errors.Is(err, ErrCorrupt)
}

func isFull(err error) bool {
	return errors.Is(err, blockstore.ErrDiskFull) || errors.Is(err, utxo.ErrDiskFull)
}

// A disk that fills up ends the ledger with an error that says so, however
// often it is started, and costs nothing but the time until there is room.
func TestDiskFull(t *testing.T) {
	s := newStory(t, 5)
	disk := s.disk(t)
	base := disk.Used()
	if l := s.live(t, s.config(disk), "whole"); l.err != nil {
		t.Fatal(l.err)
	}
	room := disk.Used() - base
	stops := int64(few(8, 2))
	for n := range stops {
		disk := s.disk(t)
		disk.SetCapacity(base + room*n/stops + n)
		first := s.live(t, s.config(disk), fmt.Sprint("full ", n))
		if !isFull(first.err) || !named(first.err) {
			t.Fatalf("full %d: %v", n, first.err)
		}
		again := s.live(t, s.config(disk), fmt.Sprint("still full ", n))
		if !isFull(again.err) || !named(again.err) {
			t.Fatalf("still full %d: %v", n, again.err)
		}
		before := first
		if again.opened {
			mustFollow(t, s, first, again, "still full")
			before = again
		}
		lost := disk.Reopen(0)
		copies := []*crash.FS{lost, disk.Reopen(1), disk.Reopen(uint64(n) + 2)}
		for i, disk := range copies {
			what := fmt.Sprintf("room again %d, %d", n, i)
			last := s.live(t, s.config(disk), what)
			if last.err != nil {
				t.Fatalf("%s: %v", what, last.err)
			}
			mustFollow(t, s, before, last, what)
		}
	}
}

func TestFaults(t *testing.T) { faults(t, few(5, 2)) }

func TestFaultsLong(t *testing.T) {
	if !long() {
		t.Skip("set GRAPEVINE_LONG=1")
	}
	faults(t, 60)
}

// faults lets one call fail, or that and all later ones, and starts again with
// a disk that works.
func faults(t *testing.T, stops int) {
	s := newStory(t, 6)
	disk := s.disk(t)
	from := disk.Counts()
	if l := s.live(t, s.config(disk), "whole"); l.err != nil {
		t.Fatal(l.err)
	}
	to := disk.Counts()
	for _, c := range []struct {
		name   string
		kind   crash.Kind
		first  int
		calls  int
		err    error
		onward bool
	}{
		{"write", crash.Write, from.Writes, to.Writes, syscall.EIO, false},
		{"all writes", crash.Write, from.Writes, to.Writes, syscall.EIO, true},
		{"full", crash.Write, from.Writes, to.Writes, syscall.ENOSPC, false},
		{"sync", crash.Sync, from.Syncs, to.Syncs, syscall.EIO, false},
		{"all syncs", crash.Sync, from.Syncs, to.Syncs, syscall.EIO, true},
		{"read", crash.Read, from.Reads, to.Reads, syscall.EIO, false},
		{"all reads", crash.Read, from.Reads, to.Reads, syscall.EIO, true},
	} {
		calls := c.calls - c.first
		failed := 0
		for i := range min(stops, calls) {
			n := c.first + 1 + calls*i/min(stops, calls)
			what := fmt.Sprintf("%s %d", c.name, n)
			disk := s.disk(t)
			disk.Inject(func(call crash.Call) error {
				if call.Kind == c.kind && (call.N == n || c.onward && call.N > n) {
					return c.err
				}
				return nil
			})
			first := s.live(t, s.config(disk), what)
			if first.err != nil {
				failed++
				if !named(first.err) || !errors.Is(first.err, c.err) {
					t.Fatalf("%s: %v", what, first.err)
				}
			}
			disk.Inject(nil)
			for _, disk := range []*crash.FS{disk.Reopen(0), disk.Reopen(1)} {
				last := s.live(t, s.config(disk), what)
				if last.err != nil {
					t.Fatalf("%s: next start: %v", what, last.err)
				}
				mustFollow(t, s, first, last, what)
			}
		}
		t.Logf("%s: %d of %d ended the ledger", c.name, failed, min(stops, calls))
		if failed == 0 {
			t.Errorf("%s: no fault was noticed", c.name)
		}
	}
}

// Files of each kind that cannot be read stop a start, or the run, with an
// error that names the file's folder, and are fine once they can be read.
func TestUnreadableFiles(t *testing.T) {
	s := newStory(t, 7)
	whole := s.whole(t)
	for _, part := range []string{"/blk", "/rev", "/xor.dat", "/index/", "/chainstate/"} {
		disk := whole.Reopen(1)
		disk.Inject(func(call crash.Call) error {
			if call.Kind == crash.Read && strings.Contains(call.Name, part) {
				return syscall.EIO
			}
			return nil
		})
		l := s.live(t, s.config(disk), part)
		if !named(l.err) || !errors.Is(l.err, syscall.EIO) || !strings.Contains(l.err.Error(), part) && !strings.Contains(l.err.Error(), strings.Trim(part, "/")) {
			t.Errorf("%s: %v", part, l.err)
		}
		disk.Inject(nil)
		if l := s.live(t, s.config(disk), part); l.err != nil || l.before != s.winner.Tip.Hash() {
			t.Errorf("%s: next start: %v", part, l.err)
		}
	}
}
