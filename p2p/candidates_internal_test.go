package p2p

import (
	"slices"
	"testing"
	"time"

	"grapevine/p2p/bloom"
	"grapevine/p2p/conn"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Whom to evict is chosen by what was seen of each inbound peer; who is leaving is not
// among them, nor whom we connected to.
func TestEvictionCandidates(t *testing.T) {
	addr := func(s string) wire.NetAddr {
		a, err := wire.ParseNetAddr(s, 0)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	r := newRig(t, func(cfg *CoreConfig) { cfg.Addresses = newFakeAddresses(0) })
	at := func(s int) time.Time { return r.now.Add(time.Duration(s) * time.Second) }
	full := &wire.MsgVersion{Services: wire.NodeNetwork | wire.NodeWitness, Relay: true}
	busy := &peerState{
		id: 1, since: at(1), lastTx: at(2), lastBlk: at(3), addr: addr("20.1.2.3:4"), network: wire.NetIPv4, permissions: peer.NoBan, discouraged: true,
	}
	busy.hello.theirs, busy.ping.min = full, 5*time.Millisecond
	busy.light.filter = new(bloom.Filter)
	quiet := &peerState{id: 2, since: at(4), addr: addr("127.0.0.1:4"), network: wire.NetTorV3}
	leaving := &peerState{id: 3, closing: true, addr: addr("20.1.2.3:5")}
	ours := &peerState{id: 4, kind: peer.FullRelay, addr: addr("20.1.2.3:6")}
	r.order = []*peerState{busy, quiet, leaving, ours}
	got := r.candidates(r.now)
	want := []conn.Candidate{
		{
			ID: 1, Connected: at(1), MinPing: 5 * time.Millisecond, LastTx: at(2), LastBlock: at(3), Relevant: true, RelaysTx: true, Bloom: true,
			Group: r.groupKey(addr("20.1.9.9:1").Addr), Prefer: true, Network: wire.NetIPv4, NoBan: true,
		},
		{ID: 2, Connected: at(4), Group: r.groupKey(addr("127.0.0.1:1").Addr), Local: true, Network: wire.NetTorV3},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}
