package wire

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// ErrAddressText: a text that is no address of a network we know, or names a
// host that would have to be looked up.
var ErrAddressText = errors.New("wire: not an address")

// ParseAddress reads what [NetworkAddress.String] writes, in either case of letters
// and with or without the brackets of IPv6. Zones are dropped. What looks like an
// address of CJDNS reads as one of IPv6, see [NetworkAddress.AsCJDNS]. Names that
// would have to be looked up are [ErrAddressText].
func ParseAddress(s string) (NetworkAddress, error) {
	if len(s) > maxAddressText {
		return NetworkAddress{}, ErrAddressText
	}
	lower := strings.ToLower(s)
	if name, ok := strings.CutSuffix(lower, onionSuffix); ok {
		return parseOnion(name)
	}
	if name, ok := strings.CutSuffix(lower, i2pSuffix); ok {
		b, err := base32Lower.DecodeString(name)
		if err != nil || len(b) != 32 || base32Lower.EncodeToString(b) != name {
			return NetworkAddress{}, ErrAddressText
		}
		return AddressOf(NetI2P, b)
	}
	inner, bracket := strings.CutPrefix(s, "[")
	if bracket {
		if inner, bracket = strings.CutSuffix(inner, "]"); !bracket {
			return NetworkAddress{}, ErrAddressText
		}
	}
	ip, err := netip.ParseAddr(inner)
	if err != nil || bracket && ip.Is4() {
		return NetworkAddress{}, ErrAddressText
	}
	return AddressOfIP(ip), nil
}

// ParseNetAddr reads an address with a port; without one it has defaultPort. An IPv6
// address needs brackets where a port follows. Services are left at zero.
func ParseNetAddr(s string, defaultPort uint16) (NetAddr, error) {
	host, port := s, defaultPort
	if i := strings.LastIndexByte(s, ':'); i >= 0 && (strings.HasSuffix(s[:i], "]") || !strings.Contains(s[:i], ":")) {
		n, err := strconv.ParseUint(s[i+1:], 10, 16)
		if err != nil {
			return NetAddr{}, ErrAddressText
		}
		host, port = s[:i], uint16(n)
	}
	a, err := ParseAddress(host)
	return NetAddr{Addr: a, Port: port}, err
}

// AsCJDNS returns what an address of IPv6 within fc00::/8 is on a machine that has
// CJDNS, and other addresses as they are.
func (a NetworkAddress) AsCJDNS() NetworkAddress {
	if a.net == NetIPv6 && a.b[0] == 0xfc {
		a.net = NetCJDNS
	}
	return a
}

const (
	onionSuffix = ".onion"
	i2pSuffix   = ".b32.i2p"
	// maxAddressText is beyond the longest address: 56 characters and ".onion", or
	// one of IPv6 with a zone.
	maxAddressText = 100
)

// parseOnion reads key, checksum and version of an onion service. Only the text
// that the key itself gives is accepted.
func parseOnion(name string) (NetworkAddress, error) {
	b, err := base32Lower.DecodeString(name)
	if err != nil || len(b) != 35 {
		return NetworkAddress{}, ErrAddressText
	}
	a, err := AddressOf(NetTorV3, b[:32])
	if err != nil || a.String() != name+onionSuffix {
		return NetworkAddress{}, ErrAddressText
	}
	return a, nil
}

// ParseNetwork returns the network that has this name (see [Network.String]), in any
// case; ok is false for other texts.
func ParseNetwork(name string) (n Network, ok bool) {
	name = strings.ToLower(name)
	for _, n := range [...]Network{NetIPv4, NetIPv6, NetTorV3, NetI2P, NetCJDNS} {
		if name == n.String() {
			return n, true
		}
	}
	return NetNone, false
}
