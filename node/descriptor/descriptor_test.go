package descriptor

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/internal/testdata"
)

type vectors struct {
	Valid []struct {
		Private, Public string
		Scripts         [][]string
	}
	Invalid [][2]string
}

func readVectors(t *testing.T) (v vectors) {
	t.Helper()
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func withoutChecksum(s string) string { return strings.Split(s, "#")[0] }

func TestVectorsValid(t *testing.T) {
	p := params.Mainnet()
	v := readVectors(t)
	for _, c := range v.Valid {
		public, err := Parse(c.Public, p, false)
		if err != nil {
			t.Errorf("%s: %v", c.Public, err)
			continue
		}
		private, err := Parse(c.Private, p, false)
		if err != nil {
			t.Errorf("%s: %v", c.Private, err)
			continue
		}
		if public.HasPrivateKeys || (c.Private != c.Public) != private.HasPrivateKeys {
			t.Errorf("%s: private keys %v, %v", c.Private, private.HasPrivateKeys, public.HasPrivateKeys)
		}
		// Both forms of the hardened mark stand in the vectors; each text
		// keeps its own.
		if got := withoutChecksum(public.Descriptors[0].String()); got != withoutChecksum(c.Public) {
			t.Errorf("%s becomes %s", c.Public, got)
		}
		marks := strings.NewReplacer("'", "h")
		if got := withoutChecksum(private.Descriptors[0].String()); marks.Replace(got) != marks.Replace(withoutChecksum(c.Public)) {
			t.Errorf("%s becomes %s", c.Private, got)
		}
		checkScripts(t, c.Private, private.Descriptors[0], c.Scripts)
		if _, err := public.Descriptors[0].Expand(0); err == nil {
			checkScripts(t, c.Public, public.Descriptors[0], c.Scripts)
		} else if !errors.Is(err, ErrNeedsPrivateKeys) || !strings.ContainsAny(c.Public, "'h") {
			t.Errorf("%s: %v", c.Public, err)
		}
	}
	t.Logf("%d valid descriptors", len(v.Valid))
	if len(v.Valid) != validCount {
		t.Fatalf("the file is known to hold %d", validCount)
	}
}

const (
	validCount   = 39
	invalidCount = 66
)

func checkScripts(t *testing.T, name string, d *Descriptor, want [][]string) {
	t.Helper()
	if d.Ranged() != (len(want) > 1) && len(want) > 1 {
		t.Errorf("%s: ranged %v", name, d.Ranged())
	}
	for pos, scripts := range want {
		got, err := d.Expand(uint32(pos))
		if err != nil || len(got) != len(scripts) {
			t.Errorf("%s at %d: %d scripts, want %d, %v", name, pos, len(got), len(scripts), err)
			continue
		}
		for i := range scripts {
			if hex.EncodeToString(got[i]) != scripts[i] {
				t.Errorf("%s at %d: script %x, want %s", name, pos, got[i], scripts[i])
			}
		}
	}
}

func TestVectorsInvalid(t *testing.T) {
	v := readVectors(t)
	for _, c := range v.Invalid {
		_, err := Parse(c[0], params.Mainnet(), strings.Contains(c[1], "hecksum"))
		var got *Error
		if !errors.As(err, &got) || got.Message != c[1] {
			t.Errorf("%s:\n got  %v\n want %s", c[0], err, c[1])
		}
	}
	t.Logf("%d invalid descriptors", len(v.Invalid))
	if len(v.Invalid) != invalidCount {
		t.Fatalf("the file is known to hold %d", invalidCount)
	}
}

const (
	g      = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	xpub   = "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB"
	xprv   = "xprv9s21ZrQH143K31xYSDQpPDxsXRTUcvj2iNHm5NUtrGiGG5e2DtALGdso3pGz6ssrdK4PFmM8NSpSBHNqPqm55Qn3LqFtT2emdEXVYsCzC2U"
	gUncom = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
)

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"pk(" + g + "),":                       "",
		"sh(pk(" + g + ")x)":                   "A function is needed within P2SH",
		"sh(pk(" + g + "),1)":                  "",
		"":                                     "'' is not a valid descriptor function",
		"pk(" + g:                              "'pk(" + g + "' is not a valid descriptor function",
		"foo(1)":                               "'foo(1)' is not a valid descriptor function",
		"pk()":                                 "pk(): No key provided",
		"wsh(and_v(v:pk(" + g + "),older(1)))": "Miniscript expressions are not supported: 'and_v(v:pk(" + g + "),older(1))'",
		"and_v(v:pk(" + g + "),older(1))":      "Miniscript expressions can only be used in wsh or tr.",
		"tr(musig(" + g + "))":                 "tr(): musig() is not supported",
		"pk(musig(" + g + "))":                 "pk(): musig() is only allowed in tr() and rawtr()",
		"rawtr(" + g + "," + g + ")":           "rawtr(): only one key expected.",
		"tr(" + g + ")x":                       "'tr(" + g + ")x' is not a valid descriptor function",
		"tr(" + g + ",{pk(" + g + ")})":        "tr(): expected ',' after script expression",
		"tr(" + g + ",{pk(" + g + "),pk(" + g:  "'tr(" + g + ",{pk(" + g + "),pk(" + g + "' is not a valid descriptor function",
		"tr(" + g + ",pk(" + g + "),1)":        "tr(): expected ')' after script expression",
		"tr(" + g + "," + strings.Repeat("{", 129) + "pk(" + g + ")" + strings.Repeat("}", 129) + ")": "tr() supports at most 128 nesting levels",
		"tr(" + gUncom + ")":               "tr(): Uncompressed keys are not allowed",
		"tr(" + g + ",wpkh(" + g + "))":    "Can only have wpkh() at top level or inside sh()",
		"multi_a(1," + g + ")":             "Can only have multi_a/sortedmulti_a inside tr()",
		"tr(" + g + ",multi(1," + g + "))": "Can only have multi/sortedmulti at top level, in sh(), or in wsh()",
		"pk(" + xpub + "/0/*/1)":           "pk(): Key path value '*' is not a valid uint32",
		"pk(" + xpub[:80] + ")":            "pk(): key '" + xpub[:80] + "' is not valid",
		"pk([]" + g + ")":                  "pk(): Fingerprint is not 4 bytes (0 characters instead of 8 characters)",
		"pk(]" + g + ")":                   "pk(): Key origin start '[ character expected but not found, got ']' instead",
		"raw()":                            "Raw script is not hex",
		"wsh(raw(00))":                     "Can only have raw() at top level",
	} {
		_, err := Parse(text, params.Mainnet(), false)
		var got *Error
		if !errors.As(err, &got) || got.Message != want {
			t.Errorf("%s:\n got  %v\n want %s", text, err, want)
		}
	}
}

func TestProperties(t *testing.T) {
	for text, want := range map[string]struct {
		ranged, solvable, scripts bool
		n                         int
	}{
		"pk(" + g + ")":                  {false, true, true, 1},
		"combo(" + g + ")":               {false, true, true, 1},
		"raw(51)":                        {false, false, true, 1},
		"addr(bc1pfeessrawgf)":           {false, false, true, 1},
		"unused(" + g + ")":              {false, true, false, 1},
		"wpkh(" + xpub + "/0/*)":         {true, true, true, 1},
		"wpkh(" + xpub + "/<0;1;2h>/*h)": {true, true, true, 3},
		"tr(" + g + ",{pk(" + xpub + "/*),multi_a(1," + xpub + "/<0;1>)})": {true, true, true, 2},
	} {
		p, err := Parse(text, params.Mainnet(), false)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		d := p.Descriptors[0]
		if d.Ranged() != want.ranged || d.Solvable() != want.solvable || d.HasScripts() != want.scripts || len(p.Descriptors) != want.n {
			t.Errorf("%s: %v %v %v %d", text, d.Ranged(), d.Solvable(), d.HasScripts(), len(p.Descriptors))
		}
		if again := d.String(); len(p.Descriptors) == 1 && again != text+"#"+p.Checksum {
			t.Errorf("%s becomes %s", text, again)
		}
	}
}

// TestHardenedNeedsPrivateKey: the xpub alone does not suffice, but may stand
// beside its own private key.
func TestHardenedNeedsPrivateKey(t *testing.T) {
	for text, want := range map[string]bool{
		"wpkh(" + xpub + "/1h/*)":                         false,
		"wpkh(" + xpub + "/*h)":                           false,
		"wpkh(" + xprv + "/1h/*)":                         true,
		"wsh(multi(1," + xpub + "/1h," + xprv + "/0/2h))": true,
		"wpkh(" + xpub + "/1/*)":                          true,
	} {
		p, err := Parse(text, params.Mainnet(), false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Descriptors[0].Expand(3); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
		if strings.Contains(p.Descriptors[0].String(), "xprv") {
			t.Errorf("%s: the text holds a private key", text)
		}
	}
}

// TestRecordedAnswers compares with every desc and getdescriptorinfo of the
// recorded answers.
func TestRecordedAnswers(t *testing.T) {
	f, err := os.Open(testdata.Shared(t, "golden/rpc.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := params.ByName("regtest")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var call struct {
			Method string
			Params []any
			Result any
			Error  *struct{ Message string }
		}
		if err := json.Unmarshal(lines.Bytes(), &call); err != nil {
			t.Fatal(err)
		}
		switch call.Method {
		case "getdescriptorinfo":
			n++
			checkInfo(t, call.Params[0].(string), call.Result, call.Error, p)
		case "decodescript":
			if m, ok := call.Result.(map[string]any); ok {
				m["hex"] = call.Params[0]
			}
			fallthrough
		default:
			n += walkDescs(t, call.Result, nil, p)
		}
	}
	t.Logf("%d recorded descriptors", n)
	if n < 800 {
		t.Error("the file is known to hold more than 800")
	}
}

func checkInfo(t *testing.T, text string, result any, failure *struct{ Message string }, p *params.Params) {
	got, err := Parse(text, p, false)
	if failure != nil {
		if err == nil || err.Error() != failure.Message {
			t.Errorf("%s: %v, want %s", text, err, failure.Message)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return
	}
	want, d := result.(map[string]any), got.Descriptors[0]
	if d.String() != want["descriptor"] || got.Checksum != want["checksum"] || d.Ranged() != want["isrange"] ||
		d.Solvable() != want["issolvable"] || got.HasPrivateKeys != want["hasprivatekeys"] {
		t.Errorf("%s: %s %s, want %v", text, d, got.Checksum, want)
	}
}

// walkDescs checks each pair of hex and desc; inside "segwit" the script that
// is wrapped is known.
func walkDescs(t *testing.T, v any, known []byte, p *params.Params) (n int) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			n += walkDescs(t, e, nil, p)
		}
	case map[string]any:
		text, isHex := v["hex"].(string)
		script, err := hex.DecodeString(text)
		if want, ok := v["desc"].(string); ok && isHex && err == nil {
			n++
			if got := Infer(script, p, known); got != want {
				t.Errorf("%x: %s, want %s", script, got, want)
			}
		}
		for _, e := range v {
			n += walkDescs(t, e, script, p)
		}
	}
	return n
}

func TestInferLimits(t *testing.T) {
	hexOf := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	p := params.Mainnet()
	multi := "5121" + g + "51ae"
	for script, want := range map[string]string{
		"41" + "07" + gUncom[2:] + "ac":          "raw(4107" + gUncom[2:] + "ac)", // hybrid
		"41" + gUncom + "ac":                     "pk(" + gUncom + ")",
		multi:                                    "multi(1," + g + ")",
		"5141" + "06" + gUncom[2:] + "51ae":      "raw(514106" + gUncom[2:] + "51ae)",
		"5120" + strings.Repeat("00", 32):        "addr(bc1pqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqpqqenm)", // no point
		"a914" + strings.Repeat("00", 20) + "87": "addr(31h1vYVSYuKP6AhS86fbRdMw9XHieotbST)",
		"6a":                                     "raw(6a)",
	} {
		if got := withoutChecksum(Infer(hexOf(script), p)); got != want {
			t.Errorf("%s: %s, want %s", script, got, want)
		}
	}
	inner := hexOf(multi)
	h := script.Hash160(inner)
	if got := withoutChecksum(Infer(append(append([]byte{0xa9, 20}, h[:]...), 0x87), p, inner)); got != "sh(multi(1,"+g+"))" {
		t.Error(got)
	}
	full := sha256Of(inner)
	program := append([]byte{0, 32}, full[:]...)
	h = script.Hash160(program)
	if got := withoutChecksum(Infer(append(append([]byte{0xa9, 20}, h[:]...), 0x87), p, program, inner)); got != "sh(wsh(multi(1,"+g+")))" {
		t.Error(got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"pk(" + g + ")", "wpkh([d34db33f/84h/0h/0h]" + xpub + "/<0;1>/*)", "sh(wsh(sortedmulti(1," + g + "," + xprv + "/1h)))",
		"tr(" + g + ",{pk(" + g + "),{multi_a(1," + g + "),sortedmulti_a(1," + g + ")}})", "addr(bc1pfeessrawgf)#", "raw(51)#8lvh9jxk", "combo(" + gUncom + ")",
	} {
		f.Add(s)
	}
	p := params.Mainnet()
	f.Fuzz(func(t *testing.T, s string) {
		parsed, err := Parse(s, p, false)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%q: %#v", s, err)
			}
			return
		}
		for _, d := range parsed.Descriptors {
			text := d.String()
			again, err := Parse(text, p, true)
			if err != nil || again.HasPrivateKeys || again.Descriptors[0].String() != text {
				t.Fatalf("%q becomes %q, then %v", s, text, err)
			}
			if _, err := d.Expand(1); err != nil && !errors.Is(err, ErrNeedsPrivateKeys) {
				t.Fatalf("%q: %v", s, err)
			}
		}
	})
}
