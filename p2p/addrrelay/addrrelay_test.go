package addrrelay

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

var start = time.Unix(1_750_000_000, 0)

func addr(n int) wire.NetAddr {
	return wire.NetAddr{Services: wire.NodeNetwork, Addr: wire.AddressOfIP(netip.AddrFrom4([4]byte{20, byte(n >> 16), byte(n >> 8), byte(n)})), Port: 8333}
}

func at(n int, when time.Time) wire.TimedAddr {
	return wire.TimedAddr{Time: uint32(when.Unix()), NetAddr: addr(n)}
}

func onion(n byte) wire.TimedAddr {
	a, err := wire.AddressOf(wire.NetTorV3, append(make([]byte, 31), n))
	if err != nil {
		panic(err)
	}
	return wire.TimedAddr{Time: uint32(start.Unix()), NetAddr: wire.NetAddr{Services: wire.NodeNetwork, Addr: a, Port: 8333}}
}

func several(from, n int, when time.Time) []wire.TimedAddr {
	out := make([]wire.TimedAddr, n)
	for i := range out {
		out[i] = at(from+i, when)
	}
	return out
}

func verify(t testing.TB, r *Relay, settled bool) {
	t.Helper()
	if err := r.check(settled); err != nil {
		t.Fatal(err)
	}
}

// full adds a peer of our choice whose answer to getaddr is complete.
func full(t testing.TB, r *Relay, now time.Time, id peer.ID, o Options) {
	t.Helper()
	o.Kind = peer.FullRelay
	if !r.AddPeer(now, id, o) {
		t.Fatal("not asked for addresses")
	}
	r.Received(now, id, nil)
}

func TestWhoTakesPart(t *testing.T) {
	for k := peer.Inbound; k <= peer.PrivateBroadcast; k++ {
		r := New(Config{})
		ask := r.AddPeer(start, 7, Options{Kind: k})
		want := k == peer.Manual || k == peer.FullRelay || k == peer.AddrFetch
		if ask != want || r.Stats(7).Enabled != want {
			t.Errorf("%s: asked %v, enabled %v", k, ask, r.Stats(7).Enabled)
		}
		took := len(r.Received(start, 7, []wire.TimedAddr{at(1, start)})) == 1
		if want = want || k == peer.Inbound; took != want || r.Stats(7).Enabled != want {
			t.Errorf("%s: taken %v, enabled %v", k, took, r.Stats(7).Enabled)
		}
		verify(t, r, false)
		r.RemovePeer(7)
		if r.Stats(7) != (Stats{}) || r.Received(start, 7, several(0, 1, start)) != nil || r.Footprint() != 0 {
			t.Errorf("%s: still there", k)
		}
	}
}

func TestRateLimit(t *testing.T) {
	r := New(Config{})
	now := start
	r.AddPeer(now, 1, Options{})
	for _, c := range []struct {
		after time.Duration
		sent  int
		want  int
	}{
		{0, 5, 1},                   // the first token
		{9 * time.Second, 5, 0},     // nine tenths
		{time.Second, 5, 1},         // and one more
		{100 * time.Second, 5, 5},   // ten of which five are used
		{0, 10, 5},                  //
		{9 * time.Hour, 1000, 1000}, // no more than 1000 are saved up
		{0, 1, 0},
		{1000 * time.Hour, 1000, 1000},
		{0, 10, 0},
	} {
		now = now.Add(c.after)
		before := r.Stats(1)
		got := r.Received(now, 1, several(c.sent*100, c.sent, now))
		after := r.Stats(1)
		if len(got) != c.want || after.Processed-before.Processed != uint64(c.want) || after.RateLimited-before.RateLimited != uint64(c.sent-c.want) {
			t.Errorf("after %s: %d of %d taken, want %d; %+v", c.after, len(got), c.sent, c.want, after)
		}
	}
}

func TestAnswersToUsAreNotLimited(t *testing.T) {
	r := New(Config{})
	if !r.AddPeer(start, 1, Options{Kind: peer.FullRelay}) {
		t.Fatal("not asked")
	}
	if got := len(r.Received(start, 1, several(0, 1000, start))); got != 1000 {
		t.Errorf("%d taken", got)
	}
	if got := len(r.Received(start, 1, several(2000, 1000, start))); got != 1 {
		t.Errorf("%d more taken", got)
	}
}

func TestTrustedPeersAreNotLimited(t *testing.T) {
	r := New(Config{})
	r.AddPeer(start, 1, Options{Trusted: true})
	if got := len(r.Received(start, 1, several(0, 1000, start))); got != 1000 || r.Stats(1).RateLimited != 0 {
		t.Errorf("%d taken", got)
	}
}

func TestWhatIsTaken(t *testing.T) {
	now := uint32(start.Unix())
	bad, far := at(1, start), onion(1)
	r := New(Config{
		Unwanted:  func(a wire.NetworkAddress) bool { return a == bad.Addr },
		Reachable: func(a wire.NetworkAddress) bool { return a.Network() == wire.NetIPv4 },
	})
	with := func(n int, change func(*wire.TimedAddr)) wire.TimedAddr {
		a := at(n, start)
		change(&a)
		return a
	}
	for _, c := range []struct {
		name string
		a    wire.TimedAddr
		time uint32 // zero: not taken
	}{
		{"good", at(2, start), now},
		{"pruned", with(3, func(a *wire.TimedAddr) { a.Services = wire.NodeNetworkLimited }), now},
		{"no blocks", with(4, func(a *wire.TimedAddr) { a.Services = wire.NodeWitness | wire.NodeBloom }), 0},
		{"discouraged", bad, 0},
		{"not reachable", far, 0},
		{"old", with(5, func(a *wire.TimedAddr) { a.Time = 100_000_001 }), 100_000_001},
		{"too old", with(6, func(a *wire.TimedAddr) { a.Time = 100_000_000 }), now - 5*24*3600},
		{"slightly ahead", with(7, func(a *wire.TimedAddr) { a.Time = now + 600 }), now + 600},
		{"from the future", with(8, func(a *wire.TimedAddr) { a.Time = now + 601 }), now - 5*24*3600},
		{"at the end of time", with(9, func(a *wire.TimedAddr) { a.Time = 1<<32 - 1 }), now - 5*24*3600},
	} {
		r.AddPeer(start, 1, Options{})
		got := r.Received(start, 1, []wire.TimedAddr{c.a})
		switch {
		case c.time == 0 && len(got) != 0, c.time != 0 && len(got) != 1:
			t.Errorf("%s: %v", c.name, got)
		case c.time != 0 && got[0].Time != c.time:
			t.Errorf("%s: time %d, want %d", c.name, got[0].Time, c.time)
		}
		r.RemovePeer(1)
	}
}

// waiting returns who waits for an address.
func waiting(r *Relay, a wire.NetAddr) (ids []peer.ID) {
	for _, p := range r.peers {
		if slices.ContainsFunc(p.queue, func(q wire.TimedAddr) bool { return q.NetAddr == a }) {
			ids = append(ids, p.id)
		}
	}
	return ids
}

func TestWhatIsPassedOn(t *testing.T) {
	for _, c := range []struct {
		name string
		list []wire.TimedAddr
		ask  bool // it is an answer
		want int  // peers that wait for the first of them
	}{
		{"one", several(0, 1, start), false, 2},
		{"ten", several(0, 10, start), false, 2},
		{"eleven", several(0, 11, start), false, 0},
		{"of nine minutes", several(0, 1, start.Add(-9*time.Minute)), false, 2},
		{"of ten minutes", several(0, 1, start.Add(-10*time.Minute)), false, 0},
		{"slightly ahead", several(0, 1, start.Add(10*time.Minute)), false, 2},
		{"from the future", several(0, 1, start.Add(11*time.Minute)), false, 0},
		{"an answer", several(0, 1, start), true, 0},
		{"not routable", []wire.TimedAddr{{Time: uint32(start.Unix()), NetAddr: wire.AddrOf(netip.MustParseAddrPort("10.0.0.1:1"), wire.NodeNetwork)}}, false, 0},
		{"onion, of those who take it", []wire.TimedAddr{onion(1)}, false, 1},
	} {
		r := New(Config{})
		for id := range peer.ID(10) {
			full(t, r, start, id, Options{V2: id == 4})
		}
		r.Due(start, nil)
		if c.ask {
			r.AddPeer(start, 10, Options{Kind: peer.FullRelay, Trusted: true})
		} else {
			r.AddPeer(start, 10, Options{Trusted: true})
		}
		first := c.list[0].NetAddr
		r.Received(start, 10, c.list)
		got := waiting(r, first)
		if len(got) != c.want || slices.Contains(got, 10) {
			t.Errorf("%s: %v", c.name, got)
		}
		verify(t, r, false)
	}
}

// After a full message, the rest of an answer is expected.
func TestAnswerOfSeveralMessages(t *testing.T) {
	r := New(Config{})
	full(t, r, start, 1, Options{})
	r.AddPeer(start, 2, Options{Kind: peer.FullRelay, Trusted: true})
	for _, c := range []struct{ size, want int }{{1000, 0}, {5, 0}, {5, 1}} {
		list := several(c.size*1000, c.size, start)
		first := list[0].NetAddr
		r.Received(start, 2, list)
		if got := waiting(r, first); len(got) != c.want {
			t.Errorf("%d addresses: %v", c.size, got)
		}
	}
}

// The same peers are chosen for a day, and others the next.
func TestPeersAreChosenForADay(t *testing.T) {
	choose := func(a int, now time.Time) string {
		r := New(Config{Rand: rand.New(rand.NewPCG(3, 4))})
		for id := range peer.ID(50) {
			full(t, r, start, id, Options{})
		}
		r.AddPeer(start, 100, Options{Trusted: true})
		r.Received(now, 100, []wire.TimedAddr{at(a, now)})
		return fmt.Sprint(waiting(r, addr(a)))
	}
	changes, seen := map[int]bool{}, map[string]bool{}
	for a := range 20 {
		last, n := choose(a, start), 0
		for h := 1; h <= 48; h++ {
			if got := choose(a, start.Add(time.Duration(h)*time.Hour)); got != last {
				last = got
				n++
				changes[h%24] = true
				seen[got] = true
			}
		}
		if n != 2 {
			t.Errorf("address %d: %d changes in two days", a, n)
		}
	}
	if len(changes) < 8 || len(seen) < 30 {
		t.Errorf("changes at %d hours, %d choices", len(changes), len(seen))
	}
}

// Addresses of networks that we cannot reach go to one peer or two.
func TestUnreachableAddressesSpreadLess(t *testing.T) {
	for _, reachable := range []bool{true, false} {
		r := New(Config{Reachable: func(wire.NetworkAddress) bool { return reachable }})
		for id := range peer.ID(20) {
			full(t, r, start, id, Options{})
		}
		r.AddPeer(start, 100, Options{Trusted: true})
		var n [3]int
		for a := range 1000 {
			r.Received(start, 100, []wire.TimedAddr{at(a, start)})
			n[len(waiting(r, addr(a)))]++
		}
		if reachable && n[2] != 1000 || !reachable && (n[0] != 0 || n[1] < 400 || n[2] < 400) {
			t.Errorf("reachable %v: %v", reachable, n)
		}
	}
}

// What a peer sent, or was sent, is not sent to it.
func TestKnownAddressesAreNotSent(t *testing.T) {
	r := New(Config{})
	full(t, r, start, 1, Options{})
	r.AddPeer(start, 2, Options{Trusted: true})
	r.Due(start, nil)
	r.Received(start, 2, []wire.TimedAddr{at(1, start)})
	r.Received(start, 1, []wire.TimedAddr{at(1, start)}) // it says so itself, while that waits
	later := start.Add(time.Hour)
	if got := r.Due(later, nil); len(got) != 0 {
		t.Errorf("sent %v", got)
	}
	r.Received(later, 2, []wire.TimedAddr{at(2, later)})
	r.Due(later, nil)
	later = later.Add(time.Hour)
	if got := r.Due(later, nil); len(got) != 1 || got[0].Peer != 1 || len(got[0].Addrs) != 1 || got[0].Addrs[0].NetAddr != addr(2) {
		t.Errorf("sent %v", got)
	}
	r.Received(later, 2, []wire.TimedAddr{at(2, later)})
	if got := waiting(r, addr(2)); len(got) != 0 {
		t.Errorf("waits again for %v", got)
	}
	verify(t, r, false)
}

func TestTheLast5000AreRemembered(t *testing.T) {
	var k recent
	for n := uint32(1); n <= 100_000; n++ {
		k.add(n)
		k.add(max(1, n/2)) // repeats take no room while they are young
		if n > 5000 && n%1000 == 0 && !k.has(n-2499) {
			t.Fatalf("%d is forgotten after %d", n-2499, n)
		}
	}
	k.clear()
	for n := uint32(1); n <= 20_000; n++ {
		k.add(n)
		if n > 5000 && !k.has(n-4999) {
			t.Fatalf("%d is forgotten after %d", n-4999, n)
		}
		if n > 7500 && k.has(n-7500) {
			t.Fatalf("%d is remembered after %d", n-7500, n)
		}
	}
	if k.bytes() != 3*4096*4 {
		t.Errorf("%d bytes", k.bytes())
	}
}

func TestQueueIsBounded(t *testing.T) {
	r := New(Config{})
	full(t, r, start, 1, Options{})
	r.Due(start, nil)
	r.AddPeer(start, 2, Options{Trusted: true})
	for a := range 3000 {
		r.Received(start, 2, []wire.TimedAddr{at(a, start)})
	}
	p := r.peer(1)
	newest := 0
	for _, a := range p.queue {
		ip, _ := a.Addr.IP()
		if b := ip.As4(); int(b[2])<<8|int(b[3]) >= 1000 {
			newest++
		}
	}
	if len(p.queue) != 1000 || newest < 500 {
		t.Errorf("%d wait, of which %d came when it was full", len(p.queue), newest)
	}
	if n := r.PeerFootprint(1); n > 105_000 {
		t.Errorf("%d bytes", n)
	}
	verify(t, r, false)
}

// The times between messages to a peer are exponential with a mean of 30 s.
func TestPoisson(t *testing.T) {
	r := New(Config{})
	full(t, r, start, 1, Options{})
	r.AddPeer(start, 2, Options{Trusted: true})
	r.Received(start, 2, nil)
	r.Due(start, nil)
	now, sum, short := start, time.Duration(0), 0
	const rounds = 3000
	for n := range rounds {
		r.Received(now, 2, []wire.TimedAddr{at(n, now)})
		wake := r.Wake()
		if got := r.Due(wake.Add(-1), nil); len(got) != 0 {
			t.Fatal("sent before its time")
		}
		if got := r.Due(wake, nil); len(got) != 1 {
			t.Fatalf("sent %v", got)
		}
		if !r.Wake().IsZero() {
			t.Fatal("a timer runs")
		}
		d := wake.Sub(now)
		sum += d
		if d < 30*time.Second {
			short++
		}
		now = wake
		verify(t, r, true)
	}
	if mean := sum / rounds; mean < 27*time.Second || mean > 33*time.Second {
		t.Errorf("mean %s", mean)
	}
	if part := float64(short) / rounds; part < 0.59 || part > 0.67 { // 1 - 1/e
		t.Errorf("%.2f below the mean", part)
	}
}

func TestGetAddr(t *testing.T) {
	r := New(Config{Unwanted: func(a wire.NetworkAddress) bool { return a == addr(5).Addr }})
	asked := 0
	sample := func(limit, percent int) []wire.TimedAddr {
		if limit != 1000 || percent != 23 {
			t.Errorf("limit %d, %d%%", limit, percent)
		}
		asked++
		return append(several(asked*10, 3, start), at(5, start), onion(byte(asked)))
	}
	door := Socket{Network: wire.NetIPv4, Local: netip.MustParseAddrPort("1.2.3.4:8333")}
	// get connects, asks and returns what comes.
	next := peer.ID(0)
	get := func(now time.Time, o Options) []wire.TimedAddr {
		next++
		r.AddPeer(now, next, o)
		if !r.GetAddr(now, next, sample) {
			t.Fatal("no answer")
		}
		out := r.Due(now, nil)
		if r.GetAddr(now, next, sample) {
			t.Error("a second answer")
		}
		if len(out) != 1 || out[0].Peer != next || out[0].V2 != o.V2 {
			t.Fatalf("%v", out)
		}
		verify(t, r, true)
		r.RemovePeer(next)
		return out[0].Addrs
	}
	first := get(start, Options{Socket: door})
	if want := several(10, 3, start); !slices.Equal(first, want) {
		t.Errorf("answer %v", first)
	}
	if got := get(start.Add(20*time.Hour), Options{Socket: door, V2: true}); len(got) != 4 || !slices.Equal(got[:3], first) {
		t.Errorf("second answer %v", got)
	}
	if got := get(start.Add(28*time.Hour), Options{Socket: door}); slices.Equal(got, first) {
		t.Error("the answer is still the same after 28 hours")
	}
	other := door
	other.Network = wire.NetTorV3
	if got := get(start.Add(28*time.Hour), Options{Socket: other}); len(got) != 3 || asked != 3 {
		t.Errorf("%d samples", asked)
	}
	get(start.Add(28*time.Hour), Options{Socket: door})
	if asked != 3 {
		t.Errorf("%d samples", asked)
	}
	for range 3 {
		get(start.Add(28*time.Hour), Options{Socket: door, Trusted: true})
	}
	if asked != 6 {
		t.Errorf("trusted peers got stored answers: %d samples", asked)
	}
	for _, k := range []peer.Kind{peer.Manual, peer.FullRelay, peer.BlockRelay, peer.Feeler} {
		r.AddPeer(start, 1000+peer.ID(k), Options{Kind: k})
		if r.GetAddr(start, 1000+peer.ID(k), sample) {
			t.Errorf("%s: answered", k)
		}
	}
	if r.GetAddr(start, 9999, sample) {
		t.Error("a peer that is not there: answered")
	}
}

func TestAnswersAreBounded(t *testing.T) {
	r := New(Config{})
	asked := 0
	sample := func(int, int) []wire.TimedAddr { asked++; return several(0, 1000, start) }
	for n := range 200 {
		id := peer.ID(n)
		r.AddPeer(start, id, Options{Socket: Socket{Local: netip.AddrPortFrom(netip.AddrFrom4([4]byte{1, 1, 1, byte(n)}), 1)}})
		r.GetAddr(start, id, sample)
		r.Due(start, nil)
		r.RemovePeer(id)
		verify(t, r, true)
	}
	if len(r.answers) != maxAnswers || asked != maxAnswers || r.Footprint() > 3_700_000 {
		t.Errorf("%d answers, %d samples, %d bytes", len(r.answers), asked, r.Footprint())
	}
	later := start.Add(28 * time.Hour)
	r.AddPeer(later, 1000, Options{Socket: Socket{Network: wire.NetI2P}})
	r.GetAddr(later, 1000, sample)
	if len(r.answers) != 1 {
		t.Errorf("%d answers after they have run out", len(r.answers))
	}
}

func TestAnnouncements(t *testing.T) {
	r := New(Config{})
	me := addr(99)
	own := func(peer.ID) (wire.NetAddr, bool) { return me, true }
	full(t, r, start, 1, Options{})
	r.AddPeer(start, 2, Options{Kind: peer.BlockRelay})
	r.AddPeer(start, 3, Options{})
	if got := r.Due(start, nil); len(got) != 0 {
		t.Fatalf("told %v while there is nothing to tell", got)
	}
	got := r.Due(start, own)
	if len(got) != 1 || got[0].Peer != 1 || len(got[0].Addrs) != 1 || got[0].Addrs[0].NetAddr != me || got[0].Addrs[0].Time != uint32(start.Unix()) {
		t.Fatalf("told %v", got)
	}
	r.AddPeer(start, 4, Options{Trusted: true})
	r.Received(start, 4, []wire.TimedAddr{at(1, start)}) // takes part from now on
	if got := r.Due(start, own); len(got) != 1 || got[0].Peer != 4 {
		t.Fatalf("told %v", got)
	}
	r.RemovePeer(4)
	// From then on with other addresses, and although it was told before.
	told, now := 0, start
	const days = 400
	for now.Before(start.Add(days * 24 * time.Hour)) {
		now = r.Wake()
		for _, b := range r.Due(now, own) {
			for _, a := range b.Addrs {
				if a.NetAddr == me && b.Peer == 1 {
					told++
				}
			}
		}
		verify(t, r, true)
	}
	if told < 330 || told > 470 {
		t.Errorf("told %d times in %d days", told, days)
	}
}

func TestOnlyThoseWhoTakeOurAddressAreTold(t *testing.T) {
	r := New(Config{})
	me := onion(1).NetAddr
	full(t, r, start, 1, Options{})
	full(t, r, start, 2, Options{V2: true})
	got := r.Due(start, func(peer.ID) (wire.NetAddr, bool) { return me, true })
	if len(got) != 1 || got[0].Peer != 2 || got[0].Message().Command() != "addrv2" {
		t.Errorf("told %v", got)
	}
	if (Batch{}).Message().Command() != "addr" {
		t.Error("wrong message")
	}
	full(t, r, start, 3, Options{V2: true})
	if got := r.Due(start, func(peer.ID) (wire.NetAddr, bool) { return me, false }); len(got) != 0 {
		t.Errorf("told %v of nothing", got)
	}
}
