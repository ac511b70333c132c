package p2p

import (
	"math/rand/v2"
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/p2p/conn"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// bareLedger has the genesis block, and what tests set.
type bareLedger struct {
	tree             *headers.Tree
	active           *headers.Chain
	syncing, loading bool
	queued           int64
}

func newBareLedger() *bareLedger {
	tree := headers.NewTree(params.Regtest(params.RegtestOptions{}))
	return &bareLedger{tree: tree, active: headers.NewChain(tree.Best())}
}

func (l *bareLedger) Tree() *headers.Tree       { return l.tree }
func (l *bareLedger) Active() *headers.Chain    { return l.active }
func (l *bareLedger) BestHeader() *headers.Node { return l.tree.Best() }
func (l *bareLedger) Syncing() bool             { return l.syncing }
func (l *bareLedger) Loading() bool             { return l.loading }
func (l *bareLedger) Queued() int64             { return l.queued }

// barePool holds what tests put into it.
type barePool map[wire.Txid]*wire.Tx

func (p barePool) Has(id wire.GenTxid) bool {
	_, _, ok := p.Lookup(id)
	return ok
}

func (p barePool) Lookup(id wire.GenTxid) (*wire.Tx, wire.FeeRate, bool) {
	for txid, tx := range p {
		if id == wire.ByTxid(txid) || id == wire.ByWtxid(tx.Wtxid()) {
			return tx, 1000, true
		}
	}
	return nil, 0, false
}

func (barePool) MinFeeRate() wire.FeeRate { return 100 }

func (p barePool) Scan(fn func([]wire.Wtxid, []*wire.Tx) bool) {
	for _, tx := range p {
		fn([]wire.Wtxid{tx.Wtxid()}, []*wire.Tx{tx})
	}
}

// rig is a core by itself, with a clock that only it moves.
type rig struct {
	*Core
	t      *testing.T
	now    time.Time
	ledger *bareLedger
	pool   barePool
}

func newRig(t *testing.T, set ...func(*CoreConfig)) *rig {
	t.Helper()
	r := &rig{t: t, now: time.Unix(1_700_000_000, 0), ledger: newBareLedger(), pool: barePool{}}
	cfg := CoreConfig{
		Params: r.ledger.tree.Params(), Ledger: r.ledger, Pool: r.pool, Rand: rand.New(rand.NewPCG(1, 2)),
		Services: wire.NodeNetwork | wire.NodeWitness, Conn: conn.Config{MaxInbound: 10},
	}
	for _, f := range set {
		f(&cfg)
	}
	c, err := NewCore(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.Core = c
	return r
}

// step tells the core of an event and returns a copy of what it wants.
func (r *rig) step(ev Event) []Action {
	r.t.Helper()
	list := append([]Action(nil), r.Step(r.now, ev)...)
	if err := r.check(); err != nil {
		r.t.Fatalf("after %T: %v", ev, err)
	}
	return list
}

// join connects a peer and shakes hands with it.
func (r *rig) join(id peer.ID, kind peer.Kind) {
	r.t.Helper()
	r.step(Connected{Peer: id, Kind: kind, Name: id.String()})
	for _, m := range []wire.Message{
		&wire.MsgVersion{Version: ProtocolVersion, Services: wire.NodeNetwork | wire.NodeWitness, Nonce: uint64(id) + 1, Relay: true},
		&wire.MsgWtxidRelay{}, &wire.MsgVerack{},
	} {
		r.say(id, m)
	}
}

func (r *rig) say(id peer.ID, m wire.Message) []Action {
	r.t.Helper()
	return r.step(Received{Peer: id, Msg: m, Size: 100, At: r.now})
}

// ofType returns the actions of one type.
func ofType[A Action](list []Action) (out []A) {
	for _, a := range list {
		if a, ok := a.(A); ok {
			out = append(out, a)
		}
	}
	return out
}

// sent returns the messages of one type to a peer.
func sent[M wire.Message](list []Action, to peer.ID) (out []M) {
	for _, a := range ofType[Send](list) {
		if m, ok := a.Msg.(M); ok && a.Peer == to {
			out = append(out, m)
		}
	}
	return out
}

// The readers of two connections race each other to the core.
func TestYoungerPeerComesFirst(t *testing.T) {
	r := newRig(t)
	for _, id := range []peer.ID{3, 1, 2, 0} {
		r.step(Connected{Peer: id, Kind: peer.Inbound, Name: id.String()})
	}
	for i, p := range r.Peers(r.now) {
		if p.ID != peer.ID(i) {
			t.Errorf("peer %d stands at %d", p.ID, i)
		}
	}
}

// Every message is released once, whatever becomes of its peer.
func TestEveryMessageIsReleasedOnce(t *testing.T) {
	block := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1).Mine(1, 0)[0]
	messages := []wire.Message{
		&wire.MsgTx{Tx: spending(wire.Txid{1}, true)}, &wire.MsgBlock{Block: block}, &wire.MsgHeaders{Headers: []wire.Header{block.Header}},
		&wire.MsgPing{Nonce: 1}, &wire.MsgGetData{Items: []wire.Inv{wire.InvOfTx(wire.ByTxid(wire.Txid{7}))}}, &wire.MsgGetHeaders{},
		&wire.MsgInv{}, &wire.MsgFeeFilter{Rate: 5}, &wire.MsgUnknown{Name: "novelty"}, &wire.MsgVerack{}, &wire.MsgFilterClear{},
	}
	for _, leaves := range []bool{false, true} {
		r := newRig(t)
		r.join(1, peer.Inbound)
		var todo []Action
		released := 0
		note := func(list []Action) {
			todo = append(todo, list...)
			released += len(ofType[Release](list))
		}
		for _, m := range messages {
			note(r.say(1, m))
		}
		if leaves {
			note(r.step(Disconnected{Peer: 1}))
		}
		for len(todo) > 0 {
			a := todo[0]
			todo = todo[1:]
			switch a := a.(type) {
			case SubmitTx:
				note(r.step(TxJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Tx: a.Tx}))
			case SubmitBlock:
				note(r.step(BlockJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Hash: a.Block.Hash(), Fresh: true}))
			case SubmitHeaders:
				note(r.step(HeadersJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Count: len(a.List), Last: r.grow(block)}))
			}
		}
		if !leaves {
			note(r.step(Disconnected{Peer: 1})) // the last message ended it
		}
		if released != len(messages) {
			t.Errorf("leaves at once %v: %d of %d messages are released", leaves, released, len(messages))
		}
	}
}
