package rpc

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"grapevine/addrman"
	"grapevine/chain/params"
	"grapevine/p2p/privatebroadcast"
	"grapevine/wire"
)

// netCall is a call and what it answers, or "code text" of its error, of which
// want may be the beginning.
type netCall struct{ method, args, want string }

func checkCalls(t *testing.T, table *Table, calls []netCall) {
	t.Helper()
	for _, c := range calls {
		got, err := ask(t, table, c.method, c.args)
		if err != nil {
			got = fmt.Sprintf("%d %s", err.Code, err.Message)
		}
		if got != c.want && (err == nil || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s %s: %s, want %s", c.method, c.args, got, c.want)
		}
	}
}

func TestAddressCalls(t *testing.T) {
	const onion = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"
	cfg := netConfig(t, &fakeNetwork{})
	table := tableOf(t, cfg)
	checkCalls(t, table, []netCall{
		{"getnodeaddresses", ``, `[]`},
		{"addpeeraddress", `"1.2.3.4", 8333`, `{"success":true}`},
		{"addpeeraddress", `"1.2.3.4", 8333`, `{"error":"failed-adding-to-new","success":false}`},
		{"addpeeraddress", `"[2a00::1]", 8333, true`, `{"success":true}`},
		{"addpeeraddress", `"2a00::1", 8333, true`, `{"error":"failed-adding-to-new","success":false}`},
		{"addpeeraddress", `"` + onion + `", 1`, `{"success":true}`},
		{"addpeeraddress", `"fc00::1", 1`, `{"error":"failed-adding-to-new","success":false}`}, // not routable without CJDNS
		{"addpeeraddress", `"name.example", 8333`, "-30 Invalid IP address"},
		{"addpeeraddress", `"", 8333`, "-30 Invalid IP address"},
		{"addpeeraddress", `"1.2.3.4", 65536`, "-1 JSON integer out of range"},
		{"addpeeraddress", `"1.2.3.4", -1`, "-1 JSON integer out of range"},
		{"addpeeraddress", `"1.2.3.4"`, "-1 addpeeraddress "},
		{"getaddrmaninfo", ``, `{"ipv4":{"new":1,"tried":0,"total":1},"ipv6":{"new":0,"tried":1,"total":1},"onion":{"new":1,"tried":0,"total":1},` +
			`"i2p":{"new":0,"tried":0,"total":0},"cjdns":{"new":0,"tried":0,"total":0},"all_networks":{"new":2,"tried":1,"total":3}}`},
		{"getnodeaddresses", `5, "IPv6"`, `[{"time":1700000000,"services":9,"address":"2a00::1","port":8333,"network":"ipv6"}]`},
		{"getnodeaddresses", `0, "onion"`, `[{"time":1700000000,"services":9,"address":"` + onion + `","port":1,"network":"onion"}]`},
		{"getnodeaddresses", `5, "tor"`, "-8 Network not recognized: tor"},
		{"getnodeaddresses", `-1`, "-8 Address count out of range"},
		{"getnodeaddresses", `4294967296`, "-1 JSON integer out of range"},
	})
	for count, want := range map[int]int{0: 3, 1: 1, 2: 2, 9: 3} {
		got, err := ask(t, table, "getnodeaddresses", strconv.Itoa(count))
		v, _ := ParseJSON([]byte(got))
		if err != nil || v.Len() != want {
			t.Errorf("%d of them: %s, %v", count, got, err)
		}
	}
	if got, err := ask(t, table, "getnodeaddresses", ""); err != nil || strings.Count(got, "time") != 1 {
		t.Errorf("without a number: %s, %v", got, err)
	}
	cfg.CJDNS = true
	checkCalls(t, tableOf(t, cfg), []netCall{{"addpeeraddress", `"fc00::1", 1`, `{"success":true}`}})
}

// mappedBook is a book with a map of autonomous systems.
type mappedBook struct{ *addrman.Manager }

func (mappedBook) MappedAS(a wire.NetworkAddress) uint32 {
	if a.Network() == wire.NetIPv4 {
		return 7
	}
	return 0
}

func TestRawAddrman(t *testing.T) {
	cfg := netConfig(t, &fakeNetwork{})
	book := cfg.Addresses.(*addrman.Manager)
	cfg.Addresses = mappedBook{book}
	source := wire.AddressOfIP(netip.MustParseAddr("9.9.9.9"))
	list := []wire.TimedAddr{{Time: 1_699_999_000, NetAddr: wire.AddrOf(netip.MustParseAddrPort("[2a00::1]:5"), wire.NodeNetwork)}}
	if book.Add(netClock(), list, source, 0) != 1 {
		t.Fatal("not added")
	}
	if err := book.AddOne(netClock(), wire.AddrOf(netip.MustParseAddrPort("1.2.3.4:6"), wire.NodeWitness), true); err != nil {
		t.Fatal(err)
	}
	fresh, tried := book.Entries(false)[0], book.Entries(true)[0]
	want := fmt.Sprintf(`{"new":{"%d/%d":{"address":"2a00::1","port":5,"services":1,"time":1699999000,"network":"ipv6","source":"9.9.9.9","source_network":"ipv4","source_mapped_as":7}},`+
		`"tried":{"%d/%d":{"address":"1.2.3.4","mapped_as":7,"port":6,"services":8,"time":1700000000,"network":"ipv4","source":"1.2.3.4","source_network":"ipv4","source_mapped_as":7}}}`,
		fresh.Bucket, fresh.Position, tried.Bucket, tried.Position)
	if got, err := ask(t, tableOf(t, cfg), "getrawaddrman", ""); err != nil || got != want {
		t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
	}
}

func TestExportASMap(t *testing.T) {
	cfg := netConfig(t, &fakeNetwork{})
	checkCalls(t, tableOf(t, cfg), []netCall{{"exportasmap", `"x"`, "-1 No embedded ASMap data available"}})
	cfg.ASMap = []byte("a map")
	table := tableOf(t, cfg)
	path := filepath.Join(cfg.Dir, "x.dat")
	sum := sha256.Sum256(cfg.ASMap)
	answer := `{"path":` + strconv.Quote(path) + `,"bytes_written":5,"file_hash":"` + hex.EncodeToString(sum[:]) + `"}`
	checkCalls(t, table, []netCall{
		{"exportasmap", `"x.dat"`, answer},
		{"exportasmap", strconv.Quote(path), answer},
		{"exportasmap", `"no/such/folder"`, "-1 Failed to open asmap file: " + filepath.Join(cfg.Dir, "no/such/folder")},
	})
	if b, err := os.ReadFile(path); err != nil || string(b) != "a map" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestBanCalls(t *testing.T) {
	cfg := netConfig(t, &fakeNetwork{})
	const onion = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"
	entry := func(net string, seconds int64) string {
		return fmt.Sprintf(`{"address":"%s","ban_created":1700000000,"banned_until":%d,"ban_duration":%d,"time_remaining":%d}`, net, 1700000000+seconds, seconds, seconds)
	}
	table := tableOf(t, cfg)
	checkCalls(t, table, []netCall{
		{"listbanned", ``, `[]`},
		{"setban", `"1.2.3.4", "add"`, "null"},
		{"setban", `"1.2.3.4", "add"`, "-23 Error: IP/Subnet already banned"},
		{"setban", `"1.2.3.4/32", "add", 9`, "-23 Error: IP/Subnet already banned"},
		{"setban", `"1.2.3.0/24", "add", 60`, "null"},
		{"setban", `"1.2.3.5", "add"`, "-23 Error: IP/Subnet already banned"},
		{"setban", `"1.2.3.5/32", "add", 7`, "null"}, // a subnet is only banned by itself
		{"setban", `"10.0.0.0/255.0.0.0", "add", 1700000009, true`, "null"},
		{"setban", `"2a00::/16", "add", 1699999999, true`, "-8 Error: Absolute timestamp is in the past"},
		{"setban", `"` + onion + `", "add", -5`, "null"},
		{"setban", `"x", "add"`, "-30 Error: Invalid IP/Subnet"},
		{"setban", `"1.2.3.4/33", "add"`, "-30 Error: Invalid IP/Subnet"},
		{"setban", `"", "remove"`, "-30 Error: Invalid IP/Subnet"},
		{"setban", `"1.2.3.4", "x"`, "-1 setban "},
		{"setban", `"1.2.3.4"`, "-1 setban "},
		{"listbanned", ``, "[" + entry("1.2.3.0/24", 60) + "," + entry("1.2.3.4/32", 86400) + "," + entry("1.2.3.5/32", 7) + "," + entry("10.0.0.0/8", 9) + "," + entry(onion, 86400) + "]"},
		{"setban", `"1.2.3.6", "remove"`, "-30 Error: Unban failed. Requested address/subnet was not previously manually banned."},
		{"setban", `"1.2.3.4", "remove"`, "null"},
		{"setban", `"1.2.3.0/24", "remove"`, "null"},
		{"setban", `"1.2.3.4", "add", 0, true`, "-8 Error: Absolute timestamp is in the past"},
		{"clearbanned", ``, "null"},
		{"listbanned", ``, `[]`},
		{"setban", `"1.2.3.4", "add", 9223372036854775807`, "null"},
	})
	if !cfg.Bans.Banned(netClock().Add(1e6*time.Hour), wire.AddressOfIP(netip.MustParseAddr("1.2.3.4"))) {
		t.Error("the longest ban is none")
	}
	cfg.CJDNS = true
	checkCalls(t, tableOf(t, cfg), []netCall{{"setban", `"fc00::1", "add"`, "null"}})
	a, err := wire.ParseAddress("fc00::1")
	if err != nil || !cfg.Bans.Banned(netClock(), a.AsCJDNS()) || cfg.Bans.Banned(netClock(), a) {
		t.Errorf("an address of CJDNS: %v", err)
	}
}

func TestTestingCalls(t *testing.T) {
	f := &fakeNetwork{services: wire.NodeP2PV2}
	cfg := netConfig(t, f)
	table := tableOf(t, cfg)
	checkCalls(t, table, []netCall{
		{"addconnection", `"a:1", " block-relay-only ", true`, `{"address":"a:1","connection_type":"block-relay-only"}`},
		{"addconnection", `"a:1", "outbound-full-relay", false`, `{"address":"a:1","connection_type":"outbound-full-relay"}`},
		{"addconnection", `"a:1", "feeler", false`, "-34 Error: Already at capacity for specified connection type."},
		{"addconnection", `"a:1", "manual", false`, "-8 addconnection "},
		{"addconnection", `"a:1", "feeler"`, "-1 addconnection "},
		{"sendmsgtopeer", `3, "ping", "00fF"`, "{}"},
		{"sendmsgtopeer", `3, "123456789012", ""`, "{}"},
		{"sendmsgtopeer", `3, "1234567890123", ""`, "-8 Error: msg_type too long, max length is 12"},
		{"sendmsgtopeer", `3, "ping", "0"`, "-8 Error parsing input for msg"},
		{"sendmsgtopeer", `4, "ping", ""`, "-1 Error: Could not send message to peer"},
	})
	if got := strings.Join(f.acted, ","); got != "connect a:1 block-relay-only true,connect a:1 outbound-full-relay false,send ping 00ff,send 123456789012 " {
		t.Error(got)
	}
	f.services = 0
	checkCalls(t, table, []netCall{{"addconnection", `"a:1", "feeler", true`, "-8 Error: Adding v2transport connections requires -v2transport init flag to be set."}})
	cfg.Testing = false
	checkCalls(t, tableOf(t, cfg), []netCall{{"addconnection", `"a:1", "feeler", false`, "-1 addconnection is for regression testing (-regtest mode) only."}})
}

// fakePrivate is a queue of transactions.
type fakePrivate []privatebroadcast.Broadcast

func (f fakePrivate) PrivateBroadcasts() []privatebroadcast.Broadcast { return f }

func (f fakePrivate) AbortPrivate(id [32]byte) (out []*wire.Tx) {
	for _, t := range f {
		if t.Tx.Txid() == id || t.Tx.Wtxid() == id {
			out = append(out, t.Tx)
		}
	}
	return out
}

func TestPrivateCalls(t *testing.T) {
	tx := &params.Mainnet().Genesis.Txs[0]
	cfg := netConfig(t, &fakeNetwork{})
	const off = "-32601 Private broadcast is not enabled. Ensure you're running Bitcoin Core with -privatebroadcast=1."
	id := tx.Txid().String()
	checkCalls(t, tableOf(t, cfg), []netCall{{"getprivatebroadcastinfo", "", off}, {"abortprivatebroadcast", `"` + id + `"`, off}})
	at := func(n int64) time.Time { return time.Unix(n, 5e8) }
	cfg.Private = fakePrivate{{Tx: tx, Added: at(5), Sends: []privatebroadcast.Send{{Addr: wire.AddrOf(netip.MustParseAddrPort("1.2.3.4:5"), 0), Sent: at(6), Confirmed: at(7)}, {Sent: at(8)}}}}
	shown := `"txid":"` + id + `","wtxid":"` + id + `","hex":"` + hex.EncodeToString(tx.AppendTo(nil)) + `"`
	checkCalls(t, tableOf(t, cfg), []netCall{
		{"getprivatebroadcastinfo", "", `{"transactions":[{` + shown + `,"time_added":5,"peers":[{"address":"1.2.3.4:5","sent":6,"received":7},{"address":"[::]:0","sent":8}]}]}`},
		{"abortprivatebroadcast", `"` + id + `"`, `{"removed_transactions":[{` + shown + `}]}`},
		{"abortprivatebroadcast", `"` + strings.Repeat("11", 32) + `"`, "-5 Transaction not in private broadcast queue. Check getprivatebroadcastinfo."},
		{"abortprivatebroadcast", `"11"`, "-8 id must be of length 64"},
	})
}
