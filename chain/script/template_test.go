package script

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"grapevine/internal/testdata"
)

// decoded is a script as the RPC interface shows it.
type decoded struct {
	Asm, Hex, Type, Address string
}

// walkDecoded calls fn for each decoded script of the answers to fixed calls.
func walkDecoded(t *testing.T, fn func(d decoded, isInput bool)) {
	f, err := os.Open(testdata.Shared(t, "golden/rpc.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var call struct {
			Method string
			Params []json.RawMessage
			Result any
		}
		if err := json.Unmarshal(lines.Bytes(), &call); err != nil {
			t.Fatal(err)
		}
		if m, ok := call.Result.(map[string]any); ok && call.Method == "decodescript" {
			var script string
			if err := json.Unmarshal(call.Params[0], &script); err != nil {
				t.Fatal(err)
			}
			m["hex"] = script // not repeated in the answer
		}
		walk(call.Result, fn)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func walk(v any, fn func(d decoded, isInput bool)) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			walk(e, fn)
		}
	case map[string]any:
		if asm, ok := v["asm"].(string); ok {
			d := decoded{Asm: asm}
			d.Hex, _ = v["hex"].(string)
			d.Type, _ = v["type"].(string)
			d.Address, _ = v["address"].(string)
			fn(d, v["type"] == nil)
		}
		for _, e := range v {
			walk(e, fn)
		}
	}
}

func TestDecodedScripts(t *testing.T) {
	p := network(t, "regtest")
	inputs, types := 0, map[string]int{}
	walkDecoded(t, func(d decoded, isInput bool) {
		script, err := hex.DecodeString(d.Hex)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(AppendAsm(nil, script, isInput)); got != d.Asm {
			t.Errorf("script %s: asm %q, want %q", d.Hex, got, d.Asm)
		}
		if isInput {
			inputs++
			return
		}
		types[d.Type]++
		if got := TypeOf(script).String(); got != d.Type {
			t.Errorf("script %s: type %s, want %s", d.Hex, got, d.Type)
		}
		if got, ok := AddressOf(script, p); got != d.Address || ok != (d.Address != "") {
			t.Errorf("script %s: address %q, want %q", d.Hex, got, d.Address)
		}
	})
	t.Logf("%d input scripts, output scripts %v", inputs, types)
	if inputs < 500 || len(types) != 10 {
		t.Errorf("the file is known to hold more: %d inputs, %d types", inputs, len(types))
	}
}

func TestDecodeScriptVectors(t *testing.T) {
	var rows [][2]json.RawMessage
	readVectors(t, "vectors/core/rpc_decodescript.json", &rows)
	for _, row := range rows {
		var text string
		var want decoded
		if json.Unmarshal(row[0], &text) != nil || json.Unmarshal(row[1], &want) != nil {
			t.Fatal("unexpected form")
		}
		script, _ := hex.DecodeString(text)
		got := decoded{Asm: string(AppendAsm(nil, script, false)), Type: TypeOf(script).String()}
		got.Address, _ = AddressOf(script, network(t, "regtest"))
		want.Hex = ""
		if got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
	t.Logf("rpc_decodescript: %d cases", len(rows))
	if len(rows) != 10 {
		t.Fatal("the file is known to hold 10")
	}
}

func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestClassify(t *testing.T) {
	const (
		key1  = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
		zeros = "0000000000000000000000000000000000000000"
		key65 = "04c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5" + "0000000000000000000000000000000000000000000000000000000000000000"
	)
	for _, c := range []struct {
		script string
		want   Type
		sol    []string
	}{
		{"21" + key1 + "ac", PubKey, []string{key1}},
		{"41" + key65 + "ac", PubKey, []string{key65}},
		{"4107" + key65[2:] + "ac", PubKey, []string{"07" + key65[2:]}}, // hybrid
		{"2104" + key1[2:] + "ac", NonStandard, nil},
		{"21" + key1 + "ad", NonStandard, nil},
		{"76a914" + zeros + "88ac", PubKeyHash, []string{zeros}},
		{"76a914" + zeros + "88ad", NonStandard, nil},
		{"a914" + zeros + "87", ScriptHash, []string{zeros}},
		{"a9" + "4c14" + zeros + "87", NonStandard, nil},
		{"0014" + zeros, WitnessV0KeyHash, []string{zeros}},
		{"0020" + zeros + zeros[:24], WitnessV0ScriptHash, []string{zeros + zeros[:24]}},
		{"0015" + zeros + "00", NonStandard, nil}, // version 0 of another length
		{"5120" + zeros + zeros[:24], WitnessV1Taproot, []string{zeros + zeros[:24]}},
		{"5114" + zeros, WitnessUnknown, []string{"01", zeros}},
		{"6002ffff", WitnessUnknown, []string{"10", "ffff"}},
		{"51024e73", Anchor, nil},
		{"52024e73", WitnessUnknown, []string{"02", "4e73"}},
		{"6a", NullData, nil}, {"6a0161", NullData, nil}, {"6a61", NonStandard, nil}, {"6a02ff", NonStandard, nil},
		{"5121" + key1 + "51ae", MultiSig, []string{"01", key1, "01"}},
		{"5121" + key1 + "41" + key65 + "52ae", MultiSig, []string{"01", key1, key65, "02"}},
		{"514c21" + key1 + "51ae", MultiSig, []string{"01", key1, "01"}}, // keys may be pushed at length
		{"0021" + key1 + "51ae", NonStandard, nil},                       // 0 of 1
		{"5221" + key1 + "51ae", NonStandard, nil},                       // 2 of 1
		{"5121" + key1 + "52ae", NonStandard, nil},                       // 1 key, says 2
		{"5121" + key1 + "0101ae", NonStandard, nil},                     // 1 pushed as data
		{"010121" + key1 + "51ae", NonStandard, nil},
		{"5121" + key1 + "5161ae", NonStandard, nil},
		{"5151ae", NonStandard, nil}, {"ae", NonStandard, nil}, {"51ae", NonStandard, nil}, {"", NonStandard, nil},
		{"5121" + key1[:10] + "ae", NonStandard, nil}, // ends inside a push
	} {
		typ, sol := Classify(fromHex(t, c.script))
		ok := typ == c.want && len(sol) == len(c.sol) && TypeOf(fromHex(t, c.script)) == typ
		for i := range sol {
			ok = ok && i < len(c.sol) && hex.EncodeToString(sol[i]) == c.sol[i]
		}
		if !ok {
			t.Errorf("%s: %v %x, want %v %v", c.script, typ, sol, c.want, c.sol)
		}
	}
}

func TestMultiSigLimits(t *testing.T) {
	key := fromHex(t, "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5")
	keys := func(n int) (out [][]byte) {
		for range n {
			out = append(out, key)
		}
		return out
	}
	// 17 to 20 do not fit an opcode and are pushed as data.
	for _, n := range []int{1, 3, 16, 17, 20, 21} {
		s := AppendMultiSig(nil, n, keys(n))
		typ, sol := Classify(s)
		if (typ == MultiSig) != (n <= 20) || typ == MultiSig && (len(sol) != n+2 || int(sol[0][0]) != n || int(sol[n+1][0]) != n) {
			t.Errorf("%d keys: %v with %d solutions", n, typ, len(sol))
		}
	}
	full := AppendMultiSig(nil, 20, keys(20))
	if n := testing.AllocsPerRun(10, func() { TypeOf(full) }); n != 0 {
		t.Errorf("TypeOf allocates %v times", n)
	}
}

func TestMultiA(t *testing.T) {
	k := "20c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
	for script, want := range map[string]int{
		k + "ac519c": 1, k + "ac" + k + "ba529c": 2, k + "ac" + k + "ba01029c": 0, k + "ba519c": 0,
		k + "ac" + k + "ac519c": 0, k + "ac529c": 0, k + "ac009c": 0, k + "ac51519c": 0, k + "ac9c": 0, "9c": 0, "": 0, k + "ac51": 0,
	} {
		m, keys, ok := MultiA(fromHex(t, script))
		if ok != (want > 0) || ok && (m != want || len(keys) != len(script)/68) {
			t.Errorf("%s: %d of %d, %v", script, m, len(keys), ok)
		}
	}
}

func TestAsmSigHash(t *testing.T) {
	const der = "3006020101020101"
	for script, want := range map[string]string{
		"09" + der + "01": der + "[ALL]", "09" + der + "81": der + "[ALL|ANYONECANPAY]",
		"09" + der + "02": der + "[NONE]", "09" + der + "82": der + "[NONE|ANYONECANPAY]",
		"09" + der + "03": der + "[SINGLE]", "09" + der + "83": der + "[SINGLE|ANYONECANPAY]",
		"09" + der + "04": der + "04", "09" + der + "00": der + "00",
		"0a" + der + "0001":      der + "0001",           // not strict DER
		"09300602018102010101":   "300602018102010101",   // negative
		"0a30070202000102010101": "30070202000102010101", // padded
		"6a09" + der + "01":      "OP_RETURN " + der + "01",
		"00":                     "0", "4f": "-1", "60": "16", "0181": "-1", "04ffffffff": "-2147483647", "050000000001": "0000000001",
		"ff": "OP_INVALIDOPCODE", "bb": "OP_UNKNOWN", "b1b2": "OP_CHECKLOCKTIMEVERIFY OP_CHECKSEQUENCEVERIFY", "5102": "1 [error]",
	} {
		if got := string(AppendAsm(nil, fromHex(t, script), true)); got != want {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
	}
	if got := string(AppendAsm([]byte("x"), fromHex(t, "09"+der+"01"), false)); got != "x"+der+"01" {
		t.Errorf("without decoding: %q", got)
	}
}

func FuzzClassify(f *testing.F) {
	for _, s := range []string{"51024e73", "76a914", "5121", "6a", "ae"} {
		f.Add(fromHex(f, s))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		typ, _ := Classify(script)
		AppendAsm(nil, script, true)
		MultiA(script)
		a, ok := ExtractAddress(script)
		if ok && (string(a.Script()) != string(script) || a.Type() != typ) {
			t.Fatalf("%x: address of %v gives %x", script, a.Type(), a.Script())
		}
		switch typ {
		case NonStandard, PubKey, MultiSig, NullData:
			if ok {
				t.Fatalf("%x: %v has an address", script, typ)
			}
		default:
			if !ok {
				t.Fatalf("%x: %v has no address", script, typ)
			}
		}
	})
}
