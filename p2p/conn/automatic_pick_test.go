package conn

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

func TestPassedOver(t *testing.T) {
	good := netAddr(t, "30.1.0.1")
	with := func(s wire.ServiceFlags) wire.NetAddr {
		a := good
		a.Services = s
		return a
	}
	for name, c := range map[string]struct {
		addr    wire.NetAddr
		change  func(*Config)
		prepare func(*Plan, *book)
		want    bool
	}{
		"a good one":            {addr: good, want: true},
		"not reachable":         {addr: good, change: func(cfg *Config) { cfg.Networks = []wire.Network{wire.NetTorV3} }},
		"to be avoided":         {addr: good, change: func(cfg *Config) { cfg.Avoid = func(_ time.Time, a wire.NetAddr) bool { return a == good } }},
		"an added node":         {addr: good, change: func(cfg *Config) { cfg.Added = []string{"30.1.0.1"} }},
		"an added node by port": {addr: netAddr(t, "30.1.0.1:1234"), change: func(cfg *Config) { cfg.Added = []string{"30.1.0.1:1234"} }},
		"another port of an added node": {
			addr: netAddr(t, "30.1.0.1:1234"), change: func(cfg *Config) { cfg.Added = []string{"30.1.0.1:1235"} }, want: true,
		},
		"without witness": {addr: with(wire.NodeNetwork)},
		"without blocks":  {addr: with(wire.NodeWitness), prepare: func(p *Plan, _ *book) { p.AcceptLimited(true) }},
		"in the group of an IPv6 peer": {addr: netAddr(t, "2a00::1"), prepare: func(p *Plan, _ *book) {
			p.Connected(start, 1, Info{Kind: peer.BlockRelay, Target: "x", Addr: netAddr(t, "2a00::2")})
		}},
		"in the group of a CJDNS peer": {addr: cjdns(t, "fc00::1"), want: true, change: func(cfg *Config) { cfg.Networks = allNetworks[:] }, prepare: func(p *Plan, _ *book) {
			p.Connected(start, 1, Info{Kind: peer.BlockRelay, Target: "x", Addr: cjdns(t, "fc00::2")})
		}},
		"being dialled by an operator": {addr: good, prepare: func(p *Plan, _ *book) {
			p.start(Dial{Target: "30.1.0.1", Kind: peer.Manual}, false)
		}},
		"another port of an added node without port": {addr: netAddr(t, "30.1.0.1:1234"), change: func(cfg *Config) { cfg.Added = []string{"30.1.0.1"} }},
		"limited": {addr: with(wire.NodeNetworkLimited | wire.NodeWitness)},
		"limited, near the tip": {
			addr: with(wire.NodeNetworkLimited | wire.NodeWitness), prepare: func(p *Plan, _ *book) { p.AcceptLimited(true) }, want: true,
		},
		"connected": {addr: good, prepare: func(p *Plan, _ *book) {
			p.Connected(start, 1, Info{Kind: peer.Inbound, Addr: netAddr(t, "30.1.0.1:50000")})
		}},
		"in the group of a manual peer": {addr: good, prepare: func(p *Plan, _ *book) {
			p.Connected(start, 1, Info{Kind: peer.Manual, Target: "x", Addr: netAddr(t, "30.1.0.2")})
		}},
		"in the group of an inbound peer": {addr: good, want: true, prepare: func(p *Plan, _ *book) {
			p.Connected(start, 1, Info{Kind: peer.Inbound, Target: "x", Addr: netAddr(t, "30.1.0.2")})
		}},
		"in the documentation": {addr: netAddr(t, "2001:db8::1")},
		"being dialled": {addr: good, prepare: func(p *Plan, _ *book) {
			p.start(Dial{Target: good.String(), Addr: good, Kind: peer.Feeler}, false)
		}},
		"another port of what is being dialled": {addr: netAddr(t, "30.1.0.1:1234"), prepare: func(p *Plan, _ *book) {
			p.start(Dial{Target: good.String(), Addr: good, Kind: peer.Feeler}, false)
		}},
		"no valid address": {addr: wire.NetAddr{Services: full, Port: 8333}},
	} {
		b := newBook(c.addr)
		p := planFor(b, c.change)
		if c.prepare != nil {
			c.prepare(p, b)
		}
		_, got := p.pick(start, wish{kind: peer.FullRelay})
		if b.fresh > 0 {
			t.Errorf("%s: only addresses never reached are looked at", name)
		}
		if got != c.want {
			t.Errorf("%s: picked %v", name, got)
		}
	}
}

func TestAnchorsPassedOver(t *testing.T) {
	tor := netAddr(t, "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333")
	for name, c := range map[string]struct {
		anchors []wire.NetAddr
		change  func(*Config)
		want    int
	}{
		"both":              {[]wire.NetAddr{netAddr(t, "30.1.0.1"), netAddr(t, "30.2.0.1")}, nil, 2},
		"in one group":      {[]wire.NetAddr{netAddr(t, "30.1.0.1"), netAddr(t, "30.1.0.2")}, nil, 1},
		"in no network":     {[]wire.NetAddr{netAddr(t, "30.1.0.1"), tor}, func(cfg *Config) { cfg.Networks = []wire.Network{wire.NetIPv4} }, 1},
		"room for one":      {[]wire.NetAddr{netAddr(t, "30.1.0.1"), netAddr(t, "30.2.0.1")}, func(cfg *Config) { cfg.SetMax(9) }, 1},
		"room for none":     {[]wire.NetAddr{netAddr(t, "30.1.0.1"), netAddr(t, "30.2.0.1")}, func(cfg *Config) { cfg.SetMax(8) }, 0},
		"with -connect":     {[]wire.NetAddr{netAddr(t, "30.1.0.1")}, func(cfg *Config) { cfg.ConnectOnly = true }, 0},
		"the node's own":    {[]wire.NetAddr{netAddr(t, "30.1.0.1")}, func(cfg *Config) { cfg.Avoid = func(time.Time, wire.NetAddr) bool { return true } }, 0},
		"one is an inbound": {[]wire.NetAddr{netAddr(t, "30.1.0.1"), netAddr(t, "40.1.0.1")}, nil, 1},
	} {
		p := planFor(newBook(), c.change)
		p.auto.anchors = slices.Clone(c.anchors)
		p.Connected(start, 99, Info{Kind: peer.Inbound, Addr: netAddr(t, "40.1.0.1:5")})
		w := newWorld(t, p)
		w.run(time.Minute)
		if n := count(w.kinds(), peer.BlockRelay); n != c.want || len(w.made) != n {
			t.Errorf("%s: made %+v", name, w.made)
		}
	}
}

func TestOnline(t *testing.T) {
	for _, c := range []struct {
		peers map[string]peer.Kind
		max   int
		want  bool
	}{
		{nil, 125, false},
		{map[string]peer.Kind{"30.1.0.1": peer.FullRelay}, 125, false},
		{map[string]peer.Kind{"30.1.0.1": peer.FullRelay, "30.1.0.2": peer.Manual}, 125, false}, // may be our own network
		{map[string]peer.Kind{"30.1.0.1": peer.FullRelay, "30.2.0.1": peer.Manual}, 125, true},
		{map[string]peer.Kind{"30.1.0.1": peer.FullRelay, "30.2.0.1": peer.Inbound}, 125, false},
		{map[string]peer.Kind{"30.1.0.1": peer.FullRelay, "30.2.0.1": peer.AddrFetch}, 125, false},
		{map[string]peer.Kind{"fc00::1": peer.FullRelay, "fc00::2": peer.BlockRelay}, 125, true},
		{map[string]peer.Kind{"30.1.0.1": peer.FullRelay}, 2, true},
		{nil, 1, true},
	} {
		p := planFor(newBook(), func(cfg *Config) { cfg.SetMax(c.max) })
		id := peer.ID(0)
		for text, k := range c.peers {
			a := netAddr(t, text)
			a.Addr = a.Addr.AsCJDNS()
			p.cfg.MaxInbound++
			p.Connected(start, id, Info{Kind: k, Target: text, Addr: a})
			id++
		}
		p.cfg.SetMax(c.max)
		if p.online() != c.want {
			t.Errorf("%+v: online %v", c, !c.want)
		}
	}
}

// A plan with all its connections wakes for what comes next, and for nothing before.
func TestWake(t *testing.T) {
	later := func(d time.Duration) time.Time { return start.Add(24*time.Hour + d) }
	for name, c := range map[string]struct {
		change func(p *Plan)
		want   time.Time
	}{
		"a feeler":             {func(*Plan) {}, later(5 * time.Minute)},
		"a stale tip":          {func(p *Plan) { p.StaleTip(true) }, later(pace)},
		"a fetch":              {func(p *Plan) { p.Fetch("x") }, later(pace)},
		"a lost peer":          {func(p *Plan) { p.Disconnected(later(0), 3) }, later(pace)},
		"an extra block relay": {func(p *Plan) { p.ExtraBlockRelay() }, later(4 * time.Minute)},
		"a feeler before it":   {func(p *Plan) { p.ExtraBlockRelay(); p.auto.feeler = later(time.Minute) }, later(time.Minute)},
		"a network":            {func(p *Plan) { p.SetNetworks(allNetworks[:]) }, later(3 * time.Minute)},
		"a network that a manual peer is in": {func(p *Plan) {
			p.SetNetworks([]wire.Network{wire.NetIPv4, wire.NetCJDNS})
			p.Connected(later(0), 77, Info{Kind: peer.Manual, Target: "fc00::1", Addr: cjdns(t, "fc00::1")})
		}, later(5 * time.Minute)},
		"a feeler that is due, but not at once": {func(p *Plan) { p.auto.feeler = later(0) }, later(pace)},
		"a named node":                          {func(p *Plan) { _ = p.Add("a", false); p.targets[0].nextTry = later(time.Second) }, later(time.Second)},
		"a feeler before a named node":          {func(p *Plan) { _ = p.Add("a", false); p.targets[0].nextTry = later(time.Hour) }, later(5 * time.Minute)},
	} {
		p := planFor(newBook(spread(t, 50)...), nil)
		newWorld(t, p).run(time.Minute)
		if p.Count() != 10 {
			t.Fatal("not all connections are there")
		}
		p.SetNetworks([]wire.Network{wire.NetIPv4})
		p.auto.next, p.auto.feeler, p.auto.extraBlock, p.auto.extraNetwork = later(pace), later(5*time.Minute), later(4*time.Minute), later(3*time.Minute)
		c.change(p)
		if at, ok := p.Wake(); !ok || !at.Equal(c.want) {
			t.Errorf("%s: wakes at %s, want %s", name, at.Sub(later(0)), c.want.Sub(later(0)))
		}
	}
	p := planFor(newBook(), func(cfg *Config) { cfg.Networks = []wire.Network{} })
	if _, ok := p.Wake(); ok {
		t.Error("wakes without a network")
	}
	p.Fetch("x")
	if _, ok := p.Wake(); !ok {
		t.Error("does not wake to fetch addresses")
	}
}

// However often it is asked, no more than one connection of our own choice is begun in
// half a second; and one more of a network of its own not before its time.
func TestPace(t *testing.T) {
	p := planFor(newBook(spread(t, 50)...), nil)
	for range 5 {
		p.Next(start)
	}
	p.Next(start.Add(pace - 1))
	if len(p.dials) != 1 {
		t.Errorf("%d dials at once", len(p.dials))
	}
	if p.Next(start.Add(pace)); len(p.dials) != 2 {
		t.Errorf("%d dials after half a second", len(p.dials))
	}
	p = planFor(newBook(append(spread(t, 50), cjdns(t, "fc00::1"))...), func(cfg *Config) { cfg.Networks = []wire.Network{wire.NetIPv4} })
	w := newWorld(t, p)
	w.run(time.Minute)
	p.SetNetworks([]wire.Network{wire.NetIPv4, wire.NetCJDNS})
	due := w.now.Add(time.Hour)
	p.auto.extraNetwork = due
	w.answers = func(d Dial) bool { return d.Kind != peer.Feeler }
	w.run(time.Hour - 1)
	if p.sums.networks[wire.NetCJDNS] != 0 {
		t.Error("a peer in another network before its time")
	}
	if w.run(time.Second); p.sums.networks[wire.NetCJDNS] != 1 {
		t.Error("no peer in another network at its time")
	}
}

func TestAnchorsAreBlockRelay(t *testing.T) {
	p := New(Config{})
	p.Connected(start, 1, Info{Kind: peer.FullRelay, Target: "30.0.0.1", Addr: netAddr(t, "30.0.0.1")})
	p.Connected(start, 2, Info{Kind: peer.BlockRelay, Target: "behind a proxy"})
	var want []wire.NetAddr
	for i := range 3 {
		a := netAddr(t, fmt.Sprintf("30.1.0.%d", i+1))
		p.Connected(start, peer.ID(3+i), Info{Kind: peer.BlockRelay, Target: a.String(), Addr: a})
		want = append(want, a)
	}
	if got := p.Anchors(); !slices.Equal(got, want[:2]) {
		t.Errorf("%v", got)
	}
}

// With no network to reach nothing is chosen, and nobody asked: any address would be one
// too many for who wants Tor alone. Once there is one it begins.
func TestNoNetwork(t *testing.T) {
	tor := netAddr(t, "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333")
	b := newBook(append(spread(t, 20), tor)...)
	w := newWorld(t, planFor(b, func(cfg *Config) { cfg.Networks = []wire.Network{} }))
	if w.run(time.Hour); len(w.made) != 0 || b.selects != 0 {
		t.Errorf("made %+v", w.made)
	}
	w.p.Fetch("seed")
	if w.run(time.Minute); len(w.made) != 1 {
		t.Errorf("made %+v", w.made)
	}
	w.p.SetNetworks([]wire.Network{wire.NetTorV3})
	if w.run(time.Minute); len(w.made) != 2 || w.made[1].Addr != tor {
		t.Errorf("made %+v", w.made)
	}
}

// What is passed over among others is taken when there is nothing else.
func TestLastResorts(t *testing.T) {
	for name, worse := range map[string]wire.NetAddr{"tried lately": netAddr(t, "30.2.0.1"), "another service's port": netAddr(t, "30.2.0.1:22")} {
		b := newBook(worse)
		if name == "tried lately" {
			b.lastTry[worse] = start.Add(-recentAttempt + 1)
		}
		p := planFor(b, nil)
		b.selects = 0
		if a, ok := p.pick(start, wish{kind: peer.FullRelay}); !ok || a != worse || b.selects != 30 && b.selects != 50 {
			t.Errorf("%s: %v %v after %d looks", name, a, ok, b.selects)
		}
		better := netAddr(t, "30.1.0.1")
		b.lastTry[better] = start.Add(-recentAttempt)
		b.list = append(b.list, better)
		for range 20 {
			if a, _ := p.pick(start, wish{kind: peer.FullRelay}); a != better {
				t.Errorf("%s: picked though there is a better one", name)
			}
		}
	}
}

// Ports of other services are passed over in IP, where those may be disturbed.
func TestBadPorts(t *testing.T) {
	for text, want := range map[string]bool{
		"1.2.3.4:22": true, "[2a00::1]:22": true, "1.2.3.4:8333": false, "[2a00::1]:8333": false,
		"pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:22": false,
	} {
		if badPort(netAddr(t, text)) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
	if badPort(cjdns(t, "[fc00::1]:22")) {
		t.Error("in CJDNS too")
	}
}

func cjdns(t testing.TB, text string) wire.NetAddr {
	a := netAddr(t, text)
	a.Addr = a.Addr.AsCJDNS()
	return a
}

func TestFeelers(t *testing.T) {
	b := newBook(netAddr(t, "30.1.0.1"))
	p := planFor(b, nil)
	b.collide = []wire.NetAddr{netAddr(t, "31.1.0.1")}
	if a, ok := p.pick(start, wish{kind: peer.Feeler}); !ok || a != b.collide[0] {
		t.Errorf("an address to be tested is not: %v", a)
	}
	p.Connected(start, 1, Info{Kind: peer.Inbound, Addr: netAddr(t, "31.1.0.1:44")})
	if a, ok := p.pick(start, wish{kind: peer.Feeler}); !ok || a != b.list[0] || len(b.good) != 1 || b.good[0] != b.collide[0] {
		t.Errorf("picked %v, good are %v", a, b.good)
	}
	b.collide = nil
	b.list[0].Services = wire.NodeNetworkLimited // knows addresses
	p.Connected(start, 2, Info{Kind: peer.FullRelay, Target: "y", Addr: netAddr(t, "30.1.0.2")})
	if _, ok := p.pick(start, wish{kind: peer.Feeler}); !ok {
		t.Error("a feeler needs a group or services")
	}
	b.list[0].Services = wire.NodeWitness
	if _, ok := p.pick(start, wish{kind: peer.Feeler}); ok {
		t.Error("a feeler to who knows no addresses")
	}
}

// Failures count only while we are online for sure, and only if they are not ours.
func TestFailuresAreCounted(t *testing.T) {
	addrs := spread(t, 20)
	b := newBook(addrs...)
	w := newWorld(t, planFor(b, nil))
	fail := true
	w.answers = func(Dial) bool { return !fail }
	w.run(time.Minute)
	if len(b.failures) != 0 || b.attempts == 0 {
		t.Fatalf("offline, %d attempts, failures %v", b.attempts, b.failures)
	}
	fail = false
	for w.p.Count() < 2 {
		w.run(pace)
	}
	if len(b.failures) != 0 {
		t.Errorf("what was dialled offline counts: %v", b.failures)
	}
	w.run(pace)
	if w.p.Count() != 3 || len(b.failures) != 1 {
		t.Errorf("an attempt does not count until it is known to be good: %v", b.failures)
	}
	fail = true
	clear(b.failures)
	b.lastTry = map[wire.NetAddr]time.Time{}
	w.run(10 * time.Second)
	if len(b.failures) == 0 {
		t.Error("online, but failures are not counted")
	}
	attempts := b.attempts
	dials := w.p.Next(w.now.Add(pace))
	if len(dials) != 1 {
		t.Fatal(dials)
	}
	if w.p.Failed(w.now, dials[0], true); b.attempts != attempts {
		t.Error("a failure of ours is an attempt")
	}
	w.p.Try("name", false)
	if d := w.p.Next(w.now); len(d) != 1 || d[0].Target != "name" {
		t.Fatal(d)
	}
	w.p.Failed(w.now, Dial{Target: "name"}, false)
	w.p.Failed(w.now, Dial{Target: "nobody dialled this"}, false)
	w.p.Connected(w.now, 999, Info{Kind: peer.Manual, Target: "other name"})
	if b.attempts != attempts {
		t.Error("names are addresses")
	}
}
