package rpc

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"grapevine/chain"
	"grapevine/chain/consensus"
	"grapevine/chain/params"
	"grapevine/wire"
)

const payee = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

func TestSubmitBlockVerdicts(t *testing.T) {
	f, tip, _ := spendingChain(t)
	table := f.table(t)
	raw := hex.EncodeToString(f.blocks[tip.Hash()].Raw())
	for _, c := range []struct {
		name    string
		outcome chain.Outcome
		refuse  error
		want    string
		code    Code
	}{
		{"connected", chain.Connected, nil, `null`, 0},
		{"stored", chain.Stored, nil, `"inconclusive"`, 0},
		{"duplicate", chain.Duplicate, nil, `"duplicate"`, 0},
		{"duplicate, not judged", chain.DuplicateUnjudged, nil, `"duplicate"`, 0},
		{"broken rule", 0, &consensus.Error{Kind: consensus.ErrCoinbaseAmount, Detail: "more"}, `"bad-cb-amount"`, 0},
		{"failure", 0, errors.New("disk full"), "", CodeVerify},
	} {
		f.outcome, f.refuse = c.outcome, c.refuse
		got, err := ask(t, table, "submitblock", `"`+raw+`"`)
		if got != c.want || (err != nil) != (c.code != 0) || err != nil && err.Code != c.code {
			t.Errorf("%s: got %s %v, want %s", c.name, got, err, c.want)
		}
	}
	for _, text := range []string{"", "00", "zz", raw[:len(raw)-2], raw[:160], strings.Repeat("00", 80) + "ff"} {
		if _, err := ask(t, table, "submitblock", `"`+text+`"`); err == nil || err.Code != CodeDeserialization || err.Message != "Block decode failed" {
			t.Errorf("%.20s..: %v", text, err)
		}
	}
	// What follows a whole block is ignored.
	f.outcome, f.refuse = chain.Connected, nil
	if got, err := ask(t, table, "submitblock", `"`+raw+`00ff"`); err != nil || got != "null" {
		t.Errorf("with bytes behind it: %s %v", got, err)
	}
}

// A block whose coinbase commits to witnesses but lacks the reserved value gets
// it from the node.
func TestSubmitBlockAddsReservedValue(t *testing.T) {
	f, tip, _ := spendingChain(t)
	table := f.table(t)
	b := f.blocks[tip.Hash()]
	f.active = f.active.With(tip.Parent())
	txs := slices.Clone(b.Txs)
	cb := txs[0].Clone()
	cb.In[0].Witness = nil
	txs[0] = *cb
	delete(f.blocks, b.Hash())
	bare := wire.NewBlock(b.Header, txs)
	if got, err := ask(t, table, "submitblock", fmt.Sprintf(`"%x"`, bare.Raw())); err != nil || got != "null" {
		t.Fatalf("%s %v", got, err)
	}
	if got := f.blocks[b.Hash()]; got == nil || string(got.Raw()) != string(b.Raw()) {
		t.Error("the block that was handed on is not the whole one")
	}
}

func TestSubmitHeader(t *testing.T) {
	f, tip, _ := spendingChain(t)
	table := f.table(t)
	h := tip.Header()
	raw := hex.EncodeToString(h.AppendTo(nil))
	h.PrevBlock = wire.BlockHash{1}
	orphan := hex.EncodeToString(h.AppendTo(nil))
	for _, c := range []struct {
		name, text string
		refuse     error
		code       Code
		message    string
	}{
		{"known", raw, nil, 0, ""},
		{"bytes behind it", raw + "00", nil, 0, ""},
		{"short", raw[2:], nil, CodeDeserialization, "Block header decode failed"},
		{"no hex", "zz", nil, CodeDeserialization, "Block header decode failed"},
		{"no parent", orphan, nil, CodeVerify, "Must submit previous header (" + h.PrevBlock.String() + ") first"},
		{"broken rule", raw, &consensus.Error{Kind: consensus.ErrTimeTooOld, Detail: "early"}, CodeVerify, "time-too-old"},
		{"failure", raw, errors.New("stopping"), CodeVerify, "stopping"},
	} {
		f.refuse = c.refuse
		got, err := ask(t, table, "submitheader", `"`+c.text+`"`)
		switch {
		case c.code == 0 && (err != nil || got != "null"), c.code != 0 && (err == nil || err.Code != c.code || err.Message != c.message):
			t.Errorf("%s: got %s %v", c.name, got, err)
		}
	}
}

func TestGenerateToAddress(t *testing.T) {
	f, tip, _ := spendingChain(t)
	table := f.table(t)
	got, err := ask(t, table, "generatetoaddress", `3, "`+payee+`"`)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for h := tip.Height() + 1; h <= f.active.Height(); h++ {
		want = append(want, `"`+f.active.At(h).Hash().String()+`"`)
	}
	if len(want) != 3 || got != "["+strings.Join(want, ",")+"]" {
		t.Errorf("got %s, want %s", got, want)
	}
	last := f.blocks[f.active.Tip().Hash()]
	if s := hex.EncodeToString(last.Txs[0].Out[0].PkScript); s != "0014751e76e8199196d454941c45d1b3a323f1433bd6" {
		t.Errorf("the coinbase pays %s", s)
	}
	if !f.p.CheckProofOfWork(last.Hash(), last.Header.Bits) {
		t.Error("no proof of work")
	}
	if info, _ := ask(t, table, "getmininginfo", ""); !strings.Contains(info, `"blocks":7,"currentblockweight":8000,"currentblocktx":0,`) {
		t.Errorf("getmininginfo after mining: %s", info)
	}
}

func TestGenerateToDescriptor(t *testing.T) {
	const key = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	f, _, _ := spendingChain(t)
	table := f.table(t)
	for _, c := range []struct{ descriptor, script string }{
		{"raw(51)", "51"},
		{"pk(02" + key + ")", "2102" + key + "ac"},
		{"combo(02" + key + ")", "0014751e76e8199196d454941c45d1b3a323f1433bd6"},
		{"combo(04" + key + "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8)", "76a91491b24bf9f5288532960ac687abb035127b1d28a588ac"},
	} {
		if _, err := ask(t, table, "generatetodescriptor", `1, "`+c.descriptor+`"`); err != nil {
			t.Errorf("%s: %v", c.descriptor, err)
		}
		if got := hex.EncodeToString(f.blocks[f.active.Tip().Hash()].Txs[0].Out[0].PkScript); got != c.script {
			t.Errorf("%s pays %s, want %s", c.descriptor, got, c.script)
		}
	}
}

func TestGenerateErrors(t *testing.T) {
	f, _, _ := spendingChain(t)
	table := f.table(t)
	for _, c := range []struct {
		method, args string
		code         Code
		message      string
	}{
		{"generatetoaddress", `1, "x"`, -5, "Error: Invalid address"},
		{"generatetodescriptor", `1, "x"`, -5, "'x' is not a valid descriptor function"},
		{"generatetodescriptor", `1, "wpkh(tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B/*)"`, -8, "Ranged descriptor not accepted. Maybe pass through deriveaddresses first?"},
		{"generatetodescriptor", `1, "wpkh(tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B/<0;1>)"`, -8, "Multipath descriptor not accepted"},
		{"generatetodescriptor", `1, "unused(0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798)"`, -5, "Descriptor does not stand for a script"},
		{"generateblock", `"x", []`, -5, "Error: Invalid address or descriptor"},
		{"generateblock", `"` + payee + `", ["zz"]`, -22, "Transaction decode failed for zz. Make sure the tx has at least one input."},
		{"generateblock", `"` + payee + `", ["` + strings.Repeat("11", 32) + `"]`, -5, "Transaction " + strings.Repeat("11", 32) + " not in mempool."},
		{"generateblock", `"` + payee + `", [5]`, -3, "JSON value of type number is not of expected type string"},
	} {
		if _, err := ask(t, table, c.method, c.args); err == nil || err.Code != c.code || err.Message != c.message {
			t.Errorf("%s %s: got %+v, want %d %s", c.method, c.args, err, c.code, c.message)
		}
	}
	f.refuse = &consensus.Error{Kind: consensus.ErrInputsMissing, Detail: "spent"}
	if _, err := ask(t, table, "generatetoaddress", `1, "`+payee+`"`); err == nil || err.Code != CodeMisc || err.Message != "TestBlockValidity failed: bad-txns-inputs-missingorspent, spent" {
		t.Errorf("a bad template: %v", err)
	}
	if _, err := ask(t, table, "generateblock", `"`+payee+`", []`); err == nil || err.Code != CodeVerify || err.Message != "TestBlockValidity failed: bad-txns-inputs-missingorspent, spent" {
		t.Errorf("a bad block: %v", err)
	}
	if _, err := ask(t, table, "generate", ""); err == nil || err.Code != CodeMethodNotFound {
		t.Errorf("generate: %v", err)
	}
}

func TestGenerateBlock(t *testing.T) {
	f, tip, _ := spendingChain(t)
	table := f.table(t)
	tx := spend(wire.OutPoint{Txid: f.blocks[tip.Hash()].Txs[0].Txid()}, true, 7)
	args := fmt.Sprintf(`"raw(51)", ["%x"]`, tx.AppendTo(nil))
	got, err := ask(t, table, "generateblock", args+", false")
	if err != nil || f.active.Tip() != tip {
		t.Fatalf("%v, tip %d", err, f.active.Height())
	}
	_, text, _ := strings.Cut(got, `"hex":"`)
	b, ok := decodeBlockHex(strings.TrimSuffix(text, `"}`))
	if !ok || len(b.Txs) != 2 || b.Txs[1].Wtxid() != tx.Wtxid() || b.Txs[0].Out[0].Value != 50*wire.Coin {
		t.Fatalf("the block is %s", got)
	}
	if err := consensus.CheckBlock(b, f.p, consensus.CheckOptions{CheckPow: true, CheckMerkle: true}); err != nil {
		t.Error(err)
	}
	if err := consensus.IsBlockMutated(b, true); err != nil {
		t.Errorf("the witness commitment is wrong: %v", err)
	}
	got, err = ask(t, table, "generateblock", args)
	if want := fmt.Sprintf(`{"hash":"%s"}`, f.active.Tip().Hash()); err != nil || got != want || f.active.Height() != tip.Height()+1 {
		t.Errorf("got %s %v, want %s", got, err, want)
	}
}

func TestHashRate(t *testing.T) {
	f := newFakeLedger(params.Regtest(params.RegtestOptions{}))
	table := f.table(t)
	if got, err := ask(t, table, "getnetworkhashps", ""); err != nil || got != "0" {
		t.Errorf("on genesis: %s %v", got, err)
	}
	for range 4 {
		f.now = f.now.Add(10 * time.Second)
		f.mine(t)
	}
	// A block is two hashes here, and comes every ten seconds.
	for _, c := range []struct {
		args, want, message string
	}{
		{"3", "0.2", ""}, {"1", "0.2", ""}, {"3, 3", "0.005825242718446602", ""}, {"2, 3", "0.2", ""}, {"-1", "0.007692307692307693", ""}, {"120", "0.007692307692307693", ""},
		{"0", "", "Invalid nblocks. Must be a positive number or -1."}, {"-2", "", "Invalid nblocks. Must be a positive number or -1."},
		{"3, 5", "", "Block does not exist at specified height"}, {"3, -2", "", "Block does not exist at specified height"}, {"3, 0", "0", ""},
	} {
		got, err := ask(t, table, "getnetworkhashps", c.args)
		if c.message != "" && (err == nil || err.Message != c.message) || got != c.want {
			t.Errorf("%s: %s %v", c.args, got, err)
		}
	}
}

func TestOperator(t *testing.T) {
	f, tip, _ := spendingChain(t)
	table := f.table(t)
	for _, method := range []string{"preciousblock", "invalidateblock", "reconsiderblock"} {
		f.acted, f.failOp = nil, nil
		got, err := ask(t, table, method, `"`+tip.Hash().String()+`"`)
		if want := strings.TrimSuffix(method, "block") + " " + tip.Hash().String(); err != nil || got != "null" || !slices.Equal(f.acted, []string{want}) {
			t.Errorf("%s: %s %v, did %v", method, got, err, f.acted)
		}
		f.failOp = errors.New("database gone")
		if _, err := ask(t, table, method, `"`+tip.Hash().String()+`"`); err == nil || err.Code != CodeDatabase || err.Message != "database gone" {
			t.Errorf("%s failing: %v", method, err)
		}
		if _, err := ask(t, table, method, `"`+strings.Repeat("11", 32)+`"`); err == nil || err.Code != CodeInvalidAddressOrKey || err.Message != "Block not found" {
			t.Errorf("%s of an unknown block: %v", method, err)
		}
	}
	f.failOp = nil
	for _, c := range []struct{ args, did string }{
		{"", "verify 3 4"}, {"9, 2", "verify 4 2"}, {"-1, 0", "verify 0 4"}, {"1, 3", "verify 1 3"},
	} {
		f.acted = nil
		if got, err := ask(t, table, "verifychain", c.args); err != nil || got != "true" || !slices.Equal(f.acted, []string{c.did}) {
			t.Errorf("verifychain %s: %s %v, did %v", c.args, got, err, f.acted)
		}
	}
	f.failOp = errors.New("bad block")
	if got, err := ask(t, table, "verifychain", ""); err != nil || got != "false" {
		t.Errorf("verifychain of a bad chain: %s %v", got, err)
	}
	f.failOp, f.verified = nil, chain.VerifiedPartly
	if got, err := ask(t, table, "verifychain", ""); err != nil || got != "false" {
		t.Errorf("verifychain that skips levels: %s %v", got, err)
	}
}

func FuzzDecodeBlockHex(f *testing.F) {
	fake, tip, _ := spendingChain(f)
	raw := fake.blocks[tip.Hash()].Raw()
	f.Add(hex.EncodeToString(raw))
	f.Add(hex.EncodeToString(raw) + "00")
	f.Add(strings.Repeat("00", 81))
	f.Fuzz(func(t *testing.T, text string) {
		b, ok := decodeBlockHex(text)
		if !ok {
			return
		}
		raw, _ := decodeHex(text)
		if !strings.HasPrefix(string(raw), string(b.Raw())) {
			t.Fatal("the block is not what the bytes begin with")
		}
	})
}
