package orphanage

import (
	"cmp"
	"math/big"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// model is the orphanage as one list of announcements, oldest first, searched for
// everything.
type model struct {
	cfg  Config
	said []saying
}

type saying struct {
	tx *wire.Tx
	by peer.ID
}

func (m *model) has(wtxid wire.Wtxid) bool {
	return slices.ContainsFunc(m.said, func(s saying) bool { return s.tx.Wtxid() == wtxid })
}

func (m *model) announced(wtxid wire.Wtxid, p peer.ID) bool {
	return slices.ContainsFunc(m.said, func(s saying) bool { return s.tx.Wtxid() == wtxid && s.by == p })
}

func (m *model) add(tx *wire.Tx, p peer.ID) {
	if usage(tx) > MaxWeight || m.announced(tx.Wtxid(), p) {
		return
	}
	m.said = append(m.said, saying{tx, p})
	m.trim()
}

func (m *model) remove(drop func(saying) bool) {
	m.said = slices.DeleteFunc(m.said, drop)
	m.trim()
}

// unique lists the orphans, oldest first.
func (m *model) unique() (txs []*wire.Tx) {
	seen := make(map[wire.Wtxid]bool)
	for _, s := range m.said {
		if !seen[s.tx.Wtxid()] {
			seen[s.tx.Wtxid()] = true
			txs = append(txs, s.tx)
		}
	}
	return txs
}

func (m *model) peers() (ids []peer.ID) {
	for _, s := range m.said {
		ids = append(ids, s.by)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (m *model) weight() (sum wire.Weight) {
	for _, tx := range m.unique() {
		sum += usage(tx)
	}
	return sum
}

func (m *model) latency() int {
	sum := len(m.said)
	for _, tx := range m.unique() {
		sum += len(tx.In) / 10
	}
	return sum
}

func (m *model) usage(p peer.ID) (n int, weight wire.Weight, latency int) {
	for _, s := range m.said {
		if s.by == p {
			n++
			weight += usage(s.tx)
			latency += 1 + len(s.tx.In)/10
		}
	}
	return n, weight, latency
}

func (m *model) exceeded() bool {
	return m.latency() > m.cfg.MaxLatency || m.weight() > m.cfg.PeerWeight*wire.Weight(max(1, len(m.peers())))
}

// trim removes one announcement at a time, of whoever is worst just then.
func (m *model) trim() {
	if !m.exceeded() {
		return
	}
	share := m.cfg.MaxLatency / len(m.peers())
	worse := func(p, q peer.ID) int {
		x, xByWeight := m.factor(p, share)
		y, yByWeight := m.factor(q, share)
		switch c := y.Cmp(x); {
		case c != 0:
			return c
		case xByWeight && !yByWeight: // latency is worse at the same factor
			return 1
		case yByWeight && !xByWeight:
			return -1
		default:
			return cmp.Compare(q, p)
		}
	}
	for m.exceeded() {
		worst := slices.MinFunc(m.peers(), worse)
		n := slices.IndexFunc(m.said, func(s saying) bool { return s.by == worst })
		m.said = slices.Delete(m.said, n, n+1)
	}
}

// factor is by what a peer uses its share, and whether that is for the weight.
func (m *model) factor(p peer.ID, share int) (factor *big.Rat, byWeight bool) {
	_, w, l := m.usage(p)
	weight, latency := big.NewRat(int64(w), int64(m.cfg.PeerWeight)), big.NewRat(int64(l), int64(share))
	if weight.Cmp(latency) > 0 {
		return weight, true
	}
	return latency, false
}

func (m *model) children(parent *wire.Tx) (txs []*wire.Tx) {
	for _, tx := range m.unique() {
		if slices.ContainsFunc(tx.In, func(in wire.TxIn) bool {
			return in.PrevOut.Txid == parent.Txid() && int(in.PrevOut.Index) < len(parent.Out)
		}) {
			txs = append(txs, tx)
		}
	}
	return txs
}

// childrenFrom returns those that a peer announced, the last one first.
func (m *model) childrenFrom(parent *wire.Tx, p peer.ID) (txs []*wire.Tx) {
	all := m.children(parent)
	for i := len(m.said) - 1; i >= 0; i-- {
		if s := m.said[i]; s.by == p && slices.Contains(all, s.tx) {
			txs = append(txs, s.tx)
		}
	}
	return txs
}

// modelTxs are transactions that spend each other, of many sizes; some are the same
// with another witness.
var modelTxs = sync.OnceValue(func() (txs []*wire.Tx) {
	r := rand.New(rand.NewPCG(4, 4))
	m := &maker{}
	for n := range 40 {
		switch {
		case n%8 == 7:
			txs = append(txs, witness(txs[n-1], byte(n)))
		case n%8 == 6:
			txs = append(txs, m.wide(5+r.IntN(40)))
		case n%8 == 5:
			txs = append(txs, m.heavy(wire.Weight(400+r.IntN(1500))))
		case n > 4:
			parents := []*wire.Tx{txs[r.IntN(n)], txs[r.IntN(n)]}
			txs = append(txs, m.tx(parents[:1+r.IntN(2)]...))
		default:
			txs = append(txs, m.tx())
		}
	}
	return txs
})

type pace struct {
	t         *testing.T
	orphanage *Orphanage
	model     *model
	txs       []*wire.Tx
}

func newPace(t *testing.T, kind byte) *pace {
	cfg := Config{MaxLatency: 12 + int(kind%4)*9, PeerWeight: wire.Weight(1500 + int(kind/4%4)*1500)}
	return &pace{t: t, orphanage: New(cfg), model: &model{cfg: cfg}, txs: modelTxs()}
}

const modelPeers = 5

func (c *pace) step(what, which byte) {
	tx, p := c.txs[int(which)%len(c.txs)], peer.ID(what/8%modelPeers)
	wtxid := tx.Wtxid()
	switch what % 8 {
	case 0, 1, 2, 3:
		isNew := !c.model.has(wtxid)
		c.model.add(tx, p)
		if got, want := c.orphanage.Add(tx, p), isNew && c.model.has(wtxid); got != want {
			c.t.Fatalf("Add: %v, want %v", got, want)
		}
	case 4:
		want := c.model.has(wtxid) && !c.model.announced(wtxid, p)
		if want {
			c.model.add(tx, p)
		}
		if got := c.orphanage.AddAnnouncer(wtxid, p); got != want {
			c.t.Fatalf("AddAnnouncer: %v, want %v", got, want)
		}
	case 5:
		want := c.model.has(wtxid)
		c.model.remove(func(s saying) bool { return s.tx.Wtxid() == wtxid })
		if got := c.orphanage.Erase(wtxid); got != want {
			c.t.Fatalf("Erase: %v, want %v", got, want)
		}
	case 6:
		c.orphanage.Disconnect(p)
		c.model.remove(func(s saying) bool { return s.by == p })
	case 7:
		c.orphanage.ForBlock(wire.NewBlock(wire.Header{}, []wire.Tx{*tx}))
		c.model.remove(func(s saying) bool {
			return slices.ContainsFunc(s.tx.In, func(in wire.TxIn) bool {
				return slices.ContainsFunc(tx.In, func(spent wire.TxIn) bool { return spent.PrevOut == in.PrevOut })
			})
		})
	}
	c.compare()
}

func (c *pace) compare() {
	c.t.Helper()
	if err := c.orphanage.check(); err != nil {
		c.t.Fatal(err)
	}
	orphans, announcements := c.orphanage.Count()
	if orphans != len(c.model.unique()) || announcements != len(c.model.said) {
		c.t.Fatalf("%d orphans, %d announcements; want %d, %d", orphans, announcements, len(c.model.unique()), len(c.model.said))
	}
	if c.orphanage.Weight() != c.model.weight() || c.orphanage.Latency() != c.model.latency() {
		c.t.Fatalf("weight %d, latency %d; want %d, %d", c.orphanage.Weight(), c.orphanage.Latency(), c.model.weight(), c.model.latency())
	}
	for p := range peer.ID(modelPeers) {
		n, weight, latency := c.orphanage.Usage(p)
		if wn, ww, wl := c.model.usage(p); n != wn || weight != ww || latency != wl {
			c.t.Fatalf("peer %v: %d, %d, %d; want %d, %d, %d", p, n, weight, latency, wn, ww, wl)
		}
	}
	for _, tx := range c.txs {
		var want []peer.ID
		for _, s := range c.model.said {
			if s.tx.Wtxid() == tx.Wtxid() {
				want = append(want, s.by)
			}
		}
		if got := c.orphanage.Announcers(nil, tx.Wtxid()); !slices.Equal(got, want) {
			c.t.Fatalf("announcers %v, want %v", got, want)
		}
		want2 := c.model.children(tx)
		slices.SortFunc(want2, func(a, b *wire.Tx) int {
			return cmp.Compare(c.orphanage.orphans[a.Wtxid()].sequence, c.orphanage.orphans[b.Wtxid()].sequence)
		})
		if got := c.orphanage.Children(tx); !slices.Equal(got, want2) {
			c.t.Fatalf("%d children, want %d", len(got), len(want2))
		}
		for p := range peer.ID(6) {
			if got, want := c.orphanage.ChildrenFrom(tx, p), c.model.childrenFrom(tx, p); !slices.Equal(got, want) {
				c.t.Fatalf("%d children from peer %v, want %d", len(got), p, len(want))
			}
		}
	}
}

func FuzzOrphanage(f *testing.F) {
	f.Add(byte(0), []byte{0, 1, 8, 1, 16, 2, 4, 2, 5, 1, 6, 0, 7, 3})
	for seed := range uint64(6) {
		f.Add(byte(seed), history(rand.New(rand.NewPCG(seed, 1)), 60))
	}
	f.Fuzz(func(t *testing.T, kind byte, ops []byte) {
		c := newPace(t, kind)
		for ; len(ops) >= 2; ops = ops[2:] {
			c.step(ops[0], ops[1])
		}
	})
}

func history(r *rand.Rand, steps int) []byte {
	ops := make([]byte, 2*steps)
	for n := range ops {
		ops[n] = byte(r.Uint32())
		// Fewer removals, so that the bounds are met.
		if n%2 == 0 && ops[n]%8 > 4 && r.IntN(3) > 0 {
			ops[n] &^= 4
		}
	}
	return ops
}

func TestAgainstModel(t *testing.T) {
	runs := 32
	if testing.Short() {
		runs = 6
	}
	for seed := range uint64(runs) {
		c := newPace(t, byte(seed))
		for ops := history(rand.New(rand.NewPCG(seed, 2)), 400); len(ops) >= 2; ops = ops[2:] {
			c.step(ops[0], ops[1])
		}
	}
}
