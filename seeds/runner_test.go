package seeds

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"grapevine/internal/netgroup"
	"grapevine/wire"
)

// node plays address manager and connections; only Run's goroutine calls it, and the
// test while that one sleeps.
type node struct {
	state   State
	addrs   map[wire.NetAddr]uint32
	sources []wire.NetworkAddress
	fetched []string
	err     error
}

func (n *node) Len() int { return len(n.addrs) }

func (n *node) LenOf(of wire.Network) (count int) {
	for a := range n.addrs {
		if a.Addr.Network() == of {
			count++
		}
	}
	return count
}

func (n *node) Add(_ time.Time, list []wire.TimedAddr, source wire.NetworkAddress, _ time.Duration) (fresh int) {
	n.sources = append(n.sources, source)
	for _, a := range list {
		if _, ok := n.addrs[a.NetAddr]; !ok {
			fresh++
		}
		n.addrs[a.NetAddr] = a.Time
	}
	return fresh
}

func (n *node) State(context.Context) (State, error) { return n.state, n.err }

func (n *node) Fetch(_ context.Context, target string) error {
	n.fetched = append(n.fetched, target)
	return nil
}

// fake is a source that takes its time.
type fake struct {
	name  string
	takes time.Duration
	found Found
	err   error
}

func (f fake) Name() string { return f.name }

func (f fake) Addresses(ctx context.Context) (Found, error) {
	select {
	case <-time.After(f.takes):
		return f.found, f.err
	case <-ctx.Done():
		return Found{}, ctx.Err()
	}
}

// run runs a runner in a bubble of its own time, for that long.
func run(t *testing.T, cfg Config, n *node, meanwhile func()) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.Addresses, cfg.Connections, cfg.Rand = n, n, rand.New(rand.NewPCG(3, 4))
		r, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		meanwhile()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, n.err) {
			t.Errorf("Run: %v", err)
		}
	})
}

func address(i byte) wire.NetAddr {
	a, _ := wire.AddressOf(wire.NetIPv4, []byte{8, i, 1, 1})
	return wire.NetAddr{Addr: a, Port: 1}
}

func TestRunner(t *testing.T) {
	n := &node{state: State{Active: true, Reachable: []wire.Network{wire.NetIPv4}}, addrs: map[wire.NetAddr]uint32{}}
	cfg := Config{Nodes: []string{"named"}, DNS: []Source{
		fake{"one", 20 * time.Second, Found{Addrs: []wire.NetAddr{address(1), address(2)}, MinAge: 3 * day, MaxAge: 7 * day}, nil},
		fake{"two", 20 * time.Second, Found{Fetch: []string{"two"}}, errors.New("dead")},
	}}
	run(t, cfg, n, func() {
		time.Sleep(90 * time.Second)
		synctest.Wait()
		now := uint32(time.Now().Unix())
		for a, at := range n.addrs {
			if age := time.Duration(now-at) * time.Second; age < 3*day || age > 7*day+90*time.Second {
				t.Errorf("%v was seen %v ago", a, age)
			}
		}
		if n.addrs[address(1)] == n.addrs[address(2)] {
			t.Error("both of the same age")
		}
	})
	slices.Sort(n.fetched)
	if len(n.addrs) != 2 || !slices.Equal(n.fetched, []string{"named", "two"}) || !slices.Equal(n.sources, []wire.NetworkAddress{netgroup.Named("one")}) {
		t.Errorf("%d addresses, fetched %q, sources %v", len(n.addrs), n.fetched, n.sources)
	}
}

func TestRunnerTakesFixedListForEmptyNetworks(t *testing.T) {
	n := &node{state: State{Active: true, Reachable: []wire.Network{wire.NetIPv4, wire.NetI2P}}, addrs: map[wire.NetAddr]uint32{}}
	n.addrs[address(1)] = 1
	run(t, Config{Fixed: Fixed("main")}, n, func() { time.Sleep(2 * time.Second) })
	if four, i2p := n.LenOf(wire.NetIPv4), n.LenOf(wire.NetI2P); four != 1 || i2p < 100 || n.Len() != four+i2p {
		t.Errorf("%d addresses of IPv4, %d of I2P, %d in all", four, i2p, n.Len())
	}
}

// A list that cannot be read is told of, and not fatal.
func TestRunnerSurvivesBadList(t *testing.T) {
	n := &node{state: State{Active: true, Reachable: both}, addrs: map[wire.NetAddr]uint32{}}
	run(t, Config{Fixed: File(t.TempDir()+"/none", 1)}, n, func() { time.Sleep(time.Minute) })
	if n.Len() != 0 {
		t.Errorf("%d addresses", n.Len())
	}
}

func TestRunnerEndsWhileAsking(t *testing.T) {
	n := &node{state: State{Active: true}, addrs: map[wire.NetAddr]uint32{}}
	run(t, Config{DNS: []Source{fake{name: "slow", takes: time.Hour}}}, n, func() { time.Sleep(time.Minute) })
}

func TestRunnerPassesFailureOn(t *testing.T) {
	n := &node{err: errors.New("the core is gone")}
	run(t, Config{}, n, func() { time.Sleep(time.Minute) })
}

func TestNewWantsItsParts(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("made of nothing")
	}
}
