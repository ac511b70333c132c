package netgroup

import (
	"bytes"
	"errors"
	"io"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/iotest"

	"grapevine/wire"
)

// encoder writes programs: the naive counterpart of the reader.
type encoder struct{ bits []byte }

func (e *encoder) number(n numbers, v uint32) {
	v -= n.base
	for size := n.first; ; size++ {
		if size < n.last && v >= 1<<size {
			v -= 1 << size
			e.bits = append(e.bits, 1)
			continue
		}
		if size < n.last {
			e.bits = append(e.bits, 0)
		}
		for i := int(size) - 1; i >= 0; i-- {
			e.bits = append(e.bits, byte(v>>i&1))
		}
		return
	}
}

func (e *encoder) op(o opcode, arg uint32) {
	e.bits = append(e.bits, [...][]byte{{0}, {1, 0}, {1, 1, 0}, {1, 1, 1}}[o]...)
	e.number([...]numbers{asNumbers, jumps, matches, asNumbers}[o], arg)
}

func (e *encoder) bytes() []byte {
	b := make([]byte, (len(e.bits)+7)/8)
	for i, v := range e.bits {
		b[i/8] |= v << (i % 8)
	}
	return b
}

// trie is a map of random shape: a leaf with a number, a fork, or so many bits that
// have to match, else fallback applies.
type trie struct {
	as          uint32
	zero, one   *trie
	match, next *trie // holds the bits in as, with the mark of their length
	fallback    uint32
}

func randomTrie(r *rand.Rand, depth int) *trie {
	switch n := r.IntN(10); {
	case depth <= 0 || n < 2:
		return &trie{as: 1 + r.Uint32N(1<<24)}
	case n < 7 || depth < 10 || depth > 38: // the map of a whole begins with a fork
		return &trie{zero: randomTrie(r, depth-1), one: randomTrie(r, depth-1)}
	default:
		size := 8
		v := uint32(1)<<size | r.Uint32N(1<<size)
		return &trie{match: &trie{as: v}, next: randomTrie(r, depth-size), fallback: 1 + r.Uint32N(1<<16)}
	}
}

func (t *trie) encode() *encoder {
	e := new(encoder)
	switch {
	case t.match != nil:
		e.op(opDefault, t.fallback)
		e.op(opMatch, t.match.as)
		e.bits = append(e.bits, t.next.encode().bits...)
	case t.zero != nil:
		zero := t.zero.encode()
		e.op(opJump, uint32(len(zero.bits))) // 17 at least, those of a leaf
		e.bits = append(e.bits, zero.bits...)
		e.bits = append(e.bits, t.one.encode().bits...)
	default:
		e.op(opReturn, t.as)
	}
	return e
}

func (t *trie) lookup(b [16]byte) uint32 {
	at := 0
	next := func() uint32 { v := uint32(b[at/8]>>(7-at%8)) & 1; at++; return v }
	for {
		switch {
		case t.match != nil:
			n := bits.Len32(t.match.as) - 1
			for i := n - 1; i >= 0; i-- {
				if next() != t.match.as>>i&1 {
					return t.fallback
				}
			}
			t = t.next
		case t.zero != nil:
			if next() == 0 {
				t = t.zero
			} else {
				t = t.one
			}
		default:
			return t.as
		}
	}
}

func TestLookupsAgreeWithTheTrie(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		tree := randomTrie(r, 40)
		code := tree.encode().bytes()
		if err := checkMap(code, 128); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			var b [16]byte
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			if got, want := lookup(code, &b), tree.lookup(b); got != want {
				t.Fatalf("%x: AS %d, want %d", b, got, want)
			}
		}
	}
}

// Each program breaks one rule.
func TestBadMaps(t *testing.T) {
	type step struct {
		op  opcode
		arg uint32
	}
	for name, c := range map[string]struct {
		steps []step
		extra []byte
	}{
		"end within an instruction":   {steps: nil},
		"bytes after the end":         {steps: []step{{opReturn, 1}}, extra: []byte{0}},
		"jump past the end":           {steps: []step{{opJump, 1000}, {opReturn, 1}, {opReturn, 1}}},
		"jump into an instruction":    {steps: []step{{opJump, 18}, {opDefault, 1}, {opReturn, 1}, {opReturn, 1}}},
		"unreachable code":            {steps: []step{{opJump, 34}, {opReturn, 1}, {opReturn, 1}, {opReturn, 1}}},
		"default without use":         {steps: []step{{opDefault, 1}, {opReturn, 2}}},
		"matches that could be one":   {steps: []step{{opMatch, 2}, {opMatch, 2}, {opReturn, 1}}},
		"jumps that cross":            {steps: []step{{opJump, 41}, {opJump, 34}, {opReturn, 1}, {opReturn, 1}, {opReturn, 1}}},
		"more bits than an address":   {steps: append(repeat(step{opMatch, 511}, 17), step{opReturn, 1})},
		"padding that is not zero":    {steps: []step{{opJump, 17}, {opReturn, 1}, {opReturn, 1}}},
		"default without use at 0":    {steps: []step{{opDefault, 1}, {opDefault, 2}, {opMatch, 2}, {opReturn, 2}}},
		"end within an instruction 2": {steps: []step{{opDefault, 1}}},
	} {
		e := new(encoder)
		for _, s := range c.steps {
			e.op(s.op, s.arg)
		}
		b := append(e.bytes(), c.extra...)
		if name == "padding that is not zero" {
			if len(e.bits)%8 == 0 {
				t.Fatal("no padding")
			}
			if _, err := LoadASMap(bytes.NewReader(b)); err != nil {
				t.Fatalf("%s: refused before: %v", name, err)
			}
			b[len(b)-1] |= 0x80
		}
		_, err := LoadASMap(bytes.NewReader(b))
		if !errors.Is(err, ErrBadMap) {
			t.Errorf("%s: %v", name, err)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}

func repeat[T any](v T, n int) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// An address has 128 bits, and a program may use all of them.
func TestDeepestMap(t *testing.T) {
	e := new(encoder)
	for range 16 {
		e.op(opMatch, 0x1ff)
	}
	e.op(opReturn, 77)
	g, err := LoadASMap(bytes.NewReader(e.bytes()))
	if err != nil {
		t.Fatal(err)
	}
	all := [16]byte{}
	for i := range all {
		all[i] = 0xff
	}
	if got := lookup(g.program, &all); got != 77 {
		t.Errorf("AS %d", got)
	}
	all[15]--
	if got := lookup(g.program, &all); got != 0 {
		t.Errorf("AS %d", got)
	}
}

func TestMapIsBounded(t *testing.T) {
	if _, err := LoadASMap(zeros{}); !errors.Is(err, ErrBadMap) {
		t.Errorf("endless map: %v", err)
	}
	if _, err := LoadASMap(iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("broken file: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func FuzzMap(f *testing.F) {
	f.Add(mock(f).Map(), []byte{101, 1, 2, 3})
	f.Add(randomTrie(rand.New(rand.NewPCG(3, 4)), 30).encode().bytes(), []byte{0x20, 15: 1})
	f.Fuzz(func(t *testing.T, b, addr []byte) {
		g, err := LoadASMap(bytes.NewReader(b))
		if err != nil {
			return
		}
		var full [16]byte
		copy(full[:], addr)
		for _, a := range []netip.Addr{netip.AddrFrom16(full), netip.AddrFrom4([4]byte(full[:4]))} {
			na := wire.AddressOfIP(a)
			as := g.AS(na)
			if p, known := naive(g.Map(), full); na.Network() == wire.NetIPv6 && na.Class() == wire.NetIPv6 && (!known || p != as) {
				t.Fatalf("%s: AS %d, naive %d %v", na, as, p, known)
			}
		}
	})
}

// naive runs a program on strings of digits.
func naive(code []byte, ip [16]byte) (as uint32, ok bool) {
	var prog, addr []byte
	for i := range 8 * len(code) {
		prog = append(prog, code[i/8]>>(i%8)&1)
	}
	for i := range 128 {
		addr = append(addr, ip[i/8]>>(7-i%8)&1)
	}
	pos, fallback := 0, uint32(0)
	take := func(n int) (v uint32) {
		for range n {
			v = v<<1 | uint32(prog[pos])
			pos++
		}
		return v
	}
	number := func(base uint32, first, last int) uint32 {
		size := first
		for size < last && take(1) == 1 {
			base += 1 << size
			size++
		}
		return base + take(size)
	}
	defer func() {
		if recover() != nil {
			ok = false // past the end of either
		}
	}()
	for {
		if take(1) == 0 {
			return number(1, 15, 24), true
		}
		if take(1) == 0 {
			n := number(17, 5, 30)
			set := addr[0] == 1
			addr = addr[1:]
			if set {
				pos += int(n)
			}
			continue
		}
		if take(1) == 1 {
			fallback = number(1, 15, 24)
			continue
		}
		v := number(2, 1, 8)
		for i := bits.Len32(v) - 2; i >= 0; i-- {
			if uint32(addr[0]) != v>>i&1 {
				return fallback, true
			}
			addr = addr[1:]
		}
	}
}
