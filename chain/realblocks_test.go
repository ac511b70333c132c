package chain

import (
	"compress/bzip2"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/syndtr/goleveldb/leveldb/storage"

	"grapevine/chain/consensus"
	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/chain/utxo"
	"grapevine/internal/testdata"
	"grapevine/wire"
)

// realBlock is a block of a public chain with the coins that it spends from
// below.
type realBlock struct {
	name   string
	params *params.Params
	height int32
	block  *wire.Block
	coins  map[wire.OutPoint]consensus.Coin
}

// realBlocks loads all of them. Coins whose height the data do not give count
// as mature.
func realBlocks(t *testing.T) []realBlock {
	t.Helper()
	list := []realBlock{block277647(t)}
	for _, b := range []struct {
		name   string
		params *params.Params
		height int32
	}{
		{"mainnet-300025", params.Mainnet(), 300025},
		{"mainnet-367891", params.Mainnet(), 367891},
		{"testnet3-928848", params.Testnet3(), 928848},
	} {
		rb := realBlock{name: b.name, params: b.params, height: b.height, block: testdata.Block(t, b.name)}
		rb.coins = make(map[wire.OutPoint]consensus.Coin)
		spent := testdata.Spent(t, b.name)
		own := make(map[wire.Txid]bool)
		for i := range rb.block.Txs {
			own[rb.block.Txs[i].Txid()] = true
		}
		k := 0
		for i := range rb.block.Txs[1:] {
			for _, in := range rb.block.Txs[i+1].In {
				c := consensus.Coin{Out: spent[k].Out, Height: b.height - 1000}
				if spent[k].Dated {
					c.Height, c.Coinbase = spent[k].Height, spent[k].Coinbase
				}
				if !own[in.PrevOut.Txid] {
					rb.coins[in.PrevOut] = c
				}
				k++
			}
		}
		list = append(list, rb)
	}
	return list
}

// block277647 is in btcd's test data, in its own forms: the block behind magic
// and length, the coins as txid, index, length and compressed coin.
func block277647(t *testing.T) realBlock {
	t.Helper()
	read := func(name string) []byte {
		f, err := os.Open(testdata.Module(t, "github.com/btcsuite/btcd", "v0.26.2", "blockchain/testdata/"+name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		b, err := io.ReadAll(bzip2.NewReader(f))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	block, err := wire.DecodeBlock(read("277647.dat.bz2")[8:])
	if err != nil {
		t.Fatal(err)
	}
	rb := realBlock{name: "mainnet-277647", params: params.Mainnet(), height: 277647, block: block,
		coins: make(map[wire.OutPoint]consensus.Coin)}
	for b := read("277647.utxostore.bz2"); len(b) > 0; {
		op := wire.OutPoint{Txid: wire.Txid(b[:32]), Index: binary.LittleEndian.Uint32(b[32:])}
		n := binary.LittleEndian.Uint32(b[36:])
		coin, _, err := utxo.DecodeCoin(b[40:40+n], nil)
		if err != nil {
			t.Fatal(err)
		}
		rb.coins[op] = coin
		b = b[40+n:]
	}
	return rb
}

// judge puts a block through every check that needs no chain below it.
func (rb *realBlock) judge(t *testing.T, b *wire.Block, opts consensus.CheckOptions) error {
	t.Helper()
	set, err := utxo.Open(utxo.Config{Storage: storage.NewMemStorage()})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	below := utxo.NewOverlay(nil, set)
	for op, c := range rb.coins {
		below.Add(op, c, true)
	}
	if err := set.Merge(b.Header.PrevBlock, below); err != nil {
		t.Fatal(err)
	}

	if err := consensus.CheckBlock(b, rb.params, opts); err != nil {
		return err
	}
	long := int64(b.Header.Time) - 3600
	if err := consensus.ContextualCheckBlock(b, consensus.BlockContext{Height: rb.height, PrevMTP: long}, rb.params); err != nil {
		return err
	}
	r := &blockRules{
		params: rb.params, height: rb.height, hash: b.Hash(), at34: rb.params.BIP34Hash, prevMTP: long,
		mtpBefore: func(int32) int64 { return long - 1000*600 },
		flags:     consensus.ScriptFlagsAt(rb.height, b.Hash(), rb.params),
	}
	spends, err := r.apply(b, utxo.NewOverlay(nil, set))
	if err != nil {
		return err
	}
	return runScripts(t, &scriptJob{block: b, spent: spends.outs, flags: r.flags, verify: true, finish: func() {}})
}

func runScripts(t *testing.T, j *scriptJob) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	pool := newScriptPool(2, sigverify.NewCache(0), func() {})
	go pool.run(ctx)
	ended := make(chan struct{})
	j.after = func() { close(ended) }
	pool.submit(j)
	<-ended
	return j.err()
}

// bend returns the block with changed transactions, merkle root and witness
// commitment rebuilt.
func bend(b *wire.Block, change func(txs []wire.Tx)) *wire.Block {
	txs := make([]wire.Tx, len(b.Txs))
	for i := range b.Txs {
		txs[i] = *b.Txs[i].Clone()
	}
	change(txs)
	ids := make([]wire.Txid, len(txs))
	for i := range txs {
		txs[i].Seal()
	}
	if at := consensus.WitnessCommitmentIndex(&txs[0]); at >= 0 {
		commitment := consensus.WitnessCommitment(txs, [32]byte(txs[0].In[0].Witness[0]))
		out := append([]byte(nil), txs[0].Out[at].PkScript...)
		copy(out[6:], commitment[:])
		txs[0].Out[at].PkScript = out
		txs[0].Seal()
	}
	for i := range txs {
		ids[i] = txs[i].Txid()
	}
	h := b.Header
	h.MerkleRoot, _ = consensus.MerkleRoot(ids)
	return wire.NewBlock(h, txs)
}

func TestRealBlocks(t *testing.T) {
	withoutPow := consensus.CheckAll
	withoutPow.CheckPow = false
	for _, rb := range realBlocks(t) {
		t.Run(rb.name, func(t *testing.T) {
			if err := rb.judge(t, rb.block, consensus.CheckAll); err != nil {
				t.Fatalf("valid block: %v", err)
			}
			for _, from := range []int{1, len(rb.block.Txs) / 3, len(rb.block.Txs) * 2 / 3} {
				tx, in := rb.signedInput(t, from)
				t.Run("signature", func(t *testing.T) { rb.testSignature(t, tx, in, withoutPow) })
				t.Run("amount", func(t *testing.T) { rb.testAmount(t, tx, withoutPow) })
				t.Run("missing", func(t *testing.T) { rb.testMissing(t, tx, in, withoutPow) })
			}
			t.Run("nothing rebuilt", func(t *testing.T) { rb.testNothingRebuilt(t) })
		})
	}
}

// signedInput finds, from a transaction on, one that nothing else in the block
// spends, with an input whose coin comes from below and whose first push or
// witness item is a signature.
func (rb *realBlock) signedInput(t *testing.T, from int) (tx, in int) {
	t.Helper()
	spentHere := make(map[wire.Txid]bool)
	for i := range rb.block.Txs {
		for _, in := range rb.block.Txs[i].In {
			spentHere[in.PrevOut.Txid] = true
		}
	}
	for i := max(from, 1); i < len(rb.block.Txs); i++ {
		if spentHere[rb.block.Txs[i].Txid()] {
			continue
		}
		for j := len(rb.block.Txs[i].In) - 1; j >= 0; j-- {
			coin, below := rb.coins[rb.block.Txs[i].In[j].PrevOut]
			if below && (script.IsP2PKH(coin.Out.PkScript) || script.IsP2WPKH(coin.Out.PkScript)) {
				return i, j
			}
		}
	}
	t.Fatal("no such input")
	return 0, 0
}

func (rb *realBlock) testSignature(t *testing.T, tx, in int, opts consensus.CheckOptions) {
	b := bend(rb.block, func(txs []wire.Tx) {
		if w := txs[tx].In[in].Witness; len(w) > 0 {
			w[0][20] ^= 4 // in R
			return
		}
		txs[tx].In[in].ScriptSig[20] ^= 4
	})
	err := rb.judge(t, b, opts)
	var se *ScriptError
	if !errors.As(err, &se) {
		t.Fatalf("error %v; want a script error", err)
	}
	if se.Txid != b.Txs[tx].Txid() || se.Input != in {
		t.Errorf("failed at input %d of %s; want %d of %s", se.Input, se.Txid, in, b.Txs[tx].Txid())
	}
	if !errors.Is(err, consensus.ErrBlockScript) {
		t.Errorf("reason %q; want %q", err, consensus.ErrBlockScript)
	}
}

func (rb *realBlock) testAmount(t *testing.T, tx int, opts consensus.CheckOptions) {
	b := bend(rb.block, func(txs []wire.Tx) {
		var sum wire.Amount
		for _, in := range txs[tx].In {
			sum += rb.coins[in.PrevOut].Out.Value
		}
		txs[tx].Out = txs[tx].Out[:1]
		txs[tx].Out[0].Value = sum + 1
	})
	if err := rb.judge(t, b, opts); !errors.Is(err, consensus.ErrInputsBelowOut) {
		t.Errorf("error %v; want %s", err, consensus.ErrInputsBelowOut)
	}
}

func (rb *realBlock) testMissing(t *testing.T, tx, in int, opts consensus.CheckOptions) {
	op := rb.block.Txs[tx].In[in].PrevOut
	coin := rb.coins[op]
	delete(rb.coins, op)
	defer func() { rb.coins[op] = coin }()
	if err := rb.judge(t, rb.block, opts); !errors.Is(err, consensus.ErrInputsMissing) {
		t.Errorf("error %v; want %s", err, consensus.ErrInputsMissing)
	}
}

func (rb *realBlock) testNothingRebuilt(t *testing.T) {
	bent := bend(rb.block, func(txs []wire.Tx) { txs[1].LockTime++ })
	b := wire.NewBlock(rb.block.Header, bent.Txs)
	if err := rb.judge(t, b, consensus.CheckAll); !errors.Is(err, consensus.ErrMerkleRoot) {
		t.Errorf("error %v; want %s", err, consensus.ErrMerkleRoot)
	}
	if err := rb.judge(t, bent, consensus.CheckAll); !errors.Is(err, consensus.ErrHighHash) {
		t.Errorf("error %v; want %s", err, consensus.ErrHighHash)
	}
}
