package consensus

import (
	"testing"

	"grapevine/chain/script"
	"grapevine/wire"
)

const (
	opCheckSig   = 0xac
	opCheckMulti = 0xae
)

// The cost of one transaction under its three ways of counting.
func TestTxSigOpCost(t *testing.T) {
	all := script.VerifyP2SH | script.VerifyWitness
	redeem := []byte{0x52, 0x53, opCheckMulti, opCheckSig} // 3 + 1 counted, 20 + 1 uncounted
	p2sh := append(append([]byte{0xa9, 20}, make([]byte, 20)...), 0x87)
	p2wpkh := append([]byte{0, 20}, make([]byte, 20)...)
	p2wsh := append([]byte{0, 32}, make([]byte, 32)...)
	p2tr := append([]byte{0x51, 32}, make([]byte, 32)...)
	cases := []struct {
		name     string
		pkScript []byte
		sig      []byte
		witness  [][]byte
		flags    script.Flags
		want     int64
	}{
		{"bare output", []byte{opCheckSig}, nil, nil, all, 4}, // the output created; the one spent is not counted
		{"in the input's script", nil, []byte{opCheckSig}, nil, all, 8},
		{"P2SH", p2sh, append([]byte{4}, redeem...), nil, all, 4 + 4*4},
		{"P2SH before its flag", p2sh, append([]byte{4}, redeem...), nil, script.VerifyWitness, 4},
		{"P2SH not push only", p2sh, append([]byte{0x61, 4}, redeem...), nil, all, 4},
		{"P2WPKH", p2wpkh, nil, [][]byte{{1}, {2}}, all, 4 + 1},
		{"P2WPKH before its flag", p2wpkh, nil, [][]byte{{1}, {2}}, script.VerifyP2SH, 4},
		{"P2WSH", p2wsh, nil, [][]byte{{1}, redeem}, all, 4 + 4},
		{"P2WPKH in P2SH", p2sh, append([]byte{22}, p2wpkh...), [][]byte{{1}}, all, 4 + 1},
		{"taproot", p2tr, nil, [][]byte{redeem, {0xc0}}, all, 4},
	}
	for _, c := range cases {
		tx := spendTx(1, 1)
		tx.Out[0].PkScript = []byte{opCheckSig}
		tx.In[0].ScriptSig, tx.In[0].Witness = c.sig, c.witness
		if got := TxSigOpCost(&tx, []wire.TxOut{{PkScript: c.pkScript}}, c.flags); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// A coinbase has no coins to look at, and its own scripts count.
func TestCoinbaseSigOps(t *testing.T) {
	tx := coinbaseTx(1, 1)
	tx.Out[0].PkScript = []byte{opCheckMulti}
	if got := TxSigOpCost(&tx, nil, script.VerifyP2SH|script.VerifyWitness); got != 80 {
		t.Errorf("%d", got)
	}
	if got := P2SHSigOps(&tx, nil); got != 0 {
		t.Errorf("%d in P2SH", got)
	}
}
