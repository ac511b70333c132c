package txannounce

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

func crowd() *Announcer {
	a := New(Config{Rand: rand.New(rand.NewPCG(1, 1))})
	for p := range peer.ID(125) {
		a.AddPeer(p, Options{Inbound: p >= 8, Wtxid: true})
	}
	return a
}

// BenchmarkAdd lets transactions wait for 125 peers that know 50,000 others.
func BenchmarkAdd(b *testing.B) {
	a := crowd()
	r := rand.New(rand.NewPCG(2, 2))
	for p := range peer.ID(125) {
		for range 50_000 {
			a.target(p).known.add(r.Uint64() | 1)
		}
	}
	ids := make([]wire.Wtxid, 1<<16)
	for n := range ids {
		ids[n] = wire.Wtxid{byte(n), byte(n >> 8), 1}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		a.Add(wire.Txid(ids[n%len(ids)]), ids[n%len(ids)])
		n++
	}
}

// BenchmarkDue is a round of all inbound peers, seventy each, beside a backlog.
func BenchmarkDue(b *testing.B) {
	for _, backlog := range []int{0, 10_000, 100_000} {
		b.Run(fmt.Sprintf("backlog=%d", backlog), func(b *testing.B) {
			a, p, now := crowd(), newPool(), start
			for range backlog {
				tx := p.make(100)
				a.Add(tx.Txid(), tx.Wtxid())
			}
			txs := make([]*wire.Tx, 500)
			for n := range txs {
				txs[n] = p.make(5000)
			}
			a.Due(now, p.lookup)
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				for _, t := range a.peers {
					t.known = recent{}
				}
				for _, tx := range txs {
					a.Add(tx.Txid(), tx.Wtxid())
				}
				a.Due(now, p.lookup)
				now = now.Add(time.Hour)
				a.shared[0].next = now
				for _, t := range a.peers {
					t.next = time.Time{} // outbound peers are not due
				}
				b.StartTimer()
				if len(a.Due(now, p.lookup)) != 117 {
					b.Fatal("not all inbound peers are told")
				}
			}
		})
	}
}
