package wire

import (
	"crypto/sha3"
	"net/netip"
	"strconv"
	"strings"
)

// ParseNetwork returns the network of a name as [Network.String] writes it, in
// any case; ok is false for a name that stands for none.
func ParseNetwork(name string) (n Network, ok bool) {
	name = strings.ToLower(name)
	for _, n := range [...]Network{NetIPv4, NetIPv6, NetTorV3, NetI2P, NetCJDNS} {
		if name == n.String() {
			return n, true
		}
	}
	return NetNone, false
}

// Suffixes of addresses that are written like names, in any case.
const (
	onionSuffix = ".onion"
	i2pSuffix   = ".b32.i2p"
	onionVer    = 3
)

// ParseNetworkAddress reads an address as [NetworkAddress.String] writes it, an
// IP address in brackets too. A name is [ErrBadAddress]: nothing is looked up. An
// address of CJDNS is one of IPv6 to this function, see [NetworkAddress.AsCJDNS].
func ParseNetworkAddress(s string) (NetworkAddress, error) {
	bad := func() (NetworkAddress, error) { return NetworkAddress{}, fail(ErrBadAddress, "address", 0) }
	if len(s) > maxAddressText {
		return bad()
	}
	if lower := strings.ToLower(s); strings.HasSuffix(lower, onionSuffix) {
		b, err := base32Lower.DecodeString(strings.TrimSuffix(lower, onionSuffix))
		if err != nil || len(b) != 35 || b[34] != onionVer {
			return bad()
		}
		if sum := sha3.Sum256([]byte(".onion checksum" + string(b[:32]) + "\x03")); string(sum[:2]) != string(b[32:34]) {
			return bad()
		}
		return AddressOf(NetTorV3, b[:32])
	} else if strings.HasSuffix(lower, i2pSuffix) {
		b, err := base32Lower.DecodeString(strings.TrimSuffix(lower, i2pSuffix))
		if err != nil {
			return bad()
		}
		return AddressOf(NetI2P, b)
	}
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		s = s[1 : len(s)-1]
	}
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return bad()
	}
	return AddressOfIP(ip), nil
}

// maxAddressText is longer than any address with a zone; what is longer is not
// looked at.
const maxAddressText = 128

// ParseNetAddr reads an address with a port or without, which then is def. An
// address with colons needs brackets when a port follows. Port 0 is read as such:
// whether it makes sense is for the caller to say.
func ParseNetAddr(s string, def uint16) (NetAddr, error) {
	host, port := s, def
	colon := strings.LastIndexByte(s, ':')
	bracketed := colon > 0 && s[0] == '[' && s[colon-1] == ']'
	if bracketed || (colon >= 0 && !strings.Contains(s[:colon], ":")) {
		n, err := strconv.ParseUint(s[colon+1:], 10, 16)
		if err != nil {
			return NetAddr{}, fail(ErrBadAddress, "port", 0)
		}
		host, port = s[:colon], uint16(n)
	}
	a, err := ParseNetworkAddress(host)
	return NetAddr{Addr: a, Port: port}, err
}

// AsCJDNS returns what an address of IPv6 below fc00::/8 is on a machine where
// those lead into CJDNS (-cjdnsreachable); every other address is returned as it is.
func (a NetworkAddress) AsCJDNS() NetworkAddress {
	if a.net == NetIPv6 && a.b[0] == 0xfc {
		a.net = NetCJDNS
	}
	return a
}
