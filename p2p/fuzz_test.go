package p2p_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"grapevine/chain/consensus"
	"grapevine/p2p"
	"grapevine/p2p/compact"
	"grapevine/p2p/p2ptest"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// fuzzWorld is what the peers of a fuzzed core can speak of. It is made once; the
// nodes that use it change nothing in it.
type fuzzWorld struct {
	*p2ptest.World
	loaded  []*wire.Block // what the node has
	blocks  []*wire.Block // those and others: on top, on a branch, invalid, with transactions
	headers []wire.Header // of the blocks, and of none
	txs     []*wire.Tx    // parents and children, conflicts, cheap ones
}

func newFuzzWorld() *fuzzWorld {
	w := &fuzzWorld{World: p2ptest.NewWorld(1)}
	w.loaded = w.Chain(w.Genesis(), 8, 300)
	w.blocks = slices.Clone(w.loaded)
	coin := w.Fund()
	parent := w.Spend(1000, 0, coin)
	child := w.SpendOf(parent, 2000)
	w.txs = []*wire.Tx{parent, child, w.SpendOf(child, 1000), w.Spend(3000, 0, coin), w.Spend(1, 0, w.Fund()), w.Spend(5000, 4000, w.Fund())}
	extend := func(at wire.BlockHash, txs ...*wire.Tx) wire.BlockHash {
		b := w.Mine(at, w.Start, 400, txs...)
		w.blocks = append(w.blocks, b)
		return b.Hash()
	}
	top := w.loaded[7].Hash()
	for i := range 4 {
		top = extend(top, w.txs[:i%2]...)
	}
	side := w.loaded[4].Hash()
	for range 6 {
		side = extend(side)
	}
	bad := w.MineInvalid(w.loaded[7].Hash(), w.Start, &consensus.Error{Kind: consensus.ErrCoinbaseAmount, Result: consensus.ResultConsensus})
	mutated := w.MineInvalid(w.loaded[7].Hash(), w.Start, &consensus.Error{Kind: consensus.ErrMerkleRoot, Result: consensus.ResultMutated})
	w.blocks = append(w.blocks, bad, mutated)
	extend(bad.Hash())
	for _, b := range w.blocks {
		w.headers = append(w.headers, b.Header)
	}
	late := w.MineHeader(top, w.Start, func(h *wire.Header) { h.Time += 10_000 })
	w.headers = append(w.headers, late, w.MineHeader(side, w.Start, nil), wire.Header{PrevBlock: top})
	return w
}

// inv names something by a number.
func (w *fuzzWorld) inv(n byte) wire.Inv {
	switch k := int(n >> 2); {
	case k < len(w.blocks):
		return wire.InvOfBlock(w.blocks[k].Hash()).As([]wire.InvType{wire.InvBlock, wire.InvWitnessBlock, wire.InvCmpctBlock, wire.InvFilteredBlock}[n&3])
	case n&1 == 0:
		return wire.InvOfTx(wire.ByWtxid(w.txs[k%len(w.txs)].Wtxid()))
	default:
		return wire.InvOfTx(wire.ByTxid(w.txs[k%len(w.txs)].Txid()))
	}
}

func (w *fuzzWorld) invs(a, b byte) (list []wire.Inv) {
	for i := range int(a>>6) + 1 {
		list = append(list, w.inv(b+byte(i)*3))
	}
	if a&0x3f == 0x3f {
		list = append(list, wire.InvOfBlock(wire.BlockHash{b}), wire.InvOfTx(wire.ByTxid(wire.Txid{b})))
	}
	return list
}

func (w *fuzzWorld) locator(b byte) []wire.BlockHash {
	return []wire.BlockHash{w.headers[int(b)%len(w.headers)].Hash(), w.Genesis()}
}

// message makes a message of three numbers.
func (w *fuzzWorld) message(op, a, b byte, a0 *p2ptest.Actor) wire.Message {
	switch op % 32 {
	case 0:
		hello := a0.Hello
		hello.Relay = a&1 == 0
		if a >= 250 {
			hello.Version = int32(b) * 1000
		}
		return &hello
	case 1:
		return &wire.MsgVerack{}
	case 2:
		return &wire.MsgWtxidRelay{}
	case 3:
		return &wire.MsgSendAddrV2{}
	case 4:
		return &wire.MsgPing{Nonce: uint64(b), Short: a == 255}
	case 5:
		return &wire.MsgPong{Nonce: uint64(b)}
	case 6, 7:
		return &wire.MsgInv{Items: w.invs(a, b)}
	case 8, 9:
		return &wire.MsgGetData{Items: w.invs(a, b)}
	case 10:
		return &wire.MsgNotFound{Items: w.invs(a, b)}
	case 11, 12:
		first := int(b) % len(w.headers)
		return &wire.MsgHeaders{Headers: w.headers[first:min(len(w.headers), first+int(a)%8)]}
	case 13, 14:
		return &wire.MsgBlock{Block: w.blocks[int(b)%len(w.blocks)]}
	case 15, 16:
		return &wire.MsgTx{Tx: w.txs[int(b)%len(w.txs)]}
	case 17:
		return &wire.MsgGetHeaders{Locator: w.locator(b), Stop: w.headers[int(a)%len(w.headers)].Hash()}
	case 18:
		return &wire.MsgGetBlocks{Locator: w.locator(b)}
	case 19:
		return &wire.MsgMempool{}
	case 20:
		return &wire.MsgSendHeaders{}
	case 21:
		return &wire.MsgFeeFilter{Rate: wire.FeeRate(int64(a)<<8|int64(b)) - 100}
	case 22:
		return &wire.MsgSendCmpct{HighBandwidth: a&1 == 0, Version: uint64(b % 4)}
	case 23:
		return &wire.MsgGetBlockTxn{Block: w.headers[int(b)%len(w.headers)].Hash()}
	case 24:
		return &wire.MsgFilterClear{}
	case 25:
		return &wire.MsgUnknown{Name: "unheard", Data: []byte{a, b}}
	case 26:
		return &wire.MsgGetAddr{}
	case 28, 29:
		return w.compact(a, b)
	case 30, 31:
		return w.blockTxn(a, b)
	default:
		return &wire.MsgFeature{ID: "something", Data: []byte{a}}
	}
}

// compact makes a compact block: the one that all nodes send, or one of its own that may
// lead nowhere.
func (w *fuzzWorld) compact(a, b byte) wire.Message {
	block := w.blocks[int(b)%len(w.blocks)]
	if a&3 != 0 {
		return w.Compact(block.Hash())
	}
	m := compact.Build(block, uint64(a))
	if a&4 != 0 && len(m.ShortIDs) > 0 {
		m.ShortIDs[0]++
	}
	if a&8 != 0 {
		m.Prefilled[0].Tx = *w.txs[int(a>>4)%len(w.txs)]
	}
	return m
}

// blockTxn gives all transactions of a block but the first, or some that do not fit.
func (w *fuzzWorld) blockTxn(a, b byte) wire.Message {
	block := w.blocks[int(b)%len(w.blocks)]
	m := &wire.MsgBlockTxn{Block: block.Hash(), Txs: block.Txs[1:]}
	if a&3 == 0 {
		m.Txs = []wire.Tx{*w.txs[int(a>>2)%len(w.txs)]}
	}
	return m
}

// FuzzCore lets four peers say anything at any time to a core whose invariants are
// checked after each step, under the eyes of a referee. In the end they all hang
// up, and nothing may be left of them.
func FuzzCore(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 12, 7, 8, 0x40, 6, 0, 0, 0x80, 5, 0, 0, 0, 13, 0, 8, 0, 13, 0, 9, 1, 4, 0, 7})
	f.Add([]byte{1, 6, 0, 90, 0x80, 9, 0, 0, 1, 15, 0, 1, 1, 15, 0, 0, 2, 6, 0xc0, 88, 0x80, 16, 0, 0})
	f.Add([]byte{0, 22, 0, 2, 0, 12, 7, 8, 0x80, 12, 0, 0, 0, 28, 0, 9, 0x80, 8, 0, 0, 0, 30, 1, 9, 0x80, 6, 0, 0})
	f.Add([]byte{2, 8, 0xff, 0, 2, 8, 0xc0, 4, 0xc0, 1, 0, 8, 0x90, 2, 1, 0, 0x80, 20, 0, 0})
	w := newFuzzWorld()
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) > 4*200 {
			return
		}
		runFuzz(t, w, program)
	})
}

func runFuzz(t *testing.T, w *fuzzWorld, program []byte) {
	const ms = time.Millisecond
	net := p2ptest.New(p2ptest.Traced(t, p2ptest.Config{
		Seed: 1, World: w.World, Latency: 3 * ms, Strict: true, Credit: 20_000,
		Verdicts: p2ptest.Verdicts{Headers: 20 * ms, Block: 30 * ms, Tx: 10 * ms, Read: 5 * ms, Event: 10 * ms},
	}))
	var core *checked
	make := checkedCore(t)
	node := net.AddNode(p2ptest.NodeConfig{Make: func(n *p2ptest.Node) p2ptest.Stepper {
		core = make(n).(*checked)
		return core
	}})
	node.Ledger.Load(w.loaded...)
	var actors []*p2ptest.Actor
	for i := range 4 {
		a := net.NewActor()
		a.Mute = i == 3 // shakes no hands by itself
		actors = append(actors, a)
		net.Run(0)
		call(node, a, i)
	}
	net.Run(100 * ms)
	for ; len(program) >= 4; program = program[4:] {
		who, op, x, y := program[0], program[1], program[2], program[3]
		a := actors[who&3]
		switch who >> 6 {
		case 2:
			net.Run(ms << (op % 24)) // up to two hours
		case 3:
			meddle(net, node, w, actors, a, op, x, y)
		default:
			a.Say(w.message(op, x, y, a))
		}
		if who&0x20 != 0 {
			net.Run(5 * ms)
		}
		if net.Err() != nil {
			t.Fatal(net.Err())
		}
	}
	net.Run(100 * ms) // calls that are under way
	for _, a := range actors {
		a.Hang()
	}
	net.Run(time.Hour)
	if net.Err() != nil {
		t.Fatal(net.Err())
	}
	if left := len(node.Peers()); left != 0 || node.Ledger.Queued() != 0 {
		t.Fatalf("%d peers and %d bytes of blocks are left", left, node.Ledger.Queued())
	}
	if list := core.core.(*p2p.Core).Peers(net.Time()); len(list) != 0 {
		t.Fatalf("the core remembers %d peers that are gone", len(list))
	}
}

func call(node *p2ptest.Node, a *p2ptest.Actor, i int) {
	switch i {
	case 0:
		node.Call(a.Node, peer.FullRelay)
	case 1:
		node.Call(a.Node, peer.Manual)
	default:
		a.Call(node)
	}
}

// meddle does what is not said by a peer.
func meddle(net *p2ptest.Network, node *p2ptest.Node, w *fuzzWorld, actors []*p2ptest.Actor, a *p2ptest.Actor, op, x, y byte) {
	switch op % 6 {
	case 0:
		a.Hang()
	case 1:
		call(node, a, int(x)%4)
	case 2:
		_ = node.Pool.Submit(w.txs[int(y)%len(w.txs)]) // refused or not
	case 3:
		_ = node.Ledger.Mine(w.blocks[int(y)%len(w.blocks)]) // valid or not
	case 4:
		a.Hoard = !a.Hoard
	case 5:
		for _, a := range actors {
			a.NoPong = x&1 == 0
		}
	}
}

// Long random programs, which a fuzzer takes its time to find.
func TestCoreUnderNoise(t *testing.T) {
	count := 150
	if testing.Short() {
		count = 20
	}
	w := newFuzzWorld()
	p2ptest.Seeds(t, count, func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0x6e6f697365))
		program := make([]byte, 4*200)
		for i := range program {
			program[i] = byte(r.Uint32())
			if i%4 == 0 && r.IntN(3) > 0 {
				program[i] &= 0x3f // speak
			}
		}
		runFuzz(t, w, program)
	})
}
