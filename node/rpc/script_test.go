package rpc

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"grapevine/chain/params"
	"grapevine/chain/script"
)

func TestValidateAddress(t *testing.T) {
	table := newFakeLedger(params.Regtest(params.RegtestOptions{})).table(t)
	for _, c := range []struct{ address, want string }{
		// A witness program of no known meaning: nobody can tell whether it is a script.
		{"bcrt1s0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqu5ckyf", ""},
		{"bcrt1pfeesnyr2tx", `{"isvalid":true,"address":"bcrt1pfeesnyr2tx","scriptPubKey":"51024e73","isscript":true,"iswitness":true}`},
		{"BCRT1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KYGT080", `{"isvalid":true,"address":"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080","scriptPubKey":"0014751e76e8199196d454941c45d1b3a323f1433bd6","isscript":false,"iswitness":true,"witness_version":0,"witness_program":"751e76e8199196d454941c45d1b3a323f1433bd6"}`},
		{"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt0a0", `{"isvalid":false,"error_locations":[42],"error":"Invalid Bech32 checksum"}`},
		{"2N9hLwkSqr1cPQAPxbrGVUjxyjD11G2e1he", `{"isvalid":true,"address":"2N9hLwkSqr1cPQAPxbrGVUjxyjD11G2e1he","scriptPubKey":"a914b472a266d0bd89c13706a4132ccfb16f7c3b9fcb87","isscript":true,"iswitness":false}`},
	} {
		got, err := ask(t, table, "validateaddress", `"`+c.address+`"`)
		if c.want != "" && (err != nil || got != c.want) {
			t.Errorf("%s: got %s %v, want %s", c.address, got, err, c.want)
		}
	}
}

func TestDecodeScriptWraps(t *testing.T) {
	table := newFakeLedger(params.Regtest(params.RegtestOptions{})).table(t)
	compressed := "02" + strings.Repeat("11", 32)
	uncompressed := "04" + strings.Repeat("11", 64)
	for _, c := range []struct {
		name, script string
		p2sh, segwit bool
	}{
		{"compressed key", "21" + compressed + "ac", true, true},
		{"uncompressed key", "41" + uncompressed + "ac", true, false},
		{"key hash", "76a914" + strings.Repeat("22", 20) + "88ac", true, true},
		{"script hash", "a914" + strings.Repeat("22", 20) + "87", false, false},
		{"multisig", "5121" + compressed + "51ae", true, true},
		{"multisig of an uncompressed key", "5141" + uncompressed + "51ae", true, false},
		{"witness key hash", "0014" + strings.Repeat("22", 20), true, false},
		{"taproot", "5120" + strings.Repeat("22", 32), false, false},
		{"unknown witness", "5220" + strings.Repeat("22", 32), false, false},
		{"data", "6a01ff", false, false},
		{"unspendable", "6a4c", false, false},
		{"checksigadd", "ba", false, false},
		{"op success", "5150", false, false},
		{"cut short", "4c", false, false},
		{"true", "51", true, true},
	} {
		got, err := ask(t, table, "decodescript", `"`+c.script+`"`)
		if err != nil || strings.Contains(got, `"p2sh":`) != c.p2sh || strings.Contains(got, `"segwit":`) != c.segwit {
			t.Errorf("%s: %s %v", c.name, got, err)
		}
	}
	// The single key of a bare output is named by its hash in the witness form.
	got, _ := ask(t, table, "decodescript", `"21`+compressed+`ac"`)
	if want := fmt.Sprintf(`"segwit":{"asm":"0 %x"`, script.Hash160(mustHex(t, compressed))); !strings.Contains(got, want) {
		t.Errorf("no %s in %s", want, got)
	}
}

func mustHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDescriptorInfo(t *testing.T) {
	table := newFakeLedger(params.Regtest(params.RegtestOptions{})).table(t)
	const xpub = "tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B"
	got, err := ask(t, table, "getdescriptorinfo", `"wpkh(`+xpub+`/<0;1>/*)"`)
	if err != nil || !strings.Contains(got, `"multipath_expansion":["wpkh(`+xpub+`/0/*)#`) || !strings.Contains(got, `"isrange":true,"issolvable":true,"hasprivatekeys":false}`) {
		t.Errorf("%s %v", got, err)
	}
	if _, err := ask(t, table, "getdescriptorinfo", `"raw(51)#aaaaaaaa"`); err == nil || err.Code != CodeInvalidAddressOrKey || !strings.HasPrefix(err.Message, "Provided checksum 'aaaaaaaa' does not match") {
		t.Errorf("%v", err)
	}
}

// FuzzArguments throws arguments at every method: none may panic or answer with
// anything but JSON.
func FuzzArguments(f *testing.F) {
	fake, tip, txs := spendingChain(f)
	table := fake.table(f)
	hash := `"` + tip.Hash().String() + `"`
	for _, s := range []string{
		"getblock " + hash + ",3", "getblockstats 4", `getblockstats 4,["txs"]`, "getblockhash 1", `decodescript "51"`,
		`decodescript "5121` + strings.Repeat("02", 33) + `51ae"`, `validateaddress "` + payee + `"`, "gettxout " + hash + ",0",
		`getrawtransaction "` + txs[0].Txid().String() + `",2,` + hash, `getdescriptorinfo "raw(51)"`, "getchaintxstats 2", "getdeploymentinfo",
		`submitblock "00"`, `submitheader "00"`, `generateblock "raw(51)",[],false`, "getnetworkhashps 3,4", `decoderawtransaction "` + bareTx("51") + `"`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		method, args, _ := strings.Cut(s, " ")
		if strings.HasPrefix(method, "generate") && !strings.HasSuffix(args, "false") {
			return // mines
		}
		params, err := ParseJSON([]byte("[" + args + "]"))
		if err != nil {
			return
		}
		var w Writer
		if err := table.Call(t.Context(), Request{Method: method}, params, &w); err != nil {
			if asError(err).Code == 0 {
				t.Fatalf("%s: an error without a code: %v", s, err)
			}
			return
		}
		if _, err := ParseJSON(w.Bytes()); err != nil {
			t.Fatalf("%s: the answer is no JSON: %s", s, w.Bytes())
		}
	})
}
