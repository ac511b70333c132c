package txannounce

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// model keeps a set of what waits and a set of what is known for each peer, and
// sorts all of it each time. Timers it reads from the announcer: their
// distribution has its own test.
type model struct {
	peers map[peer.ID]*hearer
	order []addition // all that was ever added, with its number
	count uint64
}

type addition struct {
	txid  wire.Txid
	wtxid wire.Wtxid
	seq   uint64
}

type hearer struct {
	options Options
	filter  wire.FeeRate
	known   map[wire.GenTxid]bool
	waits   map[wire.Wtxid]bool
	told    bool
	asked   bool
	seq     uint64
}

func (h *hearer) name(txid wire.Txid, wtxid wire.Wtxid) wire.GenTxid {
	if h.options.Wtxid {
		return wire.ByWtxid(wtxid)
	}
	return wire.ByTxid(txid)
}

// knows compares bytes alone, like the announcer: txids and wtxids do not collide.
func (h *hearer) knows(name wire.GenTxid) bool {
	return h.known[name] || h.known[wire.ByTxid(name.Hash())] || h.known[wire.ByWtxid(name.Hash())]
}

func (m *model) addPeer(id peer.ID, options Options) {
	if m.peers[id] == nil {
		m.peers[id] = &hearer{options: options, known: make(map[wire.GenTxid]bool), waits: make(map[wire.Wtxid]bool)}
	}
}

func (m *model) add(txid wire.Txid, wtxid wire.Wtxid, again bool) {
	m.count++
	waiting := m.waiting(wtxid)
	for _, h := range m.peers {
		if !again || !h.knows(h.name(txid, wtxid)) {
			h.waits[wtxid] = true
		}
	}
	if !waiting { // otherwise it keeps its number
		m.order = slices.DeleteFunc(m.order, func(o addition) bool { return o.wtxid == wtxid })
		m.order = append(m.order, addition{txid, wtxid, m.count})
	}
}

func (m *model) waiting(wtxid wire.Wtxid) bool {
	for _, h := range m.peers {
		if h.waits[wtxid] {
			return true
		}
	}
	return false
}

func (m *model) forget(wtxid wire.Wtxid) {
	for _, h := range m.peers {
		delete(h.waits, wtxid)
	}
}

// due computes the batches of peers.
func (m *model) due(ids []peer.ID, rates map[wire.Wtxid]wire.FeeRate, lookup Lookup) (batches []Batch) {
	slices.Sort(ids)
	told := make(map[peer.ID][]wire.GenTxid)
	room := make(map[peer.ID]int)
	for _, id := range ids {
		room[id] = min(70+len(m.peers[id].waits)/1000*5, 1000)
	}
	var sorted []addition
	for _, o := range m.order {
		if !slices.ContainsFunc(ids, func(id peer.ID) bool { return m.peers[id].waits[o.wtxid] }) {
			continue
		}
		if _, rate, ok := lookup(o.wtxid); !ok {
			continue // forgotten when the announcer finds it
		} else if _, ranked := rates[o.wtxid]; !ranked {
			rates[o.wtxid] = rate
		}
		sorted = append(sorted, o)
	}
	slices.SortStableFunc(sorted, func(a, b addition) int { return cmp.Compare(rates[b.wtxid], rates[a.wtxid]) })
	visited := make(map[wire.Wtxid]bool)
	var visit func(o addition)
	visit = func(o addition) {
		wanted := slices.ContainsFunc(ids, func(id peer.ID) bool { return room[id] > 0 && m.peers[id].waits[o.wtxid] })
		if visited[o.wtxid] || !wanted {
			return
		}
		visited[o.wtxid] = true
		tx, rate, _ := lookup(o.wtxid)
		for _, in := range tx.In {
			for _, parent := range sorted {
				if parent.txid == in.PrevOut.Txid {
					visit(parent)
				}
			}
		}
		for _, id := range ids {
			h, name := m.peers[id], m.peers[id].name(o.txid, o.wtxid)
			if room[id] == 0 || !h.waits[o.wtxid] {
				continue
			}
			delete(h.waits, o.wtxid)
			if !h.knows(name) && rate >= h.filter {
				h.known[name] = true
				told[id] = append(told[id], name)
				room[id]--
			}
		}
	}
	for _, o := range sorted {
		visit(o)
	}
	for _, id := range ids {
		h := m.peers[id]
		if len(told[id]) > 0 || h.asked {
			batches = append(batches, Batch{Peer: id, Items: told[id], All: h.asked})
		}
		h.seq, h.told, h.asked = m.count, true, false
	}
	return batches
}

const modelPeers = 6

// pace compares an announcer with the model over one history.
type pace struct {
	*bench
	model *model
	txs   []*wire.Tx
	rates map[wire.Wtxid]wire.FeeRate
	left  map[wire.Wtxid]pooled // what was in the pool and may come back
	told  int
	full  int
}

func newPace(t *testing.T, seed uint64) *pace {
	c := &pace{
		bench: newBench(t, seed),
		model: &model{peers: make(map[peer.ID]*hearer)},
		rates: make(map[wire.Wtxid]wire.FeeRate),
		left:  make(map[wire.Wtxid]pooled),
	}
	r := rand.New(rand.NewPCG(seed, 3))
	for n := range 120 {
		var parents []*wire.Tx
		for n > 4 && r.IntN(3) == 0 && len(parents) < 3 {
			parents = append(parents, c.txs[n-1-r.IntN(4)])
		}
		c.txs = append(c.txs, c.pool.make(wire.FeeRate(r.IntN(8)*500), parents...))
	}
	return c
}

// step does what two bytes say on both sides and compares all answers.
func (c *pace) step(what, which byte) {
	tx, p := c.txs[int(which)%len(c.txs)], peer.ID(what/8%modelPeers)
	switch what % 8 {
	case 0, 1:
		for n := range 1 + int(which)/2 { // up to a hundred, so that batches fill
			tx := c.txs[(int(which)+n)%len(c.txs)]
			if again := what%8 == 1; again {
				c.Remind(tx.Txid(), tx.Wtxid())
			} else {
				c.Add(tx.Txid(), tx.Wtxid())
			}
			c.model.add(tx.Txid(), tx.Wtxid(), what%8 == 1)
		}
	case 2:
		name := wire.ByTxid(tx.Txid())
		if which >= 128 {
			name = wire.ByWtxid(tx.Wtxid())
		}
		c.Known(p, name)
		if h := c.model.peers[p]; h != nil {
			h.known[name] = true
		}
	case 3:
		if which >= 240 {
			c.TellAll(p)
			if h := c.model.peers[p]; h != nil {
				h.asked = true
			}
			break
		}
		rate := wire.FeeRate(which) * 20
		c.SetFeeFilter(p, rate)
		if h := c.model.peers[p]; h != nil {
			h.filter = rate
		}
	case 4:
		options := Options{Inbound: which&1 != 0, Wtxid: which&2 != 0, Prompt: which&12 == 12, Socket: Socket{Network: wire.Network(which >> 4 & 1)}}
		c.AddPeer(p, options)
		c.model.addPeer(p, options)
	case 5:
		if which < 100 {
			c.RemovePeer(p)
			delete(c.model.peers, p)
		} else if e, there := c.pool.entries[tx.Wtxid()]; there {
			delete(c.pool.entries, tx.Wtxid())
			c.left[tx.Wtxid()] = e
		} else {
			c.pool.entries[tx.Wtxid()] = c.left[tx.Wtxid()]
		}
	case 6:
		c.now = c.now.Add(time.Duration(which) * 50 * time.Millisecond)
		c.due()
	case 7:
		if next, ok := c.Next(); ok && next.After(c.now) {
			c.now = next
		}
		c.due()
	}
	c.compare()
}

func (c *pace) due() {
	c.Helper()
	var ids []peer.ID
	for id, h := range c.model.peers {
		timer := c.target(id).next
		if clock := c.target(id).clock; clock != nil {
			timer = clock.next
		}
		if (len(h.waits) > 0 || !h.told || h.asked) && (h.options.Prompt || !timer.IsZero()) && !timer.After(c.now) {
			ids = append(ids, id)
		}
	}
	got := c.Due(c.now, c.pool.lookup)
	want := c.model.due(ids, c.rates, c.pool.lookup)
	if !slices.EqualFunc(got, want, func(a, b Batch) bool { return a.Peer == b.Peer && a.All == b.All && slices.Equal(a.Items, b.Items) }) {
		c.Fatalf("told %v, want %v", got, want)
	}
	if err := c.checkTold(c.now); err != nil {
		c.Fatal(err)
	}
	for _, batch := range got {
		c.told += len(batch.Items)
		if len(batch.Items) == targetBatch {
			c.full++
		}
	}
	for _, o := range c.model.order { // what has left the pool may be found at any time
		_, pooled := c.pool.entries[o.wtxid]
		if _, kept := c.byWtxid[o.wtxid]; !kept && !pooled {
			c.model.forget(o.wtxid)
		}
	}
}

func (c *pace) compare() {
	c.Helper()
	c.sound()
	for wtxid := range c.rates { // a rate is remembered while something waits
		if !c.model.waiting(wtxid) {
			delete(c.rates, wtxid)
		}
	}
	for p := range peer.ID(modelPeers) {
		h := c.model.peers[p]
		if h == nil {
			if c.Pending(p) != 0 || c.LastSequence(p) != 0 || c.Announced(p, c.txs[0].Wtxid()) {
				c.Fatalf("peer %v is not there", p)
			}
			continue
		}
		if c.Pending(p) != len(h.waits) || c.LastSequence(p) != h.seq {
			c.Fatalf("peer %v: %d wait, sequence %d; want %d, %d", p, c.Pending(p), c.LastSequence(p), len(h.waits), h.seq)
		}
		for _, o := range c.model.order {
			if got, want := c.Announced(p, o.wtxid), h.told && (!h.waits[o.wtxid] || o.seq <= h.seq); got != want {
				c.Fatalf("peer %v: announced %v, want %v", p, got, want)
			}
		}
	}
}

func FuzzAnnouncer(f *testing.F) {
	f.Add(uint64(1), []byte{4, 0, 12, 1, 20, 2, 0, 9, 7, 0, 7, 0, 7, 0})
	for seed := range uint64(6) {
		f.Add(seed, history(rand.New(rand.NewPCG(seed, 1)), 60))
	}
	f.Fuzz(func(t *testing.T, seed uint64, ops []byte) {
		c := newPace(t, seed%16)
		for ; len(ops) >= 2; ops = ops[2:] {
			c.step(ops[0], ops[1])
		}
	})
}

func history(r *rand.Rand, steps int) []byte {
	ops := make([]byte, 2*steps)
	for n := range ops {
		ops[n] = byte(r.Uint32())
	}
	return ops
}

func TestAgainstModel(t *testing.T) {
	runs := 24
	if testing.Short() {
		runs = 6
	}
	told, full := 0, 0
	for seed := range uint64(runs) {
		c := newPace(t, seed)
		for ops := history(rand.New(rand.NewPCG(seed, 2)), 300); len(ops) >= 2; ops = ops[2:] {
			c.step(ops[0], ops[1])
		}
		told += c.told
		full += c.full
	}
	if told < 100*runs || full < runs {
		t.Errorf("the histories are poor: %d told, %d full batches in %d runs", told, full, runs)
	}
}
