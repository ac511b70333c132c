package policy

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"grapevine/chain/script"
	"grapevine/wire"
)

// The rules of a node without options.
var usual = Rules{DustRate: 3000, DataCarrierBytes: 100_000, PermitBareMultisig: true}

// Output scripts of each form.
var (
	p2pkh  = cat([]byte{0x76, 0xa9, 20}, make([]byte, 20), []byte{0x88, 0xac})
	p2sh   = cat([]byte{0xa9, 20}, make([]byte, 20), []byte{0x87})
	p2wpkh = cat([]byte{0, 20}, make([]byte, 20))
	p2wsh  = cat([]byte{0, 32}, make([]byte, 32))
	p2tr   = cat([]byte{0x51, 32}, make([]byte, 32))
	anchor = []byte{0x51, 2, 0x4e, 0x73}
	future = cat([]byte{0x52, 32}, make([]byte, 32))
)

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// data is a data output of so many bytes of script.
func data(size int) []byte {
	s := []byte{0x6a}
	for len(s) < size {
		n := min(size-len(s)-1, 75)
		s = append(append(s, byte(n)), make([]byte, n)...)
	}
	return s
}

// multisig is m of n keys.
func multisig(m, n int) []byte {
	key := cat([]byte{2}, bytes.Repeat([]byte{7}, 32))
	keys := make([][]byte, n)
	for i := range keys {
		keys[i] = key
	}
	return script.AppendMultiSig(nil, m, keys)
}

// plain is a standard transaction; change bends it.
func plain(change func(*wire.Tx)) *wire.Tx {
	tx := &wire.Tx{
		Version: 2,
		In:      []wire.TxIn{{PrevOut: wire.OutPoint{Index: 1}}},
		Out:     []wire.TxOut{{Value: 1000, PkScript: p2pkh}},
	}
	if change != nil {
		change(tx)
	}
	return tx.Seal()
}

func pays(scripts ...[]byte) func(*wire.Tx) {
	return func(tx *wire.Tx) {
		tx.Out = nil
		for _, s := range scripts {
			tx.Out = append(tx.Out, wire.TxOut{Value: 1000, PkScript: s})
		}
	}
}

func TestCheckTx(t *testing.T) {
	noData, noMultisig, littleData := usual, usual, usual
	noData.DataCarrierBytes, noMultisig.PermitBareMultisig, littleData.DataCarrierBytes = 0, false, 100
	for _, c := range []struct {
		name   string
		rules  Rules
		change func(*wire.Tx)
		want   error
	}{
		{"plain", usual, nil, nil},
		{"version 0", usual, func(tx *wire.Tx) { tx.Version = 0 }, ErrVersion},
		{"version 1", usual, func(tx *wire.Tx) { tx.Version = 1 }, nil},
		{"version 3", usual, func(tx *wire.Tx) { tx.Version = 3 }, nil},
		{"version 4", usual, func(tx *wire.Tx) { tx.Version = 4 }, ErrVersion},
		{"version of all bits", usual, func(tx *wire.Tx) { tx.Version = 0xffffffff }, ErrVersion},
		{"weight at the limit", usual, func(tx *wire.Tx) { fill(tx, MaxTxWeight) }, nil},
		{"weight above", usual, func(tx *wire.Tx) { fill(tx, MaxTxWeight+1) }, ErrTxSize},
		{"input script at the limit", usual, func(tx *wire.Tx) { tx.In[0].ScriptSig = make([]byte, 1650) }, nil},
		{"input script above", usual, func(tx *wire.Tx) { tx.In[0].ScriptSig = make([]byte, 1651) }, ErrScriptSigSize},
		{"input script that computes", usual, func(tx *wire.Tx) { tx.In[0].ScriptSig = []byte{0x61} }, ErrScriptSigPushOnly},
		{"input script cut short", usual, func(tx *wire.Tx) { tx.In[0].ScriptSig = []byte{2, 1} }, ErrScriptSigPushOnly},
		{"all forms", usual, pays(p2pkh, p2sh, p2wpkh, p2wsh, p2tr, anchor, future, multisig(1, 2)), nil},
		{"odd output", usual, pays([]byte{0x51}), ErrScriptPubKey},
		{"empty output", usual, pays(nil), ErrScriptPubKey},
		{"multisig of three", usual, pays(multisig(3, 3)), nil},
		{"multisig of four", usual, pays(multisig(1, 4)), ErrScriptPubKey},
		{"multisig refused", noMultisig, pays(multisig(1, 2)), ErrBareMultisig},
		{"multisig of four where all are refused", noMultisig, pays(multisig(1, 4)), ErrScriptPubKey},
		{"data", littleData, pays(data(50), data(50)), nil},
		{"data above in sum", littleData, pays(data(50), data(51)), ErrDataCarrier},
		{"data refused", noData, pays(data(2)), ErrDataCarrier},
		{"one dust output", usual, func(tx *wire.Tx) { pays(p2pkh, p2pkh)(tx); tx.Out[0].Value = 545 }, nil},
		{"two", usual, func(tx *wire.Tx) { pays(p2pkh, p2pkh)(tx); tx.Out[0].Value, tx.Out[1].Value = 545, 0 }, ErrDust},
		{"just above dust", usual, func(tx *wire.Tx) { pays(p2pkh, p2pkh)(tx); tx.Out[0].Value, tx.Out[1].Value = 546, 546 }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := CheckTx(plain(c.change), c.rules); !errors.Is(err, c.want) {
				t.Fatalf("%v; want %v", err, c.want)
			}
		})
	}
}

// fill gives a transaction exactly this weight, by its witness.
func fill(tx *wire.Tx, weight wire.Weight) {
	tx.In[0].Witness = [][]byte{make([]byte, 1000)}
	missing := int(weight - tx.Weight())
	tx.In[0].Witness = [][]byte{make([]byte, 1000+missing-2)} // its length takes five bytes then, not three
}

func TestDustThreshold(t *testing.T) {
	for _, c := range []struct {
		name string
		pk   []byte
		want wire.Amount
	}{
		{"p2pkh", p2pkh, 546}, {"p2sh", p2sh, 540}, {"p2wpkh", p2wpkh, 294}, {"p2wsh", p2wsh, 330},
		{"p2tr", p2tr, 330}, {"anchor", anchor, 240}, {"data", data(40), 0}, {"multisig of three", multisig(1, 3), 786},
		{"unspendable for its size", make([]byte, 10_001), 0},
	} {
		out := wire.TxOut{PkScript: c.pk}
		if got := DustThreshold(&out, 3000); got != c.want {
			t.Errorf("%s: %d; want %d", c.name, got, c.want)
		}
		out.Value = c.want
		if IsDust(&out, 3000) {
			t.Errorf("%s: the threshold is dust", c.name)
		}
		if out.Value--; c.want > 0 && !IsDust(&out, 3000) {
			t.Errorf("%s: below the threshold is no dust", c.name)
		}
	}
}

func TestSizesAndFees(t *testing.T) {
	if got := VSize(401, 0); got != 101 {
		t.Errorf("%d virtual bytes of 401; want 101", got)
	}
	if got := VSize(400, 21); got != 105 {
		t.Errorf("%d virtual bytes for 21 operations; want 105", got)
	}
	for _, c := range []struct {
		rate wire.FeeRate
		size int
		fee  wire.Amount
	}{{100, 141, 15}, {1000, 141, 141}, {1, 1000, 1}, {1, 1001, 2}, {0, 500, 0}, {-5, 500, 0}, {4_000_000_000_000_000_000, 1000, 4_000_000_000_000_000_000}, {4_000_000_000_000_000_000, 100_000, math.MaxInt64}} {
		if got := Fee(c.rate, c.size); got != c.fee {
			t.Errorf("%d virtual bytes at %d: %d; want %d", c.size, c.rate, got, c.fee)
		}
	}
	if got := Rate(2000, 153); got != 13071 {
		t.Errorf("rate %d; want 13071", got)
	}
	if got := Rate(-1, 3); got != -334 {
		t.Errorf("rate %d; want -334", got)
	}
}
