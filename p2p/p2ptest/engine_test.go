package p2ptest

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// script is a core of a few lines: it releases what it receives at once, notes all
// that happens, and does what the test's function says.
type script struct {
	on   func(now time.Time, e p2p.Event) []p2p.Action
	keep bool // does not release
	log  []logged
}

type logged struct {
	at    time.Duration
	event p2p.Event
}

func (s *script) make(n *Node) Stepper { return scripted{s, n} }

type scripted struct {
	*script
	node *Node
}

func (s scripted) Step(now time.Time, e p2p.Event) (list []p2p.Action) {
	s.log = append(s.log, logged{s.node.net.Elapsed(), e})
	if s.on != nil {
		list = s.on(now, e)
	}
	if r, ok := e.(p2p.Received); ok && !s.keep {
		list = append(list, p2p.Release{Peer: r.Peer, Bytes: r.Size})
	}
	return list
}

// times returns when events of a type came.
func times[E p2p.Event](s *script) (list []time.Duration) {
	for _, l := range s.log {
		if _, ok := l.event.(E); ok {
			list = append(list, l.at)
		}
	}
	return list
}

// pair makes two connected nodes; the first dialled.
func pair(t *testing.T, cfg Config, a, b *script) *Network {
	t.Helper()
	net := New(Traced(t, cfg))
	net.AddNode(NodeConfig{Make: a.make})
	net.AddNode(NodeConfig{Make: b.make})
	net.Run(0)
	net.Nodes[0].act(p2p.Dial{Target: net.Nodes[1].Addr.String(), Kind: peer.Manual})
	net.Run(3 * cfg.Latency)
	if len(times[p2p.Connected](a)) != 1 || len(times[p2p.Connected](b)) != 1 {
		t.Fatal("not connected after three times the latency")
	}
	a.log, b.log = nil, nil
	return net
}

// sized makes a message that takes so many bytes on the wire with its frame.
func sized(n int) wire.Message {
	return &wire.MsgUnknown{Name: "filler", Data: make([]byte, n-frameSize)}
}

func send(n *Node, id peer.ID, msgs ...wire.Message) {
	for _, m := range msgs {
		n.act(p2p.Send{Peer: id, Msg: m})
	}
}

func wantTimes(t *testing.T, what string, got []time.Duration, since time.Duration, want ...time.Duration) {
	t.Helper()
	for i := range want {
		want[i] += since
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s at %v, want %v", what, got, want)
	}
}

func TestConnecting(t *testing.T) {
	var a, b script
	const ms = time.Millisecond
	net := New(Config{Latency: 50 * ms})
	net.AddNode(NodeConfig{Make: a.make})
	net.AddNode(NodeConfig{Make: b.make})
	net.Run(0)
	net.Nodes[0].act(p2p.Dial{Target: "100.0.0.1:18444", Kind: peer.FullRelay})
	net.Run(time.Second)
	wantTimes(t, "connected", times[p2p.Connected](&a), 0, 100*ms)
	wantTimes(t, "inbound", times[p2p.Connected](&b), 0, 150*ms)
	out, in := a.log[1].event.(p2p.Connected), b.log[1].event.(p2p.Connected)
	if out.Kind != peer.FullRelay || out.Target != "100.0.0.1:18444" || out.Remote != net.Nodes[1].Addr || in.Kind != peer.Inbound || in.Remote != out.Local {
		t.Errorf("ends of the connection: %+v, %+v", out, in)
	}
	net.Nodes[0].act(p2p.Disconnect{Peer: 0})
	net.Run(time.Second)
	wantTimes(t, "own end", times[p2p.Disconnected](&a), time.Second, 0)
	wantTimes(t, "other end", times[p2p.Disconnected](&b), time.Second, 50*ms)
	if err := b.log[len(b.log)-1].event.(p2p.Disconnected).Err; !errors.Is(err, io.EOF) {
		t.Errorf("the other end ended with %v", err)
	}
}

func TestDialFailures(t *testing.T) {
	var a, b script
	net := New(Config{Latency: 10 * time.Millisecond})
	caller := net.AddNode(NodeConfig{Make: a.make})
	other := net.AddNode(NodeConfig{Make: b.make})
	net.AddNode(NodeConfig{Make: b.make, Deaf: true})
	net.Run(0)
	dial := func(target string, wantAfter time.Duration, want error) {
		t.Helper()
		a.log = nil
		start := net.Elapsed()
		caller.act(p2p.Dial{Target: target, Kind: peer.Manual})
		net.Run(10 * time.Second)
		wantTimes(t, "failed", times[p2p.DialFailed](&a), start, wantAfter)
		if len(a.log) != 1 || !errors.Is(a.log[0].event.(p2p.DialFailed).Err, want) {
			t.Errorf("dialling %s: %+v, want %v", target, a.log, want)
		}
	}
	dial("nowhere.example:1", 0, errUnknownHost)
	dial("100.0.0.2:18444", 20*time.Millisecond, errRefused)
	net.PartitionAt(1)
	dial(other.Addr.String(), 5*time.Second, errTimeout)
	net.Heal()
	other.Stop()
	dial(other.Addr.String(), 20*time.Millisecond, errRefused)
}

func TestLatencyAndBandwidth(t *testing.T) {
	const ms = time.Millisecond
	var a, b script
	net := pair(t, Config{Latency: 100 * ms, Up: 10_000}, &a, &b)
	start := net.Elapsed()
	send(net.Nodes[0], 0, sized(1000), sized(2000), sized(100))
	net.Run(5 * time.Second)
	wantTimes(t, "written", times[p2p.Wrote](&a), start, 100*ms, 300*ms, 310*ms)
	wantTimes(t, "received", times[p2p.Received](&b), start, 200*ms, 400*ms, 410*ms)

	// The other direction has its own bandwidth.
	a.log, b.log, start = nil, nil, net.Elapsed()
	send(net.Nodes[0], 0, sized(1000))
	send(net.Nodes[1], 0, sized(1000))
	net.Run(5 * time.Second)
	wantTimes(t, "received", times[p2p.Received](&a), start, 200*ms)
	wantTimes(t, "received", times[p2p.Received](&b), start, 200*ms)
}

// Two connections of a node share its bandwidth in turns of a quantum, whatever the
// size of what they send.
func TestBandwidthIsShared(t *testing.T) {
	var a, b, c script
	net := New(Config{Up: quantum}) // a quantum a second
	net.AddNode(NodeConfig{Make: a.make})
	net.AddNode(NodeConfig{Make: b.make})
	net.AddNode(NodeConfig{Make: c.make})
	net.Run(0)
	for _, n := range net.Nodes[1:] {
		net.Nodes[0].act(p2p.Dial{Target: n.Addr.String()})
	}
	net.Run(0)
	start := net.Elapsed()
	send(net.Nodes[0], 0, sized(3*quantum))
	send(net.Nodes[0], 1, sized(quantum), sized(quantum))
	net.Run(time.Minute)
	wantTimes(t, "the large one", times[p2p.Received](&b), start, 5*time.Second)
	wantTimes(t, "the small ones", times[p2p.Received](&c), start, 2*time.Second, 4*time.Second)
}

func TestCreditStopsReading(t *testing.T) {
	a, b := script{}, script{keep: true}
	net := pair(t, Config{Credit: 2500, Window: 3000}, &a, &b)
	for range 8 {
		send(net.Nodes[0], 0, sized(1000))
	}
	net.Run(time.Second)
	if got := len(times[p2p.Received](&b)); got != 2 {
		t.Errorf("handed %d messages of 1,000 bytes with a credit of 2,500", got)
	}
	if got := len(times[p2p.Wrote](&a)); got != 5 {
		t.Errorf("%d messages left; 2 were read and 3 fill the window", got)
	}
	net.Nodes[1].act(p2p.Release{Peer: 0, Bytes: 1000})
	net.Run(time.Second)
	if r, w := len(times[p2p.Received](&b)), len(times[p2p.Wrote](&a)); r != 3 || w != 6 {
		t.Errorf("after one was released, %d were handed over and %d left; want 3 and 6", r, w)
	}
	net.Nodes[1].act(p2p.Release{Peer: 0, Bytes: 3001})
	if net.Err() == nil {
		t.Error("a core may release what it was not given")
	}
}

func TestOneMessageAlwaysPasses(t *testing.T) {
	var a, b script
	net := pair(t, Config{Credit: 10, Window: 10}, &a, &b)
	send(net.Nodes[0], 0, sized(1000), sized(1000))
	net.Run(time.Second)
	if got := len(times[p2p.Received](&b)); got != 2 {
		t.Errorf("%d of 2 messages larger than credit and window passed", got)
	}
}

func TestPartitionHoldsBack(t *testing.T) {
	var a, b script
	net := pair(t, Config{Latency: 10 * time.Millisecond}, &a, &b)
	send(net.Nodes[0], 0, sized(100)) // leaves before
	net.Run(time.Millisecond)
	net.PartitionAt(1)
	send(net.Nodes[0], 0, sized(200))
	net.Nodes[1].act(p2p.Disconnect{Peer: 0})
	net.Run(time.Hour)
	if got := len(times[p2p.Received](&b)) + len(times[p2p.Disconnected](&a)); got != 0 {
		t.Errorf("%d events crossed the partition to ends that were closed", got)
	}
	net.Heal()
	healed := net.Elapsed()
	net.Run(time.Second)
	wantTimes(t, "end of the connection", times[p2p.Disconnected](&a), healed, 10*time.Millisecond)

	net = pair(t, Config{Latency: 10 * time.Millisecond}, &a, &b)
	net.PartitionAt(1)
	send(net.Nodes[0], 0, sized(100), sized(200))
	net.Run(time.Hour)
	net.Heal()
	healed = net.Elapsed()
	net.Run(time.Second)
	wantTimes(t, "received", times[p2p.Received](&b), healed, 10*time.Millisecond, 10*time.Millisecond)
}

func TestLossDelaysInOrder(t *testing.T) {
	var a, b script
	const count = 2000
	net := pair(t, Config{Seed: 7, Latency: 10 * time.Millisecond, Loss: 0.1}, &a, &b)
	start := net.Elapsed()
	for i := range count {
		net.At(start+time.Duration(i)*time.Second, func() { send(net.Nodes[0], 0, &wire.MsgPing{Nonce: uint64(i)}) })
	}
	net.Run((count + 100) * time.Second)
	if len(b.log) != count {
		t.Fatalf("%d of %d messages came", len(b.log), count)
	}
	late := 0
	for i, l := range b.log {
		if nonce := l.event.(p2p.Received).Msg.(*wire.MsgPing).Nonce; nonce != uint64(i) {
			t.Fatalf("message %d came in place %d", nonce, i)
		}
		if l.at-start-time.Duration(i)*time.Second >= 210*time.Millisecond {
			late++
		}
	}
	if late < count/10-60 || late > count/10+60 { // four and a half standard deviations
		t.Errorf("%d of %d messages were late with one packet in ten lost", late, count)
	}
}

func TestFreeze(t *testing.T) {
	var a, b script
	net := pair(t, Config{}, &a, &b)
	net.Nodes[1].Freeze()
	send(net.Nodes[0], 0, sized(100))
	net.Nodes[1].act(p2p.WakeAt{Time: net.Time().Add(time.Second)})
	net.Run(time.Minute)
	if len(b.log) != 0 || len(times[p2p.Wrote](&a)) != 1 {
		t.Errorf("a frozen node was told %v", b.log)
	}
	net.Nodes[1].Thaw()
	net.Run(0)
	if len(times[p2p.Received](&b)) != 1 || len(times[p2p.Tick](&b)) != 1 {
		t.Errorf("a node that thawed was told %v", b.log)
	}
}

func TestStopForgetsWhatWasUnderWay(t *testing.T) {
	var a, b script
	net := pair(t, Config{Latency: 10 * time.Millisecond, Verdicts: Verdicts{Headers: time.Second}}, &a, &b)
	n := net.Nodes[1]
	n.act(p2p.SubmitHeaders{Peer: 0, Seq: 1, List: []wire.Header{net.World.MineHeader(net.World.Genesis(), net.Time(), nil)}})
	n.act(p2p.WakeAt{Time: net.Time().Add(time.Second)})
	send(net.Nodes[0], 0, sized(100))
	n.Stop()
	n.Start()
	net.Run(time.Minute)
	if len(b.log) != 1 { // the tick with which it starts
		t.Errorf("a node that was started again was told of its former life: %v", b.log)
	}
	if len(times[p2p.Disconnected](&a)) != 1 {
		t.Error("its peer was not told that it has stopped")
	}
	if n.Ledger.Tree().Len() != 1 {
		t.Error("the ledger judged what was not waited for")
	}
}

func TestWakeAt(t *testing.T) {
	var a script
	net := New(Config{})
	n := net.AddNode(NodeConfig{Make: a.make})
	net.Run(0)
	a.log = nil
	at := func(d time.Duration) p2p.WakeAt { return p2p.WakeAt{Time: net.World.Start.Add(d)} }
	n.act(at(5 * time.Second))
	n.act(at(9 * time.Second)) // later
	net.Run(6 * time.Second)
	n.act(at(20 * time.Second))
	n.act(at(7 * time.Second)) // earlier
	net.Run(4 * time.Second)
	n.act(at(12 * time.Second))
	n.act(p2p.WakeAt{}) // never
	net.Run(time.Minute)
	n.act(at(0)) // long ago
	net.Run(time.Minute)
	wantTimes(t, "ticks", times[p2p.Tick](&a), 0, 7*time.Second, 70*time.Second)
}

func TestChangedMessageIsFound(t *testing.T) {
	var a, b script
	net := pair(t, Config{Strict: true, Latency: time.Second}, &a, &b)
	msg := &wire.MsgPing{Nonce: 1}
	send(net.Nodes[0], 0, msg)
	net.Run(time.Second / 2)
	msg.Nonce = 2
	net.Run(time.Second)
	if err := net.Err(); err == nil || !strings.Contains(err.Error(), "ping") {
		t.Errorf("a message that was changed gave %v", err)
	}
}

// gossip passes on to all its peers what it has not seen.
type gossip struct {
	node  *Node
	peers []peer.ID
	seen  map[uint64]bool
}

func newGossip() func(n *Node) Stepper {
	return func(n *Node) Stepper { return &gossip{node: n, seen: make(map[uint64]bool)} }
}

func (g *gossip) Step(_ time.Time, e p2p.Event) (list []p2p.Action) {
	switch e := e.(type) {
	case p2p.Tick:
		if len(g.peers) > 0 {
			break
		}
		for range 4 {
			to := g.node.net.Nodes[g.node.net.rand.IntN(len(g.node.net.Nodes))]
			list = append(list, p2p.Dial{Target: to.Addr.String(), Kind: peer.FullRelay})
		}
	case p2p.Connected:
		g.peers = append(g.peers, e.Peer)
	case p2p.Disconnected:
		for i, id := range g.peers {
			if id == e.Peer {
				g.peers = append(g.peers[:i], g.peers[i+1:]...)
				break
			}
		}
	case p2p.Received:
		list = append(list, p2p.Release{Peer: e.Peer, Bytes: e.Size})
		ping := e.Msg.(*wire.MsgPing)
		list = append(list, g.pass(ping)...)
	}
	return list
}

func (g *gossip) pass(ping *wire.MsgPing) (list []p2p.Action) {
	if g.seen[ping.Nonce] {
		return nil
	}
	g.seen[ping.Nonce] = true
	for _, id := range g.peers {
		list = append(list, p2p.Send{Peer: id, Msg: ping})
	}
	return list
}

// gossipRun runs a network with every kind of fault and returns its trace.
func gossipRun(seed uint64) (trace, steps uint64, err error) {
	net := New(Config{
		Seed: seed, Latency: 100 * time.Millisecond, Spread: 0.7, Up: 20_000, Loss: 0.02, Strict: true,
	})
	for range 60 {
		net.AddNode(NodeConfig{Make: newGossip()})
	}
	net.Run(10 * time.Second)
	stop := net.Churn(500*time.Millisecond, net.Nodes[10:])
	for i := range 100 {
		net.At(net.Elapsed()+time.Duration(i)*100*time.Millisecond, func() {
			if n := net.Nodes[i%10]; n.core != nil {
				for _, a := range n.core.(*gossip).pass(&wire.MsgPing{Nonce: uint64(i)}) {
					n.act(a)
				}
			}
		})
	}
	net.Run(5 * time.Second)
	net.PartitionAt(30)
	net.Run(5 * time.Second)
	net.Heal()
	stop()
	net.Run(30 * time.Second)
	return net.Trace(), net.Steps(), net.Err()
}

func TestSameSeedSameRun(t *testing.T) {
	seen := make(map[uint64]uint64)
	for seed := range uint64(4) {
		one, steps, err := gossipRun(seed)
		if err != nil {
			t.Fatal(err)
		}
		two, again, _ := gossipRun(seed)
		if one != two || steps != again {
			t.Errorf("seed %d: %016x after %d steps, then %016x after %d", seed, one, steps, two, again)
		}
		if steps < 10_000 {
			t.Errorf("seed %d: only %d steps", seed, steps)
		}
		if before, ok := seen[one]; ok {
			t.Errorf("seeds %d and %d give the same run", before, seed)
		}
		seen[one] = seed
	}
}

func BenchmarkGossip(b *testing.B) {
	var steps uint64
	for b.Loop() {
		_, n, err := gossipRun(1)
		if err != nil {
			b.Fatal(err)
		}
		steps += n
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/step")
}

func TestReplay(t *testing.T) {
	got := Replay("TestX/seed=7", 7)
	want := "GRAPEVINE_P2PTEST_SEED=7 GRAPEVINE_P2PTEST_TRACE=trace.txt go test -count=1 -run '^TestX$' ."
	if got != want {
		t.Errorf("replay with %s, want %s", got, want)
	}
	t.Setenv(SeedVariable, "42")
	var ran []uint64
	Seeds(t, 3, func(t *testing.T, seed uint64) { ran = append(ran, seed) })
	if len(ran) != 1 || ran[0] != 42 {
		t.Errorf("with seed 42 named, %v ran", ran)
	}
	t.Setenv(SeedVariable, "")
	t.Setenv(SeedsVariable, "5")
	ran = nil
	Seeds(t, 3, func(t *testing.T, seed uint64) { ran = append(ran, seed) })
	if len(ran) != 5 {
		t.Errorf("with five seeds wanted, %v ran", ran)
	}
}
