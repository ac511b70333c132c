package sigverify

import (
	"bytes"
	"crypto/sha256"
	"math/big"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"grapevine/chain/sigverify/curve"
)

// derInt encodes a DER integer of b with no regard for its value.
func derInt(b []byte) []byte { return append([]byte{2, byte(len(b))}, b...) }

func derSig(r, s []byte) []byte {
	body := append(derInt(r), derInt(s)...)
	return append([]byte{0x30, byte(len(body))}, body...)
}

// portable is shared by the tests, as a node would.
var portable = NewPortable()

// both asks the plain function, a batch on each engine and the engine alone,
// which have to agree.
func both(t *testing.T, key, sig []byte, hash *[32]byte) bool {
	t.Helper()
	got := ECDSA(key, sig, hash)
	for _, engine := range []Engine{nil, portable} {
		b := NewBatch(engine, NewCache(1))
		b.AddECDSA(key, sig, hash)
		if b.Verify() != got {
			t.Errorf("batch on %T says %v, ECDSA %v", engine, !got, got)
		}
	}
	if portable.ECDSA(key, sig, hash) != got {
		t.Errorf("portable says %v, ECDSA %v", !got, got)
	}
	return got
}

// bothSchnorr does the same for BIP 340.
func bothSchnorr(t *testing.T, key, sig []byte, msg *[32]byte) bool {
	t.Helper()
	got := Schnorr(key, sig, msg)
	for _, engine := range []Engine{nil, portable} {
		b := NewBatch(engine, nil)
		b.AddSchnorr(key, sig, msg)
		if b.Verify() != got {
			t.Errorf("batch on %T says %v, Schnorr %v", engine, !got, got)
		}
	}
	if portable.Schnorr(key, sig, msg) != got {
		t.Errorf("portable says %v, Schnorr %v", !got, got)
	}
	return got
}

// bothTweak does the same for commitments.
func bothTweak(t *testing.T, output, internal []byte, tweak *[32]byte, parity byte) bool {
	t.Helper()
	got := TapTweak(output, internal, tweak, parity)
	if portable.TapTweak(output, internal, tweak, parity) != got {
		t.Errorf("portable says %v, TapTweak %v", !got, got)
	}
	return got
}

func TestECDSAKeyForms(t *testing.T) {
	hash := sha256.Sum256([]byte("message"))
	for seed := byte(0); seed < 8; seed++ {
		priv := testKey(seed)
		sig := ecdsa.Sign(priv, hash[:]).Serialize()
		full := priv.PubKey().SerializeUncompressed()
		odd := full[64] & 1
		form := func(first byte) []byte { return append([]byte{first}, full[1:]...) }
		offCurve := form(4)
		offCurve[64] ^= 1
		for _, c := range []struct {
			name string
			key  []byte
			want bool
		}{
			{"compressed", priv.PubKey().SerializeCompressed(), true},
			{"compressed, other parity", append([]byte{3 - odd}, full[1:33]...), false},
			{"uncompressed", full, true},
			{"hybrid", form(6 + odd), true},
			{"hybrid, wrong parity", form(7 - odd), false},
			{"unknown first byte", form(5), false},
			{"off the curve", offCurve, false},
			{"full key cut to 33", full[:33], false},
			{"one byte more", append(bytes.Clone(full), 0), false},
			{"compressed in 65", append([]byte{2 + odd}, full[1:]...), false},
			{"empty", nil, false},
		} {
			if got := both(t, c.key, sig, &hash); got != c.want {
				t.Errorf("seed %d, %s: %v", seed, c.name, got)
			}
			wantValid := c.want || c.name == "compressed, other parity"
			if got := ValidPubKey(c.key); got != wantValid {
				t.Errorf("seed %d, %s: valid %v", seed, c.name, got)
			}
			if got := portableKey(c.key, new(curve.Point)); got != wantValid {
				t.Errorf("seed %d, %s: portable says valid %v", seed, c.name, got)
			}
		}
	}
}

func TestPubKeyCoordinatesBelowP(t *testing.T) {
	p := secp.Params().P
	// X = 1 is on the curve; the same point written as p + 1 is refused.
	x := new(big.Int).Add(p, big.NewInt(1)).Bytes()
	one := make([]byte, 32)
	one[31] = 1
	if !ValidPubKey(append([]byte{2}, one...)) || !ValidXOnly(one) {
		t.Error("X = 1 refused")
	}
	if ValidPubKey(append([]byte{2}, x...)) || ValidXOnly(x) || portableKey(append([]byte{2}, x...), new(curve.Point)) {
		t.Error("X = p + 1 accepted")
	}
	full, _ := DecompressPubKey([32]byte(one), false)
	copy(full[1:], x)
	if ValidPubKey(full[:]) || portableKey(full[:], new(curve.Point)) {
		t.Error("X = p + 1 accepted in a full key")
	}
	if _, ok := DecompressPubKey([32]byte(x), false); ok {
		t.Error("X = p + 1 decompressed")
	}
	if ValidXOnly(make([]byte, 32)) {
		t.Error("X = 0 is on no point")
	}
}

func TestCompressRoundTrip(t *testing.T) {
	for seed := byte(0); seed < 8; seed++ {
		pub := testKey(seed).PubKey()
		want := pub.SerializeCompressed()
		got, ok := CompressPubKey(pub.SerializeUncompressed())
		if !ok || !bytes.Equal(got[:], want) {
			t.Errorf("seed %d: compressed to %x", seed, got)
		}
		full, ok := DecompressPubKey([32]byte(want[1:]), want[0] == 3)
		if !ok || !bytes.Equal(full[:], pub.SerializeUncompressed()) {
			t.Errorf("seed %d: decompressed to %x", seed, full)
		}
	}
}

func TestHighSAccepted(t *testing.T) {
	hash := sha256.Sum256([]byte("message"))
	priv := testKey(1)
	low := ecdsa.Sign(priv, hash[:]).Serialize()
	var r, s [32]byte
	if !parseDERLax(low, &r, &s) || !LowS(low) {
		t.Fatal("signature does not parse, or S is not low")
	}
	high := new(big.Int).Sub(secp.Params().N, new(big.Int).SetBytes(s[:]))
	sig := derSig(r[:], high.Bytes())
	if LowS(sig) {
		t.Error("high S called low")
	}
	if !both(t, priv.PubKey().SerializeCompressed(), sig, &hash) {
		t.Error("high S refused")
	}
	half := new(big.Int).Rsh(secp.Params().N, 1)
	if !bytes.Equal(half.Bytes(), groupHalfOrder[:]) {
		t.Error("half the order is wrong")
	}
	if !LowS(derSig(r[:], half.Bytes())) || LowS(derSig(r[:], half.Add(half, big.NewInt(1)).Bytes())) {
		t.Error("the limit of low S is off")
	}
	if LowS([]byte{0x30}) || !LowS(derSig(r[:], bytes.Repeat([]byte{0xff}, 32))) {
		t.Error("unparsable must be false, S out of range reads as zero")
	}
}

// chosenR returns a key and a signature whose R is the given point, for r of
// any value, s = 7 and a hash of zero: the key is s/r * R.
func chosenR(R *secp.JacobianPoint, rValue *big.Int) (key, sig []byte) {
	var r, s, k secp.ModNScalar
	r.SetByteSlice(rValue.Bytes())
	s.SetInt(7)
	k.InverseValNonConst(&r).Mul(&s)
	var P secp.JacobianPoint
	secp.ScalarMultNonConst(&k, R, &P)
	P.ToAffine()
	return secp.NewPublicKey(&P.X, &P.Y).SerializeCompressed(), derSig(rValue.Bytes(), []byte{7})
}

// firstX returns the first point with an X from x on.
func firstX(x *big.Int) (R secp.JacobianPoint, at *big.Int) {
	for at = new(big.Int).Set(x); ; at.Add(at, big.NewInt(1)) {
		var b [32]byte
		at.FillBytes(b[:])
		if liftX(&b, false, &R) {
			return R, at
		}
	}
}

// TestXAboveOrder: X of R lies between n and p, so that r is X - n and the
// second comparison of the verification decides. That comparison must not wrap:
// r = X + p - n with a small X is another number modulo n.
func TestXAboveOrder(t *testing.T) {
	n, p := secp.Params().N, secp.Params().P
	R, x := firstX(new(big.Int).Add(n, big.NewInt(1))) // n itself would make r zero
	key, sig := chosenR(&R, new(big.Int).Sub(x, n))
	if !both(t, key, sig, new([32]byte)) {
		t.Error("signature with X above the group order refused")
	}
	sig[len(sig)-1] = 8
	if both(t, key, sig, new([32]byte)) {
		t.Error("another s accepted")
	}
	R, x = firstX(big.NewInt(1))
	key, sig = chosenR(&R, x)
	if !both(t, key, sig, new([32]byte)) {
		t.Error("signature with a small X refused")
	}
	key, sig = chosenR(&R, x.Add(x, p).Sub(x, n))
	if both(t, key, sig, new([32]byte)) {
		t.Error("r + n wraps around")
	}
}

// TestInfinityRefused arranges R to be the point at infinity.
func TestInfinityRefused(t *testing.T) {
	priv := testKey(3)
	// m + r*d = 0 makes (m/s)G + (r/s)P vanish.
	var m secp.ModNScalar
	var r secp.ModNScalar
	r.SetInt(5)
	m.Mul2(&r, &priv.Key).Negate()
	hash := m.Bytes()
	if both(t, priv.PubKey().SerializeCompressed(), derSig([]byte{5}, []byte{9}), &hash) {
		t.Error("R at infinity accepted")
	}
	// For Schnorr: s = e*d makes R = sG - eP vanish; whatever r claims.
	even := priv.Key
	if priv.PubKey().SerializeCompressed()[0] == 3 {
		even.Negate()
	}
	xonly := schnorr.SerializePubKey(priv.PubKey())
	var sig [64]byte
	var e [32]byte
	challenge(&e, (*[32]byte)(sig[:32]), (*[32]byte)(xonly), hash[:])
	var s secp.ModNScalar
	s.SetBytes(&e)
	s.Mul(&even).PutBytesUnchecked(sig[32:])
	if bothSchnorr(t, xonly, sig[:], &hash) {
		t.Error("Schnorr with R at infinity accepted")
	}
}

func TestLaxDER(t *testing.T) {
	hash := sha256.Sum256([]byte("message"))
	priv := testKey(2)
	key := priv.PubKey().SerializeCompressed()
	strict := ecdsa.Sign(priv, hash[:]).Serialize()
	var r, s [32]byte
	parseDERLax(strict, &r, &s)
	ints := append(derInt(r[:]), derInt(s[:])...) // perhaps negative: no matter
	long := func(b []byte, head ...byte) []byte { return append(head, b...) }
	overlong := bytes.Repeat([]byte{0}, 127)
	overlong[126] = 32
	for _, c := range []struct {
		name string
		sig  []byte
		want bool
	}{
		{"as signed", strict, true},
		{"padded integers", derSig(append(make([]byte, 40), r[:]...), append(make([]byte, 3), s[:]...)), true},
		{"garbage after it", append(bytes.Clone(strict), 1, 2, 3), true},
		{"sequence length wrong", long(ints, 0x30, 0x01), true},
		{"sequence length zero in long form", long(ints, 0x30, 0x80), true},
		{"sequence length in 4 bytes", long(ints, 0x30, 0x84, 0xff, 0xff, 0xff, 0xff), true},
		{"integer length in long form", long(append(append([]byte{2, 0x81, 32}, r[:]...), derInt(s[:])...), 0x30, 0), true},
		{"integer length in 127 bytes, zeros first", long(append(append(append([]byte{2, 0xff}, overlong...), r[:]...), derInt(s[:])...), 0x30, 0), true},
		{"integer length of 4 digits", long(append(append([]byte{2, 0x84, 1, 0, 0, 32}, r[:]...), derInt(s[:])...), 0x30, 0), false},
		{"sequence length beyond the end", []byte{0x30, 0xff, 2}, false},
		{"no sequence", long(ints, 0x31, byte(len(ints))), false},
		{"no second integer", long(derInt(r[:]), 0x30, 34), false},
		{"integer tag wrong", long(append(append([]byte{3, 32}, r[:]...), derInt(s[:])...), 0x30, 68), false},
		{"second cut short", strict[:len(strict)-1], false},
		{"empty", nil, false},
		{"r too large", derSig(append([]byte{1}, r[:]...), s[:]), false},
		{"s too large", derSig(r[:], append([]byte{1}, s[:]...)), false},
		{"r zero", derSig([]byte{0}, s[:]), false},
		{"s zero", derSig(r[:], nil), false},
		{"r at the order", derSig(secp.Params().N.Bytes(), s[:]), false},
		{"s above the order", derSig(r[:], bytes.Repeat([]byte{0xff}, 32)), false},
	} {
		if got := both(t, key, c.sig, &hash); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestSchnorrLengths(t *testing.T) {
	priv := testKey(4)
	hash := sha256.Sum256([]byte("x"))
	s, err := schnorr.Sign(priv, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	sig, key := s.Serialize(), schnorr.SerializePubKey(priv.PubKey())
	cached := Cached{Cache: NewCache(1), Store: true}
	for _, c := range []struct {
		key, sig []byte
		want     bool
	}{
		{key, sig, true}, {key, sig[:63], false}, {key, append(bytes.Clone(sig), 1), false},
		{key[:31], sig, false}, {append(bytes.Clone(key), 0), sig, false}, {nil, nil, false},
	} {
		if bothSchnorr(t, c.key, c.sig, &hash) != c.want || cached.Schnorr(c.key, c.sig, &hash) != c.want {
			t.Errorf("key of %d, signature of %d: not %v", len(c.key), len(c.sig), c.want)
		}
	}
	if _, _, ok := TaprootOutputKey(key[:31], nil); ok || bothTweak(t, key, key[:31], &hash, 0) || bothTweak(t, key[:31], key, &hash, 0) || bothTweak(t, key, key, &hash, 2) {
		t.Error("wrong lengths accepted")
	}
	if bothTweak(t, key, key, (*[32]byte)(secp.Params().N.Bytes()), 0) {
		t.Error("a tweak of n accepted: it would be zero, and the key its own commitment")
	}
}

// FuzzECDSA compares with btcec's verification on what both can parse.
func FuzzECDSA(f *testing.F) {
	hash := sha256.Sum256([]byte("seed"))
	for i := byte(0); i < 4; i++ {
		priv := testKey(i)
		f.Add(priv.PubKey().SerializeCompressed(), ecdsa.Sign(priv, hash[:]).Serialize(), hash[:])
	}
	f.Add([]byte{2}, []byte{0x30, 6, 2, 1, 1, 2, 1, 1}, hash[:])
	f.Fuzz(func(t *testing.T, key, sig, msg []byte) {
		if len(msg) != 32 {
			return
		}
		m := (*[32]byte)(msg)
		got := both(t, key, sig, m)
		pub, err := btcec.ParsePubKey(key)
		var point curve.Point
		if (err == nil) != ValidPubKey(key) || (err == nil) != portableKey(key, &point) {
			t.Fatalf("key %x: valid %v, btcec says %v", key, err != nil, err)
		}
		if err != nil {
			if got {
				t.Fatalf("signature passes for the invalid key %x", key)
			}
			return
		}
		parsed, err := ecdsa.ParseDERSignature(sig)
		if err != nil {
			return // leniency is a matter of the table tests
		}
		if want := parsed.Verify(msg, pub); got != want {
			t.Fatalf("key %x sig %x: %v, btcec says %v", key, sig, got, want)
		}
	})
}

// FuzzSchnorr compares with btcec's BIP 340.
func FuzzSchnorr(f *testing.F) {
	hash := sha256.Sum256([]byte("seed"))
	for i := byte(0); i < 4; i++ {
		priv := testKey(i)
		sig, _ := schnorr.Sign(priv, hash[:])
		f.Add(schnorr.SerializePubKey(priv.PubKey()), sig.Serialize(), hash[:])
	}
	f.Fuzz(func(t *testing.T, key, sig, msg []byte) {
		if len(msg) != 32 {
			return
		}
		got := bothSchnorr(t, key, sig, (*[32]byte)(msg))
		want := false
		if pub, err := schnorr.ParsePubKey(key); err == nil {
			if parsed, err := schnorr.ParseSignature(sig); err == nil {
				// btcec reduces an s that is out of range.
				var s secp.ModNScalar
				want = !s.SetByteSlice(sig[32:]) && parsed.Verify(msg, pub)
			}
		}
		if got != want {
			t.Fatalf("key %x sig %x: %v, btcec says %v", key, sig, got, want)
		}
	})
}

// TestTapTweakInfinity: an internal key whose tweaked point vanishes.
func TestTapTweakInfinity(t *testing.T) {
	priv := testKey(9)
	d := priv.Key
	if priv.PubKey().SerializeCompressed()[0] == 3 {
		d.Negate()
	}
	minus := d.Negate().Bytes()
	key := schnorr.SerializePubKey(priv.PubKey())
	if bothTweak(t, key, key, &minus, 0) || bothTweak(t, make([]byte, 32), key, &minus, 0) {
		t.Error("a commitment to infinity passes")
	}
}

// FuzzTapTweak compares the two implementations, on the right output key and
// on any.
func FuzzTapTweak(f *testing.F) {
	key := schnorr.SerializePubKey(testKey(1).PubKey())
	f.Add(key, key, byte(1))
	f.Fuzz(func(t *testing.T, internal, tweak []byte, parity byte) {
		if len(internal) != 32 || len(tweak) != 32 {
			return
		}
		bothTweak(t, tweak, internal, (*[32]byte)(tweak), parity&1)
		var q secp.JacobianPoint
		if !ValidXOnly(internal) || !tweaked(internal, (*[32]byte)(tweak), &q) {
			return
		}
		q.ToAffine()
		output, want := q.X.Bytes(), byte(q.Y.IsOddBit())
		if bothTweak(t, output[:], internal, (*[32]byte)(tweak), parity&1) != (want == parity&1) {
			t.Fatal("the right output key is judged wrongly")
		}
	})
}
