//go:build unix

package node

import (
	"slices"
	"syscall"
	"testing"
)

// TestDescriptors makes nodes where the system grants few descriptors: connections give way to files, and below what files need there
// is no node.
func TestDescriptors(t *testing.T) {
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	const reduced = "Reducing -maxconnections from 125 to 100, because of system limitations."
	for _, c := range []struct {
		granted     uint64
		private     bool
		connections int
		warning     bool
		err         string
	}{
		{granted: 699, err: "Not enough file descriptors available. 699 available, 700 required."},
		{granted: 700 + 100, connections: 100, warning: true},
		{granted: 700 + 125, connections: 125},
		{granted: 700 + 63, private: true, err: "Not enough file descriptors available. 763 available, 764 required."},
		{granted: 700 + 64 + 100, private: true, connections: 100, warning: true},
	} {
		cfg := configure(t, "-regtest", "-datadir="+t.TempDir())
		cfg.Net.PrivateBroadcast = c.private
		few := before
		setSoft(&few, c.granted)
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
			t.Fatal(err)
		}
		n, err := New(cfg, Console{})
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Fatal(err)
		}
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%d: %v", c.granted, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := n.cfg.Net.MaxConnections; got != c.connections {
			t.Errorf("%d: %d connections, want %d", c.granted, got, c.connections)
		}
		if got := slices.Contains(n.cfg.Warnings, reduced); got != c.warning {
			t.Errorf("%d: %q", c.granted, n.cfg.Warnings)
		}
		if cfg.Net.MaxConnections != 125 || slices.Contains(cfg.Warnings, reduced) {
			t.Error("the configuration of the caller was changed")
		}
	}
}

// setSoft sets the limit that is in force, whose type is not the same on every system.
func setSoft(l *syscall.Rlimit, n uint64) { setInt(&l.Cur, n) }

func setInt[T int64 | uint64](to *T, n uint64) { *to = T(n) }
