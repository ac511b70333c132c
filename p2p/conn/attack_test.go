package conn

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// besieged is a node with honest inbound peers to which an attacker connects.
type besieged struct {
	t     *testing.T
	p     *Plan
	now   time.Time
	next  peer.ID
	peers map[peer.ID]Candidate
	lost  []peer.ID // honest ones
	evict int
}

func (b *besieged) join(c Candidate) bool {
	c.ID, c.Connected, c.RelaysTx, c.Network = b.next, b.now, true, wire.NetIPv4
	b.next++
	a := b.p.Connected(b.now, c.ID, Info{Kind: peer.Inbound, Candidates: func() []Candidate {
		var list []Candidate
		for _, c := range b.peers {
			list = append(list, c)
		}
		slices.SortFunc(list, func(x, y Candidate) int { return int(x.ID - y.ID) })
		return list
	}})
	if a.Evicts {
		b.evict++
		if a.Evict < honest {
			b.lost = append(b.lost, a.Evict)
		}
		delete(b.peers, a.Evict)
		b.p.Disconnected(b.now, a.Evict)
	}
	if a.Admitted {
		b.peers[c.ID] = c
	}
	return a.Admitted
}

const honest = 70 // the first ids

// An attacker who comes later and opens connections without end pushes no honest peer
// out: neither from few groups nor from a group of its own for each, neither with the
// best pings of all nor by being the first with transactions and blocks. He only replaces
// his own.
func TestAttackerReplacesOnlyHisOwn(t *testing.T) {
	for name, attacker := range map[string]func(r *rand.Rand, now time.Time) Candidate{
		"four groups": func(r *rand.Rand, _ time.Time) Candidate { return Candidate{Group: r.Uint64N(4), MinPing: time.Hour} },
		"a group each": func(r *rand.Rand, _ time.Time) Candidate {
			return Candidate{Group: r.Uint64(), MinPing: time.Hour}
		},
		"best pings": func(r *rand.Rand, _ time.Time) Candidate {
			return Candidate{Group: r.Uint64(), MinPing: time.Microsecond}
		},
		"first with everything": func(r *rand.Rand, now time.Time) Candidate {
			return Candidate{Group: r.Uint64(), MinPing: time.Microsecond, LastTx: now, LastBlock: now, Relevant: true}
		},
	} {
		r := rand.New(rand.NewPCG(11, 12))
		var cfg Config
		cfg.SetMax(DefaultMax)
		b := &besieged{t: t, p: New(cfg), now: start, peers: map[peer.ID]Candidate{}}
		for range honest {
			b.now = b.now.Add(time.Minute)
			b.join(Candidate{Group: r.Uint64(), MinPing: time.Duration(1+r.IntN(300)) * time.Millisecond, Relevant: true})
		}
		refused := 0
		for range 600 {
			b.now = b.now.Add(time.Second)
			if !b.join(attacker(r, b.now)) {
				refused++
			}
			if err := b.p.check(); err != nil {
				t.Fatal(err)
			}
		}
		if len(b.lost) > 0 || b.evict < 500 || b.p.Inbound() != cfg.MaxInbound {
			t.Errorf("%s: %d honest peers lost, %d evicted, %d refused, %d inbound", name, len(b.lost), b.evict, refused, b.p.Inbound())
		}
		if got := b.p.Footprint(); got > DefaultMax*200 {
			t.Errorf("%s: the plan holds %d bytes", name, got)
		}
		t.Logf("%s: %d evicted, %d refused, the plan holds %d bytes", name, b.evict, refused, b.p.Footprint())
	}
}

// Who opens and drops connections as fast as he can leaves nothing behind.
func TestChurnLeavesNothing(t *testing.T) {
	var cfg Config
	cfg.SetMax(DefaultMax)
	p, s := New(cfg), NewChainSync()
	before := 0
	for id := range peer.ID(10_000) {
		p.Connected(start, id, Info{Kind: peer.Inbound, Addr: netAddr(t, "30.1.0.1")})
		s.Add(id, peer.FullRelay)
		p.HandshakeDone(id)
		p.Disconnected(start, id)
		s.Remove(id)
		if id == 0 {
			before = p.Footprint() + s.Footprint()
		}
	}
	if after := p.Footprint() + s.Footprint(); after != before || p.Count() != 0 {
		t.Errorf("%d bytes became %d", before, after)
	}
}
