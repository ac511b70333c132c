package p2ptest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"grapevine/p2p"
	"grapevine/wire"
)

// internet is a network as the public one might be: eight outbound connections a node,
// latencies of log-normal distribution with a median of 100 ms, 10 Mbit/s up, 50 ms to
// check a block, pools that lack one transaction in twenty, and one node in a hundred
// that is stopped and started each minute.
type internet struct {
	*Network
	t     *testing.T
	nodes int
	mute  map[*Node]bool // those that pass nothing on
}

const internetSeed = 7

func newInternet(t *testing.T, nodes int, muteShare float64) *internet {
	t.Helper()
	i := &internet{t: t, nodes: nodes, mute: map[*Node]bool{}}
	i.Network = New(Traced(t, Config{
		Seed: internetSeed, Latency: 100 * time.Millisecond, Spread: 0.5, Up: 10_000_000 / 8,
		Verdicts: Verdicts{
			Headers: time.Millisecond, Block: 50 * time.Millisecond, Tx: time.Millisecond, Read: 5 * time.Millisecond,
			Scan: 5 * time.Millisecond, Event: time.Millisecond,
		},
	}))
	blocks := i.World.Chain(i.World.Genesis(), 10, 300)
	quiet := rand.New(rand.NewPCG(internetSeed, 1))
	for range nodes {
		n := i.AddNode(NodeConfig{Make: RealCore(), Lacks: lacksTwentieth, Filter: i.filter})
		n.Ledger.Load(blocks...)
		if quiet.Float64() < muteShare {
			i.mute[n] = true
		}
	}
	i.Run(0)
	for _, n := range i.Nodes {
		n.CallSome(8)
	}
	i.KeepCalling(8)
	i.Run(30 * time.Second)
	return i
}

// lacksTwentieth draws which transactions of a block a pool does not have.
func lacksTwentieth(n *Node, b *wire.Block) (list []uint16) {
	hash := b.Hash()
	r := rand.New(rand.NewPCG(uint64(n.ID), uint64(hash[0])|uint64(hash[1])<<8))
	for i := 1; i < len(b.Txs); i++ {
		if r.IntN(20) == 0 {
			list = append(list, uint16(i))
		}
	}
	return list
}

// filter has those that refuse to relay announce nothing.
func (i *internet) filter(n *Node, a p2p.Action) p2p.Action {
	send, ok := a.(p2p.Send)
	if !ok || !i.mute[n] {
		return a
	}
	switch m := send.Msg.(type) {
	case *wire.MsgInv, *wire.MsgCmpctBlock:
		return nil
	case *wire.MsgHeaders:
		if len(m.Headers) > 0 {
			return nil
		}
	}
	return a
}

// speaker returns a node that runs and passes on what it has.
func (i *internet) speaker() *Node {
	for {
		if n := i.Nodes[i.Rand().IntN(i.nodes)]; n.running() && !i.mute[n] {
			return n
		}
	}
}

// mine has a node find a block with so many transactions, of a megabyte in all, and
// returns its way through the network.
func (i *internet) mine(txs, size int) *Spread {
	i.t.Helper()
	n := i.speaker()
	var list []*wire.Tx
	for range txs {
		list = append(list, i.World.Spend(1000, size/txs, i.World.Fund()))
	}
	b := i.World.Mine(n.Ledger.Tip(), i.Time(), size, list...)
	s := i.Track(b.Hash(), b.TotalSize())
	if err := n.Ledger.Mine(b); err != nil {
		i.t.Fatal(err)
	}
	return s
}

// measure returns a row of the table, once all nodes have been reached that ran all the
// time: one that was away asks for blocks when it comes back, not for transactions.
func (i *internet) measure(what string, s *Spread, limit time.Duration) row {
	i.t.Helper()
	before := i.Traffic()
	epochs := make([]int, i.nodes)
	for k, n := range i.Nodes {
		epochs[k] = n.epoch
	}
	missing := func() (count int) {
		for k, n := range i.Nodes {
			if n.running() && n.epoch == epochs[k] && s.at[k] < 0 {
				count++
			}
		}
		return count
	}
	if !i.RunUntil(limit, func() bool { return missing() == 0 }) {
		i.t.Errorf("%s: after %v %d nodes have not got it: %v", what, limit, missing(), i.Err())
	}
	return row{what: what, spread: s, traffic: i.Traffic().Since(before), nodes: i.nodes}
}

type row struct {
	what    string
	spread  *Spread
	traffic Counts
	nodes   int
}

func (r row) within(share float64) time.Duration {
	d, ok := r.spread.Within(share)
	if !ok {
		return -1
	}
	return d
}

// String gives the row with as many digits as it is worth.
func (r row) String() string {
	mean, _ := r.spread.Hops()
	return fmt.Sprintf("%-37s %7d %7.2f %7.2f %7.2f %6.1f %8.1f %8.0f", r.what, r.spread.Size,
		r.within(0.5).Seconds(), r.within(0.9).Seconds(), r.within(0.99).Seconds(), mean,
		float64(r.traffic.Messages)/float64(r.nodes), float64(r.traffic.Bytes)/float64(r.nodes))
}

const tableHead = "what                                    bytes    50 %    90 %    99 %   hops messages    bytes\n" +
	"                                               s       s       s          a node   a node\n"

// TestInternet measures how a block and a transaction go through five thousand
// nodes, and through as many of which a third pass nothing on, and holds the
// figures against a table. GRAPEVINE_UPDATE=1 writes that anew.
func TestInternet(t *testing.T) {
	nodes, golden := 5000, "testdata/internet.txt"
	if testing.Short() {
		nodes, golden = 300, "testdata/internet-small.txt"
	}
	var table strings.Builder
	table.WriteString(tableHead)
	for _, c := range []struct {
		name string
		mute float64
	}{{"", 0}, {", a third refuse", 1.0 / 3}} {
		began := time.Now()
		i := newInternet(t, nodes, c.mute)
		handshake := i.Traffic()
		stop := i.Churn(time.Minute*100/time.Duration(nodes), i.Nodes)
		for range 6 { // so that nodes know from whom blocks come first
			i.mine(1, 2000)
			i.Run(20 * time.Second)
		}
		block := i.measure("block of 1 MB"+c.name, i.mine(1000, 1_000_000), 2*time.Minute)
		i.Run(20 * time.Second)
		n := i.speaker()
		tx := i.World.Spend(1000, 0, i.World.Fund())
		s := i.Track(tx.Txid(), tx.TotalSize())
		if err := n.Pool.Submit(tx); err != nil {
			t.Fatal(err)
		}
		gossip := i.measure("transaction"+c.name, s, 3*time.Minute)
		stop()
		if err := i.Err(); err != nil {
			t.Fatal(err)
		}
		for _, r := range []row{block, gossip} {
			t.Log(r)
			t.Log(r.traffic.PerNode(nodes))
			table.WriteString(r.String() + "\n")
		}
		t.Logf("handshakes: %s", handshake.PerNode(nodes))
		t.Logf("%d steps for %v in %.1f s", i.Steps(), i.Elapsed(), time.Since(began).Seconds())
		if c.mute == 0 && (block.within(0.99) > 3*time.Second || gossip.within(0.99) > 30*time.Second) {
			t.Error("99 % of the nodes were not reached in 3 s by the block, or in 30 s by the transaction")
		}
	}
	if os.Getenv("GRAPEVINE_UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if table.String() != string(want) {
		t.Errorf("the figures have changed:\n%swere:\n%s", &table, want)
	}
}
