package txrequest

import (
	"grapevine/internal/siphash"
	"grapevine/p2p/peer"
)

// priority ranks a peer for a hash; the highest is asked first. The top bit puts
// preferred ones first, the rest is a keyed hash of both, which nobody without
// the key can compute.
func priority(key siphash.Key, hash [32]byte, p peer.ID, preferred bool) uint64 {
	rank := key.HashWith(&hash, uint64(p)) >> 1
	if preferred {
		rank |= 1 << 63
	}
	return rank
}
