package config

import (
	"errors"
	"fmt"
	"os"

	"grapevine/chain/params"
	"grapevine/wire"
)

// own reads how others may find us.
func (a *Args) own(n *Net, _ *params.Params) error {
	n.Own = Own{Discover: a.Bool("discover", true), MapPort: a.Bool("natpmp", true)}
	for _, text := range a.List("externalip") {
		addr, err := wire.ParseNetAddr(text, n.ListenPort)
		if err != nil {
			to, ok := a.resolved(text, n.ListenPort)
			if !ok {
				return fmt.Errorf("Cannot resolve -externalip address: '%s'", text)
			}
			addr = wire.AddrOf(to, 0)
		}
		if n.Hidden.CJDNS {
			addr.Addr = addr.Addr.AsCJDNS()
		}
		if !addr.Addr.Valid() || addr.Port == 0 {
			return fmt.Errorf("Cannot resolve -externalip address: '%s'", text)
		}
		n.Own.External = append(n.Own.External, addr)
	}
	return nil
}

// seeds reads where addresses come from at first.
func (a *Args) seeds(n *Net, p *params.Params) error {
	s := &n.Seeds
	s.DNS, s.Forced, s.Fixed = a.Bool("dnsseed", true), a.Bool("forcednsseed", false), a.Bool("fixedseeds", true)
	s.Nodes, s.Hosts = a.List("seednode"), a.List("dnsseedhost")
	if p.IsSignet() && len(s.Hosts) == 0 {
		s.Hosts = a.List("signetseednode")
	}
	if len(n.Connect) > 0 && len(s.Nodes) > 0 {
		a.Notes = append(a.Notes, "-seednode is ignored when -connect is used")
	}
	if n.ConnectOnly && a.IsSet("dnsseed") && s.DNS && a.IsSet("proxy") {
		a.Notes = append(a.Notes, "-dnsseed is ignored when -connect is used and -proxy is specified")
	}
	if text := a.String("dnsserver", ""); text != "" {
		to, ok := literal(text, 53)
		if !ok || to.Port() == 0 {
			return fmt.Errorf("Cannot resolve -dnsserver address: '%s'", text)
		}
		s.Server = to
	}
	if text := a.String("seedfile", ""); text != "" {
		path, err := a.inNetDir(text)
		if err != nil {
			return err
		}
		if st, err := os.Stat(path); err != nil || st.IsDir() {
			return fmt.Errorf("Could not find seed file %q", path)
		}
		s.File = path
	}
	return nil
}

// private checks that own transactions have a way to be sent that does not tell who sends them.
func (a *Args) private(n *Net, _ *params.Params) error {
	h := &n.Hidden
	if !n.PrivateBroadcast {
		return nil
	}
	if !h.reaches(wire.NetI2P) && !h.reaches(wire.NetTorV3) && !h.OnionLater {
		return errors.New("Private broadcast of own transactions requested (-privatebroadcast), but none of Tor or I2P networks is reachable")
	}
	if n.ConnectOnly {
		return errors.New("Private broadcast of own transactions requested (-privatebroadcast), but -connect is also configured. They are incompatible because the " +
			"private broadcast needs to open new connections to randomly chosen Tor or I2P peers. Consider using -maxconnections=0 -addnode=... instead")
	}
	if !h.Randomize && (h.reaches(wire.NetTorV3) || h.OnionLater) {
		a.Warnings = append(a.Warnings, "Private broadcast of own transactions requested (-privatebroadcast) and -proxyrandomize is disabled. Tor circuits for private broadcast "+
			"connections may be correlated to other connections over Tor. For maximum privacy set -proxyrandomize=1.")
	}
	return nil
}
