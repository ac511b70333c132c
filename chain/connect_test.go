package chain

import (
	"errors"
	"testing"

	"github.com/syndtr/goleveldb/leveldb/storage"

	"grapevine/chain/chaintest"
	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/chain/utxo"
	"grapevine/wire"
)

// The rules for a block know the chain's own block at the height of BIP 34,
// once the chain reaches that.
func TestRulesKnowTheBIP34Block(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	p.BIP34Height = 3
	_, main, _ := ladder(p, 5)
	c := &Chain{params: p}
	for i, n := range main {
		want := wire.BlockHash{}
		if i >= 2 {
			want = main[2].Hash()
		}
		if r := c.rulesAfter(n, wire.BlockHash{1}); r.at34 != want || r.height != int32(i)+2 {
			t.Errorf("after %d: height %d, %s; want %s", n.Height(), r.height, r.at34, want)
		}
	}
}

// Fees add up over a block to no more than all the money.
func TestAccumulatedFees(t *testing.T) {
	tx := wire.Tx{In: make([]wire.TxIn, 1), Out: []wire.TxOut{{}}}
	coins := []consensus.Coin{{Out: wire.TxOut{Value: wire.MaxMoney - 1}, Height: 1}}
	r := &blockRules{params: params.Regtest(params.RegtestOptions{}), height: 200, mtpBefore: func(int32) int64 { return 0 }}
	r.spends = &spends{coins: [][]consensus.Coin{nil, coins, coins}, missing: -1}
	if err := r.inputs(&tx, 1); err != nil {
		t.Fatal(err)
	}
	tx.Out[0].Value = wire.MaxMoney - 2 // a fee of 1
	if err := r.inputs(&tx, 2); err != nil {
		t.Fatalf("all the money: %v", err)
	}
	if err := r.inputs(&tx, 2); !errors.Is(err, consensus.ErrAccumulatedFees) {
		t.Errorf("error %v; want %s", err, consensus.ErrAccumulatedFees)
	}
}

// Relative locks count from CSVHeight on.
func TestRelativeLocksBegin(t *testing.T) {
	for _, tc := range []struct {
		csv  int32
		want consensus.ErrorKind
	}{{trunkHeight + 2, ""}, {trunkHeight + 1, consensus.ErrTxNonFinal}} {
		p := params.Regtest(params.RegtestOptions{})
		p.CSVHeight = tc.csv
		b := chaintest.New(t, p, 1)
		b.Mine(trunkHeight, 0)
		cfg := regtest(t)
		cfg.Params = p
		c := start(t, cfg)
		submit(t, c.Chain, b.Blocks...)
		block := b.Draft(spend(b, 0, func(tx *wire.Tx) { tx.In[0].Sequence = trunkHeight + 1 })).Block()
		_, err := c.SubmitBlock(t.Context(), block)
		if tc.want == "" && err != nil || tc.want != "" && !errors.Is(err, tc.want) {
			t.Errorf("locks from %d on, block at %d: %v; want %q", tc.csv, trunkHeight+1, err, tc.want)
		}
	}
}

// Coins that cannot be read are a failure of ours and say nothing about the
// block: neither where overwriting is looked for nor where the inputs are.
func TestUnreadableCoins(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	b := chaintest.New(t, p, 1)
	b.Mine(102, 0)
	set, err := utxo.Open(utxo.Config{Storage: storage.NewMemStorage()})
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	block := b.Draft(spend(b, 0, unchanged)).Block()
	for name, at34 := range map[string]wire.BlockHash{"overwriting": {}, "inputs": p.GenesisHash} {
		p.BIP34Hash = p.GenesisHash // so that the second does not look for overwriting
		r := &blockRules{params: p, height: b.Height + 1, hash: block.Hash(), at34: at34, mtpBefore: func(int32) int64 { return 0 }}
		if _, err := r.apply(block, utxo.NewOverlay(nil, set)); !errors.Is(err, utxo.ErrClosed) || isInvalid(err) {
			t.Errorf("%s: error %v; want %v", name, err, utxo.ErrClosed)
		}
	}
}

// Overwriting is looked for until the chain is known to have BIP 34's own
// block, and again from a height on.
func TestOverwritingIsLookedFor(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	p.BIP34Hash = wire.BlockHash{34}
	b := chaintest.New(t, p, 1)
	block := b.Draft().Block()
	set, err := utxo.Open(utxo.Config{Storage: storage.NewMemStorage()})
	if err != nil {
		t.Fatal(err)
	}
	below := utxo.NewOverlay(nil, set)
	below.Add(wire.OutPoint{Txid: block.Txs[0].Txid()}, consensus.Coin{Out: block.Txs[0].Out[0], Height: 1}, true)
	for _, tc := range []struct {
		height int32
		at34   wire.BlockHash
		want   error
	}{
		{500, wire.BlockHash{}, consensus.ErrBIP30}, {500, wire.BlockHash{1}, consensus.ErrBIP30}, {500, p.BIP34Hash, nil},
		{1_983_701, p.BIP34Hash, nil}, {1_983_702, p.BIP34Hash, consensus.ErrBIP30},
	} {
		r := &blockRules{params: p, height: tc.height, hash: block.Hash(), at34: tc.at34}
		if err := r.checkOverwrite(block, utxo.NewOverlay(below, set)); !errors.Is(err, tc.want) {
			t.Errorf("height %d, block %s at BIP 34's height: %v; want %v", tc.height, tc.at34, err, tc.want)
		}
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	r := &blockRules{params: p, height: 500, hash: block.Hash()}
	if err := r.checkOverwrite(block, utxo.NewOverlay(nil, set)); !errors.Is(err, utxo.ErrClosed) {
		t.Errorf("error %v; want %v", err, utxo.ErrClosed)
	}
}

// Undo data for other transactions than the block's are damage.
func TestDisconnectWithForeignUndo(t *testing.T) {
	c, b := trunk(t)
	n := c.Active().Tip()
	ownedBy(t, c.Chain, func() {
		overlay := utxo.NewOverlay(nil, c.coins)
		undo := &utxo.BlockUndo{Txs: make([][]consensus.Coin, 3)}
		if _, err := disconnectBlock(overlay, b.Blocks[trunkHeight-1], undo, n, c.params); !errors.Is(err, ErrCorrupt) {
			t.Errorf("error %v; want %v", err, ErrCorrupt)
		}
	})
}

// Only outputs that can be spent become coins when a flush is rolled forward.
func TestSpendable(t *testing.T) {
	tx := wire.Tx{Out: []wire.TxOut{{PkScript: []byte{0x51}}, {PkScript: []byte{0x6a}}}}
	for index, want := range []bool{true, false, false} {
		if got := spendable(&tx, uint32(index)); got != want {
			t.Errorf("output %d: %v", index, got)
		}
	}
}

// What was connected below the assumed-valid block without its scripts does
// not stand a verification, which runs them.
func TestVerificationRunsAllScripts(t *testing.T) {
	const enough = 14*24*6 + 10 // blocks of ten minutes
	cfg := regtest(t)
	b, at := assumeValidChain(t, cfg.Params, enough)
	above := b.Blocks[at].Hash()
	cfg.AssumeValid = &above
	c := start(t, cfg)
	var list []wire.Header
	for _, x := range b.Blocks {
		list = append(list, x.Header)
	}
	if _, err := c.SubmitHeaders(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	submit(t, c.Chain, b.Blocks[:at]...)
	if n := c.Active().Tip(); n.Height() != int32(at) || n.Status()&headers.StatusFailed != 0 {
		t.Fatalf("tip %d", n.Height())
	}
	if _, err := c.VerifyDB(t.Context(), 3, 1); err != nil {
		t.Errorf("level 3: %v", err)
	}
	if _, err := c.VerifyDB(t.Context(), 4, 1); !errors.Is(err, ErrCorrupt) {
		t.Errorf("level 4: %v; want %v", err, ErrCorrupt)
	}
}
