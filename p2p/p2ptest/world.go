package p2ptest

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/wire"
)

// World makes the blocks and transactions that the nodes exchange. It knows what
// is true of each, so that a node's verdict is a look-up. Several networks may
// share one, one after the other.
type World struct {
	Params *params.Params
	// Start is the time at which networks begin.
	Start time.Time

	rand   *rand.Rand
	tree   *headers.Tree // all headers ever made
	blocks map[wire.BlockHash]*made
	rates  map[wire.Txid]wire.FeeRate
	funds  map[wire.Txid]bool // sources of coins that every node knows of
	serial uint64
}

// made is a block, and why it is invalid.
type made struct {
	block   *wire.Block
	err     error
	compact *wire.MsgCmpctBlock // nil until it is asked for
}

// NewWorld returns a world that holds the genesis of regtest.
func NewWorld(seed uint64) *World {
	p := params.Regtest(params.RegtestOptions{})
	w := &World{
		Params: p, Start: time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC),
		rand: rand.New(rand.NewPCG(seed, 0x776f726c64)), tree: headers.NewTree(p),
		blocks: make(map[wire.BlockHash]*made), rates: make(map[wire.Txid]wire.FeeRate), funds: make(map[wire.Txid]bool),
	}
	w.add(p.Genesis, nil)
	return w
}

// Genesis returns the hash of the first block.
func (w *World) Genesis() wire.BlockHash { return w.Params.GenesisHash }

// Block returns a block that was made, nil for an unknown hash.
func (w *World) Block(hash wire.BlockHash) *wire.Block {
	if m := w.blocks[hash]; m != nil {
		return m.block
	}
	return nil
}

func (w *World) add(b *wire.Block, err error) *wire.Block {
	w.blocks[b.Hash()] = &made{block: b, err: err}
	return b
}

// Mine makes a block below another with transactions of the world's, so large that
// it takes at least size bytes. Its time is at, or what the parent requires if
// that is later.
func (w *World) Mine(parent wire.BlockHash, at time.Time, size int, txs ...*wire.Tx) *wire.Block {
	b := w.draft(parent, at, size, txs, nil)
	return w.add(b, nil)
}

// MineInvalid makes a block that every node finds invalid once it has it whole,
// for that reason. Its header is valid.
func (w *World) MineInvalid(parent wire.BlockHash, at time.Time, err error) *wire.Block {
	b := w.draft(parent, at, 0, nil, nil)
	return w.add(b, err)
}

// Mutate returns a block with the header of another and other contents.
func (w *World) Mutate(b *wire.Block) *wire.Block {
	return wire.NewBlock(b.Header, []wire.Tx{*w.coinbase(1)})
}

// MineHeader makes a header with proof of work below another, whose block nobody
// has. With bend, it is what bend makes of it before the work is done.
func (w *World) MineHeader(parent wire.BlockHash, at time.Time, bend func(h *wire.Header)) wire.Header {
	b := w.draft(parent, at, 0, nil, bend)
	return b.Header
}

// Chain makes n blocks of a size below parent, ten minutes apart, the last of them
// ten minutes before the networks start.
func (w *World) Chain(parent wire.BlockHash, n, size int) []*wire.Block {
	list := make([]*wire.Block, n)
	for i := range list {
		list[i] = w.Mine(parent, w.Start.Add(-time.Duration(n-i)*10*time.Minute), size)
		parent = list[i].Hash()
	}
	return list
}

// draft builds a block with proof of work.
func (w *World) draft(parent wire.BlockHash, at time.Time, size int, txs []*wire.Tx, bend func(h *wire.Header)) *wire.Block {
	prev := w.tree.Lookup(parent)
	if prev == nil {
		panic("p2ptest: a block below a parent that was never made")
	}
	h := wire.Header{
		Version: 0x20000000, PrevBlock: parent, Time: uint32(max(at.Unix(), prev.MedianTimePast()+1)),
		Bits: w.Params.Genesis.Header.Bits,
	}
	list := []wire.Tx{*w.coinbase(prev.Height() + 1)}
	have := wire.HeaderSize + 9
	for _, tx := range txs {
		have += tx.TotalSize()
		list = append(list, *tx)
	}
	if pad := size - have - list[0].TotalSize(); pad > 0 {
		list[0].Out[0].PkScript = make([]byte, pad)
		list[0].Out[0].PkScript[0] = 0x6a // unspendable
		list[0].Seal()
	}
	if slices.ContainsFunc(txs, (*wire.Tx).HasWitness) {
		list[0] = *committed(list)
	}
	txids := make([]wire.Txid, len(list))
	for i := range list {
		txids[i] = list[i].Txid()
	}
	h.MerkleRoot, _ = consensus.MerkleRoot(txids)
	if bend != nil {
		bend(&h)
	}
	for !w.Params.CheckProofOfWork(h.Hash(), h.Bits) {
		h.Nonce++
	}
	w.tree.Insert(h, prev)
	return wire.NewBlock(h, list)
}

// committed returns the coinbase with what commits to the witnesses (BIP 141).
func committed(list []wire.Tx) *wire.Tx {
	tx := list[0].Clone()
	tx.In[0].Witness = consensus.WitnessReserved()
	tx.Out = append(tx.Out, wire.TxOut{PkScript: consensus.WitnessCommitmentScript(list)})
	return tx.Seal()
}

func (w *World) coinbase(height int32) *wire.Tx {
	w.serial++
	sig := consensus.AppendHeight(nil, height)
	sig = binary.LittleEndian.AppendUint64(append(sig, 8), w.serial)
	tx := &wire.Tx{
		Version: 2,
		In:      []wire.TxIn{{PrevOut: wire.OutPoint{Index: 1<<32 - 1}, ScriptSig: sig, Sequence: 1<<32 - 1}},
		Out:     []wire.TxOut{{Value: consensus.Subsidy(height, w.Params), PkScript: []byte{0x6a}}},
	}
	return tx.Seal()
}

// Fund returns a coin that every node knows of and that nobody has spent.
func (w *World) Fund() wire.OutPoint {
	w.serial++
	tx := &wire.Tx{Version: 2, Out: []wire.TxOut{{Value: wire.Coin, PkScript: binary.LittleEndian.AppendUint64(nil, w.serial)}}}
	id := tx.Txid()
	w.funds[id] = true
	return wire.OutPoint{Txid: id}
}

// Spend makes a transaction of two outputs with a witness, that spends coins and
// pays a feerate; of the same coins it makes another each time. It takes
// roughly size virtual bytes, 150 at least.
func (w *World) Spend(rate wire.FeeRate, size int, ops ...wire.OutPoint) *wire.Tx {
	w.serial++
	tx := &wire.Tx{Version: 2}
	for _, op := range ops {
		witness := [][]byte{make([]byte, 71), make([]byte, 33)}
		binary.LittleEndian.PutUint64(witness[0], w.serial)
		tx.In = append(tx.In, wire.TxIn{PrevOut: op, Sequence: 0xfffffffd, Witness: witness})
	}
	pay := binary.LittleEndian.AppendUint64([]byte{0x51, 32}, w.serial)
	pay = append(pay, make([]byte, 24)...)
	tx.Out = []wire.TxOut{{Value: 1000, PkScript: pay}, {Value: 2000, PkScript: pay}}
	if pad := size - tx.VSize(); pad > 0 {
		tx.Out = append(tx.Out, wire.TxOut{PkScript: append([]byte{0x6a}, make([]byte, pad)...)})
	}
	tx.Seal()
	w.rates[tx.Txid()] = rate
	return tx
}

// SpendOf is [World.Spend] of the first output of another transaction.
func (w *World) SpendOf(parent *wire.Tx, rate wire.FeeRate) *wire.Tx {
	return w.Spend(rate, 0, wire.OutPoint{Txid: parent.Txid()})
}
