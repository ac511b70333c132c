package client

import (
	"strings"
	"testing"

	"grapevine/node/rpc"
)

const (
	sampleNetwork = `{"protocolversion":70017,"subversion":"/S:31/","localservicesnames":["NETWORK","WITNESS","NETWORK_LIMITED","P2P_V2"],` +
		`"networks":[{"name":"ipv4","reachable":true},{"name":"ipv6","reachable":false},{"name":"onion","reachable":true}],` +
		`"localaddresses":[{"address":"8.8.8.8","port":8333,"score":4},{"address":"2a00::1","port":18333,"score":12}]}`
	samplePeers = `[` +
		`{"id":1,"addr":"9.9.9.9:8333","network":"ipv4","servicesnames":["NETWORK","WITNESS","NETWORK_LIMITED","P2P_V2","UNKNOWN[2^24]"],"relaytxes":true,"lastsend":990,"lastrecv":995,` +
		`"last_transaction":940,"last_block":400,"conntime":100,"pingtime":0.0125,"minping":0.0124,"version":70016,"subver":"/a/","inbound":false,"bip152_hb_to":true,"bip152_hb_from":true,` +
		`"addr_relay_enabled":true,"addr_processed":1234567,"addr_rate_limited":5,"mapped_as":64512,"connection_type":"outbound-full-relay","transport_protocol_type":"v2"},` +
		`{"id":20,"addr":"127.0.0.1:50000","network":"not_publicly_routable","servicesnames":[],"relaytxes":false,"lastsend":0,"lastrecv":0,"last_transaction":0,"last_block":0,"conntime":940,` +
		`"version":0,"subver":"","inbound":true,"bip152_hb_to":false,"bip152_hb_from":false,"addr_relay_enabled":false,"addr_processed":0,"addr_rate_limited":0,"connection_type":"inbound","transport_protocol_type":"detecting"},` +
		`{"id":3,"addr":"a.onion:8333","network":"onion","servicesnames":["NETWORK"],"relaytxes":false,"lastsend":999,"lastrecv":999,"last_transaction":0,"last_block":0,"conntime":880,"pingtime":2000,"minping":1.5,` +
		`"version":70016,"subver":"/b/","inbound":false,"bip152_hb_to":false,"bip152_hb_from":false,"addr_relay_enabled":false,"addr_processed":0,"addr_rate_limited":0,"connection_type":"block-relay-only","transport_protocol_type":"v1"},` +
		`{"id":4,"addr":"8.8.4.4:8333","network":"ipv4","servicesnames":["NETWORK"],"relaytxes":true,"lastsend":1,"lastrecv":1,"last_transaction":0,"last_block":0,"conntime":880,"pingtime":0.5,"minping":0.001,` +
		`"version":70016,"subver":"/c/","inbound":false,"bip152_hb_to":false,"bip152_hb_from":false,"addr_relay_enabled":true,"addr_processed":0,"addr_rate_limited":0,"connection_type":"manual","transport_protocol_type":"v1"}]`
)

func show(t *testing.T, level int, outOnly bool) string {
	t.Helper()
	net, err := rpc.ParseJSON([]byte(sampleNetwork))
	if err != nil {
		t.Fatal(err)
	}
	peers, err := rpc.ParseJSON([]byte(samplePeers))
	if err != nil {
		t.Fatal(err)
	}
	d := dashboard{level: level, net: net, now: 1000}
	d.read(peers, outOnly)
	return d.text("client")
}

const sampleTotals = `         ipv4   onion     npr   total   block  manual
in          0       0       1       1
out         2       1       0       3       1       1
total       2       1       1       4`

func TestDashboard(t *testing.T) {
	want := "client - server 70017/S:31/\n\n" + sampleTotals + `

Local services: network, witness, network limited, p2p v2

Local addresses
8.8.8.8     port   8333    score      4
2a00::1     port  18333    score     12`
	if got := show(t, 0, false); got != want {
		t.Errorf("level 0:\n%s\nwant\n%s", got, want)
	}
	want = `client - server 70017/S:31/ - services nwl2

<->   type   net  serv v mping ping send recv txn blk hb   addrp addrl age asmap id address         version
 in          npr                                *              .         1       20 127.0.0.1:50000
out manual  ipv4     n 1     1  500  999  999                            2        4 8.8.4.4:8333    70016/c/
out   full  ipv4 nwl2u 2    12   13   10    5   1  10 .* 1234567     5  15 64512  1 9.9.9.9:8333    70016/a/
out  block onion     n 1  1500    -    1    1   *              .         2        3 a.onion:8333    70016/b/
                            ms   ms  sec  sec min min                  min

` + sampleTotals
	if got := show(t, 4, false); !strings.HasPrefix(got, want) {
		t.Errorf("level 4:\n%s\nwant\n%s", got, want)
	}
	for level, shown := range map[int][2]bool{1: {false, false}, 2: {true, false}, 3: {false, true}, 4: {true, true}} {
		got := show(t, level, true)
		if strings.Contains(got, "9.9.9.9") != shown[0] || strings.Contains(got, "/a/") != shown[1] || strings.Contains(got, "\n in ") || !strings.Contains(got, sampleTotals) {
			t.Errorf("level %d:\n%s", level, got)
		}
	}
}

func TestNetInfo(t *testing.T) {
	port, last := fakeNode(t, 200, func(string) string {
		return `[{"jsonrpc":"2.0","result":` + sampleNetwork + `,"id":0},{"jsonrpc":"2.0","result":` + samplePeers + `,"id":1}]`
	})
	call := func(args ...string) result {
		return invoke(t, "", append([]string{"-rpcuser=u", "-rpcpassword=p", "-rpcport=" + port, "-testnet4", "-netinfo"}, args...)...)
	}
	if got := call(); got.code != 0 || !strings.HasPrefix(got.out, "Grapevine client 1.2.3 testnet4 - server 70017/S:31/\n\n"+sampleTotals) {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(*last, "getpeerinfo") || !strings.Contains(*last, "getnetworkinfo") {
		t.Error(*last)
	}
	if got := call("9", "o"); got.code != 0 || !strings.Contains(got.out, "70016/a/") || strings.Contains(got.out, "127.0.0.1") {
		t.Errorf("%+v", got)
	}
	if got := call("help"); got.code != 0 || !strings.HasPrefix(got.out, "-netinfo (level [outonly]) | help") {
		t.Errorf("%+v", got)
	}
	const more = "\nFor more information, run: bitcoin-cli -netinfo help\n"
	for args, want := range map[string]string{
		"x":   "error: invalid -netinfo level argument: x" + more,
		"256": "error: invalid -netinfo level argument: 256" + more,
		"1 x": "error: invalid -netinfo outonly argument: x" + more,
		"0 o": "error: invalid -netinfo outonly argument: o" + more,
	} {
		if got := call(strings.Fields(args)...); got.code != 1 || got.errs != want {
			t.Errorf("%s: %+v", args, got)
		}
	}
}
