package consensus

import (
	"errors"
	"os"
	"strings"
	"testing"

	"grapevine/chain/params"
	"grapevine/internal/testdata"
	"grapevine/wire"
)

// coinbaseTx returns a valid coinbase for a height, paying value to anyone.
func coinbaseTx(height int32, value wire.Amount) wire.Tx {
	return wire.Tx{
		Version: 2,
		In: []wire.TxIn{{
			PrevOut:   wire.OutPoint{Index: 0xffffffff},
			ScriptSig: append(AppendHeight(nil, height), 0x00),
			Sequence:  0xffffffff,
		}},
		Out: []wire.TxOut{{Value: value, PkScript: []byte{0x51}}},
	}
}

// spendTx returns a valid transaction whose inputs and value follow from seed.
func spendTx(seed byte, inputs int) wire.Tx {
	tx := wire.Tx{
		Version: 2,
		Out:     []wire.TxOut{{Value: wire.Amount(seed) + 1, PkScript: []byte{0x51}}},
	}
	for i := range inputs {
		tx.In = append(tx.In, wire.TxIn{
			PrevOut:  wire.OutPoint{Txid: wire.Txid{seed, 1}, Index: uint32(i)},
			Sequence: 0xffffffff,
		})
	}
	return tx
}

// buildBlock makes a block of the transactions: its merkle root, and a nonce
// that meets its bits. It gives up on anything but the easiest targets.
func buildBlock(t testing.TB, p *params.Params, txs ...wire.Tx) *wire.Block {
	t.Helper()
	h := wire.Header{Version: 4, PrevBlock: p.GenesisHash, Time: p.Genesis.Header.Time + 600, Bits: p.PowLimit.Compact()}
	return mine(t, p, h, true, txs)
}

func mine(t testing.TB, p *params.Params, h wire.Header, fixRoot bool, txs []wire.Tx) *wire.Block {
	t.Helper()
	// A copy, so that several blocks can be made of the same transactions.
	list := make([]wire.Tx, len(txs))
	ids := make([]wire.Txid, len(txs))
	for i := range txs {
		list[i] = *txs[i].Clone()
		ids[i] = list[i].Txid()
	}
	if fixRoot {
		h.MerkleRoot, _ = MerkleRoot(ids)
	}
	for range 100 {
		if p.CheckProofOfWork(h.Hash(), h.Bits) {
			return wire.NewBlock(h, list)
		}
		h.Nonce++
	}
	t.Fatal("no nonce found: the target is too hard for a test")
	return nil
}

// withWitness adds a commitment to the block's transactions to the coinbase.
func withWitness(txs []wire.Tx) []wire.Tx {
	list := make([]wire.Tx, len(txs))
	for i := range txs {
		list[i] = *txs[i].Clone()
	}
	list[0].In[0].Witness = WitnessReserved()
	list[0].Out = append(list[0].Out, wire.TxOut{PkScript: WitnessCommitmentScript(list)})
	return list
}

func regtest() *params.Params { return params.Regtest(params.RegtestOptions{}) }

// wantError checks reason, result and detail of a rule error. An empty reason
// means none.
func wantError(t *testing.T, err error, kind ErrorKind, result Result, detail string) {
	t.Helper()
	if kind == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("got %v, want %s", err, kind)
		return
	}
	if e.Kind != kind || e.Result != result || e.Detail != detail {
		t.Errorf("got %q result %d detail %q, want %q result %d detail %q", e.Kind, e.Result, e.Detail, kind, result, detail)
	}
	text := string(kind)
	if detail != "" {
		text += ", " + detail
	}
	if err.Error() != text || !errors.Is(err, kind) {
		t.Errorf("the error reads %q, want %q", err, text)
	}
}

func readBlock(t testing.TB, path string) *wire.Block {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := wire.DecodeBlock(raw)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sharedBlocks are the real blocks of the shared data, with their network.
func sharedBlocks(t testing.TB) map[string]*params.Params {
	dir := testdata.Shared(t, "blocks")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]*params.Params{}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".raw") || strings.Count(name, ".") != 1 {
			continue
		}
		p := params.Mainnet()
		if strings.HasPrefix(name, "testnet3") {
			p = params.Testnet3()
		}
		list[dir+"/"+name] = p
	}
	if len(list) == 0 {
		t.Fatal("no blocks in the shared data")
	}
	return list
}
