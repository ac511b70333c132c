package script

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"grapevine/wire"
)

// txCase is an entry of tx_valid.json or tx_invalid.json.
type txCase struct {
	name  string
	tx    *wire.Tx
	spent []wire.TxOut
	flags Flags
	badTx bool // not for its scripts
}

func txCases(t *testing.T, file string) (list []txCase) {
	for _, c := range cases(t, file) {
		tc := txCase{name: string(c[0]) + string(c[2])}
		var inputs [][]json.RawMessage
		if err := json.Unmarshal(c[0], &inputs); err != nil {
			t.Fatal(err)
		}
		outs := map[wire.OutPoint]wire.TxOut{}
		for _, in := range inputs {
			var index int64
			var value wire.Amount
			if err := json.Unmarshal(in[1], &index); err != nil {
				t.Fatal(err)
			}
			if len(in) > 3 {
				if err := json.Unmarshal(in[3], &value); err != nil {
					t.Fatal(err)
				}
			}
			txid, err := wire.ParseTxid(str(t, in[0]))
			if err != nil {
				t.Fatal(err)
			}
			outs[wire.OutPoint{Txid: txid, Index: uint32(index)}] = wire.TxOut{Value: value, PkScript: mustScript(t, str(t, in[2]))}
		}
		raw := unhex(str(t, c[1]))
		tx, err := wire.DecodeTx(raw)
		if err != nil {
			// Without inputs it reads as an empty one of BIP 144 only.
			if tx, err = wire.DecodeTxNoWitness(raw); err != nil {
				t.Fatalf("%s: %v", tc.name, err)
			}
		}
		tc.tx = tx
		if text := str(t, c[2]); text == "BADTX" {
			tc.badTx = true
		} else {
			tc.flags = mustFlags(t, text)
		}
		for i := range tx.In {
			out, ok := outs[tx.In[i].PrevOut]
			if !ok && !tc.badTx {
				t.Fatalf("%s: no output for input %d", tc.name, i)
			}
			tc.spent = append(tc.spent, out)
		}
		list = append(list, tc)
	}
	return list
}

// insane tells whether a transaction breaks one of the rules that need no
// scripts and no coins. It stands here in short for the cases marked BADTX;
// the rules themselves are those of package consensus.
func insane(tx *wire.Tx) bool {
	if len(tx.In) == 0 || len(tx.Out) == 0 || tx.BaseSize()*4 > int(wire.MaxBlockWeight) {
		return true
	}
	var total wire.Amount
	for _, out := range tx.Out {
		if total += out.Value; !out.Value.InRange() || !total.InRange() {
			return true
		}
	}
	seen := map[wire.OutPoint]bool{}
	for _, in := range tx.In {
		if seen[in.PrevOut] || in.PrevOut.IsNull() && len(tx.In) > 1 {
			return true
		}
		seen[in.PrevOut] = true
	}
	n := len(tx.In[0].ScriptSig)
	return tx.IsCoinbase() && (n < 2 || n > 100)
}

func (c *txCase) valid(t *testing.T, flags Flags, m *Midstates, memo *memo) bool {
	t.Helper()
	for i := range c.tx.In {
		if verifyBoth(t, c.tx, i, flags, m, memo) != "OK" {
			return false
		}
	}
	return true
}

func TestTxValid(t *testing.T) {
	list, memo, rng := txCases(t, "tx_valid.json"), newMemo(), rand.New(rand.NewPCG(3, 4))
	for _, c := range list {
		if insane(c.tx) {
			t.Errorf("%s: not well-formed", c.name)
		}
		m := NewMidstates(c.tx, c.spent)
		// The flags of the file are those that are off.
		flags := AllFlags &^ c.flags
		if flags != trimFlags(flags) {
			t.Errorf("%s: flags without sense", c.name)
		}
		if !c.valid(t, flags, m, memo) {
			t.Errorf("%s: invalid", c.name)
		}
		for f := Flags(1); f < flagsEnd; f <<= 1 {
			for _, less := range []Flags{flags &^ f, flags &^ Flags(rng.Uint32())} {
				if !c.valid(t, trimFlags(less), m, memo) {
					t.Errorf("%s: invalid with fewer flags %v", c.name, less.Names())
				}
			}
			// No flag is off for nothing.
			if fewer := trimOff(c.flags &^ f); c.flags&f != 0 && fewer != c.flags && c.valid(t, AllFlags&^fewer, m, memo) {
				t.Errorf("%s: valid with %v too", c.name, f.Names())
			}
		}
	}
	counted(t, "tx_valid.json", len(list), len(cases(t, "tx_valid.json")), 121)
}

// trimOff is what the vectors do to a set of flags that are to be switched off,
// although the reason (flags that need others) is about flags that are on.
func trimOff(f Flags) Flags { return trimFlags(f) }

func TestTxInvalid(t *testing.T) {
	list, memo, rng := txCases(t, "tx_invalid.json"), newMemo(), rand.New(rand.NewPCG(5, 6))
	bad := 0
	for _, c := range list {
		if insane(c.tx) != c.badTx {
			t.Errorf("%s: well-formed %v", c.name, c.badTx)
		}
		if c.badTx {
			bad++
			continue
		}
		m := NewMidstates(c.tx, c.spent)
		if c.flags != fillFlags(c.flags) {
			t.Errorf("%s: flags without sense", c.name)
		}
		if c.valid(t, c.flags, m, memo) {
			t.Errorf("%s: valid", c.name)
		}
		for f := Flags(1); f < flagsEnd; f <<= 1 {
			for _, more := range []Flags{c.flags | f, c.flags | Flags(rng.Uint32())&AllFlags} {
				if c.valid(t, fillFlags(more), m, memo) {
					t.Errorf("%s: valid with more flags %v", c.name, more.Names())
				}
			}
			if fewer := trimFlags(c.flags &^ f); fewer != c.flags && !c.valid(t, fewer, m, memo) {
				t.Errorf("%s: invalid without %v too", c.name, f.Names())
			}
		}
	}
	counted(t, "tx_invalid.json", len(list), len(cases(t, "tx_invalid.json")), 93)
	t.Logf("%d of them for reasons other than scripts", bad)
}
