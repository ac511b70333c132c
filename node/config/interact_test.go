package config

import (
	"context"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"grapevine/chain/params"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// bind is an address to listen at that was named.
func bind(addr string) Bind { return Bind{Address: netip.MustParseAddrPort(addr)} }

// tor is where an onion service leads to, if nobody says otherwise.
func tor(addr string) Bind {
	return Bind{Address: netip.MustParseAddrPort(addr), Onion: true, Implied: true}
}

// usualNet is the configuration without options.
func usualNet() Net {
	return Net{
		Listen: true, Port: 8333, ListenPort: 8333, Bind: []Bind{tor("127.0.0.1:8334")}, MaxConnections: 125, NetworkActive: true,
		Timeout: 5 * time.Second, PeerTimeout: time.Minute, MaxReceiveBuffer: 5_000_000, MaxSendBuffer: 1_000_000, LookUp: true, V2: true, ExtraTxs: 100, BanTime: 24 * time.Hour, Grants: peer.Grants{Relay: true},
		Seeds: Seeds{DNS: true, Fixed: true}, Own: Own{Discover: true, MapPort: true},
		Hidden: Hidden{
			Reachable: []wire.Network{wire.NetIPv4, wire.NetIPv6}, OnionLater: true, Randomize: true, AcceptI2P: true, ListenOnion: true,
			TorControl: "127.0.0.1:9051", Proxies: map[wire.Network]Proxy{},
		},
	}
}

// noInbound is what not listening brings with it.
func noInbound(n *Net) {
	n.Listen, n.Bind, n.Own, n.Hidden.ListenOnion, n.Hidden.OnionLater, n.Hidden.AcceptI2P = false, nil, Own{}, false, false, false
}

// closed is what -connect brings with it.
func closed(n *Net) {
	noInbound(n)
	n.Seeds.DNS = false
}

// proxied has one proxy for everything.
func proxied(n *Net) {
	const p = "127.0.0.1:9050"
	n.Hidden.Proxies = map[wire.Network]Proxy{wire.NetIPv4: p, wire.NetIPv6: p, wire.NetTorV3: p, wire.NetCJDNS: p}
	n.Hidden.Name = p
	n.Hidden.Reachable = []wire.Network{wire.NetIPv4, wire.NetIPv6, wire.NetTorV3}
}

// testNames stands for the system's resolver.
func testNames(_ context.Context, _, host string) ([]netip.Addr, error) {
	if host != "proxy.example" {
		return nil, errors.New("no such host")
	}
	return []netip.Addr{netip.MustParseAddr("::ffff:10.0.0.9"), netip.MustParseAddr("::1")}, nil
}

const onionText = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"

func TestInteractions(t *testing.T) {
	onion, err := wire.ParseNetAddr(onionText, 8333)
	if err != nil {
		t.Fatal(err)
	}
	usual := func(*Net) {}
	for _, c := range []struct {
		args string
		base func(*Net)
		want func(*Net)
	}{
		{"", usual, usual},
		{"-connect=1.2.3.4", closed, func(n *Net) { n.Connect, n.ConnectOnly = []string{"1.2.3.4"}, true }},
		{"-connect=a -connect=b:1", closed, func(n *Net) { n.Connect, n.ConnectOnly = []string{"a", "b:1"}, true }},
		{"-connect=0", closed, func(n *Net) { n.ConnectOnly = true }},
		{"-noconnect", closed, func(n *Net) { n.ConnectOnly = true }},
		{"-connect=1.2.3.4 -listen", usual, func(n *Net) { n.Connect, n.ConnectOnly, n.Seeds.DNS = []string{"1.2.3.4"}, true, false }},
		{"-connect=0 -bind=127.0.0.1", usual, func(n *Net) { n.Bind, n.ConnectOnly, n.Seeds.DNS = []Bind{bind("127.0.0.1:8333")}, true, false }},
		{"-maxconnections=0", closed, func(n *Net) { n.MaxConnections = 0 }},
		{"-maxconnections=99999999", usual, func(n *Net) { n.MaxConnections = 65536 }},
		{"-addnode=a -addnode=[::1]:5", usual, func(n *Net) { n.AddNode = []string{"a", "[::1]:5"} }},
		{"-networkactive=0 -blocksonly -dns=0 -uacomment=a -uacomment=b.c", usual, func(n *Net) {
			n.NetworkActive, n.BlocksOnly, n.LookUp, n.UserAgentComments, n.Grants.Relay = false, true, false, []string{"a", "b.c"}, false
		}},
		{"-timeout=10 -peertimeout=2 -maxreceivebuffer=3 -maxsendbuffer=4", usual, func(n *Net) {
			n.Timeout, n.PeerTimeout, n.MaxReceiveBuffer, n.MaxSendBuffer = 10*time.Millisecond, 2*time.Second, 3000, 4000
		}},
		{"-timeout=-1 -peertimeout=9223372036854775807 -maxreceivebuffer=-1 -maxsendbuffer=9223372036854775807", usual, func(n *Net) {
			n.PeerTimeout, n.MaxReceiveBuffer, n.MaxSendBuffer = maxSeconds*time.Second, 0, 1000*maxBuffer
		}},
		{"-v2transport=0 -peerbloomfilters -txreconciliation -bantime=7 -whitelist=1.2.3.4 -whitelist=in,out,relay@::/0 -blocksonly -whitelistforcerelay", usual, func(n *Net) {
			n.V2, n.BloomFilters, n.Reconcile, n.BanTime, n.BlocksOnly = false, true, true, 7*time.Second, true
			all, _ := peer.ParseSubnet("::/0")
			one, _ := peer.ParseSubnet("1.2.3.4")
			n.Grants = peer.Grants{List: []peer.Grant{{Permissions: peer.Implicit, Net: one, In: true}, {Permissions: peer.Relay, Net: all, In: true, Out: true}}, ForceRelay: true}
		}},
		{"-blockreconstructionextratxn=0", usual, func(n *Net) { n.ExtraTxs = 0 }},
		{"-blockreconstructionextratxn=99999999999", usual, func(n *Net) { n.ExtraTxs = 1 << 20 }},
		{"-maxuploadtarget=5 -maxuploadrate=6 -maxdownloadrate=7k", usual, func(n *Net) { n.MaxUpload, n.UploadRate, n.DownloadRate = 5<<20, 6, 7000 }},

		// Where to listen.
		{"-port=7 -bind=127.0.0.1 -bind=[::]:9 -bind=::1", usual, func(n *Net) {
			n.Port, n.ListenPort, n.Bind = 7, 9, []Bind{bind("127.0.0.1:7"), bind("[::]:9"), bind("[::1]:7")}
		}},
		{"-bind=127.0.0.1:5=onion -bind=127.0.0.1=onion", usual, func(n *Net) {
			n.Bind = []Bind{{Address: netip.MustParseAddrPort("127.0.0.1:5"), Onion: true}, {Address: netip.MustParseAddrPort("127.0.0.1:8334"), Onion: true}}
		}},
		{"-whitebind=relay@127.0.0.1:5", usual, func(n *Net) {
			n.ListenPort, n.Bind = 5, []Bind{{Address: netip.MustParseAddrPort("127.0.0.1:5"), Permissions: peer.Relay, White: true}, tor("127.0.0.1:8334")}
		}},
		{"-whitebind=127.0.0.1:5 -whitebind=relay,noban@127.0.0.1:6", usual, func(n *Net) {
			n.ListenPort, n.Bind = 5, []Bind{{Address: netip.MustParseAddrPort("127.0.0.1:5"), Permissions: peer.Implicit, White: true}, {Address: netip.MustParseAddrPort("127.0.0.1:6"), Permissions: peer.Relay | peer.NoBan, White: true}, tor("127.0.0.1:8334")}
		}},
		{"-port=65535", usual, func(n *Net) { n.Port, n.ListenPort, n.Bind = 65535, 65535, nil }},

		// Proxies and the networks behind them.
		{"-proxy=127.0.0.1:9050", noInbound, proxied},
		{"-proxy=127.0.0.1", noInbound, proxied},
		{"-proxy=127.0.0.1 -proxyrandomize=0", noInbound, func(n *Net) {
			proxied(n)
			n.Hidden.Randomize = false
		}},
		{"-proxy=127.0.0.1:9050 -bind=127.0.0.1", usual, func(n *Net) {
			proxied(n)
			n.Own, n.Bind = Own{}, []Bind{bind("127.0.0.1:8333")}
		}},
		{"-proxy=0 -noproxy", usual, usual},
		{"-proxy=proxy.example:1=ipv6", noInbound, func(n *Net) {
			n.Hidden.Proxies, n.Hidden.Name = map[wire.Network]Proxy{wire.NetIPv6: "10.0.0.9:1"}, "10.0.0.9:1"
		}},
		{"-proxy=127.0.0.1 -proxy=0=ipv4 -proxy=[::1]:7=Onion", noInbound, func(n *Net) {
			proxied(n)
			delete(n.Hidden.Proxies, wire.NetIPv4)
			n.Hidden.Proxies[wire.NetTorV3], n.Hidden.Name = "[::1]:7", ""
		}},
		{"-onion=127.0.0.1:5", usual, func(n *Net) {
			n.Hidden.Proxies[wire.NetTorV3], n.Hidden.OnionLater = "127.0.0.1:5", false
			n.Hidden.Reachable = []wire.Network{wire.NetIPv4, wire.NetIPv6, wire.NetTorV3}
		}},
		{"-onion=unix:/run/tor", usual, func(n *Net) {
			n.Hidden.Proxies[wire.NetTorV3], n.Hidden.OnionLater = "unix:/run/tor", false
			n.Hidden.Reachable = []wire.Network{wire.NetIPv4, wire.NetIPv6, wire.NetTorV3}
		}},
		{"-noonion", usual, func(n *Net) { n.Hidden.OnionLater = false }},
		{"-onlynet=onion", usual, func(n *Net) { n.Seeds.DNS, n.Hidden.Only, n.Hidden.Reachable = false, true, []wire.Network{} }},
		{"-onlynet=IPv6 -onlynet=ipv6", usual, func(n *Net) {
			n.Hidden.Only, n.Hidden.OnionLater, n.Hidden.Reachable = true, false, []wire.Network{wire.NetIPv6}
		}},
		{"-cjdnsreachable -externalip=fc00::1 -whitelist=noban@fc00::1", usual, func(n *Net) {
			addr, _ := wire.ParseNetAddr("fc00::1", 8333)
			addr.Addr = addr.Addr.AsCJDNS()
			n.Hidden.CJDNS, n.Hidden.Reachable = true, append(n.Hidden.Reachable, wire.NetCJDNS)
			n.Own = Own{External: []wire.NetAddr{addr}, MapPort: true}
			n.Grants.List = []peer.Grant{{Permissions: peer.NoBan, Net: peer.SubnetOf(addr.Addr), In: true}}
		}},
		{"-i2psam=127.0.0.1 -i2pacceptincoming=0", usual, func(n *Net) {
			n.Hidden.SAM, n.Hidden.AcceptI2P, n.Hidden.Reachable = "127.0.0.1:7656", false, append(n.Hidden.Reachable, wire.NetI2P)
		}},
		{"-torcontrol=[::1] -torpassword=x", usual, func(n *Net) { n.Hidden.TorControl, n.Hidden.TorPassword = "[::1]:9051", "x" }},
		{"-privatebroadcast -onion=127.0.0.1:9050", usual, func(n *Net) {
			n.PrivateBroadcast, n.Hidden.OnionLater = true, false
			n.Hidden.Proxies[wire.NetTorV3], n.Hidden.Reachable = "127.0.0.1:9050", append(n.Hidden.Reachable, wire.NetTorV3)
		}},

		// Own addresses and seeds.
		{"-externalip=1.2.3.4 -externalip=proxy.example:6 -externalip=" + onionText, usual, func(n *Net) {
			n.Own = Own{External: []wire.NetAddr{wire.AddrOf(netip.MustParseAddrPort("1.2.3.4:8333"), 0), wire.AddrOf(netip.MustParseAddrPort("10.0.0.9:6"), 0), onion}, MapPort: true}
		}},
		{"-natpmp=0", usual, func(n *Net) { n.Own.MapPort = false }},
		{"-forcednsseed -fixedseeds=0 -seednode=a -seednode=b:5 -dnsseedhost=c -dnsserver=1.2.3.4", usual, func(n *Net) {
			n.Seeds = Seeds{DNS: true, Forced: true, Nodes: []string{"a", "b:5"}, Hosts: []string{"c"}, Server: netip.MustParseAddrPort("1.2.3.4:53")}
		}},
	} {
		a := parsed(t, "main", "", strings.Fields(c.args)...)
		a.lookupHost = testNames
		if err := a.interact(); err != nil {
			t.Errorf("%v: %v", c.args, err)
			continue
		}
		want := usualNet()
		c.base(&want)
		c.want(&want)
		if got, err := a.net(params.Mainnet()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v:\n%+v, want\n%+v, %v", c.args, got, want, err)
		}
	}
}

func TestContradictions(t *testing.T) {
	for args, want := range map[string]string{
		"-listen=0 -bind=1.2.3.4":        "Cannot set -bind or -whitebind together with -listen=0",
		"-listen=0 -listenonion=1":       "Cannot set -listen=0 together with -listenonion=1",
		"-maxconnections=-1":             "-maxconnections must be greater or equal than zero",
		"-forcednsseed -dnsseed=0":       "Cannot set -forcednsseed to true when setting -dnsseed to false.",
		"-prune=550 -txindex":            "Prune mode is incompatible with -txindex.",
		"-prune=-1":                      "Prune cannot be configured with a negative value.",
		"-prune=550 -reindex-chainstate": "Prune mode is incompatible with -reindex-chainstate. Use full -reindex instead.",
		"-peertimeout=0":                 "peertimeout must be a positive integer.",
		"-peerblockfilters":              "Cannot set -peerblockfilters without -blockfilterindex.",
	} {
		if err := parsed(t, "main", "", strings.Fields(args)...).interact(); err == nil || err.Error() != want {
			t.Errorf("%s: %v", args, err)
		}
	}
	a := parsed(t, "regtest", "rpcport=1\nconnect=1.2.3.4\n[regtest]\nport=5")
	if err := a.interact(); err == nil || err.Error() != "Config setting for -connect only applied on regtest network when in [regtest] section.\n"+
		"Config setting for -rpcport only applied on regtest network when in [regtest] section." {
		t.Error(err)
	}
}
