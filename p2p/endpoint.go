package p2p

import (
	"errors"
	"net"
	"net/netip"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// ErrProxy is wrapped by errors of [Config.Dial] for which a proxy is to blame, or
// this machine, and not the address that was dialled.
var ErrProxy = errors.New("p2p: the proxy is at fault")

// PeerAddresser is what a connection implements that leads somewhere else than its
// RemoteAddr says: through a proxy, or to an address that is not one of IP.
type PeerAddresser interface {
	// PeerAddr returns whom the connection leads to; the zero address where a name
	// stands for it that the proxy looked up.
	PeerAddr() wire.NetAddr
}

// inboundFrom describes a connection that came in.
func (s *Service) inboundFrom(l Listener, nc net.Conn) Connected {
	e := s.endsOf(nc)
	e.Kind, e.Name, e.Permissions = peer.Inbound, e.Remote.String(), l.Permissions
	if !e.Remote.IsValid() {
		e.Name = e.Addr.String()
	}
	if e.Network = l.Network; e.Network == wire.NetNone {
		e.Network = networkOf(e.Addr)
	}
	if e.Network != wire.NetTorV3 { // behind an onion service all have the address of the proxy
		e.Permissions |= s.granted(e.Addr, true)
	}
	return e
}

// outboundTo describes a connection that was dialled.
func (s *Service) outboundTo(d Dial, nc net.Conn) Connected {
	e := s.endsOf(nc)
	e.Kind, e.Name, e.Target = d.Kind, d.Target, d.Target
	if d.Addr != (wire.NetAddr{}) {
		e.Addr = d.Addr
	}
	e.Network = networkOf(e.Addr)
	if d.Kind == peer.Manual { // whom we chose ourselves is no friend for that
		e.Permissions = s.granted(e.Addr, false)
	}
	return e
}

// endsOf fills in who is at the ends.
func (s *Service) endsOf(nc net.Conn) Connected {
	e := Connected{Remote: addrPort(nc.RemoteAddr()), Local: addrPort(nc.LocalAddr())}
	if p, ok := nc.(PeerAddresser); ok {
		e.Addr = p.PeerAddr()
		e.Remote = netip.AddrPort{}
		if ap, ok := e.Addr.AddrPort(); ok && !e.Addr.Addr.IsZero() {
			e.Remote = ap
		}
	} else if e.Remote.IsValid() {
		e.Addr = wire.AddrOf(e.Remote, 0)
	}
	if s.cfg.CJDNS {
		e.Addr.Addr = inCJDNS(e.Addr.Addr)
	}
	return e
}

// inCJDNS returns the address in CJDNS where that is what it looks like.
func inCJDNS(a wire.NetworkAddress) wire.NetworkAddress {
	if b := a.Bytes(); a.Network() == wire.NetIPv6 && b[0] == 0xfc {
		if c, err := wire.AddressOf(wire.NetCJDNS, b); err == nil {
			return c
		}
	}
	return a
}

// granted returns what the operator grants to an address.
func (s *Service) granted(a wire.NetAddr, inbound bool) peer.Permissions {
	if s.cfg.Whitelist == nil || a.Addr.IsZero() {
		return 0
	}
	return s.cfg.Whitelist(a.Addr, inbound)
}

// networkOf returns the network that a peer is in; not that of addresses that are
// reached from nowhere, such as this machine's own.
func networkOf(a wire.NetAddr) wire.Network { return a.Addr.Class() }

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	ap, _ := netip.ParseAddrPort(a.String()) // of an in-memory connection: whatever it says
	return ap
}
