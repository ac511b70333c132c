package rpc

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"grapevine/addrman"
	"grapevine/chain/params"
	"grapevine/internal/netgroup"
	"grapevine/p2p"
	"grapevine/p2p/bans"
	"grapevine/p2p/conn"
	"grapevine/p2p/peer"
	"grapevine/p2p/privatebroadcast"
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
	upload   p2p.UploadInfo
}

func (f *fakeNetwork) Peers() []p2p.PeerInfo       { return append([]p2p.PeerInfo(nil), f.peers...) }
func (f *fakeNetwork) Upload() p2p.UploadInfo      { return f.upload }
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

func (f *fakeNetwork) ClockOffset() (time.Duration, bool) { return 2500 * time.Millisecond, false }

func (f *fakeNetwork) AddConnection(target string, kind peer.Kind, v2 bool) error {
	if kind == peer.Feeler {
		return conn.ErrNoRoom
	}
	f.acted = append(f.acted, fmt.Sprint("connect ", target, " ", kind, " ", v2))
	return nil
}

func (f *fakeNetwork) SendRaw(id peer.ID, command string, payload []byte) error {
	if id != 3 {
		return p2p.ErrNotConnected
	}
	f.acted = append(f.acted, fmt.Sprintf("send %s %x", command, payload))
	return nil
}

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

// netClock is the time in these tests.
func netClock() time.Time { return time.UnixMilli(1700000000123) }

// netConfig is a configuration on a network with a few peers, with an empty book
// and an empty list of bans.
func netConfig(tb testing.TB, f *fakeNetwork) NetConfig {
	tb.Helper()
	ledger := newFakeLedger(params.Regtest(params.RegtestOptions{}))
	ledger.status.Warnings = []string{"rain"}
	book, err := addrman.Open(addrman.Config{Key: &addrman.Key{1}, Rand: rand.New(rand.NewPCG(1, 2)), Groups: netgroup.New()})
	if err != nil {
		tb.Fatal(err)
	}
	return NetConfig{
		Network: f, Blocks: ledger, Addresses: book, Bans: bans.New(bans.Config{Rand: rand.New(rand.NewPCG(3, 4))}), Testing: true,
		MinRelay: 100, Incremental: 1000, Warnings: func() []string { return []string{"hail"} }, Now: netClock, System: netClock, Dir: tb.TempDir(),
	}
}

func netTable(tb testing.TB, f *fakeNetwork) *Table {
	tb.Helper()
	return tableOf(tb, netConfig(tb, f))
}

func tableOf(tb testing.TB, cfg NetConfig) *Table {
	tb.Helper()
	cmds, err := NetworkCommands(cfg)
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
		InvToSend: 4, LastInvSeq: 12, FeeFilter: 150, HandshakeDone: true, Transport: "v2", SessionID: "00ff", Network: wire.NetIPv4, MappedAS: 64512,
		Permissions: peer.NoBan | peer.Relay, HighBandwidthTo: true, HighBandwidthFrom: true, Presynced: 8, AddrRelay: true, AddrProcessed: 9, AddrLimited: 10,
	}
}

// The order of members, and which of them may be missing, are what clients know.
func TestPeerInfo(t *testing.T) {
	second := p2p.PeerInfo{ID: 1, Name: "[::1]:6", Remote: netip.MustParseAddrPort("[::1]:6"), SyncedHeaders: -1, SyncedBlocks: -1, Presynced: -1, Transport: "v1"}
	f := &fakeNetwork{peers: []p2p.PeerInfo{onePeer(), second}}
	got, err := ask(t, netTable(t, f), "getpeerinfo", "")
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"id":1,"addr":"[::1]:6","network":"not_publicly_routable","services":"0000000000000000","servicesnames":[],"relaytxes":false,"last_inv_sequence":0,"inv_to_send":0,` +
		`"lastsend":0,"lastrecv":0,"last_transaction":0,"last_block":0,"bytessent":0,"bytesrecv":0,"conntime":0,"timeoffset":0,"version":0,"subver":"","inbound":true,` +
		`"bip152_hb_to":false,"bip152_hb_from":false,"presynced_headers":-1,"synced_headers":-1,"synced_blocks":-1,"inflight":[],"addr_relay_enabled":false,"addr_processed":0,` +
		`"addr_rate_limited":0,"permissions":[],"minfeefilter":0.00000000,"bytessent_per_msg":{},"bytesrecv_per_msg":{},"connection_type":"inbound","transport_protocol_type":"v1","session_id":""},` +
		`{"id":3,"addr":"node.example:8333","addrbind":"[2a00::1]:5","addrlocal":"5.6.7.8:9","network":"ipv4","mapped_as":64512,"services":"0000000001000409",` +
		`"servicesnames":["NETWORK","WITNESS","NETWORK_LIMITED","UNKNOWN[2^24]"],"relaytxes":true,"last_inv_sequence":12,"inv_to_send":4,` +
		`"lastsend":101,"lastrecv":102,"last_transaction":0,"last_block":103,"bytessent":7,"bytesrecv":9223372036854775808,"conntime":100,"timeoffset":-1,` +
		`"pingtime":0.123456,"minping":1e-06,"pingwait":2,"version":70016,"subver":"/x/","inbound":false,` +
		`"bip152_hb_to":true,"bip152_hb_from":true,"presynced_headers":8,"synced_headers":5,"synced_blocks":-1,"inflight":[6,7],"addr_relay_enabled":true,"addr_processed":9,` +
		`"addr_rate_limited":10,"permissions":["noban","relay","download"],"minfeefilter":0.00000150,"bytessent_per_msg":{"ping":32,"verack":24},"bytesrecv_per_msg":{"*other*":5},"connection_type":"manual",` +
		`"transport_protocol_type":"v2","session_id":"00ff"}]`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNetworkInfo(t *testing.T) {
	f := &fakeNetwork{services: wire.NodeNetwork | wire.NodeWitness | wire.NodeNetworkLimited, totals: p2p.Totals{BytesSent: 5, BytesReceived: 6},
		upload: p2p.UploadInfo{Cycle: 24 * time.Hour, ServesHistory: true}}
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
}

// What is limited, reached through a proxy, and known of ourselves.
func TestNetworkInfoInFull(t *testing.T) {
	f := &fakeNetwork{upload: p2p.UploadInfo{Cycle: 24 * time.Hour, Target: 1 << 40, Reached: true, BytesLeft: 5, CycleRemaining: 90 * time.Second}}
	cfg := netConfig(t, f)
	cfg.Routes = func() []Route {
		return []Route{{Network: wire.NetTorV3, Reachable: true, Proxy: "127.0.0.1:9050", Randomize: true}}
	}
	cfg.Own = func() []LocalAddress {
		return []LocalAddress{{Addr: wire.AddrOf(netip.MustParseAddrPort("[2a00::1]:8333"), 0), Score: 4}}
	}
	table := tableOf(t, cfg)
	for method, want := range map[string]string{
		"getnetworkinfo": `"networks":[{"name":"onion","limited":false,"reachable":true,"proxy":"127.0.0.1:9050","proxy_randomize_credentials":true}],"relayfee":0.00000100,` +
			`"incrementalfee":0.00001000,"localaddresses":[{"address":"2a00::1","port":8333,"score":4}],"warnings":["rain","hail"]}`,
		"getnettotals": `"uploadtarget":{"timeframe":86400,"target":1099511627776,"target_reached":true,"serve_historical_blocks":false,"bytes_left_in_cycle":5,"time_left_in_cycle":90}}`,
	} {
		if got, err := ask(t, table, method, ""); err != nil || !strings.HasSuffix(got, want) {
			t.Errorf("%s: %v\ngot  %s\nwant %s", method, err, got, want)
		}
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

func TestNetworkAnswersAreDocumented(t *testing.T) {
	f := &fakeNetwork{peers: []p2p.PeerInfo{onePeer(), {ID: 4}}, added: []p2p.AddedNode{{Target: "a", Connected: true}}}
	cfg := netConfig(t, f)
	cfg.ASMap = []byte{1}
	tx := new(wire.Tx).Seal()
	cfg.Private = fakePrivate{{Tx: tx, Added: time.Unix(1, 0), Sends: []privatebroadcast.Send{{Sent: time.Unix(2, 0)}}}}
	cfg.Own = func() []LocalAddress { return []LocalAddress{{}} }
	cfg.Bans.Ban(netClock(), peer.SubnetOf(wire.AddressOfIP(netip.MustParseAddr("1.2.3.4"))), 5, false)
	if err := cfg.Addresses.AddOne(netClock(), wire.AddrOf(netip.MustParseAddrPort("1.2.3.4:5"), 0), false); err != nil {
		t.Fatal(err)
	}
	table := tableOf(t, cfg)
	calls := map[string]string{
		"addnode": `"x", "onetry"`, "disconnectnode": `"", 3`, "setnetworkactive": "true", "setban": `"::1", "add"`, "exportasmap": `"x"`, "addpeeraddress": `"5.6.7.8", 9`,
		"addconnection": `"x", "addr-fetch", false`, "sendmsgtopeer": `3, "x", ""`, "abortprivatebroadcast": `"` + tx.Txid().String() + `"`,
	}
	categories := map[string]string{
		"addconnection": "hidden", "sendmsgtopeer": "hidden", "addpeeraddress": "hidden", "getrawaddrman": "hidden",
		"getprivatebroadcastinfo": "rawtransactions", "abortprivatebroadcast": "rawtransactions",
	}
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
		category := categories[name]
		if category == "" {
			category = "network"
		}
		if !strings.HasPrefix(m.help(), name) || m.Category != category || m.Examples == "" {
			t.Errorf("help of %s in %s:\n%s", name, m.Category, m.help())
		}
	}
}
