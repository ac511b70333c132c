package config

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"grapevine/chain/params"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Bind is an address to listen at.
type Bind struct {
	Address netip.AddrPort
	// Onion: whoever comes in here comes through an onion service.
	Onion bool
	// Implied: nobody asked for it, so that the node starts without it too.
	Implied bool
	// Permissions are what peers get that come in here; White says that it is a -whitebind, which has some.
	Permissions peer.Permissions
	White       bool
}

// listening reads where to listen. Addresses are literal: a name may stand for an interface that nobody meant.
func (a *Args) listening(n *Net, p *params.Params) (err error) {
	if n.Port, err = a.port("port", p.DefaultPort); err != nil {
		return err
	}
	if err := a.plainBinds(n); err != nil {
		return err
	}
	if err := a.whiteBinds(n); err != nil {
		return err
	}
	a.onionBind(n)
	a.warnOfPorts(n)
	seen := map[netip.AddrPort]bool{}
	for _, b := range n.Bind {
		if seen[b.Address] && !b.Implied {
			return fmt.Errorf("Duplicate binding configuration for address %s. Please check your -bind, -bind=...=onion and -whitebind settings.", b.Address)
		}
		seen[b.Address] = true
	}
	return nil
}

// plainBinds reads -bind. Without a port it is -port, for Tor the one behind.
func (a *Args) plainBinds(n *Net) error {
	n.ListenPort = n.Port
	named := false
	for _, text := range a.List("bind") {
		at, kind, tagged := cutLast(text, "=")
		if _, _, ok := SplitHostPort(at, n.Port); !ok {
			return fmt.Errorf("Invalid port specified in -bind: '%s'", text)
		}
		def := n.Port
		if tagged {
			def++
		}
		to, ok := literal(at, def)
		if !ok || (tagged && kind != "onion") {
			return fmt.Errorf("Cannot resolve -bind address: '%s'", text)
		}
		n.Bind = append(n.Bind, Bind{Address: to, Onion: tagged})
		if bare, _ := literal(at, 0); !tagged && !named && bare.Port() != 0 {
			n.ListenPort, named = bare.Port(), true
		}
	}
	return nil
}

// whiteBinds reads -whitebind.
func (a *Args) whiteBinds(n *Net) error {
	named := slices.ContainsFunc(a.List("bind"), func(text string) bool {
		bare, ok := literal(text, 0)
		return ok && bare.Port() != 0
	})
	for _, text := range a.List("whitebind") {
		if _, _, ok := SplitHostPort(text, 1); !ok {
			return fmt.Errorf("Invalid port specified in -whitebind: '%s'", text)
		}
		b, err := peer.ParseBind(text)
		if err != nil {
			return err
		}
		to := netip.AddrPortFrom(b.Addr.Addr().Unmap(), b.Addr.Port())
		n.Bind = append(n.Bind, Bind{Address: to, Permissions: b.Permissions, White: true})
		// Peers that are never banned for what they do are friends: not for them is the address told.
		if !named && !b.Permissions.Has(peer.NoBan) {
			n.ListenPort, named = to.Port(), true
		}
	}
	return nil
}

// grants reads -whitelist.
func (a *Args) grants(n *Net, _ *params.Params) error {
	n.Grants = peer.Grants{Relay: a.Bool("whitelistrelay", true), ForceRelay: a.Bool("whitelistforcerelay", false)}
	for _, text := range a.List("whitelist") {
		g, err := peer.ParseGrant(text)
		if err != nil {
			return err
		}
		if n.Hidden.CJDNS {
			g.Net = g.Net.AsCJDNS()
		}
		n.Grants.List = append(n.Grants.List, g)
	}
	return nil
}

// onionBind adds where an onion service leads to, unless a socket was named that it may lead to.
func (a *Args) onionBind(n *Net) {
	if !n.Listen || slices.ContainsFunc(n.Bind, func(b Bind) bool { return b.Onion || !b.White }) {
		return
	}
	if n.Port == 1<<16-1 {
		return // there is no port behind it
	}
	n.Bind = append(n.Bind, Bind{Address: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), n.Port+1), Onion: true, Implied: true})
}

// Everywhere reports whether no address to listen at was named, so that all of the machine's are meant.
func (n *Net) Everywhere() bool {
	return !slices.ContainsFunc(n.Bind, func(b Bind) bool { return !b.Onion })
}

// OnionTarget is where an onion service is to lead to; the zero value where nothing listens.
func (n *Net) OnionTarget() netip.AddrPort {
	for _, onion := range []bool{true, false} {
		for _, b := range n.Bind {
			if b.Onion == onion && !b.White {
				return b.Address
			}
		}
	}
	return netip.AddrPort{}
}

func (a *Args) warnOfPorts(n *Net) {
	warn := func(option string, port uint16) {
		if peer.BadPort(port) {
			a.Warnings = append(a.Warnings, fmt.Sprintf("%s request to listen on port %d. This port is considered \"bad\" and thus it is unlikely that any peer will connect to it.", option, port))
		}
	}
	for _, b := range n.Bind {
		if !b.Onion && !b.White {
			warn("-bind", b.Address.Port())
		}
	}
	if n.Everywhere() && a.IsSet("port") {
		warn("-port", n.Port)
	}
}

// literal reads an address of IP with a port or without.
func literal(s string, port uint16) (netip.AddrPort, bool) {
	to, err := wire.ParseNetAddr(s, port)
	if err != nil || s == "" {
		return netip.AddrPort{}, false
	}
	return to.AddrPort()
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// limits reads how much is sent.
func (a *Args) limits(n *Net, _ *params.Params) error {
	for _, l := range []struct {
		name string
		def  uint64 // the unit of a number without one
		to   *uint64
	}{{"maxuploadtarget", 1 << 20, &n.MaxUpload}, {"maxuploadrate", 1, &n.UploadRate}, {"maxdownloadrate", 1, &n.DownloadRate}} {
		text := a.String(l.name, "0M")
		v, ok := byteUnits(text, l.def)
		if !ok {
			return fmt.Errorf("Unable to parse -%s: '%s'", l.name, text)
		}
		*l.to = v
	}
	return nil
}

// byteUnits reads a number of bytes with a unit: small letters stand for powers of 1000, large ones for those of 1024.
func byteUnits(s string, unit uint64) (uint64, bool) {
	if s == "" {
		return 0, false
	}
	last := s[len(s)-1]
	if i := strings.IndexByte("kmgt", last); i >= 0 {
		s = s[:len(s)-1]
		for unit = 1000; i > 0; i-- {
			unit *= 1000
		}
	} else if i := strings.IndexByte("KMGT", last); i >= 0 {
		s, unit = s[:len(s)-1], 1<<(10*(i+1))
	}
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil || v > (1<<64-1)/unit {
		return 0, false
	}
	return v * unit, true
}

// groups reads which map of autonomous systems there is.
func (a *Args) groups(n *Net, _ *params.Params) error {
	if !a.IsSet("asmap") || a.IsNegated("asmap") {
		return nil
	}
	if a.Bool("asmap", false) {
		return fmt.Errorf("Embedded asmap data not available")
	}
	path, err := a.inNetDir(a.String("asmap", ""))
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("Could not find asmap file %q", path)
	}
	n.ASMap = path
	return nil
}

// inNetDir returns a path as it is, or relative to the network's directory.
func (a *Args) inNetDir(path string) (string, error) {
	if filepath.IsAbs(path) {
		return path, nil
	}
	dir, err := a.NetDir()
	return filepath.Join(dir, path), err
}
