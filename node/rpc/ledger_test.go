package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"grapevine/chain"
	"grapevine/chain/consensus"
	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/chain/utxo"
	"grapevine/node/mining"
	"grapevine/wire"
)

// fakeLedger is a chain in memory that believes every block: what the handlers
// make of it is what is tested here.
type fakeLedger struct {
	p        *params.Params
	tree     *headers.Tree
	active   *headers.Chain
	blocks   map[wire.BlockHash]*wire.Block
	undo     map[wire.BlockHash]*utxo.BlockUndo
	coins    map[wire.OutPoint]consensus.Coin
	now      time.Time
	status   chain.Status
	refuse   error // what SubmitBlock, SubmitHeader and CheckTemplate answer
	outcome  chain.Outcome
	acted    []string // calls of the operator
	failOp   error
	verified chain.Verified
	events   *event.Ring
	stats    utxo.Stats
	indexes  []Index
	settled  func(context.Context) error
}

func newFakeLedger(p *params.Params) *fakeLedger {
	tree := headers.NewTree(p)
	f := &fakeLedger{
		p: p, tree: tree, active: headers.NewChain(tree.Genesis()),
		blocks: map[wire.BlockHash]*wire.Block{}, undo: map[wire.BlockHash]*utxo.BlockUndo{},
		coins: map[wire.OutPoint]consensus.Coin{}, events: event.NewRing(64),
		now: time.Unix(tree.Genesis().Time()+1000, 0),
	}
	f.store(tree.Genesis(), p.Genesis)
	return f
}

func (f *fakeLedger) store(n *headers.Node, b *wire.Block) {
	f.blocks[n.Hash()] = b
	n.SetTxCount(uint32(len(b.Txs)))
	var before uint64
	if p := n.Parent(); p != nil {
		before = p.ChainTxCount()
	}
	n.SetChainTxCount(before + uint64(len(b.Txs)))
	n.AddStatus(headers.StatusValidTransactions | headers.StatusHasData)
}

// connect makes a block the tip.
func (f *fakeLedger) connect(b *wire.Block) *headers.Node {
	n := f.tree.Insert(b.Header, f.active.Tip())
	f.store(n, b)
	u := &utxo.BlockUndo{}
	for i := range b.Txs {
		tx := &b.Txs[i]
		if i > 0 {
			var spent []consensus.Coin
			for _, in := range tx.In {
				spent = append(spent, f.coins[in.PrevOut])
				delete(f.coins, in.PrevOut)
			}
			u.Txs = append(u.Txs, spent)
		}
		for j, out := range tx.Out {
			f.coins[wire.OutPoint{Txid: tx.Txid(), Index: uint32(j)}] = consensus.Coin{Out: out, Height: n.Height(), Coinbase: i == 0}
		}
	}
	f.undo[n.Hash()] = u
	n.AddStatus(headers.StatusHasUndo | headers.StatusValidScripts)
	old := f.active.Tip()
	f.active = f.active.With(n)
	_, _ = f.events.Publish(context.Background(), event.Event{
		Kind: event.TipMoved, Height: n.Height(), Hash: n.Hash(), OldHeight: old.Height(), OldHash: old.Hash(), ForkHeight: old.Height(),
	})
	return n
}

// mine puts the transactions into a block on the tip and connects it.
func (f *fakeLedger) mine(tb testing.TB, txs ...*wire.Tx) *headers.Node {
	tb.Helper()
	t := mining.NewTemplate(f.active.Tip(), f.now, headers.NewVersionBits(f.p), f.p)
	return f.connect(t.Assemble([]byte{0x51}, txs, 0, 0))
}

func (f *fakeLedger) Active() *headers.Chain    { return f.active }
func (f *fakeLedger) Tree() *headers.Tree       { return f.tree }
func (f *fakeLedger) BestHeader() *headers.Node { return f.tree.Best() }
func (f *fakeLedger) Status() chain.Status      { return f.status }
func (f *fakeLedger) Now() time.Time            { return f.now }

func (f *fakeLedger) RawBlock(n *headers.Node) ([]byte, error) {
	if b := f.blocks[n.Hash()]; b != nil {
		return append([]byte(nil), b.Raw()...), nil
	}
	return nil, chain.ErrNoData
}

func (f *fakeLedger) Undo(n *headers.Node) (*utxo.BlockUndo, error) {
	if u := f.undo[n.Hash()]; u != nil {
		return u, nil
	}
	return nil, chain.ErrNoData
}

func (f *fakeLedger) Coins(ops []wire.OutPoint) ([]consensus.Coin, []bool, *headers.Node, error) {
	coins, found := make([]consensus.Coin, len(ops)), make([]bool, len(ops))
	for i, op := range ops {
		coins[i], found[i] = f.coins[op], false
		_, found[i] = f.coins[op]
	}
	return coins, found, f.active.Tip(), nil
}

func (f *fakeLedger) CoinStats(_ context.Context, kind utxo.HashKind) (*utxo.Stats, *headers.Node, error) {
	s := f.stats
	s.Kind = kind
	return &s, f.active.Tip(), f.failOp
}

func (f *fakeLedger) SubmitBlock(_ context.Context, b *wire.Block) (chain.Outcome, error) {
	if f.refuse != nil {
		return 0, f.refuse
	}
	if f.outcome != 0 {
		return f.outcome, nil
	}
	if f.blocks[b.Hash()] != nil {
		return chain.Duplicate, nil
	}
	if b.Header.PrevBlock != f.active.Tip().Hash() {
		return chain.Stored, nil
	}
	f.connect(b)
	return chain.Connected, nil
}

func (f *fakeLedger) SubmitHeader(context.Context, wire.Header) error  { return f.refuse }
func (f *fakeLedger) CheckTemplate(context.Context, *wire.Block) error { return f.refuse }
func (f *fakeLedger) Invalidate(_ context.Context, h wire.BlockHash) error {
	return f.act("invalidate", h)
}
func (f *fakeLedger) Reconsider(_ context.Context, h wire.BlockHash) error {
	return f.act("reconsider", h)
}
func (f *fakeLedger) Precious(_ context.Context, h wire.BlockHash) error { return f.act("precious", h) }
func (f *fakeLedger) act(what string, h wire.BlockHash) error {
	f.acted = append(f.acted, what+" "+h.String())
	return f.failOp
}

func (f *fakeLedger) VerifyDB(_ context.Context, level, blocks int) (chain.Verified, error) {
	f.acted = append(f.acted, fmt.Sprint("verify ", level, blocks))
	return f.verified, f.failOp
}

// table returns a method table over the fake, ready for calls.
func (f *fakeLedger) table(tb testing.TB) *Table { return f.tableWith(tb, f) }

func (f *fakeLedger) tableWith(tb testing.TB, coins Coins) *Table {
	tb.Helper()
	versions := headers.NewVersionBits(f.p)
	miner, err := mining.New(mining.Config{Params: f.p, Chain: f, Versions: versions, Clock: f})
	if err != nil {
		tb.Fatal(err)
	}
	cmds, err := LedgerCommands(LedgerConfig{
		Params: f.p, Blocks: f, Coins: coins, Acceptor: f, Operator: f, Miner: miner, Versions: versions, Events: f.events,
		Indexes: f.indexes, Settled: f.settled, Logger: slog.New(slog.DiscardHandler), Warnings: preRelease,
	})
	if err != nil {
		tb.Fatal(err)
	}
	table, err := NewTable(cmds)
	if err != nil {
		tb.Fatal(err)
	}
	table.SetReady()
	return table
}

// ask answers one call; args is the inside of the params array. An error comes
// back as "code: message".
func ask(tb testing.TB, table *Table, method, args string) (string, *Error) {
	tb.Helper()
	params, err := ParseJSON([]byte("[" + args + "]"))
	if err != nil {
		tb.Fatalf("%s: arguments %s are no JSON", method, args)
	}
	var w Writer
	if err := table.Call(context.Background(), Request{Method: method}, params, &w); err != nil {
		return "", asError(err)
	}
	if _, err := ParseJSON(w.Bytes()); err != nil {
		tb.Fatalf("%s %s: the answer is no JSON: %s", method, args, w.Bytes())
	}
	return string(w.Bytes()), nil
}

func preRelease() []string { return []string{PreReleaseWarning} }
