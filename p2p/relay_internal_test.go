package p2p

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/headers"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// grow puts the headers of blocks into the tree and returns the last.
func (r *rig) grow(blocks ...*wire.Block) (last *headers.Node) {
	r.t.Helper()
	for _, b := range blocks {
		parent := r.ledger.tree.Lookup(b.Header.PrevBlock)
		if parent == nil {
			r.t.Fatal("a header without its parent")
		}
		last = r.ledger.tree.Insert(b.Header, parent)
	}
	return last
}

// connect makes blocks that follow on the tip the end of the active chain.
func (r *rig) connect(blocks ...*wire.Block) {
	r.t.Helper()
	old := r.ledger.active.Tip()
	tip := r.grow(blocks...)
	r.ledger.active = r.ledger.active.With(tip)
	for _, b := range blocks {
		r.step(BlockConnected{Block: b})
	}
	r.step(TipMoved{Old: old, New: tip})
}

// spending makes a transaction that spends an output of another.
func spending(of wire.Txid, witness bool) *wire.Tx {
	tx := &wire.Tx{
		Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Txid: of}}},
		Out: []wire.TxOut{{Value: 1000, PkScript: []byte{0x51}}},
	}
	if witness {
		tx.In[0].Witness = [][]byte{{1}}
	}
	return tx.Seal()
}

// asksFor reports whether a peer is asked for a transaction within a minute.
func (r *rig) asksFor(id peer.ID, tx wire.GenTxid) bool {
	r.t.Helper()
	for range 60 {
		r.now = r.now.Add(time.Second)
		for _, m := range sent[*wire.MsgGetData](r.step(Tick{}), id) {
			for _, it := range m.Items {
				if got, ok := it.GenTxid(); ok && got == tx {
					return true
				}
			}
		}
	}
	return false
}

// What a block confirmed is not asked for, until that block leaves the chain.
func TestConfirmedUntilReorganised(t *testing.T) {
	r := newRig(t)
	branch := chaintest.New(t, r.ledger.tree.Params(), 1)
	other := chaintest.New(t, r.ledger.tree.Params(), 2)
	r.join(1, peer.Inbound)
	first := branch.Mine(2, 0)
	r.connect(first...)
	id := wire.ByWtxid(first[0].Txs[0].Wtxid())
	offer := &wire.MsgInv{Items: []wire.Inv{wire.InvOfTx(id)}}
	r.say(1, offer)
	if r.asksFor(1, id) {
		t.Error("a confirmed transaction is asked for")
	}
	r.connect(branch.Mine(1, 0)...)
	r.say(1, offer)
	if r.asksFor(1, id) {
		t.Error("a confirmed transaction is asked for after the next block")
	}
	side := other.Mine(4, 0)
	r.connect(side...)
	r.say(1, offer)
	if !r.asksFor(1, id) {
		t.Error("what was confirmed is not asked for although its block left the chain")
	}
	back := wire.ByWtxid(side[1].Txs[0].Wtxid())
	r.say(1, &wire.MsgInv{Items: []wire.Inv{wire.InvOfTx(back)}})
	if r.asksFor(1, back) {
		t.Error("what the new branch confirmed is asked for")
	}
}

// A child of what was refused is refused with whatever witness.
func TestChildOfRefusedParent(t *testing.T) {
	r := newRig(t)
	r.join(1, peer.Inbound)
	parent := spending(wire.Txid{1}, false)
	child := spending(parent.Txid(), true)
	judge := func(tx *wire.Tx, v TxVerdict) {
		for _, a := range ofType[SubmitTx](r.say(1, &wire.MsgTx{Tx: tx})) {
			r.step(TxJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Tx: a.Tx, TxVerdict: v})
		}
	}
	judge(parent, TxVerdict{Err: errors.New("not good enough")})
	judge(child, TxVerdict{Err: errors.New("inputs are missing"), Missing: []wire.Txid{parent.Txid()}})
	for _, id := range []wire.GenTxid{wire.ByTxid(child.Txid()), wire.ByWtxid(child.Wtxid())} {
		if !r.haveTx(id, true) {
			t.Errorf("%v would be asked for again", id)
		}
	}
}

// Nobody tells of the end of an import, and peers that have nothing to say must
// not be waited for.
func TestSyncBeginsAfterImport(t *testing.T) {
	r := newRig(t)
	r.ledger.loading = true
	r.join(1, peer.Manual)
	block := chaintest.New(t, r.ledger.tree.Params(), 1).Mine(1, 0)[0]
	for _, m := range []wire.Message{&wire.MsgHeaders{Headers: []wire.Header{block.Header}}, &wire.MsgBlock{Block: block}} {
		list := r.say(1, m)
		if len(ofType[SubmitHeaders](list))+len(ofType[SubmitBlock](list)) > 0 {
			t.Errorf("%s is submitted during an import", m.Command())
		}
		if got := ofType[Release](list); len(got) != 1 || got[0].Bytes != 100 {
			t.Errorf("%s is not released: %v", m.Command(), got)
		}
	}
	r.ledger.loading = false
	at, ok := r.nextWake()
	if !ok || at.Sub(r.now) > 2*time.Second {
		t.Fatalf("the core wakes up in %v", at.Sub(r.now))
	}
	r.now = at
	if list := r.step(Tick{}); len(sent[*wire.MsgGetHeaders](list, 1)) != 1 {
		t.Errorf("headers are not asked for: %v", list)
	}
}

// What nobody has asked for is announced to peers that come later.
func TestUnbroadcastIsAnnouncedAgain(t *testing.T) {
	tx := spending(wire.Txid{1}, true)
	gone := wire.Txid{9} // no longer in the pool
	mine := []wire.Txid{tx.Txid(), gone}
	r := newRig(t, func(cfg *CoreConfig) { cfg.Unbroadcast = func() []wire.Txid { return mine } })
	r.pool[tx.Txid()] = tx
	r.step(PoolAdded{Txid: tx.Txid(), Wtxid: tx.Wtxid()})
	r.join(1, peer.Manual)
	announced := func(within time.Duration) (n int) {
		for end := r.now.Add(within); r.now.Before(end); {
			at, _ := r.nextWake()
			r.now = at
			list := r.step(Tick{})
			for _, m := range sent[*wire.MsgInv](list, 1) {
				n += len(m.Items)
			}
			for _, m := range sent[*wire.MsgPing](list, 1) {
				r.say(1, &wire.MsgPong{Nonce: m.Nonce})
			}
		}
		return n
	}
	if n := announced(9 * time.Minute); n != 0 {
		t.Errorf("announced %d times before its time", n)
	}
	if n := announced(8 * time.Minute); n != 1 {
		t.Errorf("announced %d times when it was time", n)
	}
	if n := announced(time.Hour); n != 0 {
		t.Errorf("announced %d times to a peer that knows it", n)
	}
}

// Blocks that grow faster than was reckoned with count against the senders'
// credit.
func TestBlocksBeyondTheCreditsAreHeld(t *testing.T) {
	r := newRig(t, func(cfg *CoreConfig) { cfg.FetchCredits = 1 << 20 })
	blocks := chaintest.New(t, r.ledger.tree.Params(), 1).Mine(8, 0)
	tip := r.grow(blocks...)
	r.join(1, peer.Manual)
	r.fetch.Has(1, tip)
	list := r.step(Tick{})
	if got := sent[*wire.MsgGetData](list, 1); len(got) != 1 || len(got[0].Items) == 0 {
		t.Fatalf("no block is asked for: %v", list)
	}
	first := ofType[SubmitBlock](r.say(1, &wire.MsgBlock{Block: blocks[0]}))
	if len(first) != 1 || !first[0].Requested || first[0].Size != 0 || len(ofType[Release](r.actions)) != 1 {
		t.Fatalf("a block that was asked for: %v", r.actions)
	}
	// Another peer sends what fills the credits.
	r.join(2, peer.Inbound)
	r.fetch.Received(r.now, 2, wire.BlockHash{7}, 2<<20)
	asked := ofType[SubmitBlock](r.say(1, &wire.MsgBlock{Block: blocks[1]}))
	if len(asked) != 1 || !asked[0].Requested {
		t.Fatalf("the second block was not asked for: %v", r.actions)
	}
	if asked[0].Size != 100 || len(ofType[Release](r.actions)) != 0 {
		t.Errorf("the credit is given back while more is here than there should be: %v", r.actions)
	}
	a := asked[0]
	list = r.step(BlockJudged{Peer: a.Peer, Seq: a.Seq, Hash: a.Block.Hash(), Size: a.Size, Requested: true, Fresh: true})
	if got := ofType[Release](list); len(got) != 1 || got[0].Bytes != 100 {
		t.Errorf("the credit is not given back with the verdict: %v", list)
	}
}

// A peer that the operator trusts is told of a transaction at once, others in their turn,
// which inbound ones have in common with those of their own socket only.
func TestWhoIsToldWhen(t *testing.T) {
	r := newRig(t)
	r.allow(1, peer.NoBan, true)
	r.allow(2, 0, true)
	r.told(2, time.Minute)
	tx := spending(wire.Txid{1}, true)
	r.pool[tx.Txid()] = tx
	list := r.step(PoolAdded{Txid: tx.Txid(), Wtxid: tx.Wtxid()})
	if n, m := len(sent[*wire.MsgInv](list, 1)), len(sent[*wire.MsgInv](list, 2)); n != 1 || m != 0 {
		t.Errorf("told %d and %d times at once", n, m)
	}
	local := netip.MustParseAddrPort("127.0.0.1:8334")
	r.step(Connected{Peer: 3, Kind: peer.Inbound, Name: "3", Network: wire.NetTorV3, Local: local})
	if got := r.peers[3].hearing().Socket; got.Network != wire.NetTorV3 || got.Local != local {
		t.Errorf("its moments are those of %v", got)
	}
}

// What the pool has taken is not served before it is known here, and waits for its round.
func TestJustTakenIsNotServed(t *testing.T) {
	r := newRig(t)
	r.allow(1, 0, true)
	r.allow(2, 0, true)
	r.told(2, time.Minute)
	tx := spending(wire.Txid{1}, true)
	sub := ofType[SubmitTx](r.say(1, &wire.MsgTx{Tx: tx}))
	r.pool[tx.Txid()] = tx // the pool has judged it, and has told nobody
	ask := &wire.MsgGetData{Items: []wire.Inv{wire.InvOfTx(wire.ByWtxid(tx.Wtxid()))}}
	served := func() bool { return len(sent[*wire.MsgTx](r.say(2, ask), 2)) == 1 }
	if served() {
		t.Error("served before the pool has told of it")
	}
	r.step(PoolAdded{Txid: tx.Txid(), Wtxid: tx.Wtxid()})
	if served() {
		t.Error("served before its round")
	}
	r.told(2, time.Minute)
	if !served() { // the verdict comes with others, which take longer
		t.Error("not served after its round")
	}
	r.step(TxJudged{Peer: 1, Seq: sub[0].Seq, Size: sub[0].Size, Tx: tx})
	if !served() {
		t.Error("not served after the verdict")
	}
}
