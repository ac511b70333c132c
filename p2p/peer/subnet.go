package peer

import (
	"cmp"
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"grapevine/wire"
)

// ErrSubnet: a text that is neither an address nor a block of addresses.
var ErrSubnet = errors.New("peer: not an address or subnet")

// Subnet is a block of IPv4 or IPv6 addresses, or one address of another network. It is
// comparable. The zero value contains nothing.
type Subnet struct {
	prefix netip.Prefix        // of IP
	addr   wire.NetworkAddress // of the other networks
}

// SubnetOf returns the subnet of a single address.
func SubnetOf(a wire.NetworkAddress) Subnet {
	switch a.Network() {
	case wire.NetNone:
		return Subnet{}
	case wire.NetIPv4, wire.NetIPv6:
		ip, _ := a.IP()
		return Subnet{prefix: netip.PrefixFrom(ip, ip.BitLen())}
	default:
		return Subnet{addr: a}
	}
}

// ParseSubnet reads an address of any network, or an IPv4 or IPv6 address with the length
// of its prefix or a netmask behind a slash: "1.2.3.0/24", "1.2.3.0/255.255.255.0".
func ParseSubnet(s string) (Subnet, error) {
	slash := strings.LastIndexByte(s, '/')
	if slash < 0 {
		if ip, err := parseIP(s); err == nil {
			return Subnet{prefix: netip.PrefixFrom(ip, ip.BitLen())}, nil
		}
		a, err := wire.ParseAddress(s)
		if err != nil || !a.Valid() {
			return Subnet{}, ErrSubnet
		}
		return SubnetOf(a), nil
	}
	ip, err := parseIP(s[:slash])
	if err != nil {
		return Subnet{}, ErrSubnet
	}
	bits, err := prefixBits(s[slash+1:], ip)
	if err != nil || bits > ip.BitLen() {
		return Subnet{}, ErrSubnet
	}
	return Subnet{prefix: netip.PrefixFrom(ip, bits).Masked()}, nil
}

func parseIP(s string) (netip.Addr, error) {
	inner := s
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") && strings.Contains(s, ":") {
		inner = s[1 : len(s)-1]
	}
	ip, err := netip.ParseAddr(inner)
	return ip.Unmap().WithZone(""), err
}

// prefixBits reads the length of a prefix, or counts the bits of a netmask.
func prefixBits(s string, of netip.Addr) (int, error) {
	if n, err := strconv.ParseUint(s, 10, 8); err == nil {
		return int(n), nil
	}
	mask, err := netip.ParseAddr(s)
	if err != nil || mask.BitLen() != of.BitLen() {
		return 0, ErrSubnet
	}
	bits, ended := 0, false
	for _, b := range mask.AsSlice() {
		for i := 7; i >= 0; i-- {
			switch set := b>>i&1 != 0; {
			case set && ended:
				return 0, ErrSubnet
			case set:
				bits++
			default:
				ended = true
			}
		}
	}
	return bits, nil
}

// AsCJDNS returns what a single address within fc00::/8 is on a machine that has CJDNS,
// and other subnets as they are.
func (s Subnet) AsCJDNS() Subnet {
	if s.prefix.IsValid() && s.prefix.IsSingleIP() {
		return SubnetOf(wire.AddressOfIP(s.prefix.Addr()).AsCJDNS())
	}
	return s
}

// IsZero reports whether this is the subnet that contains nothing.
func (s Subnet) IsZero() bool { return s == Subnet{} }

// Bits returns the length of the prefix, -1 outside IP.
func (s Subnet) Bits() int {
	if !s.prefix.IsValid() {
		return -1
	}
	return s.prefix.Bits()
}

// Widen returns the subnet with a shorter prefix; outside IP there are none.
func (s Subnet) Widen(bits int) Subnet {
	if bits < 0 || bits >= s.Bits() {
		return s
	}
	return Subnet{prefix: netip.PrefixFrom(s.prefix.Addr(), bits).Masked()}
}

// Contains reports whether an address belongs to the subnet; those that no host can have
// belong to none.
func (s Subnet) Contains(a wire.NetworkAddress) bool {
	if s.IsZero() || !a.Valid() {
		return false
	}
	if !s.prefix.IsValid() {
		return a == s.addr
	}
	ip, ok := a.IP()
	return ok && s.prefix.Contains(ip)
}

// String returns the subnet with the length of its prefix, which IP always has.
func (s Subnet) String() string {
	if s.prefix.IsValid() {
		return s.prefix.String()
	}
	return s.addr.String()
}

// network orders subnets of different networks.
func (s Subnet) network() wire.Network {
	switch {
	case !s.prefix.IsValid():
		return s.addr.Network()
	case s.prefix.Addr().Is4():
		return wire.NetIPv4
	default:
		return wire.NetIPv6
	}
}

// Compare orders by network, address and length of the prefix.
func (s Subnet) Compare(o Subnet) int {
	if c := cmp.Compare(s.network(), o.network()); c != 0 || !s.prefix.IsValid() {
		return cmp.Or(c, cmp.Compare(string(s.addr.Bytes()), string(o.addr.Bytes())))
	}
	return cmp.Or(s.prefix.Addr().Compare(o.prefix.Addr()), cmp.Compare(s.prefix.Bits(), o.prefix.Bits()))
}
