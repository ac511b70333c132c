package consensus

import (
	"bytes"
	"fmt"
	"testing"

	"grapevine/chain/params"
	"grapevine/wire"
)

// Each row breaks one rule of a block that is otherwise fine.
func TestCheckBlock(t *testing.T) {
	p := regtest()
	cb := coinbaseTx(1, 50*wire.Coin)
	// 100 * 200 operations cost the limit of 80,000, one more is too many.
	sigops := func(n int) wire.Tx {
		tx := spendTx(9, 1)
		tx.Out[0].PkScript = bytes.Repeat([]byte{0xac}, n)
		return tx
	}
	duplicate := spendTx(1, 2)
	duplicate.In[1] = duplicate.In[0]
	large := spendTx(1, 1)
	large.Out[0].PkScript = make([]byte, 500_000)
	other := large
	other.In = spendTx(2, 1).In

	cases := []struct {
		name   string
		txs    []wire.Tx
		want   ErrorKind
		detail string
	}{
		{"a coinbase alone", []wire.Tx{cb}, "", ""},
		{"and spends", []wire.Tx{cb, spendTx(1, 1), spendTx(2, 3)}, "", ""},
		{"no transactions", nil, ErrBlockLength, "size limits failed"},
		{"too large", []wire.Tx{cb, large, other}, ErrBlockLength, "size limits failed"},
		{"no coinbase", []wire.Tx{spendTx(1, 1)}, ErrCoinbaseMissing, "first tx is not coinbase"},
		{"coinbase not first", []wire.Tx{spendTx(1, 1), cb}, ErrCoinbaseMissing, "first tx is not coinbase"},
		{"two coinbases", []wire.Tx{cb, coinbaseTx(2, 1)}, ErrCoinbaseMultiple, "more than one coinbase"},
		{"a bad transaction", []wire.Tx{cb, duplicate}, ErrInputsDuplicate,
			fmt.Sprintf("Transaction check failed (tx hash %s) ", duplicate.Txid())},
		{"as many operations as fit", []wire.Tx{cb, sigops(20_000)}, "", ""},
		{"one operation more", []wire.Tx{cb, sigops(20_001)}, ErrBlockSigOps, "out-of-bounds SigOpCount"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			wantError(t, CheckBlock(buildBlock(t, p, c.txs...), p, CheckAll), c.want, ResultConsensus, c.detail)
		})
	}
}

// The exact limit of the size without witness.
func TestBlockLengthLimit(t *testing.T) {
	p := regtest()
	tx := spendTx(1, 1)
	room := 1_000_000 - buildBlock(t, p, coinbaseTx(1, 1), tx).StrippedSize()
	tx.In[0].ScriptSig = make([]byte, 70_000)
	// The script's length takes five bytes then, not one.
	tx.In[0].ScriptSig = make([]byte, room-4)
	b := buildBlock(t, p, coinbaseTx(1, 1), tx)
	if b.StrippedSize() != 1_000_000 {
		t.Fatalf("size %d", b.StrippedSize())
	}
	wantError(t, CheckBlock(b, p, CheckAll), "", 0, "")
	tx.In[0].ScriptSig = make([]byte, room-3)
	wantError(t, CheckBlock(buildBlock(t, p, coinbaseTx(1, 1), tx), p, CheckAll), ErrBlockLength, ResultConsensus, "size limits failed")
}

func TestCheckBlockProofOfWork(t *testing.T) {
	p := regtest()
	good := buildBlock(t, p, coinbaseTx(1, 1))
	h := good.Header
	for p.CheckProofOfWork(h.Hash(), h.Bits) {
		h.Nonce++
	}
	bad := wire.NewBlock(h, []wire.Tx{coinbaseTx(1, 1)})
	wantError(t, CheckBlock(bad, p, CheckAll), ErrHighHash, ResultInvalidHeader, "proof of work failed")
	wantError(t, CheckBlock(bad, p, CheckOptions{CheckMerkle: true}), "", 0, "")
}

// Whatever a peer can change without changing the hash must not condemn the
// hash: the result is mutated even where the block breaks other rules too.
func TestMutatedBlocks(t *testing.T) {
	p := regtest()
	txs := []wire.Tx{coinbaseTx(1, 1), spendTx(1, 1), spendTx(2, 1)}
	good := buildBlock(t, p, txs...)
	mutant := func(txs ...wire.Tx) *wire.Block { return mine(t, p, good.Header, false, txs) }

	cases := []struct {
		name   string
		b      *wire.Block
		want   ErrorKind
		detail string
	}{
		{"a transaction swapped", mutant(txs[0], txs[2], txs[1]), ErrMerkleRoot, "hashMerkleRoot mismatch"},
		{"no transactions", mutant(), ErrMerkleRoot, "hashMerkleRoot mismatch"},
		{"a second coinbase", mutant(txs[0], txs[0], txs[1], txs[2]), ErrMerkleRoot, "hashMerkleRoot mismatch"},
		{"the end repeated", mutant(txs[0], txs[1], txs[2], txs[2]), ErrTxsDuplicate, "duplicate transaction"},
	}
	for _, c := range cases {
		wantError(t, CheckBlock(c.b, p, CheckAll), c.want, ResultMutated, c.detail)
		wantError(t, IsBlockMutated(c.b, true), c.want, ResultMutated, c.detail)
		if c.b.Hash() != good.Hash() {
			t.Errorf("%s: another block", c.name)
		}
	}
	// Without the check of the root, the order of the others shows.
	err := CheckBlock(cases[2].b, p, CheckOptions{CheckPow: true})
	wantError(t, err, ErrCoinbaseMultiple, ResultConsensus, "more than one coinbase")
}

// A block whose "transactions" are two inner hashes of the real tree has the real
// root; they are recognised by their 64 bytes.
func TestSixtyFourByteTransactions(t *testing.T) {
	p := regtest()
	small := wire.Tx{
		In:  []wire.TxIn{{PrevOut: wire.OutPoint{Txid: wire.Txid{1}}, ScriptSig: []byte{1, 2, 3}}},
		Out: []wire.TxOut{{PkScript: []byte{0x51}}},
	}
	if small.BaseSize() != 64 {
		t.Fatalf("%d bytes", small.BaseSize())
	}
	err := IsBlockMutated(buildBlock(t, p, small), false)
	wantError(t, err, ErrCoinbaseMissing, ResultMutated, "transaction of 64 bytes in a block without coinbase")
	small.In[0].ScriptSig = append(small.In[0].ScriptSig, 0)
	wantError(t, IsBlockMutated(buildBlock(t, p, small), false), "", 0, "")
	// Behind a coinbase it is a transaction like any other.
	small.In[0].ScriptSig = small.In[0].ScriptSig[:3]
	wantError(t, IsBlockMutated(buildBlock(t, p, coinbaseTx(1, 1), small), false), "", 0, "")
}

func TestMarksHeader(t *testing.T) {
	marks := map[Result]bool{
		ResultConsensus: true, ResultInvalidHeader: true, ResultCachedInvalid: true, ResultInvalidPrev: true,
		ResultUnset: false, ResultMutated: false, ResultTimeFuture: false, ResultMissingPrev: false,
		ResultHeaderLowWork: false, ResultMissingInputs: false, ResultPrematureSpend: false,
	}
	if len(marks) != int(ResultPrematureSpend)+1 {
		t.Fatal("a result is missing from the table")
	}
	for r, want := range marks {
		if r.MarksHeader() != want {
			t.Errorf("result %d marks a header: %v", r, !want)
		}
	}
}

func TestRealBlocks(t *testing.T) {
	for path, p := range sharedBlocks(t) {
		b := readBlock(t, path)
		wantError(t, CheckBlock(b, p, CheckAll), "", 0, "")
		// One bit of a transaction, of the header.
		raw := bytes.Clone(b.Raw())
		_, end := b.TxSpan(0)
		raw[end-1] ^= 1 // the coinbase's lock time
		broken, err := wire.DecodeBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, CheckBlock(broken, p, CheckAll), ErrMerkleRoot, ResultMutated, "hashMerkleRoot mismatch")
		raw = bytes.Clone(b.Raw())
		raw[79] ^= 1 // the nonce
		if broken, err = wire.DecodeBlock(raw); err != nil {
			t.Fatal(err)
		}
		wantError(t, CheckBlock(broken, p, CheckAll), ErrHighHash, ResultInvalidHeader, "proof of work failed")
	}
}

func TestCheckBlockAllocates(t *testing.T) {
	p := params.Mainnet()
	for path, bp := range sharedBlocks(t) {
		if bp.Name != p.Name {
			continue
		}
		b := readBlock(t, path)
		// The leaves and hash state of the merkle tree, and the keys of
		// transactions with more inputs than the stack has room for.
		limit := 2.0
		for i := range b.Txs {
			if len(b.Txs[i].In) > someInputs {
				limit++
			}
		}
		if n := testing.AllocsPerRun(3, func() { _ = CheckBlock(b, p, CheckAll) }); n > limit {
			t.Errorf("%s: %v allocations, %v expected", path, n, limit)
		}
	}
}

func BenchmarkCheckBlock(b *testing.B) {
	for path, p := range sharedBlocks(b) {
		block := readBlock(b, path)
		b.Run(fmt.Sprintf("%s-%d-txs", p.Name, len(block.Txs)), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(block.TotalSize()))
			for b.Loop() {
				if err := CheckBlock(block, p, CheckAll); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
