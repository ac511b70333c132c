package sigverify

import (
	"bytes"
	"crypto/sha256"
	"math/big"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"grapevine/chain/sigverify/curve"
)

// bytes32 is n in big endian, with k added.
func bytes32(n *big.Int, k int64) (b [32]byte) {
	new(big.Int).Add(n, big.NewInt(k)).FillBytes(b[:])
	return b
}

// noPoint is the first X from 1 on that is on no point.
func noPoint() [32]byte {
	var p secp.JacobianPoint
	for k := int64(1); ; k++ {
		if b := bytes32(new(big.Int), k); !liftX(&b, false, &p) {
			return b
		}
	}
}

// Numbers out of range and keys off the curve are refused before any curve
// arithmetic: what that makes of them is nobody's business. Most of them could
// not be part of a signature that fits otherwise.
func TestLoadRefuses(t *testing.T) {
	n := secp.Params().N
	priv := testKey(5)
	hash := sha256.Sum256([]byte("range"))
	var ec, sch Check
	if !ec.setECDSA(priv.PubKey().SerializeCompressed(), ecdsa.Sign(priv, hash[:]).Serialize(), &hash) {
		t.Fatal("no check")
	}
	sig, err := schnorr.Sign(priv, hash[:])
	if err != nil || !sch.setSchnorr(schnorr.SerializePubKey(priv.PubKey()), sig.Serialize(), &hash) {
		t.Fatal(err, "no check")
	}
	bad := noPoint()
	for _, c := range []struct {
		name   string
		check  Check
		change func(c *Check)
		want   bool
	}{
		{"ECDSA", ec, func(*Check) {}, true},
		{"r zero", ec, func(c *Check) { c.R = [32]byte{} }, false},
		{"s zero", ec, func(c *Check) { c.S = [32]byte{} }, false},
		{"r of n", ec, func(c *Check) { c.R = bytes32(n, 0) }, false},
		{"s of n", ec, func(c *Check) { c.S = bytes32(n, 0) }, false},
		{"r above n", ec, func(c *Check) { c.R = bytes32(n, 1) }, false},
		{"s above n", ec, func(c *Check) { c.S = bytes32(n, 1) }, false},
		{"r below n", ec, func(c *Check) { c.R = bytes32(n, -1) }, true},
		{"s below n", ec, func(c *Check) { c.S = bytes32(n, -1) }, true},
		{"key off the curve", ec, func(c *Check) { copy(c.Key[1:], bad[:]) }, false},
		{"Schnorr", sch, func(*Check) {}, true},
		{"Schnorr, s below n", sch, func(c *Check) { c.S = bytes32(n, -1) }, true},
		{"Schnorr, s of n", sch, func(c *Check) { c.S = bytes32(n, 0) }, false},
		{"Schnorr, s above n", sch, func(c *Check) { c.S = bytes32(n, 1) }, false},
		{"Schnorr, key off the curve", sch, func(c *Check) { copy(c.Key[:], bad[:]) }, false},
	} {
		c.change(&c.check)
		if got := new(portableWork).load([]Check{c.check}); got != c.want {
			t.Errorf("%s: portable takes it: %v", c.name, got)
		}
		if c.check.Kind == KindECDSA && new(ecdsaWork).load(&c.check) != c.want {
			t.Errorf("%s: reference takes it: %v", c.name, !c.want)
		}
	}
}

// A signature that holds, with n added to s.
func TestSAboveOrder(t *testing.T) {
	R, x := firstX(big.NewInt(1))
	key, sig := chosenR(&R, x) // s is 7
	r, s := x.Bytes(), bytes32(secp.Params().N, 7)
	if !both(t, key, sig, new([32]byte)) || both(t, key, derSig(r, s[:]), new([32]byte)) {
		t.Error("s has to be below the group order")
	}
}

// difference sets p to a - tG and reports whether its Y is even.
func difference(a *secp.JacobianPoint, t int64, p *secp.JacobianPoint) bool {
	b := bytes32(new(big.Int), t)
	var k secp.ModNScalar
	k.SetBytes(&b)
	k.Negate()
	var kG secp.JacobianPoint
	secp.ScalarBaseMultNonConst(&k, &kG)
	secp.AddNonConst(a, &kG, p)
	p.ToAffine()
	return !p.Y.IsOdd()
}

// The reference's equation on a challenge of our choice, which no hash would
// give: sG - eP with e = 0 is sG whatever the key, and with e = -1 the key can be
// made to fit an r.
func TestSchnorrPointRefuses(t *testing.T) {
	var G, sum secp.JacobianPoint
	five := bytes32(new(big.Int), 5)
	var s secp.ModNScalar
	s.SetBytes(&five)
	secp.ScalarBaseMultNonConst(&s, &G)
	G.ToAffine()
	r, key, bad := *G.X.Bytes(), schnorr.SerializePubKey(testKey(1).PubKey()), noPoint()
	if !schnorrPoint(key, &r, &five, new([32]byte), &sum) {
		t.Fatal("5G is not 5G")
	}
	if schnorrPoint(bad[:], &r, &five, new([32]byte), &sum) {
		t.Error("a key off the curve passes")
	}
	high := bytes32(secp.Params().N, 5)
	if schnorrPoint(key, &r, &high, new([32]byte), &sum) {
		t.Error("s + n passes")
	}

	// P = R - kG, so that kG + P is R, the point at X = 1: s is k and e is -1.
	one := bytes32(new(big.Int), 1)
	var R, P secp.JacobianPoint
	liftX(&one, false, &R)
	k := int64(1)
	for !difference(&R, k, &P) {
		k++
	}
	minus := bytes32(secp.Params().N, -1)
	scalar := bytes32(new(big.Int), k)
	x := *P.X.Bytes()
	if !schnorrPoint(x[:], &one, &scalar, &minus, &sum) {
		t.Fatal("the key does not fit")
	}
	above := bytes32(secp.Params().P, 1)
	if schnorrPoint(x[:], &above, &scalar, &minus, &sum) {
		t.Error("r + p passes")
	}
}

// Output keys at or above p, parities above one, and internal keys off the
// curve are no commitment, though the rest fits.
func TestTapTweakRefuses(t *testing.T) {
	one := bytes32(new(big.Int), 1)
	var R, P secp.JacobianPoint
	if !liftX(&one, false, &R) {
		t.Fatal("X = 1 is on no point")
	}
	k := int64(1)
	for !difference(&R, k, &P) {
		k++
	}
	internal, tweak := *P.X.Bytes(), bytes32(new(big.Int), k)
	if !bothTweak(t, one[:], internal[:], &tweak, 0) {
		t.Fatal("the commitment does not hold")
	}
	above := bytes32(secp.Params().P, 1)
	if bothTweak(t, above[:], internal[:], &tweak, 0) {
		t.Error("an output key of p + 1 passes")
	}
	for parity := range byte(4) {
		if got := bothTweak(t, one[:], internal[:], &tweak, parity); got != (parity == 0) {
			t.Errorf("parity %d: %v", parity, got)
		}
	}
	if (Direct{}).TapTweak(internal[:], internal[:], &tweak, 0) || !(Direct{}).TapTweak(one[:], internal[:], &tweak, 0) {
		t.Error("Direct gives another answer")
	}

	// What either engine would compute from a key off the curve.
	bad := noPoint()
	if _, _, ok := TaprootOutputKey(bad[:], nil); ok {
		t.Error("a key off the curve has an output key")
	}
	var q secp.JacobianPoint
	tweaked(bad[:], &tweak, &q)
	var kG secp.JacobianPoint
	var scalar secp.ModNScalar
	scalar.SetBytes(&tweak)
	secp.ScalarBaseMultNonConst(&scalar, &kG)
	kG.ToAffine()
	if out := *kG.X.Bytes(); TapTweak(out[:], bad[:], &tweak, byte(kG.Y.IsOddBit())) {
		t.Error("the tweak alone passes")
	}
	var off curve.Point
	var x curve.Element
	x.SetBytes(&bad)
	off.LiftX(&x, false)
	u := curve.ScalarFromBytes(&tweak)
	var sum [1]curve.Jacobian
	var affine [1]curve.Point
	portable.table.Base(&u, &sum[0])
	sum[0].AddPoint(&off)
	curve.ToAffine(sum[:], affine[:])
	out := affine[0].X.Normalize().Bytes()
	if portable.TapTweak(out[:], bad[:], &tweak, 0) || portable.TapTweak(out[:], bad[:], &tweak, 1) {
		t.Error("the sum with a key off the curve passes")
	}
}

// A full key whose Y is small enough to be written as Y + p too.
func TestYBelowP(t *testing.T) {
	p := secp.Params().P
	third := new(big.Int).Div(new(big.Int).Add(p, big.NewInt(2)), big.NewInt(9)) // p is 7 modulo 9
	three := big.NewInt(3)
	for y := int64(1); ; y++ {
		cube := new(big.Int).Mod(big.NewInt(y*y-7), p)
		x := new(big.Int).Exp(cube, third, p)
		if new(big.Int).Exp(x, three, p).Cmp(cube) != 0 {
			continue
		}
		xb, yb, above := bytes32(x, 0), bytes32(new(big.Int), y), bytes32(p, y)
		for _, first := range []byte{4, 6 + byte(y&1)} {
			good := append(append([]byte{first}, xb[:]...), yb[:]...)
			bad := append(append([]byte{first}, xb[:]...), above[:]...)
			if !ValidPubKey(good) || !portableKey(good, new(curve.Point)) {
				t.Errorf("%02x: a small Y refused", first)
			}
			if ValidPubKey(bad) || portableKey(bad, new(curve.Point)) {
				t.Errorf("%02x: Y + p accepted", first)
			}
		}
		return
	}
}

func TestOtherKeysRefused(t *testing.T) {
	bad := noPoint()
	if _, ok := CompressPubKey(append([]byte{2}, bad[:]...)); ok {
		t.Error("a key off the curve was compressed")
	}
	key := schnorr.SerializePubKey(testKey(1).PubKey())
	if !ValidXOnly(key) || ValidXOnly(append(key, 0)) || ValidXOnly(key[:31]) {
		t.Error("x-only keys have 32 bytes")
	}
}

// A check that cannot hold leaves nothing of the check that lay in its place
// before.
func TestBatchForgetsTheCheckBefore(t *testing.T) {
	priv := testKey(6)
	hash := sha256.Sum256([]byte("before"))
	sig, err := schnorr.Sign(priv, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	key := schnorr.SerializePubKey(priv.PubKey())
	for _, engine := range []Engine{nil, portable} {
		b := NewBatch(engine, nil)
		b.AddSchnorr(key, sig.Serialize(), &hash)
		if !b.Verify() {
			t.Fatal("a valid signature refused")
		}
		b.Reset()
		b.AddSchnorr(key, sig.Serialize()[:63], &hash)
		if b.Verify() {
			t.Errorf("%T: a signature of 63 bytes passes after a valid one", engine)
		}
		b.Reset()
		b.AddECDSA(priv.PubKey().SerializeCompressed(), nil, &hash)
		if b.Verify() {
			t.Errorf("%T: an empty signature passes after a valid one", engine)
		}
	}
}

// The lax parser's ends: what can still be read as two integers, and what not.
func TestLaxDEREnds(t *testing.T) {
	half := new(big.Int).SetBytes(groupHalfOrder[:])
	high := bytes32(half, 1)
	long := append([]byte{0x30, 0, 2, 1, 1, 2, 0x84, 1, 0, 0, 0}, make([]byte, 1<<24)...)
	for _, c := range []struct {
		name string
		sig  []byte
		want bool
	}{
		{"no second integer", []byte{0x30, 3, 2, 1, 1}, false},
		{"an empty second integer", []byte{0x30, 5, 2, 1, 1, 2, 0}, true},
		{"a length of lengths up to the end", []byte{0x30, 6, 2, 1, 1, 2, 0x81, 0}, true},
		{"a length of lengths past the end", []byte{0x30, 6, 2, 1, 1, 2, 0x82, 0}, false},
		{"a length of four digits", long, false},
		{"r out of range, so that both read as zero", derSig(bytes.Repeat([]byte{0xff}, 32), high[:]), true},
	} {
		if got := LowS(c.sig); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
