package peer

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"grapevine/wire"
)

// errOut: only connections that come in have a listening socket.
var errOut = errors.New(`whitebind may only be used for incoming connections ("out" was passed)`)

// Grant is what an operator grants to a block of addresses (-whitelist).
type Grant struct {
	Permissions Permissions
	Net         Subnet
	// In and Out say for connections of which direction; outbound ones have to be
	// manual.
	In, Out bool
}

// Bind is a socket to listen on with what is granted to those who come in through it
// (-whitebind).
type Bind struct {
	Permissions Permissions
	Addr        netip.AddrPort
}

// ParseGrant reads an address or subnet, with the permissions before an "@" where other
// than the usual ones are meant: "noban,in,out@10.0.0.0/8". The errors are worded for
// the operator.
func ParseGrant(s string) (Grant, error) {
	p, err := parsePrefix(s)
	if err != nil {
		return Grant{}, err
	}
	subnet, err := ParseSubnet(p.rest)
	if err != nil {
		return Grant{}, fmt.Errorf("Invalid netmask specified in -whitelist: '%s'", p.rest)
	}
	return Grant{Permissions: p.granted, Net: subnet, In: p.in || !p.out, Out: p.out}, nil
}

// ParseBind reads an address with port, with the permissions before an "@" where other
// than the usual ones are meant. The errors are worded for the operator.
func ParseBind(s string) (Bind, error) {
	p, err := parsePrefix(s)
	if err == nil && p.out {
		err = errOut
	}
	if err != nil {
		return Bind{}, err
	}
	at, err := netip.ParseAddrPort(p.rest)
	if err != nil {
		if _, err := parseIP(p.rest); err != nil {
			return Bind{}, fmt.Errorf("Cannot resolve -whitebind address: '%s'", p.rest)
		}
	}
	if at.Port() == 0 {
		return Bind{}, fmt.Errorf("Need to specify a port with -whitebind: '%s'", p.rest)
	}
	return Bind{Permissions: p.granted, Addr: at}, nil
}

// prefix is what stands before an address in -whitelist and -whitebind.
type prefix struct {
	granted Permissions
	in, out bool
	rest    string
}

func parsePrefix(s string) (p prefix, err error) {
	list, rest, found := strings.Cut(s, "@")
	if !found {
		return prefix{granted: Implicit, rest: s}, nil
	}
	p.rest = rest
	for _, name := range strings.Split(list, ",") {
		switch name {
		case "": // passed over
		case "in":
			p.in = true
		case "out":
			p.out = true
		default:
			one, ok := permissionOf(name)
			if !ok {
				return prefix{}, fmt.Errorf("Invalid P2P permission: '%s'", name)
			}
			p.granted |= one
		}
	}
	if (p.in || p.out) && p.granted == 0 {
		return prefix{}, fmt.Errorf("Only direction was set, no permissions: '%s'", s)
	}
	return p, nil
}

// permissionOf returns the permission of that name.
func permissionOf(name string) (Permissions, bool) {
	switch name {
	case "all":
		return AllPermissions, true
	case "bloom":
		return BloomFilter, true
	}
	for _, n := range names {
		if n.name == name {
			return n.p, true
		}
	}
	return 0, false
}

// Grants are all that an operator grants to addresses. The zero value grants nothing.
type Grants struct {
	List []Grant
	// Relay and ForceRelay are part of the usual permissions (-whitelistrelay,
	// -whitelistforcerelay).
	Relay, ForceRelay bool
}

// To returns what a peer is granted for its address, on top of base, which is what its socket
// grants. An outbound connection has to be manual for that; what comes in through an
// onion service has no address to go by.
func (g *Grants) To(base Permissions, a wire.NetworkAddress, inbound bool) Permissions {
	for i := range g.List {
		if e := &g.List[i]; (inbound && e.In || !inbound && e.Out) && e.Net.Contains(a) {
			base |= e.Permissions
		}
	}
	return g.Usual(base)
}

// Usual replaces [Implicit] by the permissions that go without saying.
func (g *Grants) Usual(p Permissions) Permissions {
	if !p.Has(Implicit) {
		return p
	}
	p = p&^Implicit | Mempool | NoBan
	if g.ForceRelay {
		p |= ForceRelay
	}
	if g.Relay {
		p |= Relay
	}
	return p
}
