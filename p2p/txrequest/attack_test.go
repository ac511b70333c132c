package txrequest

import (
	"math"
	"math/rand/v2"
	"testing"

	"grapevine/p2p/peer"
)

// The package comment says what silent peers cost: with P preferred ones of which h
// are honest, (P-h)/(h+1) timeouts on average.
func TestCostOfSilentPeers(t *testing.T) {
	const preferred, inbound, runs = 8, 20, 1500
	for _, honest := range []int{1, 4, 7} {
		wasted := 0
		for seed := range uint64(runs) {
			tracker := New(Config{Rand: rand.New(rand.NewPCG(seed, 0))})
			for p := range peer.ID(preferred + inbound) { // all that are not preferred are silent
				tracker.Announce(p, wtx(7), p < preferred, at(0))
			}
			for now := at(0); ; now = now.Add(Timeout) {
				p := tracker.Due(now)[0]
				if int(p) < honest {
					break
				}
				tracker.Requested(p, wtx(7), now.Add(Timeout))
				wasted++
			}
		}
		got, want := float64(wasted)/runs, float64(preferred-honest)/float64(honest+1)
		// The spread of one run is below 2.3 turns: five of the mean's are 0.3.
		if math.Abs(got-want) > 0.3 {
			t.Errorf("%d honest of %d: %.2f turns are wasted, want %.2f", honest, preferred, got, want)
		}
	}
}
