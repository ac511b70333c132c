package txannounce

import "testing"

// BIP 133, Specification: "Upon receipt of a "feefilter" message, the node will be
// permitted, but not required, to filter transaction invs for transactions that
// fall below the feerate provided in the feefilter message interpreted as satoshis
// per kilobyte."
func TestFeeFilter(t *testing.T) {
	b := newBench(t, 1)
	b.AddPeer(1, Options{Wtxid: true})
	b.AddPeer(2, Options{Wtxid: true})
	below, exact := b.pool.make(1999), b.pool.make(2000)
	b.SetFeeFilter(1, 2000)
	b.add(below, exact)
	told := b.drain()
	b.tells(1, told[1], byWtxid(exact))
	b.tells(2, told[2], byWtxid(exact, below))
}
