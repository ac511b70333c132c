package netgroup

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"grapevine/wire"
)

// maxMapSize bounds what is read of a file.
const maxMapSize = 64 << 20

// ErrBadMap: the file is not a map of autonomous systems.
var ErrBadMap = errors.New("sanity check of asmap data failed")

// Version tells maps apart: the double SHA-256 of the file. The zero version
// stands for no map.
type Version [32]byte

// String returns the bytes in reverse, in hex, as Bitcoin Core shows it.
func (v Version) String() string {
	b := slices.Clone(v[:])
	slices.Reverse(b)
	return hex.EncodeToString(b)
}

// LoadASMap reads a map of autonomous systems. Errors: [ErrBadMap], and those of
// the reader.
func LoadASMap(r io.Reader) (*Groups, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxMapSize+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxMapSize {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrBadMap, maxMapSize)
	}
	if err := checkMap(b, 128); err != nil {
		return nil, err
	}
	once := sha256.Sum256(b)
	return &Groups{program: b, version: sha256.Sum256(once[:])}, nil
}

// HasMap reports whether a map of autonomous systems is loaded.
func (g *Groups) HasMap() bool { return len(g.program) > 0 }

// Version identifies the map.
func (g *Groups) Version() Version { return g.version }

// Map returns the file's bytes, nil when there is none. The caller must not change
// them.
func (g *Groups) Map() []byte { return g.program }

// AS returns the autonomous system of an address, 0 when it is not known.
func (g *Groups) AS(a wire.NetworkAddress) uint32 {
	if len(g.program) == 0 {
		return 0
	}
	ip := [16]byte{10: 0xff, 11: 0xff}
	var room [32]byte
	raw := a.AppendTo(room[:0])
	switch a.Class() {
	case wire.NetIPv4:
		v4 := linkedIPv4(raw)
		copy(ip[12:], v4[:])
	case wire.NetIPv6:
		copy(ip[:], raw)
	default:
		return 0
	}
	return lookup(g.program, &ip)
}

// opcode is an instruction of the program.
type opcode uint8

const (
	opReturn  opcode = iota // the result
	opJump                  // skips so many bits if the next bit of the address is set
	opMatch                 // goes on if the next bits are these, else the default is the result
	opDefault               // what a later match without success gives
	opNone                  // the program ends in the middle of an instruction
)

// A number is written as its class in ones, ended by a zero unless it is the last
// class, and its place in the class, the highest bit first. A class of n bits
// holds 1<<n numbers; the first begins at base.
type numbers struct {
	base        uint32
	first, last uint8 // bits of the first and the last class; each has one more than the one before
}

var (
	asNumbers = numbers{1, 15, 24}
	matches   = numbers{2, 1, 8}
	jumps     = numbers{17, 5, 30}
)

// program is read from bit pos on.
type program struct {
	b   []byte
	pos uint64
}

func (p *program) size() uint64 { return 8 * uint64(len(p.b)) }

// bit takes the next bit; ok is false at the end.
func (p *program) bit() (v uint32, ok bool) {
	if p.pos >= p.size() {
		return 0, false
	}
	v = uint32(p.b[p.pos/8]>>(p.pos%8)) & 1
	p.pos++
	return v, true
}

func (p *program) number(n numbers) (v uint32, ok bool) {
	v = n.base
	for size := n.first; ; size++ {
		if size < n.last {
			more, ok := p.bit()
			if !ok {
				return 0, false
			}
			if more == 1 {
				v += 1 << size
				continue
			}
		}
		var place uint32
		for range size {
			b, ok := p.bit()
			if !ok {
				return 0, false
			}
			place = place<<1 | b
		}
		return v + place, true
	}
}

// next takes an instruction and its number.
func (p *program) next() (op opcode, arg uint32) {
	op = opReturn
	for op < opDefault {
		b, ok := p.bit()
		if !ok {
			return opNone, 0
		}
		if b == 0 {
			break
		}
		op++
	}
	arg, ok := p.number([...]numbers{asNumbers, jumps, matches, asNumbers}[op])
	if !ok {
		return opNone, 0
	}
	return op, arg
}

// address is read bit by bit.
type address struct {
	hi, lo uint64
	left   int
}

func (a *address) bit() uint32 {
	v := uint32(a.hi >> 63)
	a.hi = a.hi<<1 | a.lo>>63
	a.lo <<= 1
	a.left--
	return v
}

// lookup runs a program that checkMap has passed. 0 in the cases that it excludes.
func lookup(b []byte, ip *[16]byte) uint32 {
	p := program{b: b}
	a := address{binary.BigEndian.Uint64(ip[:8]), binary.BigEndian.Uint64(ip[8:]), 128}
	var fallback uint32
	for {
		op, arg := p.next()
		switch op {
		case opReturn:
			return arg
		case opDefault:
			fallback = arg
		case opJump:
			if a.left == 0 {
				return 0
			}
			if a.bit() == 1 {
				p.pos += uint64(arg)
			}
		case opMatch:
			n := bits.Len32(arg) - 1 // the highest bit only marks the length
			if a.left < n {
				return 0
			}
			for i := n - 1; i >= 0; i-- {
				if a.bit() != arg>>i&1 {
					return fallback
				}
			}
		default:
			return 0
		}
	}
}

// checkMap follows every path of a program for addresses of that many bits. Time
// and memory are those of one pass: each instruction is read once, and at most one
// jump for each bit of an address waits.
func checkMap(b []byte, left int) error {
	type branch struct {
		pos  uint64
		left int
	}
	var (
		p       = program{b: b}
		waiting []branch // targets of jumps, the nearest last
		prev    = opJump
		partial bool // a match of fewer than 8 bits in this run of them
	)
	fail := func(why string) error { return fmt.Errorf("%w: %s at bit %d", ErrBadMap, why, p.pos) }
	for {
		if n := len(waiting); n > 0 && p.pos >= waiting[n-1].pos {
			return fail("jump into an instruction")
		}
		op, arg := p.next()
		switch op {
		case opReturn:
			if prev == opDefault {
				return fail("default without use")
			}
			n := len(waiting)
			if n == 0 {
				return p.checkEnd(fail)
			}
			if p.pos != waiting[n-1].pos {
				return fail("unreachable code")
			}
			left, waiting = waiting[n-1].left, waiting[:n-1]
			op = opJump // the next instruction is reached by that jump
		case opJump:
			target := p.pos + uint64(arg)
			switch n := len(waiting); {
			case target > p.size():
				return fail("jump past the end")
			case left == 0:
				return fail("more bits than an address has")
			case n > 0 && target >= waiting[n-1].pos:
				return fail("jumps that cross")
			}
			left--
			waiting = append(waiting, branch{target, left})
		case opMatch:
			n := bits.Len32(arg) - 1
			if prev != opMatch {
				partial = false
			}
			if n < 8 && partial {
				return fail("matches that could be one")
			}
			partial = n < 8
			if left < n {
				return fail("more bits than an address has")
			}
			left -= n
		case opDefault:
			if prev == opDefault {
				return fail("default without use")
			}
		default:
			return fail("end within an instruction")
		}
		prev = op
	}
}

// checkEnd looks at what follows the last instruction.
func (p *program) checkEnd(fail func(string) error) error {
	if p.size()-p.pos > 7 {
		return fail("bytes after the end")
	}
	for {
		b, ok := p.bit()
		if !ok {
			return nil
		}
		if b != 0 {
			return fail("padding that is not zero")
		}
	}
}
