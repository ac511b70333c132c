package txrequest_test

import (
	"fmt"
	"time"

	"grapevine/p2p/txrequest"
	"grapevine/wire"
)

// The caller's loop: ask what is due, then sleep until the next time.
func ExampleTracker() {
	const inbound, outbound = 1, 2
	start := time.Unix(0, 0)
	now := start
	tracker := txrequest.New(txrequest.Config{})
	a, b := wire.ByWtxid(wire.Wtxid{31: 0xaa}), wire.ByWtxid(wire.Wtxid{31: 0xbb})

	tracker.Offer(now, inbound, txrequest.Terms{}, a, b)
	tracker.Offer(now, outbound, txrequest.Terms{Preferred: true}, b)

	for {
		for _, p := range tracker.Due(now) {
			ids, expired := tracker.Requestable(p, now)
			for _, e := range expired {
				fmt.Printf("%v: peer %v did not send %.2v\n", now.Sub(start), e.Peer, e.ID)
			}
			for _, id := range ids {
				fmt.Printf("%v: getdata %.2v to peer %v\n", now.Sub(start), id, p)
				tracker.Requested(p, id, now.Add(txrequest.Timeout))
				if p == inbound { // it sends what it is asked for
					tracker.Forget(id)
				}
			}
		}
		next, ok := tracker.Next()
		if !ok {
			break
		}
		now = next
	}
	// Output:
	// 0s: getdata bb to peer 2
	// 2s: getdata aa to peer 1
	// 1m0s: peer 2 did not send bb
	// 1m0s: getdata bb to peer 1
}
