package consensus

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"grapevine/internal/testdata"
	"grapevine/wire"
	"pgregory.net/rapid"
)

// Each row breaks one rule of a transaction that is otherwise fine.
func TestCheckTransaction(t *testing.T) {
	cases := []struct {
		name   string
		change func(*wire.Tx)
		want   ErrorKind
	}{
		{"as it is", func(*wire.Tx) {}, ""},
		{"no inputs", func(tx *wire.Tx) { tx.In = nil }, ErrNoInputs},
		{"no outputs", func(tx *wire.Tx) { tx.Out = nil }, ErrNoOutputs},
		{"too large", func(tx *wire.Tx) { tx.In[0].ScriptSig = make([]byte, 1_000_000) }, ErrTxOversize},
		{"witness does not count", func(tx *wire.Tx) { tx.In[0].Witness = [][]byte{make([]byte, 1_000_000)} }, ""},
		{"negative output", func(tx *wire.Tx) { tx.Out[0].Value = -1 }, ErrOutputNegative},
		{"all the money", func(tx *wire.Tx) { tx.Out[0].Value = wire.MaxMoney }, ""},
		{"more than all the money", func(tx *wire.Tx) { tx.Out[0].Value = wire.MaxMoney + 1 }, ErrOutputTooLarge},
		{"sum above all the money", func(tx *wire.Tx) {
			tx.Out = []wire.TxOut{{Value: wire.MaxMoney}, {Value: 1}}
		}, ErrOutputsTooLarge},
		{"an input twice", func(tx *wire.Tx) { tx.In = append(tx.In, tx.In[0]) }, ErrInputsDuplicate},
		{"a null input among others", func(tx *wire.Tx) {
			tx.In[1].PrevOut = wire.OutPoint{Index: 0xffffffff}
		}, ErrPrevOutNull},
		{"an index of all ones alone is fine", func(tx *wire.Tx) { tx.In[1].PrevOut.Index = 0xffffffff }, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tx := spendTx(7, 2)
			c.change(&tx)
			wantError(t, CheckTransaction(&tx), c.want, ResultConsensus, "")
		})
	}
}

func TestCoinbaseScriptLength(t *testing.T) {
	for length, want := range map[int]ErrorKind{
		0: ErrCoinbaseLength, 1: ErrCoinbaseLength, 2: "", 100: "", 101: ErrCoinbaseLength,
	} {
		tx := coinbaseTx(1, 1)
		tx.In[0].ScriptSig = make([]byte, length)
		wantError(t, CheckTransaction(&tx), want, ResultConsensus, "")
	}
}

// The exact limit of size: one byte more fails.
func TestOversizeLimit(t *testing.T) {
	tx := spendTx(1, 1)
	tx.In[0].ScriptSig = make([]byte, 999_000)
	tx.In[0].ScriptSig = make([]byte, 999_000+1_000_000-tx.BaseSize())
	if tx.BaseSize() != 1_000_000 {
		t.Fatalf("size %d", tx.BaseSize())
	}
	wantError(t, CheckTransaction(&tx), "", 0, "")
	tx.In[0].ScriptSig = append(tx.In[0].ScriptSig, 0)
	wantError(t, CheckTransaction(&tx), ErrTxOversize, ResultConsensus, "")
}

// Duplicates at every size class: compared, sorted on the stack, sorted on the
// heap; and keys that collide without being equal.
func TestDuplicateInputs(t *testing.T) {
	for _, n := range []int{2, fewInputs, fewInputs + 1, someInputs, someInputs + 1, 24_000} {
		in := make([]wire.TxIn, n)
		for i := range in {
			in[i].PrevOut = wire.OutPoint{Txid: wire.Txid{byte(i), byte(i >> 8)}, Index: uint32(i % 3)}
		}
		if hasDuplicateInputs(in) {
			t.Errorf("%d different inputs: duplicate", n)
		}
		last := in[n-1]
		in[n-1].PrevOut = in[0].PrevOut
		if !hasDuplicateInputs(in) {
			t.Errorf("%d inputs, first and last equal: not noticed", n)
		}
		in[n-1] = last
		for i := range in { // one key for all
			in[i].PrevOut = wire.OutPoint{Txid: wire.Txid{10: byte(i), 11: byte(i >> 8)}}
		}
		if hasDuplicateInputs(in) {
			t.Errorf("%d inputs of one key: duplicate", n)
		}
		in[0].PrevOut = in[n-1].PrevOut
		if !hasDuplicateInputs(in) {
			t.Errorf("%d inputs of one key, first and last equal: not noticed", n)
		}
	}
}

func TestDuplicateInputsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "n")
		in := make([]wire.TxIn, n)
		seen := map[wire.OutPoint]bool{}
		want := false
		for i := range in {
			id := wire.Txid{rapid.Byte().Draw(t, "first"), 20: rapid.ByteRange(0, 1).Draw(t, "late")}
			in[i].PrevOut = wire.OutPoint{Txid: id, Index: rapid.Uint32Range(0, 3).Draw(t, "index")}
			want = want || seen[in[i].PrevOut]
			seen[in[i].PrevOut] = true
		}
		if got := hasDuplicateInputs(in); got != want {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func TestCheckTransactionAllocates(t *testing.T) {
	tx := spendTx(1, someInputs)
	tx.Seal()
	if n := testing.AllocsPerRun(10, func() { _ = CheckTransaction(&tx) }); n != 0 {
		t.Errorf("%v allocations for %d inputs", n, someInputs)
	}
}

// The vectors mark with BADTX what this check refuses. All others are refused by
// their scripts, if at all.
func TestTransactionVectors(t *testing.T) {
	for _, file := range []string{"tx_valid.json", "tx_invalid.json"} {
		raw, err := os.ReadFile(testdata.Shared(t, "vectors/core/"+file))
		if err != nil {
			t.Fatal(err)
		}
		var rows []json.RawMessage
		if err := json.Unmarshal(raw, &rows); err != nil {
			t.Fatal(err)
		}
		held, ran, bad := 0, 0, 0
		for _, r := range rows {
			var row []json.RawMessage
			if json.Unmarshal(r, &row) != nil || len(row) != 3 {
				continue // a comment
			}
			held++
			var text, flags string
			if json.Unmarshal(row[1], &text) != nil || json.Unmarshal(row[2], &flags) != nil {
				t.Fatalf("%s: row %s", file, r)
			}
			b, err := hex.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			tx, err := wire.DecodeTx(b)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			ran++
			badTx := file == "tx_invalid.json" && strings.Contains(flags, "BADTX")
			if badTx {
				bad++
			}
			if err := CheckTransaction(tx); (err != nil) != badTx {
				t.Errorf("%s: flags %s, got %v", text, flags, err)
			}
		}
		t.Logf("%s: %d of %d cases, %d of them BADTX", file, ran, held, bad)
		if ran != held || ran == 0 || file == "tx_invalid.json" && bad == 0 {
			t.Errorf("%s: ran %d of %d cases", file, ran, held)
		}
	}
}

func FuzzCheckTransaction(f *testing.F) {
	tx := spendTx(3, 2)
	f.Add(tx.AppendTo(nil))
	cb := coinbaseTx(300, 50)
	f.Add(cb.AppendTo(nil))
	f.Fuzz(func(t *testing.T, raw []byte) {
		tx, err := wire.DecodeTx(raw)
		if err != nil {
			return
		}
		err = CheckTransaction(tx)
		seen := map[wire.OutPoint]bool{}
		for i := range tx.In {
			if seen[tx.In[i].PrevOut] && err == nil {
				t.Fatal("a duplicate input passes")
			}
			seen[tx.In[i].PrevOut] = true
		}
		var sum wire.Amount
		for i := range tx.Out {
			if sum += tx.Out[i].Value; err == nil && !sum.InRange() {
				t.Fatal("outputs out of range pass")
			}
		}
	})
}

func BenchmarkDuplicateInputs(b *testing.B) {
	for name, n := range map[string]int{"2": 2, "16": 16, "100": 100, "24000": 24000} {
		b.Run(name, func(b *testing.B) {
			in := make([]wire.TxIn, n)
			for i := range in {
				h := wire.DoubleSHA256([]byte{byte(i), byte(i >> 8)})
				in[i].PrevOut.Txid = h
			}
			for b.Loop() {
				hasDuplicateInputs(in)
			}
		})
	}
}
