package consensus

import (
	"encoding/hex"
	"testing"

	"grapevine/wire"
)

// Each row breaks one rule of a block that otherwise fits at height 100.
func TestContextualCheckBlock(t *testing.T) {
	const height, mtp = 100, 500_000_500
	locked := func(lockTime, sequence uint32) wire.Tx {
		tx := spendTx(4, 1)
		tx.LockTime, tx.In[0].Sequence = lockTime, sequence
		return tx
	}
	cb := coinbaseTx(height, 1)
	other := coinbaseTx(height+1, 1)
	long := cb
	long.In = []wire.TxIn{cb.In[0]}
	long.In[0].ScriptSig = append(AppendHeight(nil, height), 1, 2, 3)
	cases := []struct {
		name   string
		txs    []wire.Tx
		want   ErrorKind
		detail string
	}{
		{"as it is", []wire.Tx{cb}, "", ""},
		{"locked below its height", []wire.Tx{cb, locked(height-1, 0)}, "", ""},
		{"locked at its height", []wire.Tx{cb, locked(height, 0)}, ErrTxNonFinal, "non-final transaction"},
		{"locked but final", []wire.Tx{cb, locked(height, 0xffffffff)}, "", ""},
		{"locked below the median time", []wire.Tx{cb, locked(mtp-1, 0)}, "", ""},
		{"locked at the median time", []wire.Tx{cb, locked(mtp, 0)}, ErrTxNonFinal, "non-final transaction"},
		{"another height", []wire.Tx{other}, ErrCoinbaseHeight, "block height mismatch in coinbase"},
		{"more after the height", []wire.Tx{long}, "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := regtest()
			b := buildBlock(t, p, c.txs...)
			ctx := BlockContext{Height: height, PrevMTP: mtp}
			wantError(t, ContextualCheckBlock(b, ctx, p), c.want, ResultConsensus, c.detail)
		})
	}
}

// Before BIP 113 the block's own time counts, before BIP 34 any coinbase goes.
func TestContextualHeights(t *testing.T) {
	p := regtest()
	p.CSVHeight, p.BIP34Height, p.SegwitHeight = 50, 60, 70
	tx := spendTx(4, 1)
	tx.In[0].Sequence = 0
	b := buildBlock(t, p, coinbaseTx(1, 1), tx)
	tx.LockTime = b.Header.Time - 1
	b = mine(t, p, b.Header, true, []wire.Tx{coinbaseTx(1, 1), tx})
	early := int64(tx.LockTime) - 100
	at := func(height int32, mtp int64) error {
		return ContextualCheckBlock(b, BlockContext{Height: height, PrevMTP: mtp}, p)
	}
	wantError(t, at(49, early), "", 0, "")
	wantError(t, at(50, early), ErrTxNonFinal, ResultConsensus, "non-final transaction")
	wantError(t, at(59, early+1000), "", 0, "")
	wantError(t, at(60, early+1000), ErrCoinbaseHeight, ResultConsensus, "block height mismatch in coinbase")
}

// A caller that skipped [CheckBlock] gets an error, not a panic.
func TestContextualEmptyBlock(t *testing.T) {
	p := regtest()
	none := buildBlock(t, p)
	wantError(t, ContextualCheckBlock(none, BlockContext{Height: 1}, p), ErrCoinbaseHeight, ResultConsensus, "block height mismatch in coinbase")
	wantError(t, IsBlockMutated(none, true), "", 0, "")
	noInputs := buildBlock(t, p, wire.Tx{Out: []wire.TxOut{{PkScript: WitnessCommitmentScript(nil)}}})
	wantError(t, ContextualCheckBlock(noInputs, BlockContext{Height: 1}, p), ErrCoinbaseHeight, ResultConsensus, "block height mismatch in coinbase")
	p.BIP34Height = 10
	wantError(t, ContextualCheckBlock(none, BlockContext{Height: 1}, p), "", 0, "")
	wantError(t, ContextualCheckBlock(noInputs, BlockContext{Height: 1}, p), ErrWitnessNonceSize, ResultMutated, "CheckWitnessMalleation : invalid witness reserved value size")
}

func TestWitnessCommitment(t *testing.T) {
	const height = 100
	p := regtest()
	p.SegwitHeight = 90
	signed := spendTx(5, 1)
	signed.In[0].Witness = [][]byte{{1, 2, 3}}
	txs := withWitness([]wire.Tx{coinbaseTx(height, 1), signed, spendTx(6, 2)})
	good := buildBlock(t, p, txs...)
	at := func(height int32, change func([]wire.Tx)) error {
		// The merkle root of the good block stays: only witnesses change.
		list := withWitness([]wire.Tx{coinbaseTx(height, 1), signed, spendTx(6, 2)})
		change(list)
		return ContextualCheckBlock(mine(t, p, good.Header, true, list), BlockContext{Height: height}, p)
	}
	nonceSize := "CheckWitnessMalleation : invalid witness reserved value size"
	mismatch := "CheckWitnessMalleation : witness merkle commitment mismatch"
	unexpected := "CheckWitnessMalleation : unexpected witness data found"
	cases := []struct {
		name   string
		height int32
		change func([]wire.Tx)
		want   ErrorKind
		detail string
	}{
		{"as it is", height, func([]wire.Tx) {}, "", ""},
		{"reserved value missing", height, func(l []wire.Tx) { l[0].In[0].Witness = nil }, ErrWitnessNonceSize, nonceSize},
		{"reserved value of 31 bytes", height, func(l []wire.Tx) { l[0].In[0].Witness = [][]byte{make([]byte, 31)} }, ErrWitnessNonceSize, nonceSize},
		{"two reserved values", height, func(l []wire.Tx) {
			l[0].In[0].Witness = [][]byte{make([]byte, 32), make([]byte, 32)}
		}, ErrWitnessNonceSize, nonceSize},
		{"another reserved value", height, func(l []wire.Tx) { l[0].In[0].Witness[0][3] = 1 }, ErrWitnessCommitment, mismatch},
		{"another witness", height, func(l []wire.Tx) { l[1].In[0].Witness[0][0] ^= 1 }, ErrWitnessCommitment, mismatch},
		{"a witness stripped", height, func(l []wire.Tx) { l[1].In[0].Witness = nil }, ErrWitnessCommitment, mismatch},
		{"no commitment but witnesses", height, func(l []wire.Tx) { l[0].Out = l[0].Out[:1] }, ErrUnexpectedWitness, unexpected},
		{"no commitment, no witnesses", height, func(l []wire.Tx) {
			l[0].Out, l[0].In[0].Witness, l[1].In[0].Witness = l[0].Out[:1], nil, nil
		}, "", ""},
		{"a commitment that is too short", height, func(l []wire.Tx) {
			l[0].Out[1].PkScript = l[0].Out[1].PkScript[:37]
		}, ErrUnexpectedWitness, unexpected},
		{"more behind the commitment", height, func(l []wire.Tx) {
			l[0].Out[1].PkScript = append(l[0].Out[1].PkScript, 1, 2)
		}, "", ""},
		{"the last commitment counts", height, func(l []wire.Tx) {
			l[0].Out = append(l[0].Out, wire.TxOut{PkScript: append([]byte(nil), l[0].Out[1].PkScript...)})
			l[0].Out[1].PkScript[20] ^= 1
		}, "", ""},
		{"the last commitment is wrong", height, func(l []wire.Tx) {
			l[0].Out = append(l[0].Out, wire.TxOut{PkScript: append([]byte(nil), l[0].Out[1].PkScript...)})
			l[0].Out[2].PkScript[20] ^= 1
		}, ErrWitnessCommitment, mismatch},
		{"before segwit", 89, func([]wire.Tx) {}, ErrUnexpectedWitness, unexpected},
		{"before segwit, without witnesses", 89, func(l []wire.Tx) {
			l[0].In[0].Witness, l[1].In[0].Witness = nil, nil
		}, "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			wantError(t, at(c.height, c.change), c.want, ResultMutated, c.detail)
		})
	}
	// The same rule where a peer's block is judged before it is stored.
	txs[1].In[0].Witness[0][0] ^= 1
	bad := mine(t, p, good.Header, false, txs)
	wantError(t, IsBlockMutated(bad, true), ErrWitnessCommitment, ResultMutated, mismatch)
	wantError(t, IsBlockMutated(good, true), "", 0, "")
	wantError(t, IsBlockMutated(good, false), ErrUnexpectedWitness, ResultMutated, unexpected)
}

// Weight is judged after the witnesses: a stuffed coinbase witness must show as
// mutation, not as weight.
func TestBlockWeight(t *testing.T) {
	const height = 100
	p := regtest()
	heavy := func(bytes int) []wire.Tx {
		tx := spendTx(5, 1)
		tx.In[0].Witness = [][]byte{make([]byte, bytes)}
		return withWitness([]wire.Tx{coinbaseTx(height, 1), tx})
	}
	at := func(txs []wire.Tx) error {
		return ContextualCheckBlock(buildBlock(t, p, txs...), BlockContext{Height: height}, p)
	}
	const some = 3_000_000
	room := int(wire.MaxBlockWeight - buildBlock(t, p, heavy(some)...).Weight())
	exact := heavy(some + room)
	if w := buildBlock(t, p, exact...).Weight(); w != wire.MaxBlockWeight {
		t.Fatalf("weight %d", w)
	}
	wantError(t, at(exact), "", 0, "")
	wantError(t, at(heavy(some+room+1)), ErrBlockWeight, ResultConsensus, "ContextualCheckBlock : weight limit failed")

	stuffed := heavy(10)
	stuffed[0].In[0].Witness = append(stuffed[0].In[0].Witness, make([]byte, int(wire.MaxBlockWeight)))
	wantError(t, at(stuffed), ErrWitnessNonceSize, ResultMutated, "CheckWitnessMalleation : invalid witness reserved value size")
}

func TestAppendHeight(t *testing.T) {
	for height, want := range map[int32]string{
		0: "00", 1: "51", 16: "60", 17: "0111", 127: "017f", 128: "028000", 255: "02ff00", 256: "020001",
		32767: "02ff7f", 32768: "03008000", 227931: "035b7a03", 8388608: "0400008000", 2147483647: "04ffffff7f",
	} {
		if got := hex.EncodeToString(AppendHeight(nil, height)); got != want {
			t.Errorf("%d: %s, want %s", height, got, want)
		}
	}
}

// Real blocks fit at their heights; the witness commitment of the segwit ones is
// part of that.
func TestContextualRealBlocks(t *testing.T) {
	heights := map[string]int32{
		"mainnet-300025.raw": 300025, "mainnet-367891.raw": 367891, "mainnet-413567.raw": 413567,
		"mainnet-426884.raw": 426884, "testnet3-928848.raw": 928848,
	}
	ran := 0
	for path, p := range sharedBlocks(t) {
		for name, height := range heights {
			if path[len(path)-len(name):] != name {
				continue
			}
			ran++
			b := readBlock(t, path)
			ctx := BlockContext{Height: height, PrevMTP: int64(b.Header.Time) - 3600}
			wantError(t, ContextualCheckBlock(b, ctx, p), "", 0, "")
			ctx.Height++
			if height >= p.BIP34Height {
				wantError(t, ContextualCheckBlock(b, ctx, p), ErrCoinbaseHeight, ResultConsensus, "block height mismatch in coinbase")
			}
		}
	}
	if ran != len(heights) {
		t.Errorf("%d of %d blocks", ran, len(heights))
	}
}
