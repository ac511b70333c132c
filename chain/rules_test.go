package chain

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/wire"
)

// trunkHeight is long enough for coinbases to be spent; the next coinbase pays
// to a witness program, without a signature operation of its own.
const trunkHeight = 111

func trunk(t *testing.T) (*running, *chaintest.Branch) {
	t.Helper()
	b := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	b.Mine(trunkHeight, 0)
	c := start(t, regtest(t))
	submit(t, c.Chain, b.Blocks...)
	return c, b
}

// spend returns a transaction that spends the i-th ripe coin, changed before it
// is signed.
func spend(b *chaintest.Branch, i int, change func(tx *wire.Tx)) wire.Tx {
	op := b.Ripe()[i]
	out := b.Coins[op].Out
	paid := b.Pay([]wire.OutPoint{op}, []wire.TxOut{out})
	tx := paid.Clone() // unsealed
	change(tx)
	chaintest.Sign(tx, []wire.TxOut{out})
	return *tx.Seal()
}

func unchanged(*wire.Tx) {}

// Each case is one rule that needs the coins or the place in the chain. The
// block that breaks it is refused for that reason and marked, with the tip
// and the coins as they were; without the breach it would connect.
func TestBlockRules(t *testing.T) {
	cases := []struct {
		name string
		kind consensus.ErrorKind
		make func(b *chaintest.Branch) *chaintest.Draft
	}{
		{"coinbase claims too much", consensus.ErrCoinbaseAmount, func(b *chaintest.Branch) *chaintest.Draft {
			d := b.Draft(spend(b, 0, unchanged))
			d.Txs[0].Out[0].Value++
			return d
		}},
		{"output above inputs", consensus.ErrInputsBelowOut, func(b *chaintest.Branch) *chaintest.Draft {
			tx := spend(b, 0, func(tx *wire.Tx) { tx.Out[0].Value += 2000 })
			d := b.Draft(tx)
			d.Txs[0].Out[0].Value = 1
			return d
		}},
		{"unknown coin", consensus.ErrInputsMissing, func(b *chaintest.Branch) *chaintest.Draft {
			tx := spend(b, 0, unchanged)
			tx.In[0].PrevOut.Index = 7
			return b.Draft(*tx.Clone())
		}},
		{"coin spent twice in the block", consensus.ErrInputsMissing, func(b *chaintest.Branch) *chaintest.Draft {
			return b.Draft(spend(b, 0, unchanged), spend(b, 0, func(tx *wire.Tx) { tx.LockTime = 1 }))
		}},
		{"coin made later in the block", consensus.ErrInputsMissing, func(b *chaintest.Branch) *chaintest.Draft {
			tx := spend(b, 0, unchanged)
			child := b.Pay([]wire.OutPoint{{Txid: tx.Txid()}}, tx.Out[:1])
			return b.Draft(child, tx)
		}},
		{"unspendable output of the block spent", consensus.ErrInputsMissing, func(b *chaintest.Branch) *chaintest.Draft {
			tx := spend(b, 0, func(tx *wire.Tx) { tx.Out[0].PkScript = []byte{0x6a} })
			child := wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Txid: tx.Txid()}}}, Out: []wire.TxOut{{Value: 1, PkScript: []byte{0x51}}}}
			return b.Draft(tx, *child.Seal())
		}},
		{"coinbase spent too early", consensus.ErrPrematureSpend, func(b *chaintest.Branch) *chaintest.Draft {
			op := wire.OutPoint{Txid: b.Blocks[trunkHeight-consensus.CoinbaseMaturity+1].Txs[0].Txid()}
			return b.Draft(b.Pay([]wire.OutPoint{op}, []wire.TxOut{b.Coins[op].Out}))
		}},
		{"relative lock by height", consensus.ErrTxNonFinal, func(b *chaintest.Branch) *chaintest.Draft {
			// The first coinbase is trunkHeight deep in the next block.
			return b.Draft(spend(b, 0, func(tx *wire.Tx) { tx.In[0].Sequence = trunkHeight + 1 }))
		}},
		{"relative lock by time", consensus.ErrTxNonFinal, func(b *chaintest.Branch) *chaintest.Draft {
			return b.Draft(spend(b, 0, func(tx *wire.Tx) { tx.In[0].Sequence = 1<<22 | 20 }))
		}},
		{"absolute lock", consensus.ErrTxNonFinal, func(b *chaintest.Branch) *chaintest.Draft {
			return b.Draft(spend(b, 0, func(tx *wire.Tx) { tx.LockTime = trunkHeight + 1 }))
		}},
		{"signature", consensus.ErrBlockScript, func(b *chaintest.Branch) *chaintest.Draft {
			tx := spend(b, 1, unchanged)
			tx.Out[0].Value--
			return b.Draft(*tx.Clone())
		}},
		{"signature operations of what is revealed", consensus.ErrBlockSigOps, func(b *chaintest.Branch) *chaintest.Draft {
			return sigopsDraft(b, 1)
		}},
		{"coinbase without its height", consensus.ErrCoinbaseHeight, func(b *chaintest.Branch) *chaintest.Draft {
			d := b.Draft()
			d.Txs[0].In[0].ScriptSig = consensus.AppendHeight(nil, b.Height)
			return d
		}},
		{"witness commitment", consensus.ErrWitnessCommitment, func(b *chaintest.Branch) *chaintest.Draft {
			d := b.Draft()
			d.NoCommitment = true
			bad := consensus.WitnessCommitmentScript(d.Txs)
			bad[10] ^= 1
			d.Txs[0].Out = append(d.Txs[0].Out, wire.TxOut{PkScript: bad})
			return d
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c, b := trunk(t)
			block := tc.make(b).Block()
			_, err := c.SubmitBlock(t.Context(), block)
			if !errors.Is(err, tc.kind) {
				t.Fatalf("error %v; want %s", err, tc.kind)
			}
			wantCoins(t, c.Chain, b)
			var ce *consensus.Error
			if !errors.As(err, &ce) {
				t.Fatalf("%v is no rule error", err)
			}
			n := c.Tree().Lookup(block.Hash())
			if marked := n != nil && n.Status()&headers.StatusFailed != 0; marked != ce.Result.MarksHeader() {
				t.Errorf("header marked %v; result %v", marked, ce.Result)
			}
			if marked := ce.Result.MarksHeader(); marked {
				if _, err := c.SubmitBlock(t.Context(), block); !errors.Is(err, consensus.ErrDuplicateHeader) {
					t.Errorf("again: %v; want %s", err, consensus.ErrDuplicateHeader)
				}
			}
			// The chain goes on.
			submit(t, c.Chain, b.Mine(1, 2)...)
			wantCoins(t, c.Chain, b)
		})
	}
}

// sigopsDraft spends pay-to-witness-script-hash coins whose scripts hold as
// many signature operations as a block may have, and more where asked.
func sigopsDraft(b *chaintest.Branch, more int) *chaintest.Draft {
	// 20 operations for each OP_CHECKMULTISIG without a number before it; the
	// branch is not taken.
	per := consensus.MaxBlockSigOpsCost / 50
	redeem := []byte{0x00, 0x63} // 0 IF
	for range per / 20 {
		redeem = append(redeem, 0xae)
	}
	redeem = append(redeem, 0x68, 0x51) // ENDIF 1
	last := []byte{0x00, 0x63}
	for range more {
		last = append(last, 0xac)
	}
	last = append(last, 0x68, 0x51)
	witness := func(s []byte) []byte {
		h := sha256.Sum256(s)
		return append([]byte{0, 32}, h[:]...)
	}
	// The second coinbase pays to taproot, whose signatures do not count.
	fund := spend(b, 1, func(tx *wire.Tx) {
		value := tx.Out[0].Value / 60
		tx.Out = nil
		for range 50 {
			tx.Out = append(tx.Out, wire.TxOut{Value: value, PkScript: witness(redeem)})
		}
		tx.Out = append(tx.Out, wire.TxOut{Value: value, PkScript: witness(last)})
	})
	tx := wire.Tx{Version: 2, Out: []wire.TxOut{{Value: 1, PkScript: []byte{0x51}}}}
	for i := range fund.Out {
		s := redeem
		if i == 50 {
			s = last
		}
		tx.In = append(tx.In, wire.TxIn{PrevOut: wire.OutPoint{Txid: fund.Txid(), Index: uint32(i)}, Witness: [][]byte{s}})
	}
	return b.Draft(fund, *tx.Seal())
}

// As many signature operations as a block may have are allowed.
func TestSigOpsAtTheLimit(t *testing.T) {
	c, b := trunk(t)
	block := sigopsDraft(b, 0).Block()
	submit(t, c.Chain, block)
	b.Add(block)
	wantCoins(t, c.Chain, b)
}

// A relative lock that has just passed lets the transaction in.
func TestRelativeLockPasses(t *testing.T) {
	c, b := trunk(t)
	block := b.Draft(spend(b, 0, func(tx *wire.Tx) { tx.In[0].Sequence = trunkHeight })).Block()
	submit(t, c.Chain, block)
	b.Add(block)
	wantCoins(t, c.Chain, b)
}

// BIP 30: a transaction must not overwrite one that has unspent outputs. On
// regtest without BIP 34 a coinbase can be repeated.
func TestOverwriteIsRefused(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	p.BIP34Height = 1 << 30
	cfg := regtest(t)
	cfg.Params = p
	b := chaintest.New(t, p, 1)
	first := b.Mine(1, 0)[0]
	c := start(t, cfg)
	submit(t, c.Chain, first)
	d := b.Draft()
	d.Txs[0] = first.Txs[0]
	d.NoCommitment = true
	if _, err := c.SubmitBlock(t.Context(), d.Block()); !errors.Is(err, consensus.ErrBIP30) {
		t.Fatalf("error %v; want %s", err, consensus.ErrBIP30)
	}
	wantCoins(t, c.Chain, b)
}

// A mutated block does not mark the header, and the honest one connects after
// it (CVE-2012-2459, and a witness that the commitment does not cover).
func TestMutatedBlocksLeaveTheHeader(t *testing.T) {
	c, b := trunk(t)
	honest := b.Draft(spend(b, 0, unchanged), spend(b, 1, unchanged)).Block()

	doubled := wire.NewBlock(honest.Header, append(clone(honest.Txs), *honest.Txs[2].Clone()))
	if _, err := c.SubmitBlock(t.Context(), doubled); !errors.Is(err, consensus.ErrTxsDuplicate) {
		t.Errorf("repeated transaction: %v; want %s", err, consensus.ErrTxsDuplicate)
	}
	txs := clone(honest.Txs)
	txs[0].In[0].Witness = [][]byte{make([]byte, 31)}
	bent := wire.NewBlock(honest.Header, txs)
	if _, err := c.SubmitBlock(t.Context(), bent); !errors.Is(err, consensus.ErrWitnessNonceSize) {
		t.Errorf("bent witness: %v; want %s", err, consensus.ErrWitnessNonceSize)
	}
	if n := c.Tree().Lookup(honest.Hash()); n != nil && n.Status()&headers.StatusFailed != 0 {
		t.Error("a mutated block marked the header")
	}
	submit(t, c.Chain, honest)
	b.Add(honest)
	wantCoins(t, c.Chain, b)
}

func clone(txs []wire.Tx) []wire.Tx {
	out := make([]wire.Tx, len(txs))
	for i := range txs {
		out[i] = *txs[i].Clone()
	}
	return out
}

// A block from the future is refused and may come back when its time is near;
// only the node's own clock counts.
func TestFutureBlockComesBack(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	b := chaintest.New(t, p, 1)
	b.Mine(12, 0)
	now := time.Unix(int64(b.Tip.Time), 0)
	cfg := regtest(t)
	cfg.Now = func() time.Time { return now }
	c := start(t, cfg)
	submit(t, c.Chain, b.Blocks...)
	d := b.Draft()
	d.Header.Time = b.Tip.Time + 2*60*60 + 1
	block := d.Block()
	if _, err := c.SubmitBlock(t.Context(), block); !errors.Is(err, consensus.ErrTimeTooNew) {
		t.Fatalf("error %v; want %s", err, consensus.ErrTimeTooNew)
	}
	if c.Tree().Lookup(block.Hash()) != nil {
		t.Error("the header was kept")
	}
	done := make(chan struct{}) // the clock is read by the owner: change it there
	if err := c.alone(t.Context(), func() error { now = now.Add(time.Second); close(done); return nil }); err != nil {
		t.Fatal(err)
	}
	<-done
	submit(t, c.Chain, block)
	b.Add(block)
	wantCoins(t, c.Chain, b)
}

// The descendants of a block that fails are marked with it, and a header on
// top of them is refused.
func TestDescendantsOfAFailedBlock(t *testing.T) {
	c, b := trunk(t)
	bad := b.Fork(3)
	d := bad.Draft()
	d.Txs[0].Out[0].Value++
	block := d.Block()
	bad.Add(block)
	bad.Mine(3, 0)
	var list []wire.Header
	for _, x := range bad.Blocks[trunkHeight:] {
		list = append(list, x.Header)
	}
	if _, err := c.SubmitHeaders(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	if best := c.BestHeader(); best.Hash() != bad.Tip.Hash() {
		t.Fatalf("best header %s", best.Hash())
	}
	for i := len(bad.Blocks) - 1; i >= trunkHeight; i-- {
		_, err := c.SubmitBlock(t.Context(), bad.Blocks[i])
		if i > trunkHeight && err != nil {
			t.Fatal(err)
		}
		if i == trunkHeight && !errors.Is(err, consensus.ErrCoinbaseAmount) {
			t.Fatalf("error %v; want %s", err, consensus.ErrCoinbaseAmount)
		}
	}
	for _, x := range bad.Blocks[trunkHeight:] {
		if n := c.Tree().Lookup(x.Hash()); n.Status()&headers.StatusFailed == 0 {
			t.Errorf("block %d is not marked", n.Height())
		}
	}
	if best := c.BestHeader(); best.Hash() != b.Tip.Hash() {
		t.Errorf("best header %d; want the tip", best.Height())
	}
	if err := c.SubmitHeader(t.Context(), bad.Draft().Block().Header); !errors.Is(err, consensus.ErrPrevInvalid) {
		t.Errorf("header on top: %v; want %s", err, consensus.ErrPrevInvalid)
	}
	wantCoins(t, c.Chain, b)
}

func TestSubmitOutcomes(t *testing.T) {
	c, b := trunk(t)
	side := b.Fork(5)
	next, other := b.Mine(1, 0)[0], side.Mine(1, 0)[0]
	for _, tc := range []struct {
		block *wire.Block
		want  Outcome
	}{{next, Connected}, {next, Duplicate}, {other, Stored}, {other, DuplicateUnjudged}} {
		got, err := c.SubmitBlock(t.Context(), tc.block)
		if err != nil || got != tc.want {
			t.Errorf("outcome %d, %v; want %d", got, err, tc.want)
		}
	}
	orphan := side.Mine(2, 0)[1]
	if _, err := c.SubmitBlock(t.Context(), orphan); !errors.Is(err, consensus.ErrPrevNotFound) {
		t.Errorf("orphan: %v; want %s", err, consensus.ErrPrevNotFound)
	}
}

func TestCheckTemplateKeepsNothing(t *testing.T) {
	c, b := trunk(t)
	d := b.Draft(spend(b, 0, unchanged))
	d.NoGrind = true
	block := d.Block()
	if err := c.CheckTemplate(t.Context(), block); err != nil {
		t.Fatal(err)
	}
	if c.Tree().Lookup(block.Hash()) != nil {
		t.Error("the template's header was kept")
	}
	d.Txs[0].Out[0].Value++
	if err := c.CheckTemplate(t.Context(), d.Block()); !errors.Is(err, consensus.ErrCoinbaseAmount) {
		t.Errorf("error %v; want %s", err, consensus.ErrCoinbaseAmount)
	}
	bad := spend(b, 0, unchanged)
	bad.Out[0].Value--
	if err := c.CheckTemplate(t.Context(), b.Draft(*bad.Clone()).Block()); !errors.Is(err, consensus.ErrBlockScript) {
		t.Errorf("error %v; want %s", err, consensus.ErrBlockScript)
	}
	old := b.Draft().Block()
	submit(t, c.Chain, b.Mine(1, 0)...)
	if err := c.CheckTemplate(t.Context(), old); !errors.Is(err, consensus.ErrNotBestPrevBlock) {
		t.Errorf("error %v; want %s", err, consensus.ErrNotBestPrevBlock)
	}
	wantCoins(t, c.Chain, b)
}

// A transaction of 20,000 bytes of pushes keeps its outputs in order: indexes
// above 255 and 65,535 round the corner of the key encoding.
func TestManyOutputs(t *testing.T) {
	c, b := trunk(t)
	tx := spend(b, 0, func(tx *wire.Tx) {
		tx.Out = nil
		for i := range 70_000 {
			s := binary.LittleEndian.AppendUint32([]byte{4}, uint32(i))
			tx.Out = append(tx.Out, wire.TxOut{Value: 1, PkScript: s})
		}
	})
	block := b.Draft(tx).Block()
	submit(t, c.Chain, block)
	b.Add(block)
	wantCoins(t, c.Chain, b)
	if script.IsUnspendable(tx.Out[0].PkScript) {
		t.Fatal("the outputs were meant to be coins")
	}
}
