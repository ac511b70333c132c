package curve

const (
	windowP = 5 // 8 odd multiples of each point
	windowG = 12
	oddsP   = 1 << (windowP - 2)
	oddsG   = 1 << (windowG - 2)
)

// Term asks for U*G + V*P.
type Term struct {
	U, V Scalar // below the group order
	P    Point
}

// Table holds odd multiples of the generator G and of 2^128*G.
type Table struct {
	low, high [oddsG]Point
}

// NewTable computes a table, which takes about a millisecond.
func NewTable() *Table {
	g := Point{
		X: Element{0x2815b16f81798, 0xdb2dce28d959f, 0xe870b07029bfc, 0xbbac55a06295c, 0x79be667ef9dc},
		Y: Element{0x7d08ffb10d4b8, 0x48a68554199c4, 0xe1108a8fd17b4, 0xc4655da4fbfc0, 0x483ada7726a3},
	}
	t := new(Table)
	fillOdds(&g, t.low[:])
	var far Jacobian
	far.set(&g)
	for range 128 {
		far.double()
	}
	var high [1]Point
	ToAffine([]Jacobian{far}, high[:])
	fillOdds(&high[0], t.high[:])
	return t
}

func fillOdds(p *Point, out []Point) {
	odds := make([]Jacobian, len(out))
	oddMultiples(p, odds)
	ToAffine(odds, out)
}

// oddMultiples computes P, 3P, 5P and so on. With D = 2P = (x, y, z), the curve
// scaled by z has D as the affine point (x, y), so that all additions are of
// affine points; at the end the scaling goes into the Z coordinates. Nothing
// special can happen on the way: that would take a point of small order.
func oddMultiples(p *Point, out []Jacobian) {
	var d Jacobian
	d.set(p)
	d.double()
	x, y := d.X, d.Y
	x.weaken()
	y.weaken()
	var zz Element
	zz.sqr(&d.Z)
	var acc Jacobian
	acc.X.mul(&p.X, &zz)
	zz.mul(&zz, &d.Z)
	acc.Y.mul(&p.Y, &zz)
	acc.Z = Element{1}
	out[0].set(p)
	for i := 1; i < len(out); i++ {
		acc.addPoint(&x, &y)
		out[i] = acc
		out[i].Z.mul(&acc.Z, &d.Z)
	}
}

// weaken brings the magnitude down to 1 without full reduction.
func (e *Element) weaken() {
	t0, t1, t2, t3, t4 := e[0], e[1], e[2], e[3], e[4]
	t0 += t4 >> 48 * foldTop
	t1 += t0 >> 52
	t2 += t1 >> 52
	t3 += t2 >> 52
	*e = Element{t0 & mask52, t1 & mask52, t2 & mask52, t3 & mask52, t4&mask48 + t3>>52}
}

// Scratch is the working memory of [Table.Sums], about 2 KiB a term; the zero
// value is ready. It belongs to one call at a time.
type Scratch struct {
	odds   []Jacobian
	zs     []Element
	tables []pointTable
}

// pointTable holds odd multiples of P, with the X coordinates of their images
// under the endomorphism.
type pointTable [oddsP]struct {
	Point
	lambdaX Element
}

// Sums computes all terms; out has to be as long.
func (t *Table) Sums(terms []Term, out []Jacobian, s *Scratch) {
	s.prepare(terms)
	for i := range terms {
		t.sum(&terms[i], &s.tables[i], &out[i])
	}
}

// elements returns room for twice n elements.
func (s *Scratch) elements(n int) (a, b []Element) {
	if len(s.zs) < 2*n {
		s.zs = make([]Element, 2*n)
	}
	return s.zs[:n], s.zs[n : 2*n]
}

// prepare computes the tables of all points, with one inversion.
func (s *Scratch) prepare(terms []Term) {
	n := len(terms) * oddsP
	if len(s.odds) < n {
		s.odds = make([]Jacobian, n)
		s.tables = make([]pointTable, len(terms))
	}
	odds := s.odds[:n]
	zs, before := s.elements(n)
	for i := range terms {
		oddMultiples(&terms[i].P, odds[i*oddsP:(i+1)*oddsP])
	}
	for i := range odds {
		zs[i] = odds[i].Z
	}
	invertAll(zs, before)
	for i := range odds {
		e := &s.tables[i/oddsP][i%oddsP]
		scale(&odds[i], &zs[i], &e.Point)
		e.lambdaX.mul(&e.X, &beta)
	}
}

func (t *Table) sum(term *Term, table *pointTable, out *Jacobian) {
	var v1, v2, u1, u2 digits
	k1, k2 := term.V.split()
	top := v1.set(k1.lo, k1.hi, k1.negative, windowP)
	top = max(top, v2.set(k2.lo, k2.hi, k2.negative, windowP))
	top = max(top, u1.set(term.U[0], term.U[1], false, windowG))
	top = max(top, u2.set(term.U[2], term.U[3], false, windowG))
	var acc Jacobian
	for i := top; i >= 0; i-- {
		if !acc.Infinite() {
			acc.double()
		}
		if d := v1[i]; d != 0 {
			e := &table[index(d)]
			acc.addSigned(&e.X, &e.Y, d)
		}
		if d := v2[i]; d != 0 {
			e := &table[index(d)]
			acc.addSigned(&e.lambdaX, &e.Y, d)
		}
		if d := u1[i]; d != 0 {
			e := &t.low[index(d)]
			acc.addSigned(&e.X, &e.Y, d)
		}
		if d := u2[i]; d != 0 {
			e := &t.high[index(d)]
			acc.addSigned(&e.X, &e.Y, d)
		}
	}
	*out = acc
}

// Base computes U*G.
func (t *Table) Base(u *Scalar, out *Jacobian) {
	var u1, u2 digits
	top := max(u1.set(u[0], u[1], false, windowG), u2.set(u[2], u[3], false, windowG))
	var acc Jacobian
	for i := top; i >= 0; i-- {
		if !acc.Infinite() {
			acc.double()
		}
		if d := u1[i]; d != 0 {
			e := &t.low[index(d)]
			acc.addSigned(&e.X, &e.Y, d)
		}
		if d := u2[i]; d != 0 {
			e := &t.high[index(d)]
			acc.addSigned(&e.X, &e.Y, d)
		}
	}
	*out = acc
}

// AddPoint adds an affine point.
func (j *Jacobian) AddPoint(p *Point) { j.addPoint(&p.X, &p.Y) }

// index is where the multiple of an odd digit stands.
func index(d int16) int {
	if d < 0 {
		d = -d
	}
	return int(d >> 1)
}

func (j *Jacobian) addSigned(x, y *Element, digit int16) {
	if digit > 0 {
		j.addPoint(x, y)
		return
	}
	var minus Element
	j.addPoint(x, minus.neg(y, 1))
}
