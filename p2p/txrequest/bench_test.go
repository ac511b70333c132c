package txrequest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

func numbered(n uint64) wire.GenTxid {
	var id wire.Wtxid
	binary.LittleEndian.PutUint64(id[:], n*0x9e3779b97f4a7c15)
	return wire.ByWtxid(id)
}

// BenchmarkRelay is a transaction's life with honest peers: all announce it, one
// is asked and sends it.
func BenchmarkRelay(b *testing.B) {
	for _, peers := range []peer.ID{8, 125} {
		b.Run(fmt.Sprintf("peers=%d", peers), func(b *testing.B) {
			tracker := New(Config{Rand: rand.New(rand.NewPCG(1, 1))})
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				id, now := numbered(uint64(n)), at(n)
				for p := range peers {
					tracker.Offer(now, p, Terms{Preferred: p < 8, WtxidPeers: true}, id)
				}
				for _, p := range tracker.Due(now) {
					ids, _ := tracker.Requestable(p, now)
					for _, id := range ids {
						tracker.Requested(p, id, now.Add(Timeout))
						tracker.Response(p, id)
						tracker.Forget(id)
					}
				}
			}
		})
	}
}

// BenchmarkFull is an announcement and its end in a tracker that 125 peers have
// filled to their bounds: with hashes of their own, or all with the same.
func BenchmarkFull(b *testing.B) {
	const peers = 125
	for _, same := range []bool{false, true} {
		b.Run(fmt.Sprintf("same=%v", same), func(b *testing.B) {
			tracker := New(Config{Rand: rand.New(rand.NewPCG(1, 1))})
			for p := range peer.ID(peers) {
				for n := range uint64(MaxAnnouncements) {
					if !same {
						n += uint64(p) << 32
					}
					tracker.Offer(at(0), p, Terms{}, numbered(n))
				}
			}
			tracker.Due(at(10))
			b.ReportAllocs()
			for n := uint64(0); b.Loop(); n++ {
				id := numbered(n % MaxAnnouncements)
				p := peer.ID(1000)
				tracker.Announce(p, id, true, at(10))
				tracker.Requested(p, id, at(1000))
				tracker.Response(p, id)
				if n%MaxAnnouncements == MaxAnnouncements-1 {
					tracker.Disconnect(p)
				}
			}
		})
	}
}

// BenchmarkDisconnect is the departure of a peer that filled its bound, beside
// 124 that announced the same.
func BenchmarkDisconnect(b *testing.B) {
	tracker := New(Config{Rand: rand.New(rand.NewPCG(1, 1))})
	fill := func(p peer.ID) {
		for n := range uint64(MaxAnnouncements) {
			tracker.Offer(at(0), p, Terms{}, numbered(n))
		}
	}
	for p := range peer.ID(125) {
		fill(p)
	}
	tracker.Due(at(10))
	for n := peer.ID(0); b.Loop(); n++ {
		tracker.Disconnect(n)
		fill(n + 125)
	}
}
