package script

import (
	"crypto/sha256"
	"math/rand/v2"
	"os"
	"testing"

	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// oracle takes a signature for true when the last byte of its S is even, so
// that scripts can be drawn with signatures that hold or not without signing.
type oracle struct{}

func (oracle) VerifyAll(checks []sigverify.Check) bool {
	for i := range checks {
		if checks[i].S[31]&1 != 0 {
			return false
		}
	}
	return true
}

func (o oracle) ECDSA(key, sig []byte, hash *[32]byte) bool {
	b := sigverify.NewBatch(o, nil)
	b.AddECDSA(key, sig, hash)
	return b.Verify()
}

func (o oracle) Schnorr(key, sig []byte, msg *[32]byte) bool {
	b := sigverify.NewBatch(o, nil)
	b.AddSchnorr(key, sig, msg)
	return b.Verify()
}

func (oracle) TapTweak(_, _ []byte, _ *[32]byte, _ byte) bool { return true }

// drawer writes scripts that are mostly about signatures.
type drawer struct {
	*rand.Rand
	tap bool
}

// sig is one that holds, one that does not, none, or one of bad form.
func (d *drawer) sig() []byte {
	if d.tap {
		s := make([]byte, 64, 65)
		s[63] = byte(d.IntN(2))
		switch d.IntN(10) {
		case 0:
			return nil
		case 1:
			return append(s, byte(d.IntN(4)))
		case 2:
			return s[:63]
		}
		return s
	}
	s := []byte{0x30, 6, 2, 1, 1, 2, 1, byte(2 + d.IntN(2)), 1}
	switch d.IntN(10) {
	case 0, 1:
		return nil
	case 2:
		return s[:5]
	case 3:
		s[8] = 0x40
	case 4:
		return s[:8]
	}
	return s
}

func (d *drawer) key() []byte {
	k := append([]byte{byte(2 + d.IntN(2))}, make([]byte, 32)...)
	switch {
	case d.tap && d.IntN(8) > 0:
		return k[1:]
	case d.IntN(8) == 0:
		return k[:d.IntN(34)]
	case d.IntN(8) == 0:
		return append([]byte{byte(4 + d.IntN(4))}, make([]byte, 64)...)
	}
	return k
}

func (d *drawer) multi(s []byte, n, keys int) []byte {
	s = append(s, byte(Op1)-1+byte(n))
	if n == 0 {
		s[len(s)-1] = byte(Op0)
	}
	for range keys {
		s = AppendPush(s, d.key())
	}
	return append(s, byte(Op1)-1+byte(keys))
}

// script returns a script and what it may find on the stack.
func (d *drawer) script() (s []byte, items [][]byte) {
	for range 1 + d.IntN(4) {
		verify := d.IntN(2)
		switch d.IntN(9) {
		case 0, 1, 2:
			s = append(AppendPush(s, d.key()), byte(OpCheckSig)+byte(verify))
			items = append(items, d.sig())
		case 3, 4:
			keys := 1 + d.IntN(3)
			n := d.IntN(keys + 1)
			for range n {
				items = append(items, d.sig())
			}
			items = append(items, [][]byte{nil, {1}}[d.IntN(8)/7])
			s = append(d.multi(s, n, keys), byte(OpCheckMultiSig)+byte(verify))
		case 5:
			s = append(s, byte(OpCodeSeparator))
		case 6:
			s = append(s, byte([]Opcode{OpNot, OpDrop, Op1, Op0, OpVerify, OpBoolAnd, OpSwap, OpDup, OpReturn, OpElse}[d.IntN(10)]))
		case 7:
			s = append(s, byte(OpIf))
			s = append(AppendPush(s, d.key()), byte(OpCheckSig), byte(OpEndIf))
			items = append(items, d.sig(), [][]byte{nil, {1}}[d.IntN(2)])
		case 8:
			sig := d.sig() // deleted from the code where it stands in it
			s = append(AppendPush(s, sig), byte(OpDrop))
			s = append(AppendPush(AppendPush(s, sig), d.key()), byte(OpCheckSig)+byte(verify))
		}
	}
	for i, j := 0, len(items)-1; i < j; i, j = i+1, j-1 {
		items[i], items[j] = items[j], items[i]
	}
	if d.IntN(6) == 0 {
		items = append([][]byte{{1}}, items...)
	}
	return s, items
}

func pushes(items [][]byte) (s []byte) {
	for _, i := range items {
		s = AppendPush(s, i)
	}
	return s
}

// input draws an input and what it spends: bare, P2SH, P2WSH, wrapped P2WSH,
// tapscript or taproot key path.
func (d *drawer) input() (in wire.TxIn, pkScript []byte) {
	kind := d.IntN(6)
	d.tap = kind >= 4
	s, items := d.script()
	hash := sha256.Sum256(s)
	p2sh := func(redeem []byte) []byte {
		h := Hash160(redeem)
		return append(append([]byte{byte(OpHash160), 20}, h[:]...), byte(OpEqual))
	}
	switch kind {
	case 0:
		in.ScriptSig, pkScript = pushes(items), s
		if d.IntN(8) == 0 { // signatures are checked in the input's own script
			in.ScriptSig, pkScript = append(pushes(items), s...), []byte{byte(Op1)}
		}
	case 1:
		in.ScriptSig, pkScript = AppendPush(pushes(items), s), p2sh(s)
	case 2, 3:
		in.Witness = append(items, s)
		pkScript = append([]byte{0, 32}, hash[:]...)
		if kind == 3 {
			in.ScriptSig, pkScript = AppendPush(nil, pkScript), p2sh(pkScript)
		}
	default:
		pkScript = append([]byte{byte(Op1), 32, 1}, make([]byte, 31)...)
		in.Witness = append(items, s, append([]byte{0xc0}, make([]byte, 32)...))
		if kind == 5 {
			in.Witness = [][]byte{d.sig()}
		}
		if d.IntN(4) == 0 {
			in.Witness = append(in.Witness, []byte{annexTag, byte(d.IntN(256))})
		}
	}
	if d.IntN(30) == 0 {
		in.Witness = append(in.Witness, nil)
	}
	return in, pkScript
}

// TestDeferredChecksChangeNothing draws inputs and compares what VerifyBatched
// and its batch come to with what Verify says, for all rules about signatures.
func TestDeferredChecksChangeNothing(t *testing.T) {
	count := 40_000
	if os.Getenv("GRAPEVINE_LONG") != "" {
		count = 2_000_000
	}
	d := &drawer{Rand: rand.New(rand.NewPCG(5, 5))}
	optional := []Flags{VerifyP2SH, VerifyWitness, VerifyTaproot, VerifyNullFail, VerifyNullDummy, VerifyDERSig, VerifyStrictEnc,
		VerifyLowS, VerifyCleanStack, VerifyConstScriptCode, VerifyWitnessPubKeyType, VerifyMinimalIf, VerifyMinimalData}
	seen := make(map[ErrorKind]int)
	late := 0
	for range count {
		flags := VerifyP2SH | VerifyWitness | VerifyTaproot
		for _, f := range optional {
			if d.IntN(4) == 0 {
				flags ^= f
			}
		}
		if flags&VerifyTaproot != 0 || flags&VerifyCleanStack != 0 {
			flags |= VerifyWitness
		}
		if flags&VerifyWitness != 0 {
			flags |= VerifyP2SH
		}
		in, pkScript := d.input()
		tx := &wire.Tx{In: []wire.TxIn{in}, Out: []wire.TxOut{{Value: 1}}}
		m := NewMidstates(tx, []wire.TxOut{{Value: 2, PkScript: pkScript}})
		want := Verify(tx, 0, flags, m, oracle{})
		batch := sigverify.NewBatch(oracle{}, nil)
		got := VerifyBatched(tx, 0, flags, m, batch)
		switch {
		case got != nil && (want == nil || got.Error() != want.Error()):
			t.Fatalf("batched %v, at once %v: flags %v input %x witness %x output %x", got, want, flags, in.ScriptSig, in.Witness, pkScript)
		case got == nil && batch.Verify() != (want == nil):
			t.Fatalf("batch %v, at once %v: flags %v input %x witness %x output %x", want != nil, want, flags, in.ScriptSig, in.Witness, pkScript)
		}
		if got == nil && want != nil {
			late++
		}
		kind := noError
		if want != nil {
			kind = want.(*Error).Kind
		}
		seen[kind]++
	}
	for _, kind := range []ErrorKind{ErrSchnorrSig, ErrSchnorrSigSize, ErrSchnorrSigHashType, ErrTapMultiSig, ErrNullFail, ErrSigFindAndDelete, ErrCheckSig, ErrMultiSig, ErrEvalFalse} {
		if seen[kind] == 0 {
			t.Errorf("no input ended with: %s", kind)
		}
	}
	t.Logf("%d inputs, %d valid, %d found invalid by their batch; %d results", count, seen[noError], late, len(seen))
	if late < count/200 || seen[noError] < count/50 {
		t.Error("the draw is lopsided")
	}
}
