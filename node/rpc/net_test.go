package rpc

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"grapevine/chain/params"
	"grapevine/p2p"
	"grapevine/p2p/conn"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// fakeNetwork keeps the lists that an operator changes and records the rest.
type fakeNetwork struct {
	peers    []p2p.PeerInfo
	totals   p2p.Totals
	added    []p2p.AddedNode
	acted    []string
	off      bool
	services wire.ServiceFlags
}

func (f *fakeNetwork) Peers() []p2p.PeerInfo       { return append([]p2p.PeerInfo(nil), f.peers...) }
func (f *fakeNetwork) Totals() p2p.Totals          { return f.totals }
func (f *fakeNetwork) AddedNodes() []p2p.AddedNode { return f.added }
func (f *fakeNetwork) TryNode(t string, v2 bool) {
	f.acted = append(f.acted, fmt.Sprint("try ", t, " ", v2))
}
func (f *fakeNetwork) SetActive(on bool)                { f.off = !on }
func (f *fakeNetwork) Active() bool                     { return !f.off }
func (f *fakeNetwork) PingAll()                         { f.acted = append(f.acted, "ping") }
func (f *fakeNetwork) LocalServices() wire.ServiceFlags { return f.services }
func (f *fakeNetwork) UserAgent() string                { return "/Satoshi:31.0.0/Grapevine:0.1.0/" }

func (f *fakeNetwork) AddNode(target string, v2 bool) error {
	for _, a := range f.added {
		if a.Target == target {
			return fmt.Errorf("%s: %w", target, conn.ErrAlreadyAdded)
		}
	}
	f.added = append(f.added, p2p.AddedNode{Target: target})
	return nil
}

func (f *fakeNetwork) RemoveNode(target string) error {
	for i, a := range f.added {
		if a.Target == target {
			f.added = append(f.added[:i], f.added[i+1:]...)
			return nil
		}
	}
	return conn.ErrNotAdded
}

func (f *fakeNetwork) DisconnectAddress(name string) error {
	for _, p := range f.peers {
		if p.Name == name {
			f.acted = append(f.acted, "drop "+name)
			return nil
		}
	}
	return p2p.ErrNotConnected
}

func (f *fakeNetwork) DisconnectID(id peer.ID) error {
	for _, p := range f.peers {
		if p.ID == id {
			f.acted = append(f.acted, "drop "+id.String())
			return nil
		}
	}
	return p2p.ErrNotConnected
}

func netTable(tb testing.TB, f *fakeNetwork) *Table {
	tb.Helper()
	ledger := newFakeLedger(params.Regtest(params.RegtestOptions{}))
	ledger.status.Warnings = []string{"rain"}
	cmds, err := NetworkCommands(NetConfig{Network: f, Blocks: ledger, MinRelay: 100, Incremental: 1000, Warnings: []string{"hail"},
		Now: func() time.Time { return time.UnixMilli(1700000000123) }})
	if err != nil {
		tb.Fatal(err)
	}
	table, err := NewTable(cmds)
	if err != nil {
		tb.Fatal(err)
	}
	table.SetReady()
	return table
}

func onePeer() p2p.PeerInfo {
	return p2p.PeerInfo{
		ID: 3, Kind: peer.Manual, Name: "node.example:8333", Remote: netip.MustParseAddrPort("[::ffff:1.2.3.4]:8333"), Local: netip.MustParseAddrPort("[2a00::1]:5"),
		SeenAs: "5.6.7.8:9", Services: wire.NodeNetwork | wire.NodeWitness | wire.NodeNetworkLimited | 1<<24, Version: 70016, UserAgent: "/x/", StartHeight: 9, RelaysTx: true,
		Connected: time.Unix(100, 9e8), TimeOffset: -1500 * time.Millisecond, LastSend: time.Unix(101, 0), LastReceive: time.Unix(102, 0), LastBlock: time.Unix(103, 0),
		BytesSent: 7, BytesReceived: 1 << 63, SentByType: map[string]uint64{"verack": 24, "ping": 32, "pong": 0}, ReceivedByType: map[string]uint64{"*other*": 5},
		Ping: 123456789 * time.Nanosecond, MinPing: 1000, PingWait: 2 * time.Second, SyncedHeaders: 5, SyncedBlocks: -1, InFlight: []int32{6, 7},
		InvToSend: 4, LastInvSeq: 12, FeeFilter: 150, HandshakeDone: true, Transport: "v1",
	}
}

// The order of members, and which of them may be missing, are what clients know.
func TestPeerInfo(t *testing.T) {
	second := p2p.PeerInfo{ID: 1, Name: "[::1]:6", Remote: netip.MustParseAddrPort("[::1]:6"), SyncedHeaders: -1, SyncedBlocks: -1, Transport: "v1"}
	f := &fakeNetwork{peers: []p2p.PeerInfo{onePeer(), second}}
	got, err := ask(t, netTable(t, f), "getpeerinfo", "")
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"id":1,"addr":"[::1]:6","network":"not_publicly_routable","services":"0000000000000000","servicesnames":[],"relaytxes":false,"last_inv_sequence":0,"inv_to_send":0,` +
		`"lastsend":0,"lastrecv":0,"last_transaction":0,"last_block":0,"bytessent":0,"bytesrecv":0,"conntime":0,"timeoffset":0,"version":0,"subver":"","inbound":true,` +
		`"bip152_hb_to":false,"bip152_hb_from":false,"presynced_headers":-1,"synced_headers":-1,"synced_blocks":-1,"inflight":[],"addr_relay_enabled":false,"addr_processed":0,` +
		`"addr_rate_limited":0,"permissions":[],"minfeefilter":0.00000000,"bytessent_per_msg":{},"bytesrecv_per_msg":{},"connection_type":"inbound","transport_protocol_type":"v1","session_id":""},` +
		`{"id":3,"addr":"node.example:8333","addrbind":"[2a00::1]:5","addrlocal":"5.6.7.8:9","network":"ipv4","services":"0000000001000409",` +
		`"servicesnames":["NETWORK","WITNESS","NETWORK_LIMITED","UNKNOWN[2^24]"],"relaytxes":true,"last_inv_sequence":12,"inv_to_send":4,` +
		`"lastsend":101,"lastrecv":102,"last_transaction":0,"last_block":103,"bytessent":7,"bytesrecv":9223372036854775808,"conntime":100,"timeoffset":-1,` +
		`"pingtime":0.123456,"minping":1e-06,"pingwait":2,"version":70016,"subver":"/x/","inbound":false,` +
		`"bip152_hb_to":false,"bip152_hb_from":false,"presynced_headers":-1,"synced_headers":5,"synced_blocks":-1,"inflight":[6,7],"addr_relay_enabled":false,"addr_processed":0,` +
		`"addr_rate_limited":0,"permissions":[],"minfeefilter":0.00000150,"bytessent_per_msg":{"ping":32,"verack":24},"bytesrecv_per_msg":{"*other*":5},"connection_type":"manual",` +
		`"transport_protocol_type":"v1","session_id":""}]`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNetworkInfo(t *testing.T) {
	f := &fakeNetwork{services: wire.NodeNetwork | wire.NodeWitness | wire.NodeNetworkLimited, totals: p2p.Totals{BytesSent: 5, BytesReceived: 6}}
	for i := range 6 {
		f.peers = append(f.peers, p2p.PeerInfo{ID: peer.ID(i), Kind: peer.FullRelay, HandshakeDone: true, TimeOffset: time.Duration(i) * time.Second})
	}
	f.peers[5].Kind = peer.Inbound
	table := netTable(t, f)
	for method, want := range map[string]string{
		"getconnectioncount": "6",
		"getnettotals": `{"totalbytesrecv":6,"totalbytessent":5,"timemillis":1700000000123,"uploadtarget":{"timeframe":86400,"target":0,"target_reached":false,` +
			`"serve_historical_blocks":true,"bytes_left_in_cycle":0,"time_left_in_cycle":0}}`,
		"getnetworkinfo": `{"version":310000,"subversion":"/Satoshi:31.0.0/Grapevine:0.1.0/","protocolversion":70017,"localservices":"0000000000000409",` +
			`"localservicesnames":["NETWORK","WITNESS","NETWORK_LIMITED"],"localrelay":true,"timeoffset":2,"networkactive":true,"connections":6,"connections_in":1,"connections_out":5,"networks":[` +
			`{"name":"ipv4","limited":false,"reachable":true,"proxy":"","proxy_randomize_credentials":false},{"name":"ipv6","limited":false,"reachable":true,"proxy":"","proxy_randomize_credentials":false},` +
			`{"name":"onion","limited":true,"reachable":false,"proxy":"","proxy_randomize_credentials":false},{"name":"i2p","limited":true,"reachable":false,"proxy":"","proxy_randomize_credentials":false},` +
			`{"name":"cjdns","limited":true,"reachable":false,"proxy":"","proxy_randomize_credentials":false}],"relayfee":0.00000100,"incrementalfee":0.00001000,"localaddresses":[],"warnings":["rain","hail"]}`,
	} {
		if got, err := ask(t, table, method, ""); err != nil || got != want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", method, err, got, want)
		}
	}
	f.peers = f.peers[:4] // too few to tell the time by
	if got, _ := ask(t, table, "getnetworkinfo", ""); !strings.Contains(got, `"timeoffset":0,`) {
		t.Error(got)
	}
}

func TestNodeCalls(t *testing.T) {
	f := &fakeNetwork{peers: []p2p.PeerInfo{onePeer()}}
	table := netTable(t, f)
	for _, c := range []struct{ method, args, want string }{
		{"addnode", `"a", "add"`, "null"},
		{"addnode", `"a", "add"`, "-23 Error: Node already added"},
		{"addnode", `"b", "add", false`, "null"},
		{"addnode", `"b", "remove"`, "null"},
		{"addnode", `"b", "remove"`, "-24 Error: Node could not be removed. It has not been added previously."},
		{"addnode", `"c", "onetry"`, "null"},
		{"addnode", `"c", "add", true`, "-8 Error: v2transport requested but not enabled (see -v2transport)"},
		{"addnode", `"c", "x", true`, "-1 addnode "},
		{"addnode", `"c"`, "-1 addnode "},
		{"getaddednodeinfo", ``, `[{"addednode":"a","connected":false,"addresses":[]}]`},
		{"getaddednodeinfo", `"b"`, "-24 Error: Node has not been added."},
		{"disconnectnode", `"1.2.3.4:5"`, "-29 Node not found in connected nodes"},
		{"disconnectnode", `"node.example:8333"`, "null"},
		{"disconnectnode", `"", 3`, "null"},
		{"disconnectnode", `null, 3`, "null"},
		{"disconnectnode", `"", 4`, "-29 Node not found in connected nodes"},
		{"disconnectnode", `""`, "-29 Node not found in connected nodes"},
		{"disconnectnode", `"x", 3`, "-32602 Only one of address and nodeid should be provided."},
		{"disconnectnode", ``, "-32602 Only one of address and nodeid should be provided."},
		{"disconnectnode", `null, 1.5`, "-1 JSON integer out of range"},
		{"setnetworkactive", `false`, "false"},
		{"setnetworkactive", `true`, "true"},
		{"setnetworkactive", `1`, "-3 Wrong type passed:"},
		{"ping", ``, "null"},
	} {
		got, err := ask(t, table, c.method, c.args)
		if err != nil {
			got = fmt.Sprintf("%d %s", err.Code, err.Message)
		}
		if got != c.want && (err == nil || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s %s: %s, want %s", c.method, c.args, got, c.want)
		}
	}
	if got := strings.Join(f.acted, ","); got != "try c false,drop node.example:8333,drop 3,drop 3,ping" {
		t.Error(got)
	}
	f.added = []p2p.AddedNode{{Target: "a"}, {Target: "b", Connected: true, Inbound: true, Remote: netip.MustParseAddrPort("[::ffff:9.8.7.6]:5")},
		{Target: "c", Connected: true, Remote: netip.MustParseAddrPort("[::1]:5")}}
	for args, want := range map[string]string{
		`"b"`: `[{"addednode":"b","connected":true,"addresses":[{"address":"9.8.7.6:5","connected":"inbound"}]}]`,
		`"c"`: `[{"addednode":"c","connected":true,"addresses":[{"address":"[::1]:5","connected":"outbound"}]}]`,
	} {
		if got, err := ask(t, table, "getaddednodeinfo", args); err != nil || got != want {
			t.Errorf("%s, %v", got, err)
		}
	}
}

// What has no answer of its own passes, so that a network that has ended reads
// as such.
func TestNodeErrors(t *testing.T) {
	for _, e := range nodeErrors {
		if got := nodeError(fmt.Errorf("x: %w", e.err)); !errors.Is(got, e.answer) {
			t.Errorf("%v: %v", e.err, got)
		}
	}
	other := errors.New("y")
	if got := nodeError(other); got != other {
		t.Error(got)
	}
}

func TestNetworkOf(t *testing.T) {
	for in, want := range map[string]string{
		"8.8.8.8": "ipv4", "::ffff:8.8.8.8": "ipv4", "172.32.0.1": "ipv4", "100.128.0.1": "ipv4", "198.20.0.1": "ipv4", "255.255.255.254": "ipv4",
		"2a00::1": "ipv6", "fe80:0:0:1::1": "ipv6", "2001:470::1": "ipv6",
		"64:ff9b::808:808": "ipv4", "::ffff:0:808:808": "ipv4", "2002:808:808::1": "ipv4", "2001:0:1::": "ipv4",
		"127.0.0.1": "", "0.1.2.3": "", "10.0.0.1": "", "172.16.0.1": "", "172.31.255.255": "", "192.168.1.1": "", "169.254.1.1": "", "100.64.0.1": "", "198.18.0.1": "", "198.19.0.1": "",
		"192.0.2.1": "", "198.51.100.1": "", "203.0.113.1": "", "255.255.255.255": "",
		"::": "", "::1": "", "2001:10::1": "", "2001:2f::1": "", "2001:db8::1": "", "fc00::1": "", "fd00::1": "", "fe80::1": "", "fe80::1%eth0": "",
	} {
		if want == "" {
			want = "not_publicly_routable"
		}
		if got := networkOf(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if networkOf(netip.Addr{}) != "not_publicly_routable" {
		t.Error("no address")
	}
}

func TestNetworkAnswersAreDocumented(t *testing.T) {
	f := &fakeNetwork{peers: []p2p.PeerInfo{onePeer(), {ID: 4}}, added: []p2p.AddedNode{{Target: "a", Connected: true}}}
	table := netTable(t, f)
	calls := map[string]string{"addnode": `"x", "onetry"`, "disconnectnode": `"", 3`, "setnetworkactive": "true"}
	for name, m := range table.methods {
		answer, err := ask(t, table, name, calls[name])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		v, _ := ParseJSON([]byte(answer))
		if d := m.Results[0].differs(v); d != "" {
			t.Errorf("%s: the answer %s: %.200s", name, d, answer)
		}
		if !strings.HasPrefix(m.help(), name) || m.Category != "network" || m.Examples == "" {
			t.Errorf("help of %s:\n%s", name, m.help())
		}
	}
}
