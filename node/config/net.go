package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"grapevine/chain/params"
)

// Net says how peers are found and taken, with the rules between the options applied.
type Net struct {
	// Listen accepts connections of peers: at Bind, each host:port, or without any at every address of the machine, at Port.
	Listen bool
	Bind   []string
	Port   uint16
	// Connect are the only nodes to connect to. ConnectOnly says that there is such a list; an empty one means that no connection
	// is made but those of AddNode.
	Connect     []string
	ConnectOnly bool
	// AddNode are nodes to stay connected to, beyond MaxConnections.
	AddNode        []string
	MaxConnections int
	// NetworkActive is whether there is any traffic at first.
	NetworkActive bool
	// Timeout bounds connecting, PeerTimeout the time until a new peer has to have said something.
	Timeout, PeerTimeout time.Duration
	// MaxReceiveBuffer and MaxSendBuffer are bytes a peer.
	MaxReceiveBuffer, MaxSendBuffer int
	UserAgentComments               []string
	// BlocksOnly takes no transactions from peers.
	BlocksOnly bool
	// LookUp lets names of nodes be looked up; without it only addresses are connected to.
	LookUp bool
	// DNSSeed and FixedSeeds say where addresses may come from, Discover whether own ones are found out.
	DNSSeed, FixedSeeds, Discover bool
}

// The defaults of the network's options.
const (
	defaultConnections   = 125
	defaultTimeout       = 5000 // milliseconds
	defaultPeerTimeout   = 60   // seconds
	defaultReceiveBuffer = 5000 // kB
	defaultSendBuffer    = 1000 // kB
	// maxBuffer is a gigabyte a peer, in kB: beyond it a typing error is likelier than a wish.
	maxBuffer = 1 << 20
	// maxSeconds is about 34 years, more than any time-out needs, and far from where durations overflow.
	maxSeconds = 1 << 30
)

func (a *Args) net(p *params.Params) (Net, error) {
	n := Net{
		Listen:            a.Bool("listen", true),
		AddNode:           a.List("addnode"),
		MaxConnections:    int(min(a.Int("maxconnections", defaultConnections), 1<<16)),
		NetworkActive:     a.Bool("networkactive", true),
		PeerTimeout:       time.Duration(min(a.Int("peertimeout", defaultPeerTimeout), maxSeconds)) * time.Second,
		MaxReceiveBuffer:  1000 * int(min(max(a.Int("maxreceivebuffer", defaultReceiveBuffer), 0), maxBuffer)),
		MaxSendBuffer:     1000 * int(min(max(a.Int("maxsendbuffer", defaultSendBuffer), 0), maxBuffer)),
		UserAgentComments: a.List("uacomment"),
		BlocksOnly:        a.Bool("blocksonly", false),
		LookUp:            a.Bool("dns", true),
		DNSSeed:           a.Bool("dnsseed", true),
		FixedSeeds:        a.Bool("fixedseeds", true),
		Discover:          a.Bool("discover", true),
	}
	ms := a.Int("timeout", defaultTimeout)
	if ms <= 0 {
		ms = defaultTimeout
	}
	n.Timeout = time.Duration(min(ms, 1000*maxSeconds)) * time.Millisecond
	connect := a.List("connect")
	n.ConnectOnly = len(connect) > 0 || a.IsNegated("connect")
	if len(connect) != 1 || connect[0] != "0" {
		n.Connect = connect
	}
	for _, c := range n.UserAgentComments {
		if strings.ContainsFunc(c, unsafeInComment) {
			return n, fmt.Errorf("User Agent comment (%s) contains unsafe characters.", c)
		}
	}
	var err error
	if n.Port, err = a.port("port", p.DefaultPort); err != nil {
		return n, err
	}
	n.Bind, err = a.binds(n.Port)
	return n, err
}

// unsafeInComment reports characters that would end a comment of BIP 14 or do harm where it is shown.
func unsafeInComment(r rune) bool {
	letter := (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9')
	return !letter && !strings.ContainsRune(" .,;-_?@", r)
}

// binds reads the addresses to listen at. They are literal: a name may stand for an interface that nobody meant.
func (a *Args) binds(port uint16) ([]string, error) {
	var out []string
	for _, b := range a.List("bind") {
		if at, kind, ok := cutLast(b, "="); ok && kind == "onion" {
			return nil, fmt.Errorf("-bind=%s: this version of Grapevine does not listen for Tor connections, leave out =onion to listen at %s", b, at)
		}
		host, bindPort, ok := SplitHostPort(b, port)
		if !ok {
			return nil, fmt.Errorf("Invalid port specified in -bind: '%s'", b)
		}
		ip, err := netip.ParseAddr(host)
		if err != nil {
			return nil, fmt.Errorf("Cannot resolve -bind address: '%s'", b)
		}
		to := net.JoinHostPort(ip.String(), strconv.Itoa(int(bindPort)))
		if slices.Contains(out, to) {
			return nil, fmt.Errorf("Duplicate binding configuration for address %s. Please check your -bind, -bind=...=onion and -whitebind settings.", to)
		}
		out = append(out, to)
	}
	return out, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// checkNet refuses what contradicts itself among the network's options.
func (a *Args) checkNet() error {
	listen := a.Bool("listen", true)
	for _, c := range []struct {
		wrong bool
		text  string
	}{
		{a.Bool("forcednsseed", false) && !a.Bool("dnsseed", true), "Cannot set -forcednsseed to true when setting -dnsseed to false."},
		{!listen && len(a.List("bind"))+len(a.List("whitebind")) > 0, "Cannot set -bind or -whitebind together with -listen=0"},
		{!listen && a.Bool("listenonion", true), "Cannot set -listen=0 together with -listenonion=1"},
		{a.Int("maxconnections", defaultConnections) < 0, "-maxconnections must be greater or equal than zero"},
		{a.Int("peertimeout", defaultPeerTimeout) <= 0, "peertimeout must be a positive integer."},
		{a.Bool("peerblockfilters", false) && !a.filterIndex(), "Cannot set -peerblockfilters without -blockfilterindex."},
	} {
		if c.wrong {
			return errors.New(c.text)
		}
	}
	return nil
}
