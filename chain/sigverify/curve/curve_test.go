package curve

import (
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"testing"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

var (
	bigP = secp.Params().P
	bigN = secp.Params().N
)

func (e *Element) big() *big.Int {
	v := new(big.Int)
	for i := 4; i >= 0; i-- {
		v.Lsh(v, 52).Add(v, new(big.Int).SetUint64(e[i]))
	}
	return v
}

// loose returns an element of magnitude up to w: random limbs, often extreme.
func loose(rng *rand.Rand, w uint64) (e Element) {
	for i := range e {
		limit := w * (1<<52 + 1<<45)
		if i == 4 {
			limit = w << 48
		}
		switch rng.IntN(4) {
		case 0:
			e[i] = limit
		case 1:
			e[i] = 0
		default:
			e[i] = rng.Uint64N(limit + 1)
		}
	}
	return e
}

func (e *Element) magnitudeAtMost(w uint64) bool {
	for i, limb := range e {
		if i < 4 && limb > w*(1<<52+1<<45) || i == 4 && limb > w<<48 {
			return false
		}
	}
	return true
}

func congruent(e *Element, want *big.Int) bool {
	return new(big.Int).Mod(e.big(), bigP).Cmp(new(big.Int).Mod(want, bigP)) == 0
}

// TestFieldAgainstBig checks value and magnitude of each operation at the
// limits that it is specified for.
func TestFieldAgainstBig(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	factors := [][2]uint64{{1, 1}, {8, 8}, {64, 1}, {1, 64}, {5, 7}, {16, 4}, {7, 9}}
	for range 20_000 {
		f := factors[rng.IntN(len(factors))]
		a, b := loose(rng, f[0]), loose(rng, f[1])
		var r Element
		if r.mul(&a, &b); !congruent(&r, new(big.Int).Mul(a.big(), b.big())) || !r.magnitudeAtMost(1) {
			t.Fatalf("%x * %x = %x", a, b, r)
		}
		c := loose(rng, 8)
		if r.sqr(&c); !congruent(&r, new(big.Int).Mul(c.big(), c.big())) || !r.magnitudeAtMost(1) {
			t.Fatalf("%x squared = %x", c, r)
		}
		w := 1 + rng.Uint64N(31)
		d := loose(rng, w)
		if r.neg(&d, w); !congruent(&r, new(big.Int).Neg(d.big())) || !r.magnitudeAtMost(w+1) {
			t.Fatalf("-%x = %x", d, r)
		}
		r = d
		if r.half(); !congruent(new(Element).set(&r).mulInt(2), d.big()) || !r.magnitudeAtMost(w/2+1+w%2) {
			t.Fatalf("%x / 2 = %x", d, r)
		}
		n := loose(rng, 64)
		want := new(big.Int).Mod(n.big(), bigP)
		if n.IsZero() != (want.Sign() == 0) {
			t.Fatalf("%x: zero %v", n, n.IsZero())
		}
		if n.Normalize(); n.big().Cmp(want) != 0 {
			t.Fatalf("normalised to %x, want %x", n, want)
		}
		if bytes := n.Bytes(); new(big.Int).SetBytes(bytes[:]).Cmp(want) != 0 {
			t.Fatalf("bytes %x", bytes)
		}
		weak := loose(rng, 5)
		value := weak.big()
		if weak.weaken(); !congruent(&weak, value) || weak[4] > 1<<48+8 || !(&Element{weak[0], weak[1], weak[2], weak[3]}).magnitudeAtMost(1) {
			t.Fatalf("weakened to %x", weak)
		}
	}
}

func (e *Element) set(a *Element) *Element { *e = *a; return e }

// TestFieldZeros: multiples of p in every form are zero, neighbours are not.
func TestFieldZeros(t *testing.T) {
	p := Element{p0, mask52, mask52, mask52, mask48}
	for k := uint64(0); k <= 60; k++ {
		z := *new(Element).set(&p).mulInt(k)
		if !z.IsZero() {
			t.Errorf("%d p is not zero", k)
		}
		z[0]++
		if z.IsZero() {
			t.Errorf("%d p + 1 is zero", k)
		}
		z[0], z[3] = z[0]-1, z[3]+1
		if z.IsZero() {
			t.Errorf("%d p + 2^156 is zero", k)
		}
	}
	for _, c := range []struct {
		add  int64
		want bool
	}{{-1, true}, {0, false}, {1, false}} {
		v := new(big.Int).Add(bigP, big.NewInt(c.add))
		var e Element
		if got := e.SetBytes((*[32]byte)(v.Bytes())); got != c.want {
			t.Errorf("p%+d below p: %v", c.add, got)
		}
	}
	all := [32]byte{}
	for i := range all {
		all[i] = 0xff
	}
	if new(Element).SetBytes(&all) {
		t.Error("2^256 - 1 below p")
	}
}

// TestFieldCorners takes limbs around those of p, all with all: that each limb
// is looked at where numbers below p part from those above.
func TestFieldCorners(t *testing.T) {
	middle := []uint64{0, mask52 - 1, mask52, mask52 + 1}
	for _, e0 := range []uint64{0, 1, p0 - 1, p0, mask52, mask52 + 1, 2 * mask52} {
		for _, e4 := range []uint64{0, mask48 - 1, mask48, mask48 + 1, 2*mask48 + 1} {
			for i := range len(middle) * len(middle) * len(middle) {
				e := Element{e0, middle[i%4], middle[i/4%4], middle[i/16], e4}
				value := e.big()
				want := new(big.Int).Mod(value, bigP)
				if e.IsZero() != (want.Sign() == 0) {
					t.Errorf("%x: zero %v", e, e.IsZero())
				}
				if value.BitLen() <= 256 {
					var b [32]byte
					if got := new(Element).SetBytes((*[32]byte)(value.FillBytes(b[:]))); got != (value.Cmp(bigP) < 0) {
						t.Errorf("%x below p: %v", value, got)
					}
				}
				if n := *new(Element).set(&e).Normalize(); n.big().Cmp(want) != 0 {
					t.Errorf("%x normalised to %x, want %x", e, n, want)
				}
			}
		}
	}
}

func TestInverseAndRoot(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	roots := 0
	for range 300 {
		a := loose(rng, 1)
		var r Element
		r.inverse(&a)
		want := new(big.Int).ModInverse(a.big(), bigP)
		if want == nil {
			want = new(big.Int)
		}
		if !congruent(&r, want) {
			t.Fatalf("1/%x = %x", a, r)
		}
		ok := r.sqrt(&a)
		if ok != (new(big.Int).ModSqrt(a.big(), bigP) != nil) {
			t.Fatalf("root of %x: %v", a, ok)
		}
		if ok {
			roots++
		}
	}
	if roots < 100 || roots > 200 {
		t.Errorf("%d of 300 have a root", roots)
	}
}

func scalarBytes(v *big.Int) (b [32]byte) {
	new(big.Int).Mod(v, bigN).FillBytes(b[:])
	return b
}

// edgeScalars are those where carries, halves and signs are extreme.
func edgeScalars() (list [][32]byte) {
	one := big.NewInt(1)
	for _, v := range []*big.Int{new(big.Int), one, big.NewInt(2), bigN, new(big.Int).Rsh(bigN, 1)} {
		for d := int64(-2); d <= 2; d++ {
			list = append(list, scalarBytes(new(big.Int).Add(v, big.NewInt(d))))
		}
	}
	lambda, _ := new(big.Int).SetString("5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72", 16)
	for d := int64(-1); d <= 1; d++ {
		list = append(list, scalarBytes(new(big.Int).Add(lambda, big.NewInt(d))))
	}
	for _, bit := range []uint{1, 51, 64, 127, 128, 129, 192, 255} {
		v := new(big.Int).Lsh(one, bit)
		list = append(list, scalarBytes(v), scalarBytes(new(big.Int).Sub(v, one)), scalarBytes(new(big.Int).Neg(v)))
	}
	return list
}

func TestSplit(t *testing.T) {
	lambda, _ := new(big.Int).SetString("5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72", 16)
	toBig := func(h halfScalar) *big.Int {
		v := new(big.Int).SetUint64(h.hi)
		v.Lsh(v, 64).Add(v, new(big.Int).SetUint64(h.lo))
		if h.negative {
			v.Neg(v)
		}
		return v
	}
	rng := rand.New(rand.NewPCG(3, 3))
	list := edgeScalars()
	for range 20_000 {
		list = append(list, randomScalar(rng))
	}
	for _, b := range list {
		k := ScalarFromBytes(&b)
		k1, k2 := k.split()
		sum := new(big.Int).Mul(toBig(k2), lambda)
		sum.Add(sum, toBig(k1)).Mod(sum, bigN)
		if sum.Cmp(new(big.Int).SetBytes(b[:])) != 0 {
			t.Fatalf("%x splits into %v and %v", b, k1, k2)
		}
		for _, w := range []uint{windowP, windowG} {
			var d digits
			top := d.set(k1.lo, k1.hi, k1.negative, w)
			sum.SetInt64(0)
			for i := 128; i >= 0; i-- {
				sum.Lsh(sum, 1).Add(sum, big.NewInt(int64(d[i])))
				if d[i] != 0 && (d[i]&1 == 0 || index(d[i]) >= 1<<(w-2) || i > top) {
					t.Fatalf("digit %d at %d, top %d", d[i], i, top)
				}
			}
			if sum.Cmp(toBig(k1)) != 0 {
				t.Fatalf("digits of %v sum up to %v", k1, sum)
			}
		}
	}
}

func randomScalar(rng *rand.Rand) (b [32]byte) {
	for i := 0; i < 32; i += 8 {
		binary.BigEndian.PutUint64(b[i:], rng.Uint64())
	}
	return scalarBytes(new(big.Int).SetBytes(b[:]))
}

// reference computes u*G + v*P with other people's code; nil for infinity.
func reference(u, v [32]byte, p *Point) *Point {
	var us, vs secp.ModNScalar
	us.SetBytes(&u)
	vs.SetBytes(&v)
	var x, y, one secp.FieldVal
	xb, yb := p.X.Bytes(), p.Y.Bytes()
	x.SetBytes(&xb)
	y.SetBytes(&yb)
	one.SetInt(1)
	point := secp.MakeJacobianPoint(&x, &y, &one)
	var a, b secp.JacobianPoint
	secp.ScalarBaseMultNonConst(&us, &a)
	secp.ScalarMultNonConst(&vs, &point, &b)
	secp.AddNonConst(&a, &b, &a)
	if a.Z.IsZero() || a.X.IsZero() && a.Y.IsZero() {
		return nil
	}
	a.ToAffine()
	out := new(Point)
	out.X.SetBytes(a.X.Bytes())
	out.Y.SetBytes(a.Y.Bytes())
	return out
}

func same(j *Jacobian, want *Point) bool {
	if j.Infinite() || want == nil {
		return j.Infinite() == (want == nil)
	}
	var got [1]Point
	ToAffine([]Jacobian{*j}, got[:])
	return got[0] == *want && j.HasX(&want.X) && got[0].OnCurve()
}

func multiple(t testing.TB, table *Table, k [32]byte) Point {
	t.Helper()
	s := ScalarFromBytes(&k)
	var j Jacobian
	table.Base(&s, &j)
	if j.Infinite() {
		t.Fatal("infinity")
	}
	var p [1]Point
	ToAffine([]Jacobian{j}, p[:])
	return p[0]
}

// TestSums compares with the reference: random terms, and all pairs of edge
// scalars on points that make additions meet equal and opposite points: G
// itself, its negative, 2^128 G and small multiples.
func TestSums(t *testing.T) {
	table := NewTable()
	rng := rand.New(rand.NewPCG(4, 4))
	var terms []Term
	var want []*Point
	add := func(u, v [32]byte, p Point) {
		terms = append(terms, Term{U: ScalarFromBytes(&u), V: ScalarFromBytes(&v), P: p})
		want = append(want, reference(u, v, &p))
	}
	edges := edgeScalars()
	for i, e := range edges {
		if new(big.Int).SetBytes(e[:]).Sign() == 0 {
			continue
		}
		p := multiple(t, table, e)
		// u*G + v*(e*G): with v = 1 and u = -e it vanishes.
		minus := scalarBytes(new(big.Int).Neg(new(big.Int).SetBytes(e[:])))
		one := scalarBytes(big.NewInt(1))
		add(minus, one, p)
		add(e, one, p)
		add(edges[(i*7+3)%len(edges)], edges[(i*5+1)%len(edges)], p)
	}
	g := multiple(t, table, scalarBytes(big.NewInt(1)))
	for _, u := range edges {
		for _, v := range edges {
			if testing.Short() && rng.IntN(4) > 0 {
				continue
			}
			add(u, v, g)
		}
	}
	for range 300 {
		add(randomScalar(rng), randomScalar(rng), multiple(t, table, randomScalar(rng)))
	}
	out := make([]Jacobian, len(terms))
	var s Scratch
	table.Sums(terms[:5], out[:5], &s) // the scratch grows
	table.Sums(terms, out, &s)
	infinite := 0
	for i := range out {
		if !same(&out[i], want[i]) {
			t.Fatalf("term %d: %x*G + %x*(%x)", i, terms[i].U, terms[i].V, terms[i].P.X.Bytes())
		}
		if want[i] == nil {
			infinite++
		}
	}
	t.Logf("%d sums, %d of them infinity", len(out), infinite)
	if infinite < 30 {
		t.Error("too few sums vanish for the test to mean anything")
	}
}

func TestAddSpecial(t *testing.T) {
	table := NewTable()
	for k := int64(1); k < 20; k++ {
		p := multiple(t, table, scalarBytes(big.NewInt(k)))
		var j Jacobian
		j.AddPoint(&p) // onto infinity
		j.AddPoint(&p) // doubling
		if want := multiple(t, table, scalarBytes(big.NewInt(2*k))); !same(&j, &want) {
			t.Fatalf("%d: doubling by addition", k)
		}
		j.AddPoint(&p)
		var minus Point
		minus.X = p.X
		minus.Y.neg(&p.Y, 1)
		minus.Y.Normalize()
		for range 2 {
			j.AddPoint(&minus)
		}
		if !same(&j, &p) {
			t.Fatalf("%d: three less two", k)
		}
		if j.AddPoint(&minus); !j.Infinite() {
			t.Fatalf("%d: one less one", k)
		}
		if j.double(); !j.Infinite() {
			t.Fatal("infinity doubled is not infinity")
		}
	}
}

func TestLiftX(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	on := 0
	for range 400 {
		b := randomScalar(rng)
		var x Element
		x.SetBytes(&b)
		var fx, fy secp.FieldVal
		fx.SetBytes(&b)
		odd := rng.IntN(2) == 1
		want := secp.DecompressY(&fx, odd, &fy)
		var p Point
		if got := p.LiftX(&x, odd); got != want {
			t.Fatalf("%x: %v", b, got)
		}
		if !want {
			continue
		}
		on++
		fy.Normalize()
		if p.Y.Bytes() != *fy.Bytes() || !p.OnCurve() || p.Y.IsOdd() != odd {
			t.Fatalf("%x: Y %x, want %x", b, p.Y.Bytes(), *fy.Bytes())
		}
		p.Y[0] ^= 1
		if p.OnCurve() {
			t.Fatalf("%x: a wrong Y is on the curve", b)
		}
	}
	if on < 150 {
		t.Errorf("%d of 400 on the curve", on)
	}
}

// FuzzSums compares sums on points k*G with the reference.
func FuzzSums(f *testing.F) {
	for _, e := range edgeScalars()[:20] {
		f.Add(e[:], e[:], e[:])
	}
	table := NewTable()
	f.Fuzz(func(t *testing.T, u, v, k []byte) {
		if len(u) > 32 || len(v) > 32 || len(k) > 32 {
			return
		}
		us, vs, ks := scalarBytes(new(big.Int).SetBytes(u)), scalarBytes(new(big.Int).SetBytes(v)), scalarBytes(new(big.Int).SetBytes(k))
		if ks == [32]byte{} {
			return
		}
		p := multiple(t, table, ks)
		terms := []Term{{U: ScalarFromBytes(&us), V: ScalarFromBytes(&vs), P: p}}
		var out [1]Jacobian
		table.Sums(terms, out[:], new(Scratch))
		if !same(&out[0], reference(us, vs, &p)) {
			t.Fatalf("%x*G + %x*(%x*G)", us, vs, ks)
		}
	})
}

func BenchmarkMul(b *testing.B) {
	x, y := Element{1, 2, 3, 4, 5}, Element{5, 4, 3, 2, 1}
	for b.Loop() {
		x.mul(&x, &y)
	}
}

func BenchmarkSqr(b *testing.B) {
	x := Element{1, 2, 3, 4, 5}
	for b.Loop() {
		x.sqr(&x)
	}
}

func BenchmarkDouble(b *testing.B) {
	var j Jacobian
	j.set(&NewTable().low[0])
	for b.Loop() {
		j.double()
	}
}

func BenchmarkAddPoint(b *testing.B) {
	t := NewTable()
	var j Jacobian
	j.set(&t.low[5])
	j.double()
	for b.Loop() {
		j.AddPoint(&t.low[9])
	}
}

func BenchmarkLiftX(b *testing.B) {
	p := NewTable().low[3]
	for b.Loop() {
		p.LiftX(&p.X, false)
	}
}

func BenchmarkSums(b *testing.B) {
	table := NewTable()
	rng := rand.New(rand.NewPCG(6, 6))
	terms := make([]Term, 16)
	for i := range terms {
		u, v := randomScalar(rng), randomScalar(rng)
		terms[i] = Term{ScalarFromBytes(&u), ScalarFromBytes(&v), multiple(b, table, randomScalar(rng))}
	}
	out := make([]Jacobian, len(terms))
	var s Scratch
	b.ReportAllocs()
	for b.Loop() {
		table.Sums(terms, out, &s)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(terms)), "ns/term")
}

func BenchmarkNewTable(b *testing.B) {
	for b.Loop() {
		NewTable()
	}
}
