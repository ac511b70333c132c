package config

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"grapevine/chain/params"
	"grapevine/wire"
)

// Hidden says which networks are reached, and through which proxies.
type Hidden struct {
	// Reachable are the networks that peers are chosen from at first. With OnionLater, Tor's control port may name a proxy for its
	// own, which is reached from then on. Only says that -onlynet limits them.
	Reachable  []wire.Network
	OnionLater bool
	Only       bool
	// Proxies leads to each network that has one, Name to hosts that the proxy looks up; "" means a connection of our own.
	Proxies map[wire.Network]Proxy
	Name    Proxy
	// Randomize gives each connection through a proxy credentials of its own.
	Randomize bool
	// SAM is the address of I2P's proxy, "" for none; AcceptI2P takes peers there.
	SAM       string
	AcceptI2P bool
	// ListenOnion makes an onion service through the control port at TorControl.
	ListenOnion             bool
	TorControl, TorPassword string
	// CJDNS says that fc00::/8 leads there.
	CJDNS bool
}

// Proxy is where a SOCKS5 proxy is: "host:port" with an address for the host, or "unix:" and a path. "" is none.
type Proxy string

// Ports of the services that hide who speaks.
const (
	socksPort   = 9050
	controlPort = 9051
	samPort     = 7656
	unixPrefix  = "unix:"
	// unixPathMax is what fits into the system's address of such a socket, with its end.
	unixPathMax = 108
)

// hidden reads which networks are reached.
func (a *Args) hidden(n *Net, _ *params.Params) error {
	h := &n.Hidden
	h.Randomize, h.AcceptI2P = a.Bool("proxyrandomize", true), a.Bool("i2pacceptincoming", true)
	h.ListenOnion, h.TorPassword = a.Bool("listenonion", true), a.String("torpassword", "")
	h.Reachable = []wire.Network{wire.NetIPv4, wire.NetIPv6, wire.NetTorV3, wire.NetI2P, wire.NetCJDNS}
	for i, text := range a.List("onlynet") {
		net, ok := wire.ParseNetwork(text)
		if !ok {
			return fmt.Errorf("Unknown network specified in -onlynet: '%s'", text)
		}
		if i == 0 {
			h.Only, h.Reachable = true, nil
		}
		if !slices.Contains(h.Reachable, net) {
			h.Reachable = append(h.Reachable, net)
		}
	}
	slices.Sort(h.Reachable)
	if on := a.Bool("cjdnsreachable", false); on {
		h.CJDNS = h.reaches(wire.NetCJDNS)
	} else {
		if h.Only && h.reaches(wire.NetCJDNS) {
			return errors.New("Outbound connections restricted to CJDNS (-onlynet=cjdns) but -cjdnsreachable is not provided")
		}
		h.lose(wire.NetCJDNS)
	}
	if s := a.get("dnsseed"); s.kind != unset && s.bool() && !h.reaches(wire.NetIPv4) && !h.reaches(wire.NetIPv6) {
		return errors.New("Incompatible options: -dnsseed=1 was explicitly specified, but -onlynet forbids connections to IPv4/IPv6")
	}
	for _, set := range []func(*Hidden) error{a.proxies, a.onion, a.services} {
		if err := set(h); err != nil {
			return err
		}
	}
	return nil
}

func (h *Hidden) reaches(n wire.Network) bool { return slices.Contains(h.Reachable, n) }

func (h *Hidden) lose(n wire.Network) {
	h.Reachable = slices.DeleteFunc(h.Reachable, func(o wire.Network) bool { return o == n })
}

// proxies reads -proxy, of which each value may be for one network; the last for a network counts.
func (a *Args) proxies(h *Hidden) error {
	all := []wire.Network{wire.NetIPv4, wire.NetIPv6, wire.NetTorV3, wire.NetCJDNS}
	h.Proxies = map[wire.Network]Proxy{}
	for _, text := range a.List("proxy") {
		if err := a.checkPort("proxy", text, true); err != nil {
			return err
		}
		at, kind, tagged := cutLast(text, "=")
		if tagged && kind == "" {
			return fmt.Errorf("Invalid -proxy address or hostname, ends with '=': '%s'", text)
		}
		var p Proxy
		if at != "" && at != "0" {
			var ok bool
			if p, ok = a.proxyAt(at); !ok {
				return fmt.Errorf("Invalid -proxy address or hostname: '%s'", at)
			}
		}
		nets := all
		if tagged {
			one, ok := wire.ParseNetwork(kind)
			if !ok || !slices.Contains(all, one) {
				return fmt.Errorf("Unrecognized network in -proxy='%s': '%s'", text, strings.ToLower(kind))
			}
			nets = []wire.Network{one}
		}
		for _, net := range nets {
			h.Proxies[net] = p
			if net == wire.NetIPv4 || net == wire.NetIPv6 {
				h.Name = p
			}
		}
	}
	return nil
}

// onion reads what leads to onion services: -onion, else -proxy, else what Tor's control port may name later.
func (a *Args) onion(h *Hidden) error {
	only := h.Only && h.reaches(wire.NetTorV3)
	text := a.String("onion", "")
	switch text {
	case "":
	case "0":
		delete(h.Proxies, wire.NetTorV3)
		if only {
			return errors.New("Outbound connections restricted to Tor (-onlynet=onion) but the proxy for reaching the Tor network is explicitly forbidden: -onion=0")
		}
	default:
		if err := a.checkPort("onion", text, true); err != nil {
			return err
		}
		p, ok := a.proxyAt(text)
		if !ok {
			return fmt.Errorf("Invalid -onion address or hostname: '%s'", text)
		}
		h.Proxies[wire.NetTorV3] = p
	}
	for net, p := range h.Proxies {
		if p == "" {
			delete(h.Proxies, net)
		}
	}
	h.OnionLater = h.ListenOnion && (!h.Only || only) && text == ""
	if h.Proxies[wire.NetTorV3] != "" {
		return nil
	}
	if only && !h.ListenOnion {
		return errors.New("Outbound connections restricted to Tor (-onlynet=onion) but the proxy for reaching the Tor network is not provided: none of -proxy, -onion or -listenonion is given")
	}
	h.lose(wire.NetTorV3)
	return nil
}

// services reads where the control port of Tor and the proxy of I2P are.
func (a *Args) services(h *Hidden) error {
	control := a.String("torcontrol", "127.0.0.1:"+strconv.Itoa(controlPort))
	if err := a.checkPort("torcontrol", control, false); err != nil {
		return err
	}
	host, port, _ := SplitHostPort(control, controlPort)
	h.TorControl = net.JoinHostPort(host, strconv.Itoa(int(port)))
	sam := a.String("i2psam", "")
	if sam == "" {
		if h.Only && h.reaches(wire.NetI2P) {
			return errors.New("Outbound connections restricted to i2p (-onlynet=i2p) but -i2psam is not provided")
		}
		h.lose(wire.NetI2P)
		return nil
	}
	if err := a.checkPort("i2psam", sam, false); err != nil {
		return err
	}
	at, ok := a.resolved(sam, samPort)
	if !ok {
		return fmt.Errorf("Invalid -i2psam address or hostname: '%s'", sam)
	}
	h.SAM = at.String()
	return nil
}

// checkPort refuses a port that is none.
func (a *Args) checkPort(option, text string, unixToo bool) error {
	at := text
	if option == "proxy" {
		at, _, _ = cutLast(text, "=")
	}
	if _, _, ok := SplitHostPort(at, 1); ok || (unixToo && strings.HasPrefix(text, unixPrefix)) {
		return nil
	}
	return fmt.Errorf("Invalid port specified in -%s: '%s'", option, text)
}

// proxyAt reads where a proxy is.
func (a *Args) proxyAt(text string) (Proxy, bool) {
	if path, ok := strings.CutPrefix(text, unixPrefix); ok && runtime.GOOS != "windows" {
		return Proxy(text), path != "" && len(path) < unixPathMax
	}
	at, ok := a.resolved(text, socksPort)
	return Proxy(at.String()), ok
}

// lookupTimeout is how long a name in the configuration may take.
const lookupTimeout = 5 * time.Second

// resolved reads an address of IP with a port, or looks a name up where -dns allows it.
func (a *Args) resolved(text string, port uint16) (netip.AddrPort, bool) {
	if to, ok := literal(text, port); ok {
		return to, !to.Addr().IsUnspecified() && to.Port() != 0
	}
	host, port, ok := SplitHostPort(text, port)
	if !ok || host == "" || !a.Bool("dns", true) {
		return netip.AddrPort{}, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	look := a.lookupHost
	if look == nil {
		look = net.DefaultResolver.LookupNetIP
	}
	list, err := look(ctx, "ip", host)
	if err != nil || len(list) == 0 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(list[0].Unmap(), port), true
}
