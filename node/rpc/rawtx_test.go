package rpc

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"grapevine/chain/consensus"
	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// fakeWaiting are transactions that wait for a block.
type fakeWaiting map[wire.Txid]*wire.Tx

func (f fakeWaiting) Lookup(id wire.GenTxid) (*wire.Tx, wire.FeeRate, bool) {
	txid, _ := id.Txid()
	tx, ok := f[txid]
	return tx, 1000, ok
}

func rawTxTable(t *testing.T, f *fakeLedger, waiting fakeWaiting) *Table {
	t.Helper()
	raw := &rawTx{params: f.p, coins: f, waiting: waiting}
	table, err := NewTable(raw.commands())
	if err != nil {
		t.Fatal(err)
	}
	table.SetReady()
	return table
}

func regtest() *params.Params { return params.Regtest(params.RegtestOptions{}) }

func TestCreateRawTransactionGolden(t *testing.T) {
	table := rawTxTable(t, newFakeLedger(regtest()), nil)
	calls := readRecorded(t, "createrawtransaction")
	for _, c := range calls {
		if diff := c.differs(t.Context(), table); diff != "" {
			t.Errorf("line %d:\n%s", c.line, diff)
		}
	}
	if len(calls) != 5 {
		t.Errorf("%d calls, want 5", len(calls))
	}
}

const (
	id1   = `"1111111111111111111111111111111111111111111111111111111111111111"`
	addr1 = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
)

func TestCreateRawTransaction(t *testing.T) {
	table := rawTxTable(t, newFakeLedger(regtest()), nil)
	in := `[{"txid":` + id1 + `,"vout":1}]`
	inSequence := func(n string) string { return `[{"txid":` + id1 + `,"vout":1,"sequence":` + n + `}]` }
	out := `[{"` + addr1 + `":0.5}]`
	for _, c := range []struct {
		name, args string
		version    uint32
		lockTime   uint32
		sequence   uint32
	}{
		{"defaults", in + "," + out, 2, 0, sequenceReplaceable},
		{"lock time", in + "," + out + ",7", 2, 7, sequenceReplaceable},
		{"not replaceable", in + "," + out + ",0,false", 2, 0, sequenceFinal},
		{"not replaceable, lock time", in + "," + out + ",7,false", 2, 7, sequenceNotFinal},
		{"version 1", in + "," + out + ",null,null,1", 1, 0, sequenceReplaceable},
		{"version 3", in + "," + out + ",null,true,3", 3, 0, sequenceReplaceable},
		{"sequence", inSequence("5") + "," + out + ",0,false", 2, 0, 5},
		{"highest sequence", inSequence("4294967295") + "," + out, 2, 0, sequenceFinal},
		{"highest lock time", in + "," + out + ",4294967295", 2, 0xffffffff, sequenceReplaceable},
	} {
		got, err := ask(t, table, "createrawtransaction", c.args)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		tx, ok := decodeTxHex(strings.Trim(got, `"`), bothForms)
		if !ok || tx.Version != c.version || tx.LockTime != c.lockTime || tx.In[0].Sequence != c.sequence || tx.Out[0].Value != wire.Coin/2 {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

func TestCreateRawTransactionRefusals(t *testing.T) {
	table := rawTxTable(t, newFakeLedger(regtest()), nil)
	in := `[{"txid":` + id1 + `,"vout":1}]`
	for _, c := range []struct {
		args string
		code Code
		want string
	}{
		{`[], null`, CodeInvalidParameter, "Invalid parameter, output argument must be non-null"},
		{`[], "x"`, CodeType, "JSON value of type string is not of expected type array"},
		{`[], ["x"]`, CodeInvalidParameter, "Invalid parameter, key-value pair not an object as expected"},
		{`[], [{}]`, CodeInvalidParameter, "Invalid parameter, key-value pair must contain exactly one key"},
		{`[], [{"data":"00"},{"data":"00"}]`, CodeInvalidParameter, "Invalid parameter, duplicate key: data"},
		{`[], [{"` + addr1 + `":1},{"` + addr1 + `":1}]`, CodeInvalidParameter, "Invalid parameter, duplicated address: " + addr1},
		{`[], {"` + addr1 + `":-1}`, CodeType, "Amount out of range"},
		{`[], {"` + addr1 + `":true}`, CodeType, "Amount is not a number or string"},
		{`[], {"` + addr1 + `":0.000000001}`, CodeType, "Invalid amount"},
		{`[5], {}`, CodeType, "JSON value of type number is not of expected type object"},
		{`[{}], {}`, CodeType, "JSON value of type null is not of expected type string"},
		{`[{"txid":` + id1 + `}], {}`, CodeInvalidParameter, "Invalid parameter, missing vout key"},
		{`[{"txid":` + id1 + `,"vout":-1}], {}`, CodeInvalidParameter, "Invalid parameter, vout cannot be negative"},
		{`[{"txid":` + id1 + `,"vout":1.5}], {}`, CodeMisc, "JSON integer out of range"},
		{`[{"txid":` + id1 + `,"vout":1,"sequence":4294967296}], {}`, CodeInvalidParameter, "Invalid parameter, sequence number is out of range"},
		{`[{"txid":` + id1 + `,"vout":1,"sequence":-1}], {}`, CodeInvalidParameter, "Invalid parameter, sequence number is out of range"},
		{in + `, {}, -1`, CodeInvalidParameter, "Invalid parameter, locktime out of range"},
		{in + `, {}, 4294967296`, CodeInvalidParameter, "Invalid parameter, locktime out of range"},
		{in + `, {}, 0, true, 4`, CodeInvalidParameter, "Invalid parameter, version out of range(1~3)"},
		{in + `, {}, 0, true, 0`, CodeInvalidParameter, "Invalid parameter, version out of range(1~3)"},
		{`[{"txid":` + id1 + `,"vout":1,"sequence":4294967294}], {}, 0, true`, CodeInvalidParameter, "Invalid parameter combination: Sequence number(s) contradict replaceable option"},
	} {
		got, err := ask(t, table, "createrawtransaction", c.args)
		if err == nil || err.Code != c.code || err.Message != c.want {
			t.Errorf("%s: got %s %v, want %d %s", c.args, got, err, c.code, c.want)
		}
	}
}

// wallet has one key and an output of every form that it opens.
type wallet struct {
	key      script.Secret
	wif      string
	scriptOf map[string][]byte
	nested   []byte
}

func newWallet(p *params.Params) *wallet {
	w := &wallet{key: script.Secret{Key: sha256.Sum256([]byte("wallet")), Compressed: true}, scriptOf: map[string][]byte{}}
	w.wif = w.key.Encode(p)
	hash := script.Hash160(w.key.PubKey())
	w.scriptOf["pkh"] = script.AddressOfKeyHash(hash).Script()
	program := func(version int, b []byte) []byte {
		a, _ := script.AddressOfProgram(version, b)
		return a.Script()
	}
	w.scriptOf["wpkh"] = program(0, hash[:])
	w.scriptOf["tr"] = program(1, w.key.PubKey()[1:])
	w.nested = append(script.AppendPush(nil, w.key.PubKey()), byte(script.OpCheckSig))
	sum := sha256.Sum256(w.nested)
	w.scriptOf["wsh"] = program(0, sum[:])
	w.scriptOf["sh"] = scriptHashScript(w.nested)
	w.scriptOf["sh wsh"] = scriptHashScript(w.scriptOf["wsh"])
	return w
}

// What was signed must be valid for the interpreter, whether the spent output is
// in the chain, in the pool, or told of by the caller.
func TestSignRawTransactionWithKey(t *testing.T) {
	f := newFakeLedger(regtest())
	w := newWallet(f.p)
	const amount = 3 * wire.Coin
	for name, pk := range w.scriptOf {
		for _, where := range []string{"chain", "pool", "told"} {
			parent := (&wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Txid: wire.Txid{9}}}}, Out: []wire.TxOut{{Value: amount, PkScript: pk}}}).Seal()
			op := wire.OutPoint{Txid: parent.Txid()}
			waiting := fakeWaiting{}
			f.coins = map[wire.OutPoint]consensus.Coin{}
			prev := fmt.Sprintf(`{"txid":"%s","vout":0,"scriptPubKey":"%x","amount":3`, op.Txid, pk)
			switch where {
			case "chain":
				f.coins[op] = consensus.Coin{Out: parent.Out[0], Height: 1}
			case "pool":
				waiting[op.Txid] = parent
			}
			switch name {
			case "wsh", "sh":
				prev += fmt.Sprintf(`,"redeemScript":"%x"`, w.nested)
			case "sh wsh":
				prev += fmt.Sprintf(`,"redeemScript":"%x","witnessScript":"%x"`, w.scriptOf["wsh"], w.nested)
			}
			prev = "[" + prev + "}]"
			if where != "told" && !strings.Contains(name, "sh") || name == "pkh" && where != "told" {
				prev = "null"
			}
			tx := &wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: op}}, Out: []wire.TxOut{{Value: 1, PkScript: []byte{0x51}}}}
			table := rawTxTable(t, f, waiting)
			got, err := ask(t, table, "signrawtransactionwithkey", fmt.Sprintf(`"%x", ["%s"], %s`, tx.AppendTo(nil), w.wif, prev))
			if err != nil {
				t.Errorf("%s, %s: %v", name, where, err)
				continue
			}
			text, ok := strings.CutPrefix(got, `{"hex":"`)
			text, ok2 := strings.CutSuffix(text, `","complete":true}`)
			signed, ok3 := decodeTxHex(text, bothForms)
			if !ok || !ok2 || !ok3 {
				t.Errorf("%s, %s: %s", name, where, got)
				continue
			}
			m := script.NewMidstates(signed, parent.Out)
			if err := script.Verify(signed, 0, script.StandardFlags, m, sigverify.Direct{}); err != nil {
				t.Errorf("%s, %s: %v", name, where, err)
			}
		}
	}
}

func TestSignRawTransactionAnswers(t *testing.T) {
	f := newFakeLedger(regtest())
	w := newWallet(f.p)
	table := rawTxTable(t, f, nil)
	tx := &wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Txid: wire.Txid{1}, Index: 2}, Sequence: 3}}, Out: []wire.TxOut{{Value: 1, PkScript: []byte{0x51}}}}
	text := hex.EncodeToString(tx.AppendTo(nil))
	id := tx.In[0].PrevOut.Txid.String()
	prev := func(pk []byte, more string) string {
		return fmt.Sprintf(`[{"txid":"%s","vout":2,"scriptPubKey":"%x"%s}]`, id, pk, more)
	}
	for _, c := range []struct{ args, want string }{
		{`"` + text + `", []`, `{"hex":"` + text + `","complete":false,"errors":[{"txid":"` + id + `","vout":2,"witness":[],"scriptSig":"","sequence":3,"error":"Input not found or already spent"}]}`},
		{`"` + text + `", [], ` + prev(w.scriptOf["pkh"], ""), `{"hex":"` + text + `","complete":false,"errors":[{"txid":"` + id + `","vout":2,"witness":[],"scriptSig":"","sequence":3,"error":"Unable to sign input, invalid stack size (possibly missing key)"}]}`},
		{`"00", []`, "-22 TX decode failed. Make sure the tx has at least one input."},
		{`"` + text + `", ["x"]`, "-5 Invalid private key"},
		{`"` + text + `", [1]`, "-3 JSON value of type number is not of expected type string"},
		{`"` + text + `", [], [1]`, `-22 expected object with {"txid'","vout","scriptPubKey"}`},
		{`"` + text + `", [], [{}]`, "-3 Missing scriptPubKey"},
		{`"` + text + `", [], [{"scriptPubKey":"51"}]`, "-3 Missing txid"},
		{`"` + text + `", [], [{"scriptPubKey":"51","txid":1}]`, "-3 JSON value of type number for field txid is not of expected type string"},
		{`"` + text + `", [], [{"scriptPubKey":"51","txid":` + id1 + `,"vout":-1}]`, "-22 vout cannot be negative"},
		{`"` + text + `", [], [{"scriptPubKey":"zz","txid":` + id1 + `,"vout":1}]`, "-8 scriptPubKey must be hexadecimal string (not 'zz')"},
		{`"` + text + `", [], ` + prev(w.scriptOf["sh"], ""), "-8 Missing redeemScript/witnessScript"},
		{`"` + text + `", [], ` + prev(w.scriptOf["sh"], `,"redeemScript":"51"`), "-8 redeemScript/witnessScript does not match scriptPubKey"},
		{`"` + text + `", [], ` + prev(w.scriptOf["wsh"], `,"witnessScript":"51"`), "-8 redeemScript/witnessScript does not match scriptPubKey"},
		{`"` + text + `", [], ` + prev(w.scriptOf["sh wsh"], `,"redeemScript":"51","witnessScript":"`+hex.EncodeToString(w.nested)+`"`), "-8 redeemScript does not correspond to witnessScript"},
		{`"` + text + `", ["` + w.wif + `"], ` + prev(w.scriptOf["wpkh"], ""), "-3 Missing amount for CTxOut(nValue=21000000.00000000, scriptPubKey=" + hex.EncodeToString(w.scriptOf["wpkh"])[:30] + ")"},
		{`"` + text + `", [], ` + prev(w.scriptOf["pkh"], `,"amount":"x"`), "-3 Invalid amount"},
		{`"` + text + `", [], null, "all"`, "-8 'all' is not a valid sighash parameter."},
	} {
		got, err := ask(t, table, "signrawtransactionwithkey", c.args)
		if err != nil {
			got = fmt.Sprintf("%d %s", err.Code, err.Message)
		}
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.args, got, c.want)
		}
	}
}

// An output that a waiting transaction does not have is not found.
func TestSignRawTransactionBeyondOutputs(t *testing.T) {
	parent := (&wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Txid: wire.Txid{9}}}}, Out: []wire.TxOut{{Value: 1, PkScript: []byte{0x51}}}}).Seal()
	tx := &wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Txid: parent.Txid(), Index: 1}}}, Out: parent.Out}
	table := rawTxTable(t, newFakeLedger(regtest()), fakeWaiting{parent.Txid(): parent})
	got, err := ask(t, table, "signrawtransactionwithkey", fmt.Sprintf(`"%x", []`, tx.AppendTo(nil)))
	if err != nil || !strings.Contains(got, `"error":"Input not found or already spent"`) {
		t.Errorf("got %s, %v", got, err)
	}
}

// A script that the caller tells of must be the one that was found.
func TestSignRawTransactionMismatch(t *testing.T) {
	f := newFakeLedger(regtest())
	op := wire.OutPoint{Txid: wire.Txid{1}}
	f.coins[op] = consensus.Coin{Out: wire.TxOut{Value: 1, PkScript: []byte{0x51}}, Height: 1}
	tx := &wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: op}}, Out: []wire.TxOut{{Value: 1, PkScript: []byte{0x51}}}}
	_, err := ask(t, rawTxTable(t, f, nil), "signrawtransactionwithkey",
		fmt.Sprintf(`"%x", [], [{"txid":"%s","vout":0,"scriptPubKey":"52"}]`, tx.AppendTo(nil), op.Txid))
	if err == nil || err.Code != CodeDeserialization || err.Message != "Previous output scriptPubKey mismatch:\n1\nvs:\n2" {
		t.Errorf("got %v", err)
	}
}

// The transaction and the keys that Bitcoin Core's functional test signs with.
func TestSignRawTransactionKnownKeys(t *testing.T) {
	table := rawTxTable(t, newFakeLedger(regtest()), nil)
	inputs := `[{"txid":"9b907ef1e3c26fc71fe4a4b3580bc75264112f95050014157059c736f0202e71","vout":0,"scriptPubKey":"76a91460baa0f494b38ce3c940dea67f3804dc52d1fb9488ac"},` +
		`{"txid":"83a4f6a6b73660e13ee6cb3c6063fa3759c50c9b7521d0536022961898f4fb02","vout":0,"scriptPubKey":"76a914669b857c03a5ed269d5d85a1ffac9ed5d663072788ac"}]`
	made, err := ask(t, table, "createrawtransaction", inputs+`,{"mpLQjfK79b7CCV4VMJWEWAj5Mpx8Up5zxB":0.1}`)
	if err != nil {
		t.Fatal(err)
	}
	keys := `["cUeKHd5orzT3mz8P9pxyREHfsWtVfgsfDjiZZBcjUBAaGk1BTj7N","cVKpPfVKSJxKqVpE9awvXNWuLHCa5j5tiE7K6zbUSptFpTEtiFrA"]`
	got, err := ask(t, table, "signrawtransactionwithkey", made+","+keys+","+inputs)
	if err != nil || !bytes.HasSuffix([]byte(got), []byte(`"complete":true}`)) {
		t.Errorf("got %s, %v", got, err)
	}
}
