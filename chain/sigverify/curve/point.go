package curve

// Point is a point of the curve other than infinity, with coordinates of
// magnitude 1.
type Point struct{ X, Y Element }

// LiftX sets p to the point with this X, which is normalised, and this parity
// of Y. It reports false when X is on no point.
func (p *Point) LiftX(x *Element, odd bool) bool {
	p.X = *x
	y2 := curveRight(x)
	if !p.Y.sqrt(&y2) {
		return false
	}
	if p.Y.Normalize().IsOdd() != odd {
		// No point has Y zero, as the order of the group is odd.
		p.Y.neg(&p.Y, 1).Normalize()
	}
	return true
}

// OnCurve reports whether the coordinates are those of a point.
func (p *Point) OnCurve() bool {
	var y2 Element
	right := curveRight(&p.X)
	return y2.sqr(&p.Y).Equal(&right)
}

// curveRight returns x^3 + 7, magnitude 2.
func curveRight(x *Element) (r Element) {
	r.sqr(x)
	r.mul(&r, x)
	r.add(&Element{7})
	return r
}

// Jacobian is the point (X/Z^2, Y/Z^3), infinity when Z is zero as a number: Z
// is never another multiple of p. Between operations X has magnitude 5 at most,
// Y 3 and Z 1.
type Jacobian struct{ X, Y, Z Element }

// Infinite reports whether j is the point at infinity.
func (j *Jacobian) Infinite() bool { return j.Z == Element{} }

func (j *Jacobian) set(p *Point) {
	j.X, j.Y, j.Z = p.X, p.Y, Element{1}
}

// HasX reports whether the affine X of j, not at infinity, is x, without an
// inversion.
func (j *Jacobian) HasX(x *Element) bool {
	var t Element
	t.sqr(&j.Z)
	t.mul(&t, x)
	return t.Equal(&j.X)
}

// double doubles j in place. Infinity stays, and no point has order two.
func (j *Jacobian) double() {
	var l, s, t Element
	j.Z.mul(&j.Z, &j.Y) // Z' = Y*Z
	s.sqr(&j.Y)         // S = Y^2
	l.sqr(&j.X)         // L = 3/2 X^2
	l.mulInt(3).half()  //                       3
	t.mul(&j.X, &s)     // T = -X*S
	t.neg(&t, 1)        //                       2
	j.X.sqr(&l)         // X' = L^2 + 2T
	j.X.add(&t).add(&t) //                       5
	t.add(&j.X)         //                       7
	j.Y.mul(&l, &t)     // Y' = -(L(X' + T) + S^2)
	j.Y.add(s.sqr(&s))  //                       2
	j.Y.neg(&j.Y, 2)    //                       3
}

// addPoint adds the affine point (x, y), x of magnitude 1 and y of 2 at most.
func (j *Jacobian) addPoint(x, y *Element) {
	if j.Infinite() {
		j.X, j.Y, j.Z = *x, *y, Element{1}
		return
	}
	var zz, h, r, hh, hhh, v, t Element
	zz.sqr(&j.Z)
	h.mul(x, &zz)
	h.add(t.neg(&j.X, 5)) //                        H = x*Z^2 - X           7
	r.mul(y, &zz)
	r.mul(&r, &j.Z)
	r.add(t.neg(&j.Y, 3)) //                        R = y*Z^3 - Y           5
	if h.IsZero() {
		if r.IsZero() {
			j.double()
		} else {
			*j = Jacobian{}
		}
		return
	}
	j.Z.mul(&j.Z, &h)
	hh.sqr(&h)
	hhh.mul(&hh, &h)
	v.mul(&j.X, &hh)
	t = v
	t.mulInt(2).add(&hhh) //                                                3
	j.X.sqr(&r)
	j.X.add(t.neg(&t, 3)) //                        X' = R^2 - H^3 - 2V     5
	v.add(t.neg(&j.X, 5)) //                        V - X'                  7
	hhh.mul(&hhh, &j.Y)
	j.Y.mul(&r, &v)
	j.Y.add(hhh.neg(&hhh, 1)) //                    Y' = R(V - X') - Y*H^3  3
}

// invertAll replaces all elements, none zero, of magnitude 1, by their
// inverses, at the price of one inversion and three products each. before is
// room for as many.
func invertAll(all, before []Element) {
	if len(all) == 0 {
		return
	}
	acc := Element{1}
	for i := range all {
		before[i] = acc
		acc.mul(&acc, &all[i])
	}
	acc.inverse(&acc)
	for i := len(all) - 1; i >= 0; i-- {
		before[i].mul(&before[i], &acc)
		acc.mul(&acc, &all[i])
		all[i] = before[i]
	}
}

// ToAffine sets points to what all stand for, none of them infinity. Their
// coordinates are normalised.
func ToAffine(all []Jacobian, points []Point) { new(Scratch).ToAffine(all, points) }

// ToAffine is the function of that name without allocation.
func (s *Scratch) ToAffine(all []Jacobian, points []Point) {
	zs, before := s.elements(len(all))
	for i := range all {
		zs[i] = all[i].Z
	}
	invertAll(zs, before)
	for i := range all {
		scale(&all[i], &zs[i], &points[i])
		points[i].X.Normalize()
		points[i].Y.Normalize()
	}
}

// scale sets p to the affine form of j, given the inverse of its Z.
func scale(j *Jacobian, zInv *Element, p *Point) {
	var zz Element
	zz.sqr(zInv)
	p.X.mul(&j.X, &zz)
	zz.mul(&zz, zInv)
	p.Y.mul(&j.Y, &zz)
}
