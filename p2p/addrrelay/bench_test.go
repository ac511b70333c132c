package addrrelay

import (
	"testing"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

func BenchmarkReceived1000(b *testing.B) {
	r := New(Config{})
	r.AddPeer(start, 1, Options{Trusted: true})
	list := several(0, 1000, start)
	for b.Loop() {
		r.Received(start, 1, list)
	}
}

// Ten addresses, each passed on to two of 125 peers.
func BenchmarkRelay10(b *testing.B) {
	r := New(Config{})
	for id := range peer.ID(125) {
		full(b, r, start, id, Options{})
	}
	r.AddPeer(start, 200, Options{Trusted: true})
	r.Due(start, nil)
	list := make([]wire.TimedAddr, 10)
	for n := 0; b.Loop(); n += 10 {
		copy(list, several(n%1_000_000, 10, start))
		r.Received(start, 200, list)
	}
}

func BenchmarkWake(b *testing.B) {
	r := New(Config{})
	for id := range peer.ID(125) {
		full(b, r, start, id, Options{})
	}
	for b.Loop() {
		r.Wake()
	}
}
