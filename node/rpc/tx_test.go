package rpc

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/mempool"
	"grapevine/node/descriptor"
	"grapevine/wire"
)

// bareTx has no inputs, so that its first bytes look like the marker of a
// witness: version, no inputs, one output, lock time.
func bareTx(script string) string {
	return "02000000" + "00" + "01" + "e803000000000000" + fmt.Sprintf("%02x", len(script)/2) + script + "00000000"
}

func TestDecodeTxForms(t *testing.T) {
	with := spend(wire.OutPoint{Txid: wire.Txid{1}}, true, 5)
	witness := hex.EncodeToString(with.AppendTo(nil))
	legacy := hex.EncodeToString(with.AppendNoWitness(nil))
	for _, c := range []struct {
		name, text string
		forms      txForms
		ok         bool
		ins        int
	}{
		{"witness", witness, bothForms, true, 1},
		{"witness as witness", witness, witnessForm, true, 1},
		{"witness as legacy", witness, legacyForm, false, 0},
		{"legacy", legacy, bothForms, true, 1},
		{"legacy as witness", legacy, witnessForm, true, 1},
		{"no inputs", bareTx("51"), bothForms, true, 0},
		{"no inputs as witness", bareTx("51"), witnessForm, false, 0},
		{"no inputs as legacy", bareTx("51"), legacyForm, true, 0},
		{"no inputs, bad script", bareTx("4c"), bothForms, true, 0},
		{"cut short", witness[:len(witness)-2], bothForms, false, 0},
		{"one byte more", witness + "00", bothForms, false, 0},
		{"odd digits", witness + "0", bothForms, false, 0},
		{"not hex", "xyz", bothForms, false, 0},
		{"empty", "", bothForms, false, 0},
		{"upper case", strings.ToUpper(legacy), bothForms, true, 1},
	} {
		tx, ok := decodeTxHex(c.text, c.forms)
		if ok != c.ok || ok && len(tx.In) != c.ins {
			t.Errorf("%s: got %v %v", c.name, tx, ok)
		}
	}
}

// ambiguous returns bytes that both forms fill: with a witness, an input with a
// script and no output; without, no input and one output, whose script holds
// the outpoint, the script and the sequence of the other reading.
func ambiguous(sig []byte, sequence byte) (raw []byte) {
	raw = append(raw, 2, 0, 0, 0, 0, 1) // version, marker and flag, or no inputs and one output
	raw = append(raw, 1)                // one input; the value begins
	raw = append(raw, make([]byte, 36)...)
	raw = append(wire.AppendCompactSize(raw, uint64(len(sig))), sig...)
	raw = append(raw, sequence, sequence, sequence, sequence)
	raw = append(raw, 0)          // outputs
	raw = append(raw, 1, 1, 0x51) // one witness item
	raw = append(raw, 0, 0, 0, 0) // lock time
	start := 6 + 8 + 1            // of the script in the other reading
	raw[start-1] = byte(len(raw) - 4 - start)
	return raw
}

func TestDecodeTxPrefersSaneScripts(t *testing.T) {
	const fine, bad = 0x51, 0xff // as sequence bytes, which the legacy script holds
	for _, c := range []struct {
		name     string
		sig      []byte
		sequence byte
		ins      int
	}{
		{"both sane", []byte{0x51}, fine, 1},
		{"only the witness form sane", []byte{0x51}, bad, 1},
		{"only the legacy form sane", []byte{0x05, 0x51}, fine, 0},
		{"neither sane", []byte{0x05, 0x51}, bad, 1},
	} {
		raw := ambiguous(c.sig, c.sequence)
		witness, err := wire.DecodeTx(raw)
		legacy, err2 := wire.DecodeTxNoWitness(raw)
		if err != nil || err2 != nil || len(witness.In) != 1 || len(legacy.In) != 0 {
			t.Fatalf("%s: not ambiguous: %v, %v", c.name, err, err2)
		}
		tx, ok := decodeTxHex(hex.EncodeToString(raw), bothForms)
		if !ok || len(tx.In) != c.ins {
			t.Errorf("%s: read as %+v, want %d inputs", c.name, tx, c.ins)
		}
	}
}

func TestRawTransactionInBlock(t *testing.T) {
	f, tip, txs := spendingChain(t)
	table := f.table(t)
	hash := tip.Hash().String()
	ask := func(id wire.Txid, verbosity string) string {
		got, err := ask(t, table, "getrawtransaction", fmt.Sprintf(`"%s", %s, "%s"`, id, verbosity, hash))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, tx := range txs {
		if got, want := ask(tx.Txid(), "0"), fmt.Sprintf(`"%x"`, tx.AppendTo(nil)); got != want {
			t.Errorf("hex: got %s, want %s", got, want)
		}
	}
	one := ask(txs[0].Txid(), "true")
	two := ask(txs[0].Txid(), "2")
	place := fmt.Sprintf(`,"blockhash":"%s","confirmations":1,"time":%d,"blocktime":%d}`, hash, tip.Time(), tip.Time())
	for _, c := range []struct {
		name, text  string
		has, hasNot []string
	}{
		{"verbosity 1", one, []string{`{"in_active_chain":true,"txid":`, place}, []string{`"fee"`, `"prevout"`}},
		{"verbosity 2", two, []string{`{"in_active_chain":true,"txid":`, `"fee":0.00010000,"hex":`, `"prevout":{"generated":true`, place}, nil},
	} {
		for _, s := range c.has {
			if !strings.Contains(c.text, s) {
				t.Errorf("%s lacks %s: %s", c.name, s, c.text)
			}
		}
		for _, s := range c.hasNot {
			if strings.Contains(c.text, s) {
				t.Errorf("%s has %s", c.name, s)
			}
		}
	}
	// A coinbase has no fee; another branch has no place in the active chain.
	cb := f.blocks[tip.Hash()].Txs[0].Txid()
	if got := ask(cb, "2"); strings.Contains(got, `"fee"`) {
		t.Errorf("coinbase with a fee: %s", got)
	}
	f.active = f.active.With(tip.Parent())
	got := ask(cb, "1")
	if !strings.HasPrefix(got, `{"in_active_chain":false,`) || !strings.HasSuffix(got, `","confirmations":0}`) {
		t.Errorf("outside the active chain: %s", got)
	}
}

func TestTxOut(t *testing.T) {
	f, tip, txs := spendingChain(t)
	table := f.table(t)
	got, err := ask(t, table, "gettxout", fmt.Sprintf(`"%s", 0`, txs[0].Txid()))
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"bestblock":"%s","confirmations":1,"value":20.00000000,"scriptPubKey":{"asm":"0 %s",`, tip.Hash(), strings.Repeat("61", 20))
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, `"type":"witness_v0_keyhash"},"coinbase":false}`) {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, args := range []string{
		fmt.Sprintf(`"%s", 1`, txs[0].Txid()), // spent
		fmt.Sprintf(`"%s", 7`, txs[0].Txid()),
		fmt.Sprintf(`"%s", 4294967295, false`, strings.Repeat("00", 32)),
	} {
		if got, err := ask(t, table, "gettxout", args); err != nil || got != "null" {
			t.Errorf("gettxout %s: %s %v", args, got, err)
		}
	}
	if _, err := ask(t, table, "gettxout", fmt.Sprintf(`"%s", -1`, txs[0].Txid())); err == nil || err.Message != "JSON integer out of range" {
		t.Errorf("output -1: %v", err)
	}
}

// Repeated scripts are copied within the answer; the copy must be what rendering
// gives, also after the buffer has moved and when scripts share a place in the
// table, as ten thousand must.
func TestRememberedScripts(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	var once, twice Writer
	for _, tw := range []*txWriter{newTxWriter(&once, p), newTxWriter(&twice, p).remember()} {
		tw.w.Arr()
		for i := range 10_000 {
			pk := append([]byte{0x00, 0x14}, make([]byte, 20)...)
			pk[2], pk[3] = byte(i), byte(i>>8)
			for range 2 {
				tw.w.Obj()
				tw.script(pk)
				tw.w.EndObj()
			}
			tw.w.Obj()
			tw.script([]byte{0x51})
			tw.w.EndObj()
		}
		tw.w.EndArr()
	}
	if string(once.Bytes()) != string(twice.Bytes()) {
		t.Error("an answer with remembered scripts differs")
	}
}

// The short way to the descriptor of a hash must say what the long one says.
func TestDescriptorOfScript(t *testing.T) {
	var w Writer
	tw := newTxWriter(&w, params.Mainnet())
	h20, h32 := strings.Repeat("22", 20), strings.Repeat("33", 32)
	for _, text := range []string{
		"", "76a914" + h20 + "88ac", "a914" + h20 + "87", "0014" + h20, "0020" + h32, "5120" + h32, "5220" + h32, "51024e73", "6a0101",
		"21" + "02" + h32 + "ac", "0015" + h20 + "00",
	} {
		pk, _ := hex.DecodeString(text)
		addr, _ := script.AddressOf(pk, tw.params)
		if got, want := tw.descriptor(pk, script.TypeOf(pk), addr, nil), descriptor.Infer(pk, tw.params); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func FuzzDecodeTxHex(f *testing.F) {
	tx := spend(wire.OutPoint{Txid: wire.Txid{1}}, true, 5)
	f.Add(hex.EncodeToString(tx.AppendTo(nil)))
	f.Add(hex.EncodeToString(tx.AppendNoWitness(nil)))
	f.Add(bareTx("51"))
	f.Add("")
	p := params.Regtest(params.RegtestOptions{})
	f.Fuzz(func(t *testing.T, text string) {
		tx, ok := decodeTxHex(text, bothForms)
		_, witness := decodeTxHex(text, witnessForm)
		_, legacy := decodeTxHex(text, legacyForm)
		if ok != (witness || legacy) {
			t.Fatalf("decoded %v, as witness %v, as legacy %v", ok, witness, legacy)
		}
		if !ok {
			return
		}
		var w Writer
		w.Obj()
		newTxWriter(&w, p).fields(tx, txDetail{})
		w.EndObj()
		if _, err := ParseJSON(w.Bytes()); err != nil {
			t.Fatalf("no JSON: %s", w.Bytes())
		}
		// What was read is what is there, in one of the two forms.
		raw, _ := decodeHex(text)
		if string(tx.AppendTo(nil)) != string(raw) && string(tx.AppendNoWitness(nil)) != string(raw) {
			t.Fatalf("%x became %x", raw, tx.AppendTo(nil))
		}
	})
}

// latePool is a pool that says of an output that it waits for a block until it
// has heard of the block in which it was made and spent.
type latePool struct {
	Waiting
	heard bool
}

func (p *latePool) Coin(wire.OutPoint) (wire.TxOut, mempool.CoinState) {
	if p.heard {
		return wire.TxOut{}, mempool.CoinUnknown
	}
	return wire.TxOut{Value: 1}, mempool.CoinCreated
}

// An output that a block has made and spent is not shown because the pool has
// not heard of that block yet.
func TestTxOutOfAPoolThatIsBehind(t *testing.T) {
	f, _, txs := spendingChain(t)
	pool := &latePool{}
	hear := true
	l := &ledger{LedgerConfig: LedgerConfig{
		Blocks: f, Coins: f, Pool: pool,
		Settled: func(context.Context) error { pool.heard = hear; return nil },
	}}
	spent := wire.OutPoint{Txid: txs[0].Txid(), Index: 1}
	if coin, _, err := l.coin(t.Context(), spent, true); coin != nil || err != nil {
		t.Errorf("%+v, %v", coin, err)
	}
	pool.heard, hear = false, false // the pool is at the tip and has it
	if coin, tip, err := l.coin(t.Context(), spent, true); err != nil || coin == nil || coin.Height != inPool || tip != f.Active().Tip() {
		t.Errorf("%+v at %v, %v", coin, tip, err)
	}
}
