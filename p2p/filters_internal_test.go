package p2p

import (
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/headers"
	"grapevine/p2p/bloom"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// allow connects a peer with permissions and returns what it is told.
func (r *rig) allow(id peer.ID, may peer.Permissions, relay bool) []Action {
	r.t.Helper()
	list := r.step(Connected{Peer: id, Kind: peer.Inbound, Name: id.String(), Permissions: may})
	for _, m := range []wire.Message{
		&wire.MsgVersion{Version: ProtocolVersion, Services: wire.NodeNetwork | wire.NodeWitness, Nonce: uint64(id) + 1, Relay: relay},
		&wire.MsgWtxidRelay{}, &wire.MsgVerack{},
	} {
		list = append(list, r.say(id, m)...)
	}
	return list
}

func withBloom(cfg *CoreConfig) { cfg.Services |= wire.NodeBloom }

// told lists what is announced to a peer within a time.
func (r *rig) told(id peer.ID, within time.Duration) (ids []wire.GenTxid) {
	r.t.Helper()
	for end := r.now.Add(within); r.now.Before(end); {
		at, ok := r.nextWake()
		if !ok || at.After(end) {
			at = end
		}
		r.now = at
		list := r.step(Tick{})
		for _, m := range sent[*wire.MsgInv](list, id) {
			for _, it := range m.Items {
				if tx, ok := it.GenTxid(); ok {
					ids = append(ids, tx)
				}
			}
		}
		for _, m := range sent[*wire.MsgPing](list, id) {
			r.say(id, &wire.MsgPong{Nonce: m.Nonce})
		}
	}
	return ids
}

// enter puts transactions into the pool.
func (r *rig) enter(txs ...*wire.Tx) {
	r.t.Helper()
	for _, tx := range txs {
		r.pool[tx.Txid()] = tx
		r.step(PoolAdded{Txid: tx.Txid(), Wtxid: tx.Wtxid()})
	}
}

// filterOf is a filter for outpoints of these transactions.
func filterOf(flags wire.BloomFlags, ids ...wire.Txid) *wire.MsgFilterLoad {
	f := bloom.ForElements(10, 1e-6, 7, flags)
	for _, id := range ids {
		f.Add(id[:])
	}
	return f.Message()
}

// BIP 111: filters are offered by a service bit, to all or to whom they are granted.
func TestBIP111(t *testing.T) {
	offered := func(list []Action, id peer.ID) bool {
		v := sent[*wire.MsgVersion](list, id)
		return len(v) == 1 && v[0].Services.Has(wire.NodeBloom) && v[0].From.Services.Has(wire.NodeBloom)
	}
	r := newRig(t)
	if offered(r.allow(1, 0, true), 1) {
		t.Error("filters are offered to a stranger")
	}
	if !offered(r.allow(2, peer.BloomFilter, true), 2) {
		t.Error("filters are not offered to whom they are granted")
	}
	if dropped(r.say(2, filterOf(0)), 2) {
		t.Error("a filter that is granted ends the connection")
	}
	r = newRig(t, withBloom)
	if !offered(r.allow(1, 0, true), 1) {
		t.Error("filters are not offered")
	}
}

// BIP 37: what passes the filter is announced, to whom asked for it by a filter; what
// spends a match matches too; a filter is removed again.
func TestBIP37(t *testing.T) {
	r := newRig(t, withBloom)
	r.allow(1, 0, false)
	mine, other := spending(wire.Txid{1}, true), spending(wire.Txid{2}, true)
	r.enter(mine, other)
	if got := r.told(1, time.Minute); len(got) != 0 {
		t.Fatalf("told of %v without asking", got)
	}
	r.say(1, filterOf(wire.BloomUpdateAll, mine.Txid(), spending(wire.Txid{3}, true).Txid()))
	third := spending(wire.Txid{3}, true)
	r.enter(third, spending(wire.Txid{4}, true))
	if got := r.told(1, time.Minute); len(got) != 1 || got[0] != wire.ByWtxid(third.Wtxid()) {
		t.Fatalf("told of %v; want %v", got, third.Wtxid())
	}
	fifth := spending(wire.Txid{5}, true)
	id := fifth.Txid()
	r.say(1, &wire.MsgFilterAdd{Data: id[:]})
	r.enter(fifth)
	if got := r.told(1, time.Minute); len(got) != 1 {
		t.Fatalf("told of %v after an element was added", got)
	}
	r.say(1, &wire.MsgFilterClear{})
	r.enter(spending(wire.Txid{6}, true))
	if got := r.told(1, time.Minute); len(got) != 1 {
		t.Fatalf("told of %v after the filter was removed", got)
	}
	if !dropped(r.say(1, &wire.MsgFilterAdd{Data: id[:]}), 1) {
		t.Error("an element without a filter is borne with")
	}
}

// BIP 37: a filtered block is served to who has a filter.
func TestFilteredBlock(t *testing.T) {
	r := newRig(t, withBloom)
	n := r.grow(chaintest.New(t, r.ledger.tree.Params(), 1).Mine(1, 0)...)
	n.SetStatus(n.Status() | headers.StatusHasData)
	r.ledger.active = r.ledger.active.With(n)
	get := &wire.MsgGetData{Items: []wire.Inv{wire.InvOfBlock(n.Hash()).As(wire.InvFilteredBlock)}}
	r.allow(1, 0, true)
	if list := ofType[ServeBlock](r.say(1, get)); len(list) != 0 {
		t.Errorf("served without a filter: %v", list)
	}
	r.say(1, filterOf(0))
	list := ofType[ServeBlock](r.say(1, get))
	if len(list) != 1 || list[0].Filter == nil || list[0].Node != n {
		t.Errorf("served %v", list)
	}
}

// BIP 35: who asks is told of the whole pool, with the next round and once; what it
// does not want is left out.
func TestBIP35(t *testing.T) {
	r := newRig(t)
	r.allow(1, peer.Mempool|peer.BloomFilter, true)
	var txs []*wire.Tx
	for i := range byte(9) {
		txs = append(txs, spending(wire.Txid{i + 1}, true))
	}
	r.enter(txs...)
	if got := r.told(1, time.Minute); len(got) != len(txs) {
		t.Fatalf("told of %d", len(got))
	}
	if list := r.say(1, &wire.MsgMempool{}); len(sent[*wire.MsgInv](list, 1)) != 0 || dropped(list, 1) {
		t.Fatalf("answered with %v", list)
	}
	r.say(1, &wire.MsgMempool{})
	got := r.told(1, time.Minute)
	if len(got) != len(txs) {
		t.Fatalf("told of %d; want %d", len(got), len(txs))
	}
	if r.peers[1].light.rest != nil {
		t.Error("something is left")
	}
	r.say(1, filterOf(0, txs[3].Txid()))
	r.say(1, &wire.MsgMempool{})
	if got := r.told(1, time.Minute); len(got) != 1 || got[0] != wire.ByWtxid(txs[3].Wtxid()) {
		t.Fatalf("told of %v through a filter", got)
	}
	r.say(1, &wire.MsgFilterClear{})
	r.say(1, &wire.MsgFeeFilter{Rate: 1001}) // all pay 1000
	r.say(1, &wire.MsgMempool{})
	if got := r.told(1, time.Minute); len(got) != 0 {
		t.Fatalf("told of %v that pays too little", got)
	}
	// One that must not be disconnected is not answered either.
	r.allow(2, peer.NoBan, true)
	if list := r.say(2, &wire.MsgMempool{}); dropped(list, 2) || len(r.told(2, time.Minute)) != 0 {
		t.Error("answered although that is not granted")
	}
}

// The whole pool is told as fast as the peer reads.
func TestMempoolIsToldSlowly(t *testing.T) {
	r := newRig(t, func(cfg *CoreConfig) { cfg.SendBuffer = 10_000 })
	r.allow(1, peer.Mempool, true)
	p := r.peers[1]
	r.step(Wrote{Peer: 1, Bytes: p.unsent})
	for i := range 3*maxTold + 7 {
		p.light.rest = append(p.light.rest, wire.ByTxid(wire.Txid{byte(i), byte(i >> 8), byte(i >> 16), 1}))
	}
	total, rounds := 0, 0
	for p.light.rest != nil || p.unsent > 0 {
		if p.light.rest != nil && p.unsent > 0 { // asking again does not begin anew
			r.say(1, &wire.MsgMempool{})
			r.told(1, 20*time.Second)
		}
		if p.unsent > 10_000+36*maxTold+100 {
			t.Fatalf("%d bytes wait", p.unsent)
		}
		for _, m := range sent[*wire.MsgInv](r.step(Wrote{Peer: 1, Bytes: p.unsent}), 1) {
			total += len(m.Items)
		}
		if rounds++; rounds > 10 {
			t.Fatal("it does not end")
		}
	}
	if total != 3*maxTold+7 {
		t.Errorf("told of %d", total)
	}
}

// Who asks for a pool that is empty may ask again.
func TestEmptyPoolMayBeAskedForAgain(t *testing.T) {
	r := newRig(t, withBloom)
	r.allow(1, 0, true)
	r.say(1, &wire.MsgMempool{})
	if got := r.told(1, time.Minute); len(got) != 0 {
		t.Fatalf("told of %v", got)
	}
	tx := spending(wire.Txid{1}, true)
	r.pool[tx.Txid()] = tx // it was there before the peer came, as far as the announcer knows
	r.say(1, &wire.MsgMempool{})
	if got := r.told(1, time.Minute); len(got) != 1 {
		t.Errorf("told of %v, not of %v", got, tx.Wtxid())
	}
}
