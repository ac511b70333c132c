package script

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestOpcodeNames(t *testing.T) {
	for op, want := range map[Opcode]string{
		Op0: "0", Op1Negate: "-1", Op1: "1", Op16: "16", OpPushData4: "OP_PUSHDATA4",
		OpReserved: "OP_RESERVED", OpNop: "OP_NOP", OpVerNotIf: "OP_VERNOTIF", Op2Rot: "OP_2ROT",
		OpTuck: "OP_TUCK", OpCat: "OP_CAT", OpReserved2: "OP_RESERVED2", Op0NotEqual: "OP_0NOTEQUAL",
		OpWithin: "OP_WITHIN", OpCheckMultiSigVerify: "OP_CHECKMULTISIGVERIFY",
		OpCheckLockTimeVerify: "OP_CHECKLOCKTIMEVERIFY", OpNop10: "OP_NOP10",
		OpCheckSigAdd: "OP_CHECKSIGADD", 0xbb: "OP_UNKNOWN", 0x05: "OP_UNKNOWN", OpInvalid: "OP_INVALIDOPCODE",
	} {
		if got := op.String(); got != want {
			t.Errorf("opcode %#x: %q, want %q", byte(op), got, want)
		}
	}
	if OpCheckSig != 0xac || OpNop10 != 0xb9 || OpSize != 0x82 || OpWithin != 0xa5 || OpTuck != 0x7d || OpReturn != 0x6a {
		t.Error("opcode values moved")
	}
}

// The list of BIP 342, section "Tapscript", as the BIP writes it.
func TestOpSuccess(t *testing.T) {
	want := map[int]bool{80: true, 98: true}
	for _, r := range [][2]int{{126, 129}, {131, 134}, {137, 138}, {141, 142}, {149, 153}, {187, 254}} {
		for i := r[0]; i <= r[1]; i++ {
			want[i] = true
		}
	}
	for i := range 256 {
		if Opcode(i).IsSuccess() != want[i] {
			t.Errorf("opcode %d: success %v, want %v", i, !want[i], want[i])
		}
	}
}

func TestFlagNames(t *testing.T) {
	if got := (VerifyP2SH | VerifyNullFail | VerifyCleanStack).Names(); !slices.Equal(got, []string{"CLEANSTACK", "NULLFAIL", "P2SH"}) {
		t.Errorf("names %v", got)
	}
	if got := (VerifyTaproot | 1<<30).Names(); !slices.Equal(got, []string{"TAPROOT", "0x40000000"}) {
		t.Errorf("names %v", got)
	}
	if Flags(0).Names() != nil {
		t.Error("no flags have names")
	}
	all := AllFlags.Names()
	if len(all) != 21 || !slices.IsSorted(all) {
		t.Errorf("all flags: %d %v", len(all), all)
	}
	var back Flags
	for _, n := range all {
		f, ok := ParseFlag(n)
		if !ok {
			t.Errorf("ParseFlag(%q)", n)
		}
		back |= f
	}
	if back != AllFlags || DiscourageUpgradablePubKeyType != 1<<20 || VerifyTaproot != 1<<17 {
		t.Errorf("bits %x", back)
	}
	if _, ok := ParseFlag("NO_SUCH"); ok {
		t.Error("unknown name parsed")
	}
}

func TestErrorForm(t *testing.T) {
	err := error(&Error{ErrEqualVerify})
	if !errors.Is(err, ErrEqualVerify) || errors.Is(err, ErrVerify) {
		t.Error("errors.Is does not see the kind")
	}
	if err.Error() != "Script failed an OP_EQUALVERIFY operation" {
		t.Error(err)
	}
	if ErrUnknown.Message() != "unknown error" {
		t.Error(ErrUnknown.Message())
	}
}

func TestTokenizer(t *testing.T) {
	for _, c := range []struct {
		script string
		want   string // op:data ...
		bad    bool
	}{
		{"", "", false},
		{"00", "0:", false},
		{"0201024c0103ac", "OP_UNKNOWN:0102 OP_PUSHDATA1:03 OP_CHECKSIG:", false},
		{"4d0200aabb4e01000000cc51", "OP_PUSHDATA2:aabb OP_PUSHDATA4:cc 1:", false},
		{"0201", "", true},
		{"514c", "1:", true},
		{"4c02aa", "", true},
		{"4d01", "", true},
		{"4d0200aa", "", true},
		{"4e010000", "", true},
		{"4effffffffaa", "", true},
		{"4e02000000aa", "", true},
	} {
		s := unhex(c.script)
		var got []string
		tok := NewTokenizer(s)
		for tok.Next() {
			got = append(got, tok.Op().String()+":"+hex.EncodeToString(tok.Data()))
		}
		if strings.Join(got, " ") != c.want || (tok.Err() != nil) != c.bad {
			t.Errorf("%s: %v, %v", c.script, got, tok.Err())
		}
		if tok.Next() || tok.Op() != OpInvalid {
			t.Errorf("%s: goes on after the end", c.script)
		}
		if c.bad && !errors.Is(tok.Err(), ErrBadOpcode) {
			t.Errorf("%s: %v", c.script, tok.Err())
		}
	}
}

func FuzzTokenizer(f *testing.F) {
	f.Add([]byte{0x4c, 1, 2, 0xac})
	f.Add([]byte{0x4e, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0x4d, 1})
	f.Fuzz(func(t *testing.T, s []byte) {
		tok, pos := NewTokenizer(s), 0
		for tok.Next() {
			if tok.Pos() <= pos || Opcode(s[pos]) != tok.Op() {
				t.Fatal("position")
			}
			if !bytes.HasSuffix(s[:tok.Pos()], tok.Data()) {
				t.Fatal("data is not what stands in the script")
			}
			pos = tok.Pos()
		}
		if (tok.Err() == nil) != (pos == len(s)) {
			t.Fatal("end")
		}
		CountSigOps(s, true)
		IsPushOnly(s)
		HasValidOps(s)
		WitnessProgram(s)
		P2SHSigOps(s, append(append([]byte{0xa9, 20}, make([]byte, 20)...), 0x87))
	})
}

func TestPatterns(t *testing.T) {
	h20, h32 := strings.Repeat("11", 20), strings.Repeat("22", 32)
	type row struct{ p2sh, p2pkh, p2wpkh, p2wsh, p2tr, anchor, unspendable, pushOnly bool }
	for s, want := range map[string]row{
		"a914" + h20 + "87":                   {p2sh: true},
		"a914" + h20 + "88":                   {},
		"a913" + h20 + "87":                   {},
		"aa14" + h20 + "87":                   {},
		"76a914" + h20 + "88ac":               {p2pkh: true},
		"76a914" + h20 + "88ad":               {},
		"76a914" + h20 + "87ac":               {},
		"76a814" + h20 + "88ac":               {},
		"75a914" + h20 + "88ac":               {},
		"76a913" + h20 + "88ac":               {},
		"0014" + h20:                          {p2wpkh: true, pushOnly: true},
		"0020" + h32:                          {p2wsh: true, pushOnly: true},
		"5120" + h32:                          {p2tr: true, pushOnly: true},
		"5220" + h32:                          {pushOnly: true},
		"5114" + h20:                          {pushOnly: true},
		"0013" + h20:                          {},
		"001f" + h32:                          {},
		"511f" + h32:                          {},
		"60":                                  {pushOnly: true},
		"61":                                  {},
		"51024e73":                            {anchor: true, pushOnly: true},
		"51024e74":                            {pushOnly: true},
		"52024e73":                            {pushOnly: true},
		"51014e73":                            {},
		"6a":                                  {unspendable: true},
		"516a":                                {},
		"":                                    {pushOnly: true},
		"4f50":                                {pushOnly: true},
		"0201":                                {},
		strings.Repeat("51", MaxScriptSize):   {pushOnly: true},
		strings.Repeat("51", MaxScriptSize+1): {unspendable: true, pushOnly: true},
	} {
		b := unhex(s)
		got := row{IsP2SH(b), IsP2PKH(b), IsP2WPKH(b), IsP2WSH(b), IsP2TR(b), IsPayToAnchor(b), IsUnspendable(b), IsPushOnly(b)}
		if got != want {
			t.Errorf("%.60s: %+v", s, got)
		}
	}
}

func TestWitnessProgram(t *testing.T) {
	for s, want := range map[string]int{
		"00020101": 0, "51020101": 1, "60020101": 16,
		"4f020101": -1, "50020101": -1, "61020101": -1, // not a small number
		"000101": -1, "0001010203": -1, "0003010203": 0, "00030102": -1, "0002010203": -1,
		"0028" + strings.Repeat("00", 40): 0, "0029" + strings.Repeat("00", 41): -1,
		"0002": -1, "": -1, "004c020101": -1,
	} {
		v, prog, ok := WitnessProgram(unhex(s))
		if ok != (want >= 0) || ok && v != want {
			t.Errorf("%s: %d %v", s, v, ok)
		}
		if ok && hex.EncodeToString(prog) != s[4:] {
			t.Errorf("%s: program %x", s, prog)
		}
	}
}

func TestHasValidOps(t *testing.T) {
	big := append([]byte{byte(OpPushData2), 0x09, 0x02}, make([]byte, 521)...)
	most := append([]byte{byte(OpPushData2), 0x08, 0x02}, make([]byte, 520)...)
	for _, c := range []struct {
		s    []byte
		want bool
	}{{most, true}, {nil, true}, {unhex("51b9"), true}, {unhex("ba"), false}, {unhex("02"), false}, {big, false}} {
		if HasValidOps(c.s) != c.want {
			t.Errorf("%.20x", c.s)
		}
	}
}

func TestSigOps(t *testing.T) {
	for _, c := range []struct {
		s            string
		rough, exact int
	}{
		{"", 0, 0}, {"ac", 1, 1}, {"acadac", 3, 3}, {"51ae", 20, 1}, {"52ae", 20, 2}, {"60af", 20, 16},
		{"00ae", 20, 20}, {"0152ae", 20, 20}, {"ae", 20, 20}, {"5161ae", 20, 20},
		{"ba", 0, 0},     // counts nowhere
		{"ac02ac", 1, 1}, // stops at the broken push
	} {
		if r, e := CountSigOps(unhex(c.s), false), CountSigOps(unhex(c.s), true); r != c.rough || e != c.exact {
			t.Errorf("%s: %d %d", c.s, r, e)
		}
	}
	p2sh := unhex("a914" + strings.Repeat("11", 20) + "87")
	for _, c := range []struct {
		sig  string
		want int
	}{{"0252ae", 2}, {"51", 0}, {"0252ae51", 0}, {"0252ae61", 0}, {"0252aeac", 0}, {"0253", 0}, {"0252ae0353aeac", 4}, {"", 0},
		{"600252ae", 2}, {"610252ae", 0}, {"4cff0252ae", 0}} {
		if got := P2SHSigOps(unhex(c.sig), p2sh); got != c.want {
			t.Errorf("P2SH %s: %d, want %d", c.sig, got, c.want)
		}
	}
	if P2SHSigOps(unhex("0252ae"), unhex("ac")) != 0 {
		t.Error("P2SH operations counted for another output")
	}
}

func TestWitnessSigOps(t *testing.T) {
	h20, h32 := strings.Repeat("11", 20), strings.Repeat("22", 32)
	p2sh := "a914" + h20 + "87"
	wit := [][]byte{unhex("ac"), unhex("52aeac")}
	for _, c := range []struct {
		sig, pk string
		wit     [][]byte
		flags   Flags
		want    int
	}{
		{"", "0014" + h20, wit, VerifyWitness, 1},
		{"", "0014" + h20, nil, VerifyWitness, 1},
		{"", "0014" + h20, wit, VerifyP2SH, 0},
		{"", "0020" + h32, wit, VerifyWitness, 3},
		{"", "0020" + h32, nil, VerifyWitness, 0},
		{"", "5120" + h32, wit, VerifyWitness, 0},
		{"", "0015" + h20 + "00", wit, VerifyWitness, 0},
		{"160014" + h20, p2sh, wit, VerifyWitness, 1},
		{"220020" + h32, p2sh, wit, VerifyWitness, 3},
		{"220020" + h32 + "51", p2sh, wit, VerifyWitness, 0},
		{"220020" + h32 + "61", p2sh, wit, VerifyWitness, 0},
		{"51160014" + h20, p2sh, wit, VerifyWitness, 1},
		{"160014" + h20, "ac", wit, VerifyWitness, 0},
	} {
		if got := WitnessSigOps(unhex(c.sig), unhex(c.pk), c.wit, c.flags); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.sig, c.pk, got, c.want)
		}
	}
}

func TestAppendPush(t *testing.T) {
	for n, prefix := range map[int]string{0: "00", 1: "01", 75: "4b", 76: "4c4c", 255: "4cff", 256: "4d0001", 65535: "4dffff", 65536: "4e00000100"} {
		data := make([]byte, n)
		s := AppendPush(nil, data)
		if len(s) != n+len(prefix)/2 || hex.EncodeToString(s[:len(prefix)/2]) != prefix {
			t.Errorf("push of %d: %x", n, s[:len(prefix)/2])
		}
		op, d, next, ok := readOp(s, 0)
		if !ok || next != len(s) || !bytes.Equal(d, data) || !isMinimalPush(op, d) {
			t.Errorf("push of %d does not read back", n)
		}
	}
	for _, s := range []string{"0101", "0110", "0181", "4c00", "4c0102", "4d0100ff", "4e01000000ff"} {
		op, d, _, _ := readOp(unhex(s), 0)
		if isMinimalPush(op, d) {
			t.Errorf("%s taken for minimal", s)
		}
	}
	for _, s := range []string{"00", "0100", "0111", "0180", "0182", "0201ff"} {
		op, d, _, _ := readOp(unhex(s), 0)
		if !isMinimalPush(op, d) {
			t.Errorf("%s not taken for minimal", s)
		}
	}
}
