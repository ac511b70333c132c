package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"grapevine/chain/params"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Net says how peers are found and taken, with the rules between the options applied.
type Net struct {
	// Listen accepts connections of peers: at Bind, or without any at every address of the machine, at Port.
	Listen bool
	Bind   []Bind
	Port   uint16
	// ListenPort is the one to tell peers: that of the first suitable bind, or Port.
	ListenPort uint16
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
	// V2 speaks the encrypted transport, BloomFilters filters for peers, Reconcile agrees to BIP 330, PrivateBroadcast sends own
	// transactions over Tor and I2P only.
	V2, BloomFilters, Reconcile, PrivateBroadcast bool
	// ExtraTxs are kept besides those of the pool, for putting compact blocks together.
	ExtraTxs int
	// BanTime is how long a ban lasts unless it says so itself.
	BanTime time.Duration
	// MaxUpload is bytes a day, UploadRate and DownloadRate are bytes a second; 0 means no limit.
	MaxUpload, UploadRate, DownloadRate uint64
	// Grants are what peers may by their addresses.
	Grants peer.Grants
	Seeds  Seeds
	Own    Own
	Hidden Hidden
	// ASMap is the path of a map of autonomous systems, "" for none.
	ASMap string
}

// Seeds say where addresses of peers come from while none are known.
type Seeds struct {
	// DNS asks DNS, Forced however many addresses are known, Fixed falls back to a built-in list.
	DNS, Forced, Fixed bool
	// Nodes are asked for addresses.
	Nodes []string
	// Hosts replace the network's own DNS seeds, Server the system's resolver, File the built-in list; "" and none: they stay.
	Hosts  []string
	Server netip.AddrPort
	File   string
}

// Own says how others may find us.
type Own struct {
	// External are our addresses, as the operator says.
	External []wire.NetAddr
	// Discover finds others, MapPort asks the router for one.
	Discover, MapPort bool
}

// The defaults of the network's options.
const (
	defaultConnections   = 125
	defaultTimeout       = 5000 // milliseconds
	defaultPeerTimeout   = 60   // seconds
	defaultReceiveBuffer = 5000 // kB
	defaultSendBuffer    = 1000 // kB
	defaultBanTime       = 24 * 60 * 60
	defaultExtraTxs      = 100
	maxExtraTxs          = 1 << 20 // their bytes are bounded besides
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
		V2:                a.Bool("v2transport", true),
		BloomFilters:      a.Bool("peerbloomfilters", false),
		Reconcile:         a.Bool("txreconciliation", false),
		PrivateBroadcast:  a.Bool("privatebroadcast", false),
		ExtraTxs:          int(min(max(a.Int("blockreconstructionextratxn", defaultExtraTxs), 0), maxExtraTxs)),
		BanTime:           time.Duration(min(max(a.Int("bantime", defaultBanTime), 0), maxSeconds)) * time.Second,
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
	// The order is that in which mistakes are reported.
	for _, set := range []func(*Net, *params.Params) error{a.limits, a.groups, a.listening, a.hidden, a.own, a.grants, a.seeds, a.private} {
		if err := set(&n, p); err != nil {
			return n, err
		}
	}
	return n, nil
}

// unsafeInComment reports characters that would end a comment of BIP 14 or do harm where it is shown.
func unsafeInComment(r rune) bool {
	letter := (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9')
	return !letter && !strings.ContainsRune(" .,;-_?@", r)
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
