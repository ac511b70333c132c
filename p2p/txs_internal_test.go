package p2p

import (
	"errors"
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/headers"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// judge answers what the core submits, once: as verdict says of each transaction.
func (r *rig) judge(list []Action, verdict func(tx *wire.Tx) TxVerdict) (next []Action) {
	r.t.Helper()
	for _, a := range ofType[SubmitTx](list) {
		next = append(next, r.step(TxJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Tx: a.Tx, TxVerdict: verdict(a.Tx)})...)
	}
	return next
}

var errLow = errors.New("min relay fee not met")

// poorFamily is a parent that pays too little, and a child of it.
func poorFamily() (parent, child *wire.Tx, verdict func(tx *wire.Tx) TxVerdict) {
	parent = spending(wire.Txid{1}, true)
	child = spending(parent.Txid(), true)
	return parent, child, func(tx *wire.Tx) TxVerdict {
		if tx == parent {
			return TxVerdict{Err: errLow, LowFee: true}
		}
		return TxVerdict{Err: errors.New("inputs are missing"), Missing: []wire.Txid{tx.In[0].PrevOut.Txid}}
	}
}

// A low parent and its child are submitted together, under the number and the credit of
// the parent's message: what the peer asks next waits for the verdict on both.
func TestPackageKeepsTheOrder(t *testing.T) {
	r := newRig(t)
	r.join(1, peer.Inbound)
	parent, child, verdict := poorFamily()
	r.judge(r.say(1, &wire.MsgTx{Tx: child}), verdict)
	submitted := r.say(1, &wire.MsgTx{Tx: parent})
	r.say(1, &wire.MsgPing{Nonce: 5})
	first := ofType[SubmitTx](submitted)[0]
	list := r.judge(submitted, verdict)
	packs := ofType[SubmitPackage](list)
	if len(packs) != 1 || packs[0].Parent != parent || packs[0].Child != child || packs[0].Seq != first.Seq || packs[0].Size != first.Size {
		t.Fatalf("submitted %+v", packs)
	}
	if len(ofType[Release](list)) != 0 || len(sent[*wire.MsgPong](list, 1)) != 0 {
		t.Fatalf("settled before the verdict: %v", list)
	}
	for _, id := range []wire.GenTxid{wire.ByWtxid(parent.Wtxid()), wire.ByWtxid(child.Wtxid())} {
		if !r.haveTx(id, false) {
			t.Error("asked for while it is judged")
		}
	}
	list = r.step(PackageJudged{Peer: 1, Seq: packs[0].Seq, Size: packs[0].Size, Parent: parent, Child: child, Verdicts: make([]TxVerdict, 2)})
	if rel := ofType[Release](list); len(rel) != 2 || rel[0].Bytes != 100 || len(sent[*wire.MsgPong](list, 1)) != 1 {
		t.Errorf("settled with %v", list)
	}
	if n, _ := r.txs.orphans.Count(); n != 0 || r.peers[1].lastTx.IsZero() {
		t.Errorf("%d orphans are left", n)
	}
}

// A package that did not help is not judged again until the tip moves; the parent may
// come with another child.
func TestPackageIsJudgedOnce(t *testing.T) {
	r := newRig(t)
	r.join(1, peer.Inbound)
	parent, child, verdict := poorFamily()
	r.judge(r.say(1, &wire.MsgTx{Tx: child}), verdict)
	refused := func(p SubmitPackage) PackageJudged {
		return PackageJudged{Peer: p.Peer, Seq: p.Seq, Size: p.Size, Parent: p.Parent, Child: p.Child, Err: errors.New("transaction failed"), Verdicts: []TxVerdict{
			{Err: errLow, LowFee: true}, {Err: errors.New("inputs are missing"), Missing: []wire.Txid{parent.Txid()}},
		}}
	}
	packs := ofType[SubmitPackage](r.judge(r.say(1, &wire.MsgTx{Tx: parent}), verdict))
	r.step(refused(packs[0]))
	if list := r.say(1, &wire.MsgTx{Tx: parent}); len(ofType[SubmitPackage](list))+len(ofType[SubmitTx](list)) != 0 || len(ofType[Release](list)) != 1 {
		t.Fatalf("judged again: %v", list)
	}
	other := spending(parent.Txid(), true).Clone()
	other.Out[0].Value++
	other.Seal()
	r.judge(r.say(1, &wire.MsgTx{Tx: other}), verdict)
	packs = ofType[SubmitPackage](r.say(1, &wire.MsgTx{Tx: parent}))
	if len(packs) != 1 || packs[0].Child != other {
		t.Fatalf("submitted %+v", packs)
	}
	// What is refused unseen changes nothing but that.
	gone := refused(packs[0])
	gone.Verdicts = nil
	r.step(gone)
	if n, _ := r.txs.orphans.Count(); n != 2 {
		t.Errorf("%d orphans", n)
	}
	r.connect(chaintest.New(t, r.ledger.tree.Params(), 1).Mine(1, 0)...)
	if list := r.say(1, &wire.MsgTx{Tx: parent}); len(ofType[SubmitTx](list)) != 1 {
		t.Errorf("not judged after the tip has moved: %v", list)
	}
}

// An orphan with two parents that pay too little cannot be helped by a package of two.
func TestOrphanOfTwoPoorParents(t *testing.T) {
	r := newRig(t)
	r.join(1, peer.Inbound)
	low := func(*wire.Tx) TxVerdict { return TxVerdict{Err: errLow, LowFee: true} }
	a, b := spending(wire.Txid{1}, false), spending(wire.Txid{2}, false)
	r.judge(r.say(1, &wire.MsgTx{Tx: a}), low)
	child := &wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Txid: a.Txid()}}, {PrevOut: wire.OutPoint{Txid: b.Txid()}}}, Out: a.Out}
	child.Seal()
	missing := func(*wire.Tx) TxVerdict {
		return TxVerdict{Err: errors.New("missing"), Missing: []wire.Txid{a.Txid(), b.Txid()}}
	}
	if r.hopeless([]wire.Txid{a.Txid(), b.Txid()}) {
		t.Error("hopeless although one parent may pay enough")
	}
	r.judge(r.say(1, &wire.MsgTx{Tx: b}), low)
	r.judge(r.say(1, &wire.MsgTx{Tx: child}), missing)
	if n, _ := r.txs.orphans.Count(); n != 0 || !r.haveTx(wire.ByWtxid(child.Wtxid()), false) {
		t.Error("an orphan of two poor parents is kept")
	}
}

// A copy without its witness, which anybody can make, keeps nobody from being asked for
// the transaction by its txid, and is not kept for blocks.
func TestStrippedCopyKeepsNothingOut(t *testing.T) {
	r := newRig(t)
	r.join(1, peer.Inbound)
	r.joinAs(2, peer.Inbound, wtxidVersion-1)
	whole := spending(wire.Txid{1}, true).Clone()
	whole.In[0].Witness = [][]byte{{1}}
	whole.Seal()
	stripped := whole.Clone()
	stripped.In[0].Witness = nil
	stripped.Seal()
	id := wire.ByTxid(whole.Txid())
	r.say(2, &wire.MsgInv{Items: []wire.Inv{wire.InvOfTx(id)}})
	r.judge(r.say(1, &wire.MsgTx{Tx: stripped}), func(*wire.Tx) TxVerdict {
		return TxVerdict{Err: errors.New("no witness"), Unsettled: true}
	})
	if !r.asksFor(2, id) {
		t.Error("it is not asked for any more")
	}
	if n := len(r.compact.extra.All()); n != 0 {
		t.Errorf("%d copies are kept for blocks", n)
	}
}

// A verdict that comes after the parents, which were missing when it was made, is not the
// last one; but a second one is.
func TestParentsThatCameBeforeTheVerdict(t *testing.T) {
	for _, mined := range []bool{false, true} {
		r := newRig(t)
		r.join(1, peer.Inbound)
		parent, child, verdict := poorFamily()
		sub := ofType[SubmitTx](r.say(1, &wire.MsgTx{Tx: child}))
		if mined {
			r.txs.confirmed.add([32]byte(parent.Txid()))
		} else {
			r.enter(parent)
		}
		late := TxJudged{Peer: sub[0].Peer, Seq: sub[0].Seq, Size: sub[0].Size, Tx: child, TxVerdict: verdict(child)}
		again := ofType[SubmitTx](r.step(late))
		if len(again) != 1 || again[0].Tx != child || again[0].Seq != 0 {
			t.Fatalf("mined %v: judged again: %v", mined, again)
		}
		list := r.step(TxJudged{Peer: again[0].Peer, Tx: child, TxVerdict: verdict(child)})
		if len(ofType[SubmitTx](list)) != 0 {
			t.Errorf("mined %v: judged a third time", mined)
		}
		if n, _ := r.txs.orphans.Count(); n != 1 {
			t.Errorf("mined %v: %d orphans", mined, n)
		}
	}
}

// Who sends an orphan has its parents, and is not told of them.
func TestParentsAreKnown(t *testing.T) {
	r := newRig(t)
	r.joinAs(1, peer.Inbound, wtxidVersion-1) // tells and is told by txid
	r.joinAs(2, peer.Inbound, wtxidVersion-1)
	parent, child, verdict := poorFamily()
	r.judge(r.say(1, &wire.MsgTx{Tx: child}), verdict)
	r.enter(parent)
	if got := r.told(1, time.Minute); len(got) != 0 {
		t.Errorf("told of %v", got)
	}
	r.enter(spending(wire.Txid{9}, true))
	if got := r.told(2, time.Minute); len(got) != 1 { // the other one was told before
		t.Errorf("told of %v", got)
	}
}

// With -blocksonly a transaction ends the connection, unless the peer may relay.
func TestBlocksOnly(t *testing.T) {
	tx := spending(wire.Txid{1}, true)
	for _, m := range []wire.Message{&wire.MsgTx{Tx: tx}, &wire.MsgInv{Items: []wire.Inv{wire.InvOfTx(wire.ByWtxid(tx.Wtxid()))}}} {
		r := newRig(t, func(cfg *CoreConfig) { cfg.BlocksOnly = true })
		for id, may := range []peer.Permissions{1: 0, 2: peer.Relay} {
			if id == 0 {
				continue
			}
			v := sent[*wire.MsgVersion](r.allow(peer.ID(id), may, true), peer.ID(id))
			if len(v) != 1 || v[0].Relay != (may == peer.Relay) {
				t.Errorf("with permissions %v: says %+v", may, v)
			}
		}
		if !dropped(r.say(1, m), 1) {
			t.Errorf("%s is borne with", m.Command())
		}
		if list := r.say(2, m); dropped(list, 2) {
			t.Errorf("%s of a peer that may relay ends its connection", m.Command())
		} else if m.Command() == "tx" && len(ofType[SubmitTx](list)) != 1 {
			t.Errorf("it is not judged: %v", list)
		}
	}
}

// What a peer with that permission sends is passed on although it is in the pool.
func TestForceRelay(t *testing.T) {
	r := newRig(t)
	r.allow(1, peer.ForceRelay, true)
	r.allow(2, 0, true)
	r.allow(3, 0, true)
	tx := spending(wire.Txid{1}, true)
	r.pool[tx.Txid()] = tx
	r.say(2, &wire.MsgTx{Tx: tx})
	if got := r.told(3, time.Minute); len(got) != 0 {
		t.Errorf("a stranger has %v relayed", got)
	}
	r.say(1, &wire.MsgTx{Tx: tx})
	if got := r.told(3, time.Minute); len(got) != 1 {
		t.Errorf("relayed: %v", got)
	}
}

// BIP 144: what is announced has no flag of witnesses; such an inv is passed over.
func TestWitnessInv(t *testing.T) {
	r := newRig(t)
	r.join(1, peer.Inbound)
	id := wire.ByTxid(wire.Txid{7})
	r.say(1, &wire.MsgInv{Items: []wire.Inv{wire.InvOfTx(id).WithWitness()}})
	if r.asksFor(1, id) {
		t.Error("it is asked for")
	}
}

// What was announced is served although a block has taken it out of the pool.
func TestJustMined(t *testing.T) {
	r := newRig(t)
	r.join(1, peer.Inbound)
	branch := chaintest.New(t, r.ledger.tree.Params(), 1)
	first := branch.Mine(1, 0)
	r.connect(first...)
	tx := &first[0].Txs[0]
	for _, id := range []wire.GenTxid{wire.ByTxid(tx.Txid()), wire.ByWtxid(tx.Wtxid())} {
		list := r.say(1, &wire.MsgGetData{Items: []wire.Inv{wire.InvOfTx(id)}})
		if m := sent[*wire.MsgTx](list, 1); len(m) != 1 || m[0].Tx.Txid() != tx.Txid() {
			t.Errorf("answered with %v", list)
		}
	}
	r.connect(branch.Mine(1, 0)...)
	list := r.say(1, &wire.MsgGetData{Items: []wire.Inv{wire.InvOfTx(wire.ByTxid(tx.Txid()))}})
	if len(sent[*wire.MsgNotFound](list, 1)) != 1 {
		t.Errorf("of an older block: %v", list)
	}
}

// Of a long move of the tip, all blocks are passed on; a few are announced by headers.
func TestBranch(t *testing.T) {
	r := newRig(t)
	genesis := r.ledger.active.Tip()
	var nodes []*headers.Node
	for _, b := range chaintest.New(t, r.ledger.tree.Params(), 1).Mine(12, 0) {
		nodes = append(nodes, r.grow(b))
	}
	for _, c := range []struct{ from, to, most, want int }{
		{-1, 11, maxPassed, 12}, {5, 11, maxPassed, 6}, {11, 11, maxPassed, 0}, {-1, 11, 3, 3}, {11, 5, maxPassed, 0},
	} {
		old := genesis
		if c.from >= 0 {
			old = nodes[c.from]
		}
		got := branch(old, nodes[c.to], c.most)
		if len(got) != c.want {
			t.Errorf("from %d to %d: %d blocks; want %d", c.from, c.to, len(got), c.want)
		}
		for i, n := range got {
			if n != nodes[c.to-len(got)+1+i] {
				t.Errorf("from %d to %d: out of order", c.from, c.to)
			}
		}
	}
	if len(newBlocks(genesis, nodes[7])) != 8 || newBlocks(genesis, nodes[8]) != nil {
		t.Error("how many are announced by headers")
	}
}

// BIP 133: a peer whose transactions are always relayed is told of no filter.
func TestNoFeeFilterForForceRelay(t *testing.T) {
	r := newRig(t, func(cfg *CoreConfig) { cfg.MinRelayFeeRate, cfg.IncrementalFeeRate = 100, 100 })
	if m := sent[*wire.MsgFeeFilter](r.allow(1, peer.ForceRelay, true), 1); len(m) != 0 {
		t.Errorf("told %v", m)
	}
	if m := sent[*wire.MsgFeeFilter](r.allow(2, 0, true), 2); len(m) != 1 {
		t.Errorf("told %v", m)
	}
}
