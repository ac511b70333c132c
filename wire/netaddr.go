package wire

import (
	"crypto/sha3"
	"encoding/base32"
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
)

// Network is a kind of network by its number in BIP 155.
type Network uint8

// The networks that are known. TORv2, number 3, is gone and read as unknown.
const (
	NetNone  Network = 0 // of the zero address
	NetIPv4  Network = 1
	NetIPv6  Network = 2
	NetTorV3 Network = 4
	NetI2P   Network = 5
	NetCJDNS Network = 6
)

// String returns the name that getpeerinfo and -onlynet use.
func (n Network) String() string {
	switch n {
	case NetIPv4:
		return "ipv4"
	case NetIPv6:
		return "ipv6"
	case NetTorV3:
		return "onion"
	case NetI2P:
		return "i2p"
	case NetCJDNS:
		return "cjdns"
	default:
		return "not_publicly_routable"
	}
}

// AddrLen returns the length in bytes of addresses of a network, 0 of an unknown one.
func (n Network) AddrLen() (size int, known bool) {
	switch n {
	case NetIPv4:
		return 4, true
	case NetIPv6, NetCJDNS:
		return 16, true
	case NetTorV3, NetI2P:
		return 32, true
	default:
		return 0, false
	}
}

// NetworkAddress is the address of a host in one of the networks of BIP 155.
// It is comparable, and each host has one form: an IPv4 address is never one
// of IPv6. The zero value is the unspecified address, and what the address
// of an unknown network reads as.
type NetworkAddress struct {
	net Network
	b   [32]byte // the first AddrLen bytes, the others zero
}

// AddressOfIP returns an IPv4 or IPv6 address. A zone is dropped.
func AddressOfIP(ip netip.Addr) NetworkAddress {
	n := NetIPv6
	if ip = ip.Unmap(); ip.Is4() {
		n = NetIPv4
	}
	a, _ := AddressOf(n, ip.AsSlice()) // its error is that of the invalid netip.Addr
	return a
}

// AddressOf returns the address of that network with these bytes, which are
// copied. An unknown network and what does not belong into it (an IPv4
// address as one of IPv6) give the zero address; a known one with a wrong
// length is ErrBadAddress.
func AddressOf(n Network, b []byte) (NetworkAddress, error) {
	size, known := n.AddrLen()
	if !known {
		return NetworkAddress{}, nil
	}
	if len(b) != size {
		return NetworkAddress{}, fail(ErrBadAddress, n.String()+" address", 0)
	}
	a := NetworkAddress{net: n}
	copy(a.b[:], b)
	if n == NetIPv6 && (a.hasPrefix(mapped) || a.hasPrefix(torV2) || a.b == [32]byte{}) {
		return NetworkAddress{}, nil
	}
	return a, nil
}

// Prefixes of IPv6 under which the addr message hides other things.
const (
	mapped   = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff" // IPv4
	torV2    = "\xfd\x87\xd8\x7e\xeb\x43"
	internal = "\xfd\x6b\x88\xc0\x87\x24" // names, kept by address managers only
)

func (a *NetworkAddress) hasPrefix(p string) bool { return string(a.b[:len(p)]) == p }

// Network returns the network, [NetNone] for the zero address.
func (a NetworkAddress) Network() Network { return a.net }

// IsZero reports whether this is the unspecified address.
func (a NetworkAddress) IsZero() bool { return a.net == NetNone }

// Bytes returns a copy of the address as its network writes it.
func (a NetworkAddress) Bytes() []byte {
	size, _ := a.net.AddrLen()
	return append([]byte(nil), a.b[:size]...)
}

// AppendTo appends what [NetworkAddress.Bytes] returns.
func (a NetworkAddress) AppendTo(b []byte) []byte {
	size, _ := a.net.AddrLen()
	return append(b, a.b[:size]...)
}

// IP returns an IPv4 or IPv6 address; ok is false for the other networks. The
// zero address is "::".
func (a NetworkAddress) IP() (ip netip.Addr, ok bool) {
	switch a.net {
	case NetIPv4:
		return netip.AddrFrom4([4]byte(a.b[:4])), true
	case NetIPv6, NetNone:
		return netip.AddrFrom16([16]byte(a.b[:16])), true
	default:
		return netip.Addr{}, false
	}
}

// base32Lower is the alphabet of onion and I2P names.
var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// String returns the usual text: digits of IP, "….onion", "….b32.i2p".
func (a NetworkAddress) String() string {
	switch a.net {
	case NetTorV3:
		sum := sha3.Sum256([]byte(".onion checksum" + string(a.b[:]) + "\x03"))
		return base32Lower.EncodeToString([]byte(string(a.b[:])+string(sum[:2])+"\x03")) + ".onion"
	case NetI2P:
		return base32Lower.EncodeToString(a.b[:]) + ".b32.i2p"
	case NetCJDNS:
		return netip.AddrFrom16([16]byte(a.b[:16])).String()
	default:
		ip, _ := a.IP()
		return ip.String()
	}
}

// appendV1 appends the 16 bytes of the addr message. What has no form there
// becomes the unspecified address.
func (a *NetworkAddress) appendV1(b []byte) []byte {
	switch a.net {
	case NetIPv4:
		return append(append(b, mapped...), a.b[:4]...)
	case NetIPv6:
		return append(b, a.b[:16]...)
	default:
		return append(b, make([]byte, 16)...)
	}
}

// addressV1 reads the 16 bytes of the addr message.
func addressV1(b []byte) NetworkAddress {
	if string(b[:len(mapped)]) == mapped {
		a := NetworkAddress{net: NetIPv4}
		copy(a.b[:], b[len(mapped):])
		return a
	}
	a, _ := AddressOf(NetIPv6, b) // no error: the length is right
	return a
}

// NetAddr is where a node listens and what it offers.
type NetAddr struct {
	Services ServiceFlags
	Addr     NetworkAddress
	Port     uint16
}

// AddrOf returns the address of a TCP endpoint.
func AddrOf(ap netip.AddrPort, services ServiceFlags) NetAddr {
	return NetAddr{Services: services, Addr: AddressOfIP(ap.Addr()), Port: ap.Port()}
}

// AddrPort returns the TCP endpoint; ok is false outside IPv4 and IPv6.
func (a NetAddr) AddrPort() (ap netip.AddrPort, ok bool) {
	ip, ok := a.Addr.IP()
	return netip.AddrPortFrom(ip, a.Port), ok
}

// String returns address and port, with brackets around what has colons.
func (a NetAddr) String() string {
	host := a.Addr.String()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(int(a.Port))
}

// netAddrSize is the length of a NetAddr in version and addr.
const netAddrSize = 26

func (a *NetAddr) appendV1(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(a.Services))
	return binary.BigEndian.AppendUint16(a.Addr.appendV1(b), a.Port)
}

func (r *reader) netAddr(what string) (a NetAddr) {
	if b := r.next(netAddrSize, what); b != nil {
		a.Services = ServiceFlags(binary.LittleEndian.Uint64(b))
		a.Addr = addressV1(b[8:24])
		a.Port = binary.BigEndian.Uint16(b[24:])
	}
	return a
}
