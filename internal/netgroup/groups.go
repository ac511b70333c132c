package netgroup

import (
	"crypto/sha256"
	"encoding/binary"

	"grapevine/wire"
)

// Groups knows the groups of addresses. The zero value goes by prefixes alone.
type Groups struct {
	program []byte // a checked map, nil for none
	version Version
}

// New returns groups that go by prefixes alone.
func New() *Groups { return new(Groups) }

// The first byte of a group.
const (
	classUnroutable = 0
	classIPv4       = 1
	classIPv6       = 2
	classOnion      = 3
	classI2P        = 4
	classCJDNS      = 5
	classInternal   = 6
)

// longest is the length of the longest group, an internal one.
const longest = 1 + nameBytes

// Group returns the group of an address: bytes that are equal for addresses of
// one group and no others.
func (g *Groups) Group(a wire.NetworkAddress) string {
	var room [longest]byte
	return string(g.AppendGroup(room[:0], a))
}

// AppendGroup appends the group of an address, at most 11 bytes.
func (g *Groups) AppendGroup(b []byte, a wire.NetworkAddress) []byte {
	if as := g.AS(a); as != 0 {
		return binary.LittleEndian.AppendUint32(append(b, classIPv6), as)
	}
	var room [32]byte
	raw := a.AppendTo(room[:0])
	if Internal(a) {
		return append(append(b, classInternal), raw[len(internal):]...)
	}
	switch a.Class() {
	case wire.NetIPv4:
		ip := linkedIPv4(raw)
		return append(b, classIPv4, ip[0], ip[1])
	case wire.NetIPv6:
		if string(raw[:4]) == hurricane {
			return appendBits(append(b, classIPv6), raw, 36)
		}
		return appendBits(append(b, classIPv6), raw, 32)
	case wire.NetTorV3:
		return appendBits(append(b, classOnion), raw, 4)
	case wire.NetI2P:
		return appendBits(append(b, classI2P), raw, 4)
	case wire.NetCJDNS:
		return appendBits(append(b, classCJDNS), raw, 12)
	default:
		return append(b, classUnroutable)
	}
}

// hurricane is Hurricane Electric's block, 2001:470::/32.
const hurricane = "\x20\x01\x04\x70"

// appendBits appends the first n bits of raw, filled up with ones.
func appendBits(b, raw []byte, n int) []byte {
	b = append(b, raw[:n/8]...)
	if rest := n % 8; rest > 0 {
		b = append(b, raw[n/8]|0xff>>rest)
	}
	return b
}

// linkedIPv4 returns the IPv4 address that an address of class IPv4 is or stands
// for.
func linkedIPv4(raw []byte) (ip [4]byte) {
	switch {
	case len(raw) == 4:
		return [4]byte(raw)
	case string(raw[:2]) == "\x20\x02": // 2002::/16, RFC 3964
		return [4]byte(raw[2:6])
	case string(raw[:4]) == teredo: // the bits turned over, RFC 4380
		for i, v := range raw[12:16] {
			ip[i] = ^v
		}
		return ip
	default: // translated, RFC 6052 and RFC 6145
		return [4]byte(raw[12:16])
	}
}

const teredo = "\x20\x01\x00\x00"

// internal is the prefix of addresses that stand for names, and nameBytes what
// follows it. No message carries them.
const (
	internal  = "\xfd\x6b\x88\xc0\x87\x24"
	nameBytes = 16 - len(internal)
)

// Named returns an address that stands for a source without one, such as the name
// of a DNS seed. It is never valid.
func Named(name string) wire.NetworkAddress {
	sum := sha256.Sum256([]byte(name))
	a, err := wire.AddressOf(wire.NetIPv6, append([]byte(internal), sum[:nameBytes]...))
	if err != nil {
		panic(err) // 16 bytes are an address of IPv6
	}
	return a
}

// Internal reports whether an address is one that [Named] returns.
func Internal(a wire.NetworkAddress) bool {
	if a.Network() != wire.NetIPv6 {
		return false
	}
	var room [16]byte
	return string(a.AppendTo(room[:0])[:len(internal)]) == internal
}
