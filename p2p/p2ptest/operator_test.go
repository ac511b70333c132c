package p2ptest

import (
	"slices"
	"testing"
	"time"

	"grapevine/internal/u256"
	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// command runs what an operator asks for in the core's turn.
func (s *stage) command(f func(c *p2p.Core, now time.Time)) {
	s.node.Step(p2p.Command{Do: f})
}

func TestConnectIsTriedUntilItWorks(t *testing.T) {
	net := New(Traced(t, Config{Latency: 10 * time.Millisecond, Strict: true}))
	server := net.AddNode(NodeConfig{Make: RealCore()})
	blocks := net.World.Chain(net.World.Genesis(), 20, 300)
	server.Ledger.Load(blocks[:10]...)
	client := net.AddNode(NodeConfig{Make: RealCore(func(cfg *p2p.CoreConfig) { cfg.Conn.Connect = []string{server.Addr.String()} })})
	net.Run(0)
	server.Stop()
	net.Run(5 * time.Minute)
	if len(client.Peers()) != 0 {
		t.Fatal("connected to a node that is not there")
	}
	server.Start()
	if !net.RunUntil(40*time.Second, synced(client, blocks[:10])) {
		t.Fatalf("not synced from a node that has come back; %d peers", len(client.Peers()))
	}
	net.Run(5 * time.Minute)
	server.Stop()
	for _, b := range blocks[10:] {
		if err := server.Ledger.Mine(b); err != nil {
			t.Fatal(err)
		}
	}
	net.Run(time.Second)
	server.Start()
	if !net.RunUntil(5*time.Second, synced(client, blocks)) {
		t.Errorf("a connection that lasted is not made again soon; height %d", client.Ledger.Height())
	}
	checkQuiet(t, net)
}

func TestOperatorsWishes(t *testing.T) {
	s := newStage(t, Config{Latency: 5 * time.Millisecond}, 3)
	a := s.NewActor()
	s.Run(0)
	target := a.Node.Addr.String()
	s.command(func(c *p2p.Core, _ time.Time) {
		if err := c.AddNode(target, false); err != nil {
			t.Error(err)
		}
		if c.AddNode(target, false) == nil {
			t.Error("a node was added twice")
		}
	})
	s.wantWithin(2*time.Second, "connection to an added node", a.Connected)
	s.command(func(c *p2p.Core, now time.Time) {
		if list := c.AddedNodes(); len(list) != 1 || !list[0].Connected || list[0].Remote != a.Node.Addr {
			t.Errorf("added nodes %+v", list)
		}
		list := c.Peers(now)
		if len(list) != 1 || list[0].Kind != peer.Manual || !list[0].HandshakeDone || list[0].UserAgent != "/actor:1/" || list[0].Name != target {
			t.Errorf("peers %+v", list)
		}
		c.PingAll(now)
	})
	s.Run(time.Second)
	if n := a.Count("ping"); n != 2 {
		t.Errorf("%d pings, the second one asked for", n)
	}
	s.command(func(c *p2p.Core, now time.Time) {
		if p := c.Peers(now)[0]; p.Ping != 10*time.Millisecond || p.MinPing != 10*time.Millisecond || p.PingWait != 0 {
			t.Errorf("round trip %v, least %v, waiting %v", p.Ping, p.MinPing, p.PingWait)
		}
		if !c.DisconnectNode(target) || c.DisconnectNode("100.9.9.9:1") {
			t.Error("which node was disconnected")
		}
	})
	s.Run(100 * time.Millisecond)
	if a.Connected() {
		t.Error("the connection is still there")
	}
	s.wantWithin(2*time.Second, "an added node is called again", a.Connected)
	s.command(func(c *p2p.Core, _ time.Time) { c.SetActive(false) })
	s.Run(time.Minute)
	in := s.NewActor()
	s.Run(0)
	in.Call(s.node)
	s.Run(time.Minute)
	if a.Connected() || in.Connected() {
		t.Errorf("without network: outbound %v, inbound %v", a.Connected(), in.Connected())
	}
	s.command(func(c *p2p.Core, _ time.Time) { c.SetActive(true) })
	s.wantWithin(31*time.Second, "the network is on again", a.Connected)
	s.command(func(c *p2p.Core, _ time.Time) {
		if err := c.RemoveNode(target); err != nil {
			t.Error(err)
		}
	})
	a.Hang()
	s.Run(time.Minute)
	if a.Connected() {
		t.Error("a node that was removed is called")
	}
}

func TestInboundConnectionsAreBounded(t *testing.T) {
	s := newStage(t, Config{Latency: time.Millisecond}, 3, func(cfg *p2p.CoreConfig) { cfg.Conn.MaxInbound = 3 })
	var list []*Actor
	for range 5 {
		list = append(list, s.join(true))
	}
	s.Run(time.Second)
	var up []bool
	for _, a := range list {
		up = append(up, a.Connected())
	}
	if !slices.Equal(up, []bool{true, true, true, false, false}) {
		t.Errorf("connected: %v", up)
	}
	out := s.join(false)
	list[0].Hang()
	s.Run(time.Second)
	again := s.join(true)
	s.Run(time.Second)
	if !out.Connected() || !again.Connected() {
		t.Errorf("outbound %v, in the place that became free %v", out.Connected(), again.Connected())
	}
}

func TestBlocksOnly(t *testing.T) {
	s := newStage(t, Config{Latency: time.Millisecond}, 3, func(cfg *p2p.CoreConfig) { cfg.BlocksOnly = true })
	announcer, sender, quiet := s.join(true), s.join(true), s.join(true)
	s.Run(time.Second)
	if HeardOf[*wire.MsgVersion](quiet)[0].Relay || quiet.Count("feefilter") != 0 {
		t.Error("the node says that it wants transactions")
	}
	tx := s.World.Spend(1000, 0, s.World.Fund())
	announcer.Say(invOf(tx))
	sender.Say(&wire.MsgTx{Tx: tx})
	s.Run(time.Second)
	if announcer.Connected() || sender.Connected() || !quiet.Connected() {
		t.Errorf("connected: announcer %v, sender %v, other %v", announcer.Connected(), sender.Connected(), quiet.Connected())
	}
	// Its operator's own transactions are announced.
	if err := s.node.Pool.Submit(tx); err != nil {
		t.Fatal(err)
	}
	s.Run(time.Minute)
	if len(announced(quiet)) != 1 {
		t.Errorf("announced %v", announced(quiet))
	}
}

// A chain with less work than the minimum is neither served nor fetched, one with
// enough is.
func TestMinimumChainWork(t *testing.T) {
	for _, enough := range []bool{false, true} {
		s := newStage(t, Config{Latency: time.Millisecond}, 0, func(cfg *p2p.CoreConfig) {
			cfg.MinimumChainWork = u256.FromUint64(2 * 21) // each block of regtest stands for two hashes
		})
		height := 19
		if enough {
			height = 20
		}
		blocks := s.chain(height, 300)
		a := s.join(false, func(a *Actor) { a.Chain = blocks })
		s.Run(time.Minute)
		if got := s.node.Ledger.Height() == int32(height); got != enough || (len(a.Asked()) > 0) != enough {
			t.Errorf("%d blocks: fetched %v, asked for %d", height, got, len(a.Asked()))
		}

		s = newStage(t, Config{Latency: time.Millisecond}, height, func(cfg *p2p.CoreConfig) {
			cfg.MinimumChainWork = u256.FromUint64(2 * 21)
		})
		a = s.join(true)
		s.Run(time.Second)
		a.Say(&wire.MsgGetHeaders{Locator: []wire.BlockHash{s.World.Genesis()}})
		s.Run(time.Second)
		list := HeardOf[*wire.MsgHeaders](a)
		if len(list) != 1 || (len(list[0].Headers) == height) != enough {
			t.Errorf("%d blocks: headers served %d", height, len(list))
		}
	}
}

// A node says nothing of its transactions to peers during its first sync, and asks
// for none.
func TestNoTransactionsDuringSync(t *testing.T) {
	s := newStage(t, Config{Latency: time.Millisecond}, 0)
	a := s.join(false)
	s.Run(time.Second)
	tx := s.World.Spend(1000, 0, s.World.Fund())
	a.Say(invOf(tx))
	a.Say(&wire.MsgTx{Tx: tx})
	s.Run(time.Minute)
	if _, asked := firstAsked(a, tx); asked || s.node.Pool.Len() != 0 {
		t.Errorf("asked %v, %d transactions taken", asked, s.node.Pool.Len())
	}
	filters := HeardOf[*wire.MsgFeeFilter](a)
	if len(filters) != 1 || filters[0].Rate < 9_000_000 {
		t.Errorf("fee filters %d, rate %d", len(filters), filters[0].Rate)
	}
	blocks := s.chain(5, 300)
	a.Chain = blocks
	a.Say(&wire.MsgHeaders{Headers: []wire.Header{blocks[0].Header, blocks[1].Header, blocks[2].Header, blocks[3].Header, blocks[4].Header}})
	s.wantWithin(time.Minute, "end of the first sync", synced(s.node, blocks))
	s.Run(time.Second)
	if filters = HeardOf[*wire.MsgFeeFilter](a); len(filters) != 2 || filters[1].Rate > 1000 {
		t.Errorf("fee filters after the sync %+v", filters)
	}
	a.Say(invOf(tx))
	s.Run(10 * time.Second)
	if _, asked := firstAsked(a, tx); !asked {
		t.Error("not asked for a transaction after the sync")
	}
}
