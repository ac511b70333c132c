package txrequest

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// What the package comment says of memory covers what is allocated, when peers
// announce nothing but hashes of their own.
func TestFootprint(t *testing.T) {
	const peers = 20
	heap := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := heap()
	tracker := New(Config{Rand: rand.New(rand.NewPCG(1, 1))})
	reckoned := 0
	for p := range peer.ID(peers) {
		for i := range 2 * MaxAnnouncements {
			var id wire.Wtxid
			binary.LittleEndian.PutUint64(id[:], uint64(p)<<32|uint64(i))
			if tracker.Count(p) < MaxAnnouncements {
				tracker.Announce(p, wire.ByWtxid(id), false, at(0))
			}
		}
		reckoned += tracker.Footprint(p)
	}
	taken := heap() - before
	t.Logf("%d announcements take %d bytes, reckoned as %d", tracker.Size(), taken, reckoned)
	if reckoned > peers*1_300_000 || taken > reckoned {
		t.Errorf("%d bytes, the doc says %d", taken, peers*1_300_000)
	}
	runtime.KeepAlive(tracker)
}
