package rpc

import (
	"fmt"
	"testing"
)

// Whatever JSON the arguments are, a call ends with an answer that is JSON or
// with an error: no panic, no half of an answer.
func FuzzRawTxCalls(f *testing.F) {
	w := newWallet(regtest())
	in := `[{"txid":` + id1 + `,"vout":1,"sequence":5}]`
	tx := "0200000001" + "11111111111111111111111111111111111111111111111111111111111111110000000000fdffffff0101000000000000000151" + "00000000"
	for name, pk := range w.scriptOf {
		f.Add(uint8(1), fmt.Sprintf(`["%s",["%s"],[{"txid":%s,"vout":0,"scriptPubKey":"%x","amount":1,"redeemScript":"%x","witnessScript":"%x"}],"ALL"]`,
			tx, w.wif, id1, pk, map[bool][]byte{true: w.scriptOf["wsh"], false: w.nested}[name == "sh wsh"], w.nested))
	}
	f.Add(uint8(0), `[`+in+`,[{"`+addr1+`":0.5},{"data":"00"}],7,true,2]`)
	f.Add(uint8(0), `[[],{"`+addr1+`":"1e-8"},4294967295,false,3]`)
	f.Add(uint8(2), `[`+segwit+`]`)
	f.Add(uint8(2), `[{"mode":"proposal","data":"00"}]`)
	f.Add(uint8(3), `["raw(51)",["`+tx+`",`+id1+`],false]`)
	f.Add(uint8(4), `["`+tx+`",true]`)
	methods := []string{"createrawtransaction", "signrawtransactionwithkey", "getblocktemplate", "generateblock", "decoderawtransaction"}
	f.Fuzz(func(t *testing.T, method uint8, args string) {
		params, err := ParseJSON([]byte(args))
		if err != nil || params.Kind() != Array {
			return
		}
		if m := params.At(0).Member("longpollid"); !m.IsNull() {
			return // it would wait
		}
		ledger := newFakeLedger(regtest())
		raw := &rawTx{params: ledger.p, coins: ledger, waiting: fakeWaiting{}}
		table := ledger.table(t)
		if err := table.Add(raw.commands()...); err != nil {
			t.Fatal(err)
		}
		var out Writer
		if err := table.Call(t.Context(), Request{Method: methods[int(method)%len(methods)]}, params, &out); err != nil {
			if asError(err).Message == "" {
				t.Errorf("an error without a message: %v", err)
			}
			return
		}
		if _, err := ParseAnswer(out.Bytes()); err != nil {
			t.Errorf("no JSON: %s", out.Bytes())
		}
	})
}
