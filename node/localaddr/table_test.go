package localaddr

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"

	"grapevine/p2p"
	"grapevine/wire"
)

const (
	onionText = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"
	i2pText   = "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p"
)

func addr(t testing.TB, text string) wire.NetAddr {
	t.Helper()
	a, err := wire.ParseNetAddr(text, 8333)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func table(change func(*Config)) *Table {
	cfg := Config{
		Listen: true, Discover: true, Port: 8333, Rand: rand.New(rand.NewPCG(1, 2)),
		Reachable: func() []wire.Network { return []wire.Network{wire.NetIPv4, wire.NetIPv6, wire.NetTorV3} },
	}
	change(&cfg)
	return New(cfg)
}

func usual(*Config) {}

func TestAdd(t *testing.T) {
	for _, c := range []struct {
		change func(*Config)
		addr   string
		score  Score
		force  bool
		want   bool
	}{
		{usual, "8.8.8.8", Interface, false, true},
		{usual, "10.0.0.1", Named, true, false},
		{usual, "127.0.0.1", Named, true, false},
		{usual, onionText, Named, false, true},
		{usual, i2pText, Named, false, false},
		{usual, i2pText, Named, true, true},
		{usual, "fc00::1", Named, true, false},
		{func(c *Config) { c.CJDNS = true }, "fc00::1", Named, true, true},
		{func(c *Config) { c.Discover = false }, "8.8.8.8", Mapped, false, false},
		{func(c *Config) { c.Discover = false }, "8.8.8.8", Named, false, true},
	} {
		tab := table(c.change)
		if got := tab.Add(addr(t, c.addr), c.score, c.force); got != c.want || len(tab.List()) == 1 != c.want {
			t.Errorf("%s with %d: %v", c.addr, c.score, got)
		}
	}
}

func TestScores(t *testing.T) {
	tab := table(func(c *Config) { c.Services = wire.NodeNetwork })
	want := func(port uint16, score Score) {
		t.Helper()
		a := addr(t, "8.8.8.8")
		a.Port, a.Services = port, wire.NodeNetwork
		if got := tab.List(); !reflect.DeepEqual(got, []Entry{{a, score}}) {
			t.Errorf("%+v, want port %d and score %d", got, port, score)
		}
	}
	tab.Add(addr(t, "8.8.8.8:1"), Bound, false)
	want(1, 2)
	tab.Add(addr(t, "8.8.8.8:2"), Interface, false) // we know better
	want(1, 2)
	tab.Add(addr(t, "8.8.8.8:3"), Bound, false)
	want(3, 3)
	tab.Add(addr(t, "8.8.8.8:4"), Named, false)
	want(4, 5)
	tab.Seen(addr(t, "8.8.8.8:9"))
	tab.Seen(addr(t, "9.9.9.9"))
	want(4, 6)
	tab.list[0].Score = math.MaxInt32
	tab.Seen(addr(t, "8.8.8.8"))
	want(4, math.MaxInt32)
	if !tab.Has(addr(t, "8.8.8.8:77")) || tab.Has(addr(t, "9.9.9.9")) {
		t.Error("what is ours")
	}
	tab.Remove(addr(t, "9.9.9.9").Addr)
	tab.Remove(addr(t, "8.8.8.8").Addr)
	if len(tab.List()) != 0 {
		t.Error("not removed")
	}
}

func TestOrder(t *testing.T) {
	tab := table(usual)
	for _, text := range []string{onionText, "2a00::1", "9.9.9.9", "8.8.8.8"} {
		tab.Add(addr(t, text), Named, true)
	}
	var got []string
	for _, e := range tab.List() {
		got = append(got, e.Addr.Addr.String())
	}
	if !reflect.DeepEqual(got, []string{"8.8.8.8", "9.9.9.9", "2a00::1", onionText}) {
		t.Error(got)
	}
}

// What a peer is told depends on where it is, not on what it says.
func TestFor(t *testing.T) {
	all := []string{"8.8.8.8:1", "9.9.9.9:2", "2a00::1", onionText, i2pText}
	for _, c := range []struct {
		own     []string
		peer    string
		network wire.Network
		want    string
	}{
		{all, "1.2.3.4", wire.NetIPv4, "9.9.9.9:2"}, // of equal reach, the higher score
		{all, "2a01::1", wire.NetIPv6, "[2a00::1]:8333"},
		{all, onionText, wire.NetTorV3, onionText + ":8333"},
		{all, i2pText, wire.NetI2P, i2pText + ":8333"},
		{all, "127.0.0.1", wire.NetTorV3, onionText + ":8333"}, // came in through the onion service
		{all[:3], onionText, wire.NetTorV3, ""},                // never told into the hidden network
		{all[3:], "1.2.3.4", wire.NetIPv4, ""},                 // nor out of it
		{all[:1], "2a01::1", wire.NetIPv6, "8.8.8.8:1"},
		{nil, "1.2.3.4", wire.NetIPv4, ""},
	} {
		tab := table(usual)
		for _, text := range c.own {
			tab.Add(addr(t, text), Named, true)
		}
		tab.Seen(addr(t, "9.9.9.9"))
		v := p2p.Vantage{Network: c.network, Peer: addr(t, c.peer)}
		if got, ok := tab.For(v); ok != (c.want != "") || (ok && got.String() != c.want) {
			t.Errorf("%v to %s: %s, %v", c.own, c.peer, got, ok)
		}
		deaf := table(func(cfg *Config) { cfg.Listen = false })
		for _, text := range c.own {
			deaf.Add(addr(t, text), Named, true)
		}
		v.SeenAs = addr(t, "7.7.7.7:50000") // nor what the peer sees
		if got, ok := deaf.For(v); ok {
			t.Errorf("a node that does not listen tells %s", got)
		}
	}
}

// shares counts what a peer is told in many tries.
func shares(t *testing.T, tab *Table, v p2p.Vantage) map[string]int {
	t.Helper()
	out := map[string]int{}
	for range 8000 {
		a, ok := tab.For(v)
		if !ok {
			t.Fatal("nothing is told")
		}
		out[a.String()]++
	}
	return out
}

func TestWhatThePeerSees(t *testing.T) {
	near := func(n, want int) bool { return n > want*9/10 && n < want*11/10 }
	v := p2p.Vantage{Network: wire.NetIPv4, Peer: addr(t, "1.2.3.4"), SeenAs: addr(t, "7.7.7.7:50000")}
	tab := table(func(c *Config) { c.Port = 18333 })
	if got := shares(t, tab, v); got["7.7.7.7:18333"] != 8000 {
		t.Errorf("outbound, nothing known: %v", got)
	}
	v.Inbound = true
	if got := shares(t, tab, v); got["7.7.7.7:50000"] != 8000 {
		t.Errorf("inbound, nothing known: %v", got)
	}
	tab.Add(addr(t, "8.8.8.8:5"), Named, false)
	if got := shares(t, tab, v); !near(got["7.7.7.7:50000"], 4000) || !near(got["8.8.8.8:5"], 4000) {
		t.Errorf("inbound: %v", got)
	}
	v.Inbound = false
	tab.Seen(addr(t, "8.8.8.8"))
	if got := shares(t, tab, v); !near(got["7.7.7.7:5"], 1000) || !near(got["8.8.8.8:5"], 7000) {
		t.Errorf("outbound, confirmed: %v", got)
	}
	for name, change := range map[string]func(*p2p.Vantage, *Table){
		"no discovery":              func(_ *p2p.Vantage, tab *Table) { tab.cfg.Discover = false },
		"the peer is next door":     func(v *p2p.Vantage, _ *Table) { v.Peer = addr(t, "192.168.0.1") },
		"it sees a private one":     func(v *p2p.Vantage, _ *Table) { v.SeenAs = addr(t, "10.0.0.1") },
		"in a network out of reach": func(v *p2p.Vantage, _ *Table) { v.SeenAs = addr(t, i2pText) },
	} {
		v, tab := v, table(usual)
		tab.Add(addr(t, "8.8.8.8:5"), Named, false)
		change(&v, tab)
		if got := shares(t, tab, v); got["8.8.8.8:5"] != 8000 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestInterfaces(t *testing.T) {
	tab := table(usual)
	n, err := tab.AddInterfaces()
	if err != nil || n < len(tab.List()) {
		t.Errorf("%d, %v", n, err)
	}
	for _, e := range tab.List() {
		if e.Addr.Port != 8333 || !e.Addr.Addr.Routable() || e.Addr.Addr == wire.AddressOfIP(netip.MustParseAddr("127.0.0.1")) {
			t.Errorf("%+v", e)
		}
	}
	if n, err := table(func(c *Config) { c.Discover = false }).AddInterfaces(); n != 0 || err != nil {
		t.Errorf("%d without discovery, %v", n, err)
	}
}
