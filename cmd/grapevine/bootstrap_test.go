package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"grapevine/internal/dnstest"
)

// inNamespace tells the test that it runs in a network of its own.
const inNamespace = "GRAPEVINE_NAMESPACE"

// Peers of three generations, each in a group of its own, and the addresses of DNS.
var (
	firstPeers = []string{"8.1.0.1", "8.2.0.1", "8.3.0.1", "2a01:100::1"}
	listPeers  = []string{"9.1.0.1", "9.2.0.1", "9.3.0.1", "2a02:100::1"}
	laterPeers = []string{"11.1.0.1", "11.2.0.1", "11.3.0.1", "2a03:100::1"}
)

const (
	liveDNS = "12.1.0.1"
	deadDNS = "12.2.0.1" // an address where nobody listens
	seed    = "seed.test"
)

// TestBootstrap runs nodes in a network without a way out, whose interface has
// addresses as those of the internet: a node that knows nobody finds its peers by DNS
// or, with DNS dead, by a list; when it is started again, by what it has stored, with
// nobody asked; and after all those have died, by DNS again.
func TestBootstrap(t *testing.T) {
	if os.Getenv(inNamespace) != "" {
		bootstrap(t)
		return
	}
	if testing.Short() {
		t.Skip("takes a minute, of processes that the race detector does not see")
	}
	if runtime.GOOS != "linux" {
		t.Skip("network namespaces are Linux' own")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"unshare", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed")
		}
	}
	unshare := []string{"--net"}
	if os.Getuid() != 0 {
		unshare = []string{"--user", "--map-root-user", "--net"}
	}
	if out, err := exec.CommandContext(t.Context(), "unshare", append(unshare, "true")...).CombinedOutput(); err != nil {
		t.Skipf("no network namespaces here: %v: %s", err, out)
	}
	c := exec.CommandContext(t.Context(), "unshare", append(unshare, self, "-test.run", "^TestBootstrap$", "-test.v")...)
	c.Env = append(os.Environ(), inNamespace+"=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	} else if testing.Verbose() {
		t.Logf("%s", out)
	}
}

// town is a network with its peers and its DNS.
type town struct {
	*mesh
	zone dnstest.Zone
}

func bootstrap(t *testing.T) {
	w := &town{mesh: &mesh{t: t, http: http.Client{Timeout: 30 * time.Second}}}
	w.build()
	t.Cleanup(w.mesh.endAll)
	stop := w.serveDNS()
	defer stop()

	list := filepath.Join(t.TempDir(), "seeds.txt")
	if err := os.WriteFile(list, []byte("# nodes that live long\n"+strings.Join(targets(listPeers), "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.runPeers(listPeers)
	first := w.runPeers(firstPeers)
	w.resolveTo(firstPeers)

	start := time.Now()
	n := w.wanderer(list, liveDNS)
	w.finds("by DNS", n, firstPeers, listPeers, 20*time.Second)
	if asked := w.zone.Asked(); !slices.Equal(asked, []string{"x9." + seed}) {
		t.Errorf("DNS was asked for %q", asked)
	}
	t.Logf("by DNS: %v", time.Since(start).Round(time.Second/10))

	start = time.Now()
	lost := w.wanderer(list, deadDNS)
	w.finds("by the list", lost, listPeers, firstPeers, 40*time.Second)
	t.Logf("by the list: %v", time.Since(start).Round(time.Second/10))
	w.end(lost)

	// What was stored is enough, and nobody else is asked: neither at once nor after
	// the 11 seconds that known peers are given.
	w.end(n)
	start = time.Now()
	w.launch(n)
	w.finds("by what is stored", n, firstPeers, listPeers, 20*time.Second)
	t.Logf("by what is stored: %v", time.Since(start).Round(time.Second/10))
	w.until("13 seconds", 20*time.Second, func() (bool, string) { return time.Since(start) > 13*time.Second, "" })
	w.finds("by what is stored", n, firstPeers, listPeers, time.Second)
	if asked := w.zone.Asked(); len(asked) != 1 {
		t.Errorf("DNS was asked again: %q", asked)
	}

	w.end(n)
	for _, p := range first {
		w.end(p)
	}
	w.runPeers(laterPeers)
	w.resolveTo(laterPeers)
	start = time.Now()
	w.launch(n)
	w.finds("after all have died", n, laterPeers, listPeers, 90*time.Second)
	t.Logf("after all have died: %v", time.Since(start).Round(time.Second/10))
}

// build gives the interface its addresses.
func (w *town) build() {
	ip := func(args ...string) {
		w.t.Helper()
		if out, err := exec.CommandContext(w.t.Context(), "ip", args...).CombinedOutput(); err != nil {
			w.t.Fatalf("ip %v: %v: %s", args, err, out)
		}
	}
	links, err := net.Interfaces()
	if err != nil || len(links) != 1 || links[0].Flags&net.FlagLoopback == 0 {
		w.t.Fatalf("not in a network of its own: %v, %v", links, err)
	}
	ip("link", "set", "lo", "up")
	for _, a := range slices.Concat(firstPeers, listPeers, laterPeers, []string{liveDNS, deadDNS}) {
		addr := netip.MustParseAddr(a)
		ip("addr", "add", netip.PrefixFrom(addr, addr.BitLen()).String(), "dev", "lo", "nodad")
	}
}

func (w *town) serveDNS() (stop func()) {
	c, err := net.ListenPacket("udp", net.JoinHostPort(liveDNS, "53"))
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- w.zone.Serve(ctx, c) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
}

func (w *town) resolveTo(peers []string) {
	var addrs []netip.Addr
	for _, p := range peers {
		addrs = append(addrs, netip.MustParseAddr(p))
	}
	w.zone.Set("x9."+seed, addrs...)
}

const regtestPort = "18444"

func targets(peers []string) (out []string) {
	for _, p := range peers {
		out = append(out, net.JoinHostPort(p, regtestPort))
	}
	return out
}

// runPeers starts nodes that wait for others to come.
func (w *town) runPeers(addrs []string) (out []*member) {
	for _, a := range addrs {
		n := w.member("-bind="+net.JoinHostPort(a, regtestPort), "-connect=0", "-listen=1")
		w.launch(n)
		out = append(out, n)
	}
	for _, n := range out {
		w.answers(n)
	}
	return out
}

// wanderer starts a node that knows nobody.
func (w *town) wanderer(list, dns string) *member {
	n := w.member("-listen=0", "-seedfile="+list, "-dnsseedhost="+seed, "-dnsserver="+dns)
	w.launch(n)
	return n
}

func (w *town) member(args ...string) *member {
	n := &member{dir: w.t.TempDir(), rpc: freePort(w.t), args: append(args, "-discover=0", "-natpmp=0", "-listenonion=0")}
	w.nodes = append(w.nodes, n)
	return n
}

// launch starts a node with its own arguments.
func (m *mesh) launch(n *member) {
	m.t.Helper()
	args := append([]string{"node", "-regtest", "-datadir=" + n.dir, "-rpcport=" + n.rpc, "-rpcuser=u", "-rpcpassword=p", "-printtoconsole=1", "-debug=net", "-dbcache=4"}, n.args...)
	n.cmd = command(m.t, "grapevine", args...)
	n.out.Reset()
	n.cmd.Stdout, n.cmd.Stderr = &n.out, &n.out
	if err := n.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
}

// end stops a node as an operator would.
func (w *town) end(n *member) {
	w.t.Helper()
	if err := n.cmd.Process.Signal(os.Interrupt); err != nil {
		w.t.Fatal(err)
	}
	if err := n.cmd.Wait(); err != nil {
		w.t.Errorf("a node did not stop cleanly: %v\n%s", err, tail(n))
	}
	n.cmd = nil
}

func tail(n *member) []byte {
	text := n.out.Bytes()
	return text[max(0, len(text)-6000):]
}

// endAll kills what still runs.
func (m *mesh) endAll() {
	for i, n := range m.nodes {
		if n.cmd != nil {
			m.kill(n)
			if m.t.Failed() {
				m.t.Logf("node %d said at last:\n%s", i, tail(n))
			}
		}
	}
}

func (w *town) answers(n *member) {
	w.t.Helper()
	w.until("an answer", 30*time.Second, func() (bool, string) {
		var height int
		err := w.call(n, &height, "getblockcount")
		return err == nil, fmt.Sprint(err)
	})
}

// finds waits until a node has connections of its own choice to all of peers, and
// checks that it has none to others.
func (w *town) finds(how string, n *member, peers, others []string, patience time.Duration) {
	w.t.Helper()
	var infos []struct {
		Addr           string
		ConnectionType string `json:"connection_type"`
		Version        int
	}
	w.until(how, patience, func() (bool, string) {
		if err := w.call(n, &infos, "getpeerinfo"); err != nil {
			return false, err.Error()
		}
		missing := targets(peers)
		for _, p := range infos {
			if slices.Contains(targets(others), p.Addr) {
				w.t.Errorf("%s: connected to %s, which nobody should have told of", how, p.Addr)
			}
			if p.ConnectionType == "outbound-full-relay" && p.Version > 0 {
				missing = slices.DeleteFunc(missing, func(t string) bool { return t == p.Addr })
			}
		}
		return len(missing) == 0, fmt.Sprintf("connected to %v", infos)
	})
}
