package node

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"grapevine/internal/testdata"
	"grapevine/p2p"
)

// shows waits until the answer of a call contains a text.
func (r *running) shows(what, text, method string, params ...any) {
	r.t.Helper()
	await(r.t, what, func() (bool, string) {
		got, failure := r.ask(method, params...)
		return strings.Contains(got, text), got + failure
	})
}

// finish stops a node, which has to end well.
func (r *running) finish() {
	r.t.Helper()
	r.stop()
	if err := r.ended(); err != nil {
		r.t.Error(err)
	}
}

// What a node knows of others is there again after a restart: addresses, bans, and the block-relay peers to begin with.
func TestNetworkSurvivesARestart(t *testing.T) {
	listen, dir := testdata.FreeAddress(t), t.TempDir()
	other := start(t, "-regtest", "-datadir="+t.TempDir(), "-connect=0", "-bind="+listen, "-dbcache=16")
	other.until(0)
	n := start(t, "-regtest", "-datadir="+dir, "-dbcache=16", "-bantime=5000")
	n.until(0)
	n.result("addpeeraddress", "8.8.8.8", 8333, true)
	n.result("addpeeraddress", "2a00::1", 8333)
	n.result("setban", "10.0.0.0/8", "add")
	n.result("addconnection", listen, "block-relay-only", true)
	n.shows("a block-relay peer", `"connection_type":"block-relay-only","transport_protocol_type":"v2"`, "getpeerinfo")
	n.finish()
	b, err := os.ReadFile(filepath.Join(n.dir, anchorsFile))
	if err != nil {
		t.Fatal(err)
	}
	if anchors, err := decodeAnchors(n.node.cfg.Params.Magic, b); err != nil || len(anchors) != 1 || anchors[0].String() != listen {
		t.Errorf("anchors %v, %v", anchors, err)
	}
	n = start(t, "-regtest", "-datadir="+dir, "-dbcache=16")
	n.until(0)
	if got := n.out.String(); !strings.Contains(got, "Anchors will be tried for block-relay-only connections anchors=1") {
		t.Error(got)
	}
	if got := n.result("getaddrmaninfo"); !strings.Contains(got, `"all_networks":{"new":1,"tried":1,"total":2}`) {
		t.Error(got)
	}
	if got := n.result("listbanned"); !strings.Contains(got, `"address":"10.0.0.0/8"`) || !strings.Contains(got, `"ban_duration":5000`) {
		t.Error(got)
	}
	if _, err := os.Stat(filepath.Join(n.dir, anchorsFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the anchors of the run before are still there: %v", err)
	}
	n.finish()
	other.finish()
}

// A ban ends the connections that there are, and lets none in.
func TestBanTakesEffect(t *testing.T) {
	listen := testdata.FreeAddress(t)
	first := start(t, "-regtest", "-datadir="+t.TempDir(), "-connect=0", "-bind="+listen, "-dbcache=16")
	first.until(0)
	second := start(t, "-regtest", "-datadir="+t.TempDir(), "-connect="+listen, "-dbcache=16")
	first.shows("the peer is there", `"inbound":true`, "getpeerinfo")
	first.result("setban", "127.0.0.0/8", "add", 60)
	first.shows("the peer is gone", "0", "getconnectioncount")
	second.shows("nobody is let in", "0", "getconnectioncount")
	first.result("clearbanned")
	second.result("addnode", listen, "onetry")
	first.shows("the peer is there again", `"inbound":true`, "getpeerinfo")
	first.finish()
	second.finish()
}

// What is granted by address, and by socket, is what getpeerinfo shows.
func TestPermissionsAreGranted(t *testing.T) {
	listen, white := testdata.FreeAddress(t), testdata.FreeAddress(t)
	first := start(t, "-regtest", "-datadir="+t.TempDir(), "-connect=0", "-bind="+listen, "-whitebind=addr@"+white, "-whitelist=in,out,mempool@127.0.0.1", "-dbcache=16")
	first.until(0)
	second := start(t, "-regtest", "-datadir="+t.TempDir(), "-connect=0", "-addnode="+listen, "-addnode="+white, "-whitelist=out,forcerelay@127.0.0.1", "-dbcache=16")
	first.shows("by address", `"permissions":["mempool"]`, "getpeerinfo")
	first.shows("by address and socket", `"permissions":["mempool","addr"]`, "getpeerinfo")
	second.shows("of a manual peer", `"permissions":["forcerelay","relay"]`, "getpeerinfo")
	first.finish()
	second.finish()
}

// playTor answers at a control port as Tor does.
func playTor(t *testing.T, service string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	answers := map[string]string{
		"PROTOCOLINFO": "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250 OK\r\n",
		"AUTHENTICATE": "250 OK\r\n",
		"GETINFO":      "250-net/listeners/socks=\"127.0.0.1:9150\"\r\n250 OK\r\n",
		"ADD_ONION":    "250-ServiceID=" + service + "\r\n250-PrivateKey=ED25519-V3:" + strings.Repeat("A", 86) + "==\r\n250 OK\r\n",
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for lines := bufio.NewScanner(c); lines.Scan(); {
					command, _, _ := strings.Cut(lines.Text(), " ")
					answer, known := answers[command]
					if !known {
						answer = "510 Unrecognized command\r\n"
					}
					if _, err := fmt.Fprint(c, answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// With Tor's control port at hand the node has an onion address, tells of it, and reaches others.
func TestOnionService(t *testing.T) {
	const service = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd"
	cfg := configure(t, "-regtest", "-datadir="+t.TempDir(), "-bind="+testdata.FreeAddress(t), "-torcontrol="+playTor(t, service), "-dbcache=16")
	cfg.Net.Hidden.ListenOnion = true
	r := run(t, cfg)
	r.shows("the onion address", `"localaddresses":[{"address":"`+service+`.onion","port":18444,"score":4}]`, "getnetworkinfo")
	r.shows("the way to others", `{"name":"onion","limited":false,"reachable":true,"proxy":"127.0.0.1:9150","proxy_randomize_credentials":true}`, "getnetworkinfo")
	r.finish()
}

// What proxies and the network's map are asked for shows in the answers.
func TestNetworkIsDescribed(t *testing.T) {
	asmap := testdata.Shared(t, "vectors/core/asmap.raw")
	r := start(t, "-regtest", "-datadir="+t.TempDir(), "-proxy=127.0.0.1:1=ipv4", "-i2psam=127.0.0.1:2", "-cjdnsreachable", "-externalip=8.8.8.8:5", "-asmap="+asmap,
		"-maxuploadtarget=1M", "-peerbloomfilters", "-v2transport=0", "-dbcache=16")
	r.until(0)
	var info struct {
		LocalServicesNames []string
		Networks           []struct {
			Name, Proxy string
			Reachable   bool
		}
		LocalAddresses []struct{ Address string }
	}
	if err := json.Unmarshal([]byte(r.result("getnetworkinfo")), &info); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(info), "{[NETWORK BLOOM WITNESS NETWORK_LIMITED] [{ipv4 127.0.0.1:1 true} {ipv6  true} {onion  false} {i2p 127.0.0.1:2 true} {cjdns  true}] [{8.8.8.8}]}"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := r.result("getnettotals"); !strings.Contains(got, `"target":1048576,`) {
		t.Error(got)
	}
	st, err := os.Stat(asmap)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.result("exportasmap", "out.dat"); !strings.Contains(got, fmt.Sprintf(`"bytes_written":%d,`, st.Size())) {
		t.Error(got)
	}
	r.finish()
	// A proxy that is not there is to blame, not the address.
	w, err := r.node.openNetwork()
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	if _, err := w.dial(t.Context(), p2p.Dial{Target: "8.8.8.8:8333"}); !errors.Is(err, p2p.ErrProxy) {
		t.Errorf("a proxy that is not there: %v", err)
	}
}
