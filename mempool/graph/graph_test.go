package graph

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"grapevine/wire"
)

// model is a graph kept in the most obvious way: edges in maps.
type model struct {
	g       *Graph
	limits  Limits
	nodes   []*Node
	parents map[*Node][]*Node
	serial  uint64
}

func newModel(l Limits) *model {
	return &model{g: New(l), limits: New(l).limits, parents: make(map[*Node][]*Node)}
}

func (m *model) ancestors(n *Node, set map[*Node]bool) map[*Node]bool {
	if set == nil {
		set = make(map[*Node]bool)
	}
	if !set[n] {
		set[n] = true
		for _, p := range m.parents[n] {
			m.ancestors(p, set)
		}
	}
	return set
}

func (m *model) descendants(n *Node) map[*Node]bool {
	set := make(map[*Node]bool)
	for _, d := range m.nodes {
		if m.ancestors(d, nil)[n] {
			set[d] = true
		}
	}
	return set
}

func (m *model) cluster(n *Node) map[*Node]bool {
	set := map[*Node]bool{n: true}
	for grown := true; grown; {
		grown = false
		for child, parents := range m.parents {
			for _, p := range parents {
				if set[child] != set[p] {
					set[child], set[p], grown = true, true, true
				}
			}
		}
	}
	return set
}

// add adds a node where it fits, and reports whether it did.
func (m *model) add(t testing.TB, rate Frac, parents ...*Node) *Node {
	t.Helper()
	whole := make(map[*Node]bool)
	for _, p := range parents {
		for n := range m.cluster(p) {
			whole[n] = true
		}
	}
	weight := rate.Weight
	for n := range whole {
		weight += n.rate.Weight
	}
	fits := len(whole) < m.limits.Count && weight <= m.limits.Weight
	if got := m.g.Fits(parents, rate.Weight); got != fits {
		t.Fatalf("fits: %v; want %v: %d nodes of weight %d", got, fits, len(whole)+1, weight)
	}
	if !fits {
		return nil
	}
	m.serial++
	var id wire.Txid
	binary.LittleEndian.PutUint64(id[:], m.serial*0x9e3779b97f4a7c15)
	n := m.g.Add(id, rate, parents, m.serial)
	m.nodes = append(m.nodes, n)
	m.parents[n] = parents
	return n
}

func (m *model) remove(set map[*Node]bool) {
	var list []*Node
	for _, n := range m.nodes {
		if set[n] {
			list = append(list, n)
		}
	}
	m.g.Remove(list)
	m.nodes = slices.DeleteFunc(m.nodes, func(n *Node) bool { return set[n] })
	for n := range set {
		delete(m.parents, n)
	}
	for n, parents := range m.parents {
		m.parents[n] = slices.DeleteFunc(slices.Clone(parents), func(p *Node) bool { return set[p] })
	}
}

// compare checks the graph by itself and against the model.
func (m *model) compare(t testing.TB) {
	t.Helper()
	if err := m.g.Check(); err != nil {
		t.Fatal(err)
	}
	if m.g.Len() != len(m.nodes) {
		t.Fatalf("%d nodes; want %d", m.g.Len(), len(m.nodes))
	}
	for _, n := range m.nodes {
		same(t, "ancestors", n.Ancestors(), m.ancestors(n, nil))
		same(t, "descendants", n.Descendants(), m.descendants(n))
		same(t, "cluster", n.Cluster(), m.cluster(n))
	}
	m.compareOrder(t)
}

func same(t testing.TB, what string, got []*Node, want map[*Node]bool) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d %s; want %d", len(got), what, len(want))
	}
	for _, n := range got {
		if !want[n] {
			t.Fatalf("node %v is none of the %s", n.Of, what)
		}
	}
}

// compareOrder checks that a visit shows every node once, parents first, by
// falling feerate, in the order of Compare; and the worst chunk last.
func (m *model) compareOrder(t testing.TB) {
	t.Helper()
	var order []*Node
	var last Chunk
	m.g.Visit(func(c Chunk) Verdict {
		if len(order) > 0 && c.Rate.CompareRate(last.Rate) > 0 {
			t.Fatalf("chunk of %v after one of %v", c.Rate, last.Rate)
		}
		order, last = append(order, c.Nodes...), c
		return Take
	})
	sorted := slices.Clone(m.nodes)
	Sort(sorted)
	if !slices.Equal(order, sorted) {
		t.Fatalf("visited %d nodes in another order than Compare", len(order))
	}
	if !slices.Equal(order, m.g.Snapshot().Nodes()) {
		t.Fatal("a snapshot has another order")
	}
	seen := make(map[*Node]bool)
	for _, n := range order {
		for p := range m.ancestors(n, nil) {
			if p != n && !seen[p] {
				t.Fatal("a node comes before an ancestor")
			}
		}
		seen[n] = true
	}
	if worst, ok := m.g.Worst(); ok != (len(order) > 0) || ok && !slices.Equal(worst.Nodes, last.Nodes) {
		t.Fatal("the worst chunk is not the last one")
	}
}

// diagram returns the chunks of an order, those that pay the same as one.
func diagram(c *cluster) []Frac {
	var out []Frac
	for _, k := range c.chunks {
		if n := len(out); n > 0 && out[n-1].CompareRate(k.rate) == 0 {
			out[n-1] = out[n-1].plus(k.rate)
		} else {
			out = append(out, k.rate)
		}
	}
	return out
}

// optimum returns the best diagram: time and again the set that pays best of
// all sets that depend on nothing else, found by trying all.
func optimum(c *cluster) []Frac {
	var out []Frac
	for left := all(len(c.nodes)); left != 0; {
		best, rate := uint64(0), Frac{}
		for set := left; set != 0; set = (set - 1) & left {
			sum, closed := Frac{}, true
			for i, n := range c.nodes {
				if set>>i&1 != 0 {
					sum = sum.plus(n.rate)
					closed = closed && c.anc[i]&left&^set == 0
				}
			}
			if !closed {
				continue
			}
			if d := sum.CompareRate(rate); best == 0 || d > 0 || d == 0 && sum.Weight > rate.Weight {
				best, rate = set, sum
			}
		}
		left &^= best
		out = append(out, rate)
	}
	return out
}

// What is claimed to be optimal is, and trees always are.
func TestOptimal(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	trees, general, missed := 0, 0, 0
	for range 3000 {
		m := newModel(Limits{})
		first := m.add(t, randomRate(r))
		shape := r.IntN(3)
		for range 1 + r.IntN(8) {
			var parents []*Node
			switch shape {
			case 0: // every node has one parent
				parents = []*Node{m.nodes[r.IntN(len(m.nodes))]}
			case 1: // every node has one child: joins of what has none yet
				parents = m.childless(r)
				if r.IntN(3) == 0 {
					parents = nil
				}
			default:
				for _, n := range m.nodes {
					if r.IntN(3) == 0 {
						parents = append(parents, n)
					}
				}
			}
			m.add(t, randomRate(r), parents...)
		}
		c := first.cluster
		got, want := diagram(c), optimum(c)
		best := slices.Equal(got, want)
		switch {
		case c.proven && !best:
			t.Fatalf("proven order pays %v; best is %v", got, want)
		case shape < 2 && !c.proven:
			t.Fatal("a tree is not proven")
		case shape < 2:
			trees++
		default:
			general++
			if !best {
				missed++
			}
		}
	}
	t.Logf("%d trees, %d other clusters, %d of these not optimal", trees, general, missed)
}

func (m *model) childless(r *rand.Rand) []*Node {
	var list []*Node
	for _, n := range m.nodes {
		if len(m.descendants(n)) == 1 && r.IntN(2) == 0 {
			list = append(list, n)
		}
	}
	return list
}

func randomRate(r *rand.Rand) Frac {
	return Frac{Fee: wire.Amount(r.IntN(30)), Weight: wire.Weight(1 + r.IntN(10))}
}

// FuzzGraph compares the graph with the model under any order of changes.
func FuzzGraph(f *testing.F) {
	f.Add([]byte{0, 5, 1, 1, 9, 1, 2, 3, 1, 8, 0, 0, 1, 4, 2, 2})
	r := rand.New(rand.NewPCG(3, 4))
	for range 4 {
		b := make([]byte, 200)
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 400 {
			in = in[:400]
		}
		m := newModel(Limits{Count: 12, Weight: 100})
		next := func() int {
			if len(in) == 0 {
				return 0
			}
			b := in[0]
			in = in[1:]
			return int(b)
		}
		for len(in) > 0 {
			switch op := next(); {
			case op%8 < 5 || len(m.nodes) == 0:
				rate := Frac{Fee: wire.Amount(next()%40) - 4, Weight: wire.Weight(1 + next()%16)}
				var parents []*Node
				for range min(next()%4, len(m.nodes)) {
					if p := m.nodes[next()%len(m.nodes)]; !slices.Contains(parents, p) {
						parents = append(parents, p)
					}
				}
				m.add(t, rate, parents...)
			case op%8 == 5:
				m.g.SetFee(m.nodes[next()%len(m.nodes)], wire.Amount(next()))
			case op%8 == 6: // an eviction
				m.remove(m.descendants(m.nodes[next()%len(m.nodes)]))
			default: // a block
				set := m.ancestors(m.nodes[next()%len(m.nodes)], nil)
				m.remove(m.ancestors(m.nodes[next()%len(m.nodes)], set))
			}
			m.compare(t)
		}
	})
}

// The rate comparison is exact where products do not fit 64 bits, and with
// fees that an operator made negative.
func TestCompareRate(t *testing.T) {
	big := Frac{Fee: 21e14, Weight: 404_000}
	for _, c := range []struct {
		a, b Frac
		want int
	}{
		{Frac{1, 2}, Frac{2, 4}, 0},
		{Frac{2, 2}, Frac{2, 4}, 1},
		{Frac{-1, 2}, Frac{1, 1000}, -1},
		{Frac{-1, 2}, Frac{-1, 1}, 1},
		{Frac{0, 1}, Frac{-1, 1}, 1},
		{big, Frac{big.Fee - 1, big.Weight}, 1},
		{big, Frac{big.Fee, big.Weight - 1}, -1},
		{Frac{big.Fee * 64, big.Weight * 64}, big, 0},
	} {
		if got := c.a.CompareRate(c.b); got != c.want {
			t.Errorf("%v and %v: %d; want %d", c.a, c.b, got, c.want)
		}
		if got := c.b.CompareRate(c.a); got != -c.want {
			t.Errorf("%v and %v: %d; want %d", c.b, c.a, got, -c.want)
		}
	}
	for _, c := range []struct {
		f    Frac
		want wire.FeeRate
	}{{Frac{153, 612}, 1000}, {Frac{2000, 609}, 13071}, {Frac{-1, 4000}, 0}, {Frac{}, 0}, {Frac{64 * wire.MaxMoney, 404_000}, 1_330_693_069_306_930}, {Frac{1 << 62, 4}, math.MaxInt64}} {
		if got := c.f.PerKvB(); got != c.want {
			t.Errorf("%v: %d sat/kvB; want %d", c.f, got, c.want)
		}
	}
}

// A visit that leaves a chunk out shows nothing more of its cluster, and all of
// the others.
func TestVisitSkips(t *testing.T) {
	m := newModel(Limits{})
	a := m.add(t, Frac{90, 1})
	m.add(t, Frac{10, 1}, a)
	b := m.add(t, Frac{50, 1})
	c := m.add(t, Frac{40, 1}, b)
	var seen []*Node
	m.g.Visit(func(k Chunk) Verdict {
		if k.Nodes[0] == a {
			return Skip
		}
		seen = append(seen, k.Nodes...)
		return Take
	})
	if !slices.Equal(seen, []*Node{b, c}) {
		t.Fatalf("saw %d nodes", len(seen))
	}
	seen = nil
	m.g.Visit(func(k Chunk) Verdict { seen = append(seen, k.Nodes...); return Stop })
	if !slices.Equal(seen, []*Node{a}) {
		t.Fatalf("saw %d nodes after a stop", len(seen))
	}
}

// worstCase is a full cluster whose nodes depend on many others.
func worstCase(b *testing.B, density int) *Graph {
	r := rand.New(rand.NewPCG(5, 6))
	m := newModel(Limits{})
	for range MaxCount - 1 {
		var parents []*Node
		for _, n := range m.nodes {
			if r.IntN(MaxCount) < density {
				parents = append(parents, n)
			}
		}
		if len(parents) == 0 && len(m.nodes) > 0 {
			parents = []*Node{m.nodes[r.IntN(len(m.nodes))]}
		}
		m.add(b, Frac{wire.Amount(r.IntN(10000)), wire.Weight(400 + r.IntN(1000))}, parents...)
	}
	return m.g
}

func BenchmarkLineariseFullCluster(b *testing.B) {
	for name, density := range map[string]int{"tree": 0, "sparse": 2, "dense": 40} {
		b.Run(name, func(b *testing.B) {
			c := worstCase(b, density).best.list[0]
			fee := c.nodes[len(c.nodes)-1].rate.Fee
			for i := 0; b.Loop(); i++ {
				c.nodes[len(c.nodes)-1].rate.Fee = fee + wire.Amount(i%2)*5000
				c.linearise()
			}
		})
	}
}

func BenchmarkSingleNodes(b *testing.B) {
	g := New(Limits{})
	var id wire.Txid
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		binary.LittleEndian.PutUint64(id[:], uint64(i))
		g.Add(id, Frac{wire.Amount(i*7919%100003) + 1, 561}, nil, nil)
	}
}
