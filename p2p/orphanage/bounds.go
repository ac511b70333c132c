package orphanage

import (
	"cmp"
	"unsafe"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

const (
	// inputBytes is what an input takes beside its bytes on the wire: itself, its
	// entry in the list of spenders, and its share of a map of at most 7/8 and
	// at least 7/16 full.
	inputBytes  = int(unsafe.Sizeof(wire.TxIn{})+unsafe.Sizeof(spend{})) + 44*16/7
	outputBytes = int(unsafe.Sizeof(wire.TxOut{}))
	itemBytes   = int(unsafe.Sizeof([]byte(nil))) // of a witness
)

// usage is the weight of an orphan, or half the bytes that it takes when that is
// more. It is not for any usual form, but an empty witness item weighs one and takes
// 25 bytes, so that weight alone would let in twelve times as much.
func usage(tx *wire.Tx) wire.Weight {
	bytes := tx.TotalSize() + inputBytes*len(tx.In) + outputBytes*len(tx.Out)
	for n := range tx.In {
		bytes += itemBytes * len(tx.In[n].Witness)
	}
	return max(tx.Weight(), wire.Weight(bytes/2))
}

// exceeded reports whether a bound is exceeded now.
func (o *Orphanage) exceeded() bool {
	return o.Latency() > o.maxLatency || o.weight > o.peerWeight*wire.Weight(max(len(o.peers), 1))
}

// score is by what factor a peer uses its share, as a fraction.
type score struct{ used, share int64 }

// compare orders by the factor. Of equal ones the one with the smaller share is
// larger: latency before weight.
func (s score) compare(t score) int {
	// Both products stay below 2^63: weights below 2^40, shares below 2^20.
	if c := cmp.Compare(s.used*t.share, t.used*s.share); c != 0 {
		return c
	}
	return cmp.Compare(t.share, s.share)
}

// shares are what each peer may use without losing anything.
type shares struct {
	weight  wire.Weight
	latency int
}

func (s shares) score(who *account) score {
	byLatency := score{int64(who.latency), int64(s.latency)}
	byWeight := score{int64(who.weight), int64(s.weight)}
	if byLatency.compare(byWeight) >= 0 {
		return byLatency
	}
	return byWeight
}

// trim takes the oldest announcement of the worst peer until the bounds hold. The
// shares are those of the beginning, even if a peer loses all it has.
func (o *Orphanage) trim() {
	share := shares{weight: o.peerWeight, latency: max(o.maxLatency/max(len(o.peers), 1), 1)}
	for o.exceeded() {
		o.withdraw(o.worst(share).oldest)
	}
}

// worst returns the peer with the highest score, of equals the one that came last.
func (o *Orphanage) worst(share shares) *account {
	var worst *account
	var top score
	for _, who := range o.peers { // in any order: no two are equal
		s := share.score(who)
		if worst == nil || before(s, who.id, top, worst.id) {
			worst, top = who, s
		}
	}
	return worst
}

// before reports whether a peer is worse than another.
func before(s score, p peer.ID, t score, q peer.ID) bool {
	if c := s.compare(t); c != 0 {
		return c > 0
	}
	return p > q
}
