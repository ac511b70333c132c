package muhash

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/crypto/chacha20"
)

// prime is the modulus as the oracle of these tests knows it.
func prime() *big.Int {
	p := new(big.Int).Lsh(big.NewInt(1), 3072)
	return p.Sub(p, big.NewInt(primeDiff))
}

func (n *num) big() *big.Int {
	b := n.appendTo(nil)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

func fromBig(x *big.Int) (n num) {
	var b [numBytes]byte
	x.FillBytes(b[:])
	slices.Reverse(b[:])
	n.setBytes(&b)
	return n
}

func TestPrime(t *testing.T) {
	p := prime()
	if !p.ProbablyPrime(8) || p.BitLen() != 3072 {
		t.Error("the modulus is not a prime of 3072 bits")
	}
}

// shown is a sum as others print it: last byte first.
func shown(s Sum) string {
	slices.Reverse(s[:])
	return hex.EncodeToString(s[:])
}

// fromInt is the set with one element, 32 bytes that begin with i.
func fromInt(i byte) MuHash {
	h := New()
	h.Insert(append([]byte{i}, make([]byte, 31)...))
	return h
}

// TestVectors are the figures of Bitcoin Core's crypto_tests.
func TestVectors(t *testing.T) {
	const want = "10d312b100cbd32ada024a6646e40d3482fcff103668d2625f10002a607d5863"
	acc, one, two := fromInt(0), fromInt(1), fromInt(2)
	acc.Add(&one)
	acc.Subtract(&two)
	if got := shown(acc.Sum()); got != want {
		t.Errorf("0 * 1 / 2: %s", got)
	}
	acc = fromInt(0)
	acc.Insert(append([]byte{1}, make([]byte, 31)...))
	acc.Remove(append([]byte{2}, make([]byte, 31)...))
	if got := shown(acc.Sum()); got != want {
		t.Errorf("inserted and removed: %s", got)
	}

	const product = "1fa093295ea30a6a3acdc7b3f770fa538eff537528e990e2910e40bbcfd7f6696b1256901929094694b56316de342f593303dd12ac43e06dce1be1ff8301c845beb15468fff0ef002dbf80c29f26e6452bccc91b5cb9437ad410d2a67ea847887fa3c6a6553309946880fe20db2c73fe0641adbd4e86edfee0d9f8cd0ee1230898873dc13ed8ddcaf045c80faa082774279007a2253f8922ee3ef361d378a6af3ddaf180b190ac97e556888c36b3d1fb1c85aab9ccd46e3deaeb7b7cf5db067a7e9ff86b658cf3acd6662bbcce37232daa753c48b794356c020090c831a8304416e2aa7ad633c0ddb2f11be1be316a81be7f7e472071c042cb68faef549c221ebff209273638b741aba5a81675c45a5fa92fea4ca821d7a324cb1e1a2ccd3b76c4228ec8066dad2a5df6e1bd0de45c7dd5de8070bdb46db6c554cf9aefc9b7b2bbf9f75b1864d9f95005314593905c0109b71f703d49944ae94477b51dac10a816bb6d1c700bafabc8bd86fac8df24be519a2f2836b16392e18036cb13e48c5c"
	both := one
	both.Add(&two)
	state := both.AppendTo(nil)
	wantState := append(mustHex(t, product), 1)
	wantState = append(wantState, make([]byte, numBytes-1)...)
	if !bytes.Equal(state, wantState) {
		t.Errorf("state of 1 * 2: %x", state)
	}
	back, err := Decode(state)
	if err != nil || back.Sum() != both.Sum() {
		t.Errorf("decoded state: %v", err)
	}

	// A numerator above the modulus.
	over, err := Decode(append(bytes.Repeat([]byte{0xff}, numBytes), wantState[numBytes:]...))
	if err != nil {
		t.Fatal(err)
	}
	sum := over.Sum()
	if got := hex.EncodeToString(sum[:]); got != "3a31e6903aff0de9f62f9a9f7f8b861de76ce2cda09822b90014319ae5dc2271" {
		t.Errorf("overflow: %s", got)
	}
}

func mustHex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// edgeNums sit where carries and the final reduction happen.
func edgeNums() []*big.Int {
	p := prime()
	top := new(big.Int).Lsh(big.NewInt(1), 3072)
	list := []*big.Int{big.NewInt(0), big.NewInt(1), big.NewInt(2), big.NewInt(primeDiff)}
	for d := int64(1); d <= 3; d++ {
		list = append(list, new(big.Int).Sub(p, big.NewInt(d)), new(big.Int).Sub(top, big.NewInt(d)))
	}
	list = append(list, p, new(big.Int).Add(p, big.NewInt(1)), new(big.Int).Lsh(big.NewInt(1), 3071), new(big.Int).Lsh(big.NewInt(1), 1536))
	low := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 64), big.NewInt(1))
	list = append(list, low, new(big.Int).Sub(top, low))
	return list
}

// checkMultiply compares the multiplication of this CPU with the portable one.
func checkMultiply(t *testing.T, a, b *num) {
	t.Helper()
	var fast, slow [2 * limbs]uint64
	multiply(&fast, a, b)
	multiplyGeneric(&slow, a, b)
	if fast != slow {
		t.Error("two multiplications differ")
	}
}

func TestArithmeticEdges(t *testing.T) {
	p := prime()
	for i, x := range edgeNums() {
		for j, y := range edgeNums() {
			got := fromBig(x)
			m := fromBig(y)
			checkMultiply(t, &got, &m)
			got.mul(&m)
			got.normalize()
			want := new(big.Int).Mul(x, y)
			if got.big().Cmp(want.Mod(want, p)) != 0 {
				t.Errorf("edge %d * edge %d wrong", i, j)
			}
		}
		n := fromBig(x)
		n.normalize()
		if n.big().Cmp(new(big.Int).Mod(x, p)) != 0 {
			t.Errorf("normalize of edge %d wrong", i)
		}
		inv := fromBig(x)
		inv.invert()
		inv.mul(&n)
		inv.normalize()
		if (inv != num{1}) != (n == num{}) {
			t.Errorf("edge %d times its inverse is not one", i)
		}
	}
}

// TestReduceCarries drives reduce with products that no two numbers below the
// bound could make, so that both carries happen.
func TestReduceCarries(t *testing.T) {
	var full [2 * limbs]uint64
	for i := range full {
		full[i] = 1<<64 - 1
	}
	var n num
	n.reduce(&full)
	n.normalize()
	want := new(big.Int).Lsh(big.NewInt(1), 6144)
	want.Sub(want, big.NewInt(1)).Mod(want, prime())
	if n.big().Cmp(want) != 0 {
		t.Error("wrong remainder of 2^6144 - 1")
	}
}

func FuzzMul(f *testing.F) {
	f.Add(bytes.Repeat([]byte{0xff}, 2*numBytes))
	f.Add([]byte{1, 2, 3})
	p := prime()
	f.Fuzz(func(t *testing.T, data []byte) {
		var buf [2 * numBytes]byte
		copy(buf[:], data)
		var a, b num
		a.setBytes((*[numBytes]byte)(buf[:]))
		b.setBytes((*[numBytes]byte)(buf[numBytes:]))
		want := new(big.Int).Mul(a.big(), b.big())
		want.Mod(want, p)
		checkMultiply(t, &a, &b)
		a.mul(&b)
		a.normalize()
		if a.big().Cmp(want) != 0 {
			t.Fatal("product differs from math/big")
		}
	})
}

func TestKeystream(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var key [32]byte
		for i := 0; i < len(key); i += 8 {
			binary.LittleEndian.PutUint64(key[i:], rng.Uint64())
		}
		c, err := chacha20.NewUnauthenticatedCipher(key[:], make([]byte, chacha20.NonceSize))
		if err != nil {
			t.Fatal(err)
		}
		want := make([]byte, numBytes)
		c.XORKeyStream(want, want)
		var n num
		n.keystream(&key)
		if !bytes.Equal(n.appendTo(nil), want) {
			t.Fatalf("key %x: another key stream", key)
		}
		n = num{}
		if n.keystreamGeneric(&key); !bytes.Equal(n.appendTo(nil), want) {
			t.Fatalf("key %x: another key stream of the portable code", key)
		}
	}
}

// TestOrder: any order of insertions and removals gives the same sum, and
// taking everything out leaves the empty set.
func TestOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	empty := New()
	for range 10 {
		type op struct {
			element byte
			remove  bool
		}
		var ops []op
		for range 6 {
			ops = append(ops, op{byte(rng.IntN(4)), rng.IntN(2) == 0})
		}
		var want Sum
		for round := range 4 {
			h := New()
			for _, o := range ops {
				if o.remove {
					h.Remove([]byte{o.element})
				} else {
					h.Insert([]byte{o.element})
				}
			}
			if round == 0 {
				want = h.Sum()
			} else if h.Sum() != want {
				t.Fatal("the order changes the sum")
			}
			rng.Shuffle(len(ops), func(i, j int) { ops[i], ops[j] = ops[j], ops[i] })
		}
		x, y := fromInt(byte(rng.IntN(16))), fromInt(byte(rng.IntN(16)))
		z := New()
		z.Add(&x)
		z.Add(&y)
		y.Add(&x)
		z.Subtract(&y)
		if z.Sum() != empty.Sum() {
			t.Fatal("a set less itself is not empty")
		}
	}
	if one := fromInt(1); one.Sum() == empty.Sum() {
		t.Error("an element changes nothing")
	}
}

// TestZeroDenominator: a state that only a broken file can hold must not
// panic.
func TestZeroDenominator(t *testing.T) {
	h, err := Decode(make([]byte, StateSize))
	if err != nil {
		t.Fatal(err)
	}
	h.Sum()
	for _, n := range []int{0, StateSize - 1, StateSize + 1} {
		if _, err := Decode(make([]byte, n)); err == nil {
			t.Errorf("state of %d bytes accepted", n)
		}
	}
}

func TestInsertAllocs(t *testing.T) {
	h := New()
	b := make([]byte, 80)
	if got := testing.AllocsPerRun(10, func() { h.Insert(b); h.Remove(b) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func BenchmarkInsert(b *testing.B) {
	h := New()
	element := make([]byte, 81)
	for b.Loop() {
		h.Insert(element)
	}
}

func BenchmarkMul(b *testing.B) {
	x, y := fromInt(1), fromInt(2)
	for b.Loop() {
		x.numerator.mul(&y.numerator)
	}
}

func BenchmarkMultiplyGeneric(b *testing.B) {
	x, y := fromInt(1), fromInt(2)
	for b.Loop() {
		var t [2 * limbs]uint64
		multiplyGeneric(&t, &x.numerator, &y.numerator)
	}
}

func BenchmarkElement(b *testing.B) {
	var n num
	element := make([]byte, 81)
	for b.Loop() {
		n.element(element)
	}
}

func BenchmarkSum(b *testing.B) {
	h := fromInt(1)
	h.Remove([]byte{2})
	for b.Loop() {
		h.Sum()
	}
}
