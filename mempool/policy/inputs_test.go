package policy

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"grapevine/chain/script"
	"grapevine/wire"
)

// spending is a transaction with these input scripts, and what it spends.
func spending(pk []byte, sigs ...[]byte) (*wire.Tx, []wire.TxOut) {
	tx := &wire.Tx{Version: 2}
	var spent []wire.TxOut
	for i, sig := range sigs {
		tx.In = append(tx.In, wire.TxIn{PrevOut: wire.OutPoint{Index: uint32(i)}, ScriptSig: sig})
		spent = append(spent, wire.TxOut{PkScript: pk})
	}
	return tx.Seal(), spent
}

func push(b []byte) []byte { return script.AppendPush(nil, b) }

// checks is a script of so many signature checks.
func checks(n int) []byte { return bytes.Repeat([]byte{0xac}, n) }

func TestCheckInputs(t *testing.T) {
	heavy := make([][]byte, 100)
	for i := range heavy {
		heavy[i] = push(checks(15))
	}
	for _, c := range []struct {
		name string
		pk   []byte
		sigs [][]byte
		want string // part of the detail, "" when standard
	}{
		{"key hash", p2pkh, [][]byte{push(nil)}, ""},
		{"anchor", anchor, [][]byte{nil}, ""},
		{"unknown form", []byte{0x51}, [][]byte{nil}, "input 0 script unknown"},
		{"unknown program", future, [][]byte{nil}, "input 0 witness program is undefined"},
		{"redeem script", p2sh, [][]byte{push(checks(15))}, ""},
		{"too many operations", p2sh, [][]byte{push(checks(16))}, "p2sh redeemscript sigops exceed limit (input 0: 16 > 15)"},
		{"no redeem script", p2sh, [][]byte{nil}, "input 0 P2SH redeemscript missing"},
		{"redeem script of a number", p2sh, [][]byte{{0x51}}, ""},
		{"reserved", p2sh, [][]byte{{0x50}}, "p2sh scriptsig malformed (input 0: Opcode missing or not understood)"},
		{"push too large", p2sh, [][]byte{push(make([]byte, 521))}, "p2sh scriptsig malformed (input 0: Push value size limit exceeded)"},
		{"stack full", p2sh, [][]byte{make([]byte, 1000)}, ""},
		{"stack over", p2sh, [][]byte{make([]byte, 1001)}, "p2sh scriptsig malformed (input 0: Stack size limit exceeded)"},
		{"2,500 operations", multisig(1, 3), make([][]byte, 833), ""},
		{"2,502 operations", multisig(1, 3), make([][]byte, 834), "non-witness sigops exceed bip54 limit"},
		{"operations of redeem scripts", p2sh, heavy, ""},
		{"the second input", p2sh, [][]byte{push(checks(1)), nil}, "input 1 P2SH redeemscript missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckInputs(spending(c.pk, c.sigs...))
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want != "" && (!errors.Is(err, ErrInputs) || !strings.HasSuffix(err.Error(), ", "+c.want)):
				t.Fatalf("%v; want %s", err, c.want)
			}
		})
	}
}

func TestCheckWitness(t *testing.T) {
	items := func(n, size int) [][]byte {
		list := make([][]byte, n)
		for i := range list {
			list[i] = make([]byte, size)
		}
		return list
	}
	tapscript := func(args [][]byte, version byte) [][]byte {
		return append(args, []byte{0x51}, append([]byte{version}, make([]byte, 32)...))
	}
	nested := push(p2wsh)
	for _, c := range []struct {
		name    string
		pk, sig []byte
		witness [][]byte
		want    bool
	}{
		{"none", p2pkh, nil, nil, true},
		{"where none belongs", p2pkh, nil, items(1, 1), false},
		{"anchor", anchor, nil, items(1, 0), false},
		{"key hash", p2wpkh, nil, items(2, 72), true},
		{"future version", future, nil, items(200, 1000), true},
		{"script of 3,600", p2wsh, nil, [][]byte{make([]byte, 3600)}, true},
		{"script of 3,601", p2wsh, nil, [][]byte{make([]byte, 3601)}, false},
		{"100 items", p2wsh, nil, append(items(100, 80), []byte{0x51}), true},
		{"101 items", p2wsh, nil, append(items(101, 1), []byte{0x51}), false},
		{"item of 81", p2wsh, nil, append(items(1, 81), []byte{0x51}), false},
		{"nested", p2sh, nested, append(items(1, 80), []byte{0x51}), true},
		{"nested, item of 81", p2sh, nested, append(items(1, 81), []byte{0x51}), false},
		{"p2sh without program", p2sh, push([]byte{0x51}), items(1, 1), false},
		{"p2sh without redeem script", p2sh, nil, items(1, 1), false},
		{"p2sh that fails", p2sh, []byte{0x50}, items(1, 1), false},
		{"key path", p2tr, nil, items(1, 500), true},
		{"annex", p2tr, nil, [][]byte{make([]byte, 64), {0x50, 1}}, false},
		{"annex alone is a signature", p2tr, nil, [][]byte{{0x50, 1}}, true},
		{"tapscript", p2tr, nil, tapscript(items(300, 80), 0xc0), true},
		{"tapscript, item of 81", p2tr, nil, tapscript(items(1, 81), 0xc1), false},
		{"other leaf version", p2tr, nil, tapscript(items(1, 81), 0xc2), true},
		{"no control block", p2tr, nil, [][]byte{{0x51}, {}}, false},
		{"taproot in p2sh has no rules", p2sh, push(p2tr), tapscript(items(1, 81), 0xc0), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx, spent := spending(c.pk, c.sig)
			tx.In[0].Witness = c.witness
			if err := CheckWitness(tx, spent); (err == nil) != c.want || err != nil && !errors.Is(err, ErrWitness) {
				t.Fatalf("%v; want standard %v", err, c.want)
			}
		})
	}
}

func TestSpendsWitness(t *testing.T) {
	for _, c := range []struct {
		name    string
		pk, sig []byte
		want    bool
	}{
		{"key hash", p2pkh, nil, false}, {"witness key hash", p2wpkh, nil, true}, {"taproot", p2tr, nil, true},
		{"future", future, nil, true}, {"anchor", anchor, nil, false}, {"nested", p2sh, push(p2wpkh), true},
		{"p2sh", p2sh, push(p2pkh), false}, {"p2sh without redeem script", p2sh, nil, false},
		{"p2sh that computes", p2sh, []byte{0x61}, false},
	} {
		if got := SpendsWitness(spending(c.pk, c.sig)); got != c.want {
			t.Errorf("%s: %v; want %v", c.name, got, c.want)
		}
	}
}

// No bytes make the checks panic, and what runs a script of pushes agrees with
// what reads it.
func FuzzInputs(f *testing.F) {
	f.Add(p2sh, push(p2wsh), []byte{0x50})
	f.Add(p2tr, []byte{}, []byte{0xc0, 1, 2})
	f.Add(p2wsh, []byte{1, 2, 0x4c}, []byte{})
	f.Fuzz(func(t *testing.T, pk, sig, item []byte) {
		tx, spent := spending(pk, sig, nil)
		tx.In[0].Witness = [][]byte{item, sig}
		tx.In[1].Witness = [][]byte{item}
		_ = CheckWitness(tx, spent)
		_ = CheckInputs(tx, spent)
		_ = SpendsWitness(tx, spent)
		_ = CheckTx(tx, usual)
		if _, pushed, err := lastPushed(sig); err == nil && !script.IsPushOnly(sig) {
			t.Fatalf("ran a script that computes, pushed %v", pushed)
		}
	})
}
