package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"grapevine/internal/testdata"
	"grapevine/node/config"
)

func TestMain(m *testing.M) {
	// LevelDB's buffer pool notices up to half a minute later that its database was closed.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/syndtr/goleveldb/leveldb.(*DB).mpoolDrain"))
}

// running is a node under test.
type running struct {
	t    *testing.T
	node *Node
	url  string
	dir  string // network's own
	out  *syncBuffer
	stop context.CancelFunc
	done chan error
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func configure(t *testing.T, args ...string) *config.Config {
	t.Helper()
	a, err := config.Parse(config.Node, args)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := a.Load()
	if err != nil {
		t.Fatal(err)
	}
	cfg.RPC.Listen = []string{"127.0.0.1:0"}
	if cfg.Net.Everywhere() {
		cfg.Net.Listen = false // the usual port may be another test's
	}
	cfg.Net.Own.MapPort, cfg.Net.Hidden.ListenOnion = false, false // this machine's router and Tor are nobody's business
	return cfg
}

// start runs a node on a port of the system's choice.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	return run(t, configure(t, args...))
}

// run is start for a configuration.
func run(t *testing.T, cfg *config.Config) *running {
	t.Helper()
	r := &running{t: t, out: &syncBuffer{}, dir: cfg.NetDir, done: make(chan error, 1)}
	var err error
	if r.node, err = New(cfg, Console{Out: r.out}); err != nil {
		t.Fatal(err)
	}
	listening := make(chan string, 1)
	r.node.listening = func(l []net.Listener) { listening <- "http://" + l[0].Addr().String() + "/" }
	ctx, cancel := context.WithCancel(t.Context())
	r.stop = cancel
	go func() { r.done <- r.node.Run(ctx) }()
	t.Cleanup(func() { cancel() })
	select {
	case r.url = <-listening:
	case err := <-r.done:
		t.Fatalf("did not start: %v\n%s", err, r.out)
	}
	return r
}

// ask makes one call and returns result and error as JSON.
func (r *running) ask(method string, params ...any) (result, failure string) {
	r.t.Helper()
	cookie, err := os.ReadFile(filepath.Join(r.dir, ".cookie"))
	if err != nil {
		return "", err.Error()
	}
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"method": method, "params": params, "id": 1})
	if err != nil {
		r.t.Fatal(err)
	}
	req, _ := http.NewRequest(http.MethodPost, r.url, bytes.NewReader(body))
	user, pass, _ := strings.Cut(string(cookie), ":")
	req.SetBasicAuth(user, pass)
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err.Error()
	}
	var answer struct{ Result, Error json.RawMessage }
	if err := json.Unmarshal(b, &answer); err != nil {
		return "", fmt.Sprintf("HTTP %d: %s", resp.StatusCode, b)
	}
	if string(answer.Error) == "null" {
		return string(answer.Result), ""
	}
	return "", string(answer.Error)
}

// result is ask for a call that must succeed.
func (r *running) result(method string, params ...any) string {
	r.t.Helper()
	res, failure := r.ask(method, params...)
	if failure != "" {
		r.t.Fatalf("%s: %s\n%s", method, failure, r.out)
	}
	return res
}

// until asks for the height until it is at least n.
func (r *running) until(n int) {
	r.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		res, _ := r.ask("getblockcount")
		var h int
		if json.Unmarshal([]byte(res), &h) == nil && h >= n {
			return
		}
		select {
		case <-tick.C:
		case err := <-r.done:
			r.t.Fatalf("ended early: %v\n%s", err, r.out)
		case <-r.t.Context().Done():
			r.t.Fatal("the test's time is up")
		}
	}
}

// ended waits for the node and returns what Run returned.
func (r *running) ended() error {
	err := <-r.done
	r.stop()
	return err
}

const (
	tip14131  = `"00000000b3e750f37fdb42e1018799a9f44b546d393b130b369590a072430a1c"`
	hash14131 = "74c5a654587d4eaac9248b73889453e0b2fbc918bbc7bb8d8e6301d4d8c98db3"
	mu14131   = "859e27f17a6cce9768b75dd0dbd969890157d29a152b0f4a0afa6c67cbcd5975"
)

// TestFirstBlocksOfMainnet imports real blocks, stops in their middle, goes on, and compares the coins with the reference
// client's own answers on the same blocks.
func TestFirstBlocksOfMainnet(t *testing.T) {
	blocks := testdata.Module(t, "github.com/btcsuite/btcd", "v0.26.2", "blockchain/testdata/blk_0_to_14131.dat")
	dir := t.TempDir()
	r := start(t, "-datadir="+dir, "-connect=0", "-loadblock="+blocks, "-dbcache=4")
	r.until(1000)
	began := time.Now()
	r.stop()
	if err := r.ended(); err != nil {
		t.Fatalf("stop in the middle of an import: %v\n%s", err, r.out)
	}
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("the stop took %v", d)
	}
	for _, name := range []string{".cookie", "bitcoind.pid"} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left behind: %v", name, err)
		}
	}
	r = start(t, "-datadir="+dir, "-connect=0", "-loadblock="+blocks, "-dbcache=4")
	if testing.Short() { // the race detector takes minutes for the rest
		r.until(1001)
		r.stop()
		if err := r.ended(); err != nil {
			t.Error(err)
		}
		return
	}
	r.until(14131)
	if got := r.result("getbestblockhash"); got != tip14131 {
		t.Errorf("tip %s", got)
	}
	for kind, want := range map[string]string{"hash_serialized_3": hash14131, "muhash": mu14131} {
		if got := r.result("gettxoutsetinfo", kind); !strings.Contains(got, `"`+kind+`":"`+want+`"`) {
			t.Errorf("%s: %s", kind, got)
		}
	}
	if got := r.result("stop"); got != `"Bitcoin Core stopping"` {
		t.Error(got)
	}
	if err := r.ended(); err != nil {
		t.Error(err)
	}
}

func regtestBlocks(t *testing.T) string { return testdata.Shared(t, "golden/regtest.blk") }

func TestLifeOfANode(t *testing.T) {
	dir := t.TempDir()
	r := start(t, "-regtest", "-datadir="+dir, "-loadblock="+regtestBlocks(t))
	r.until(147)
	net := filepath.Join(dir, "regtest")
	if b, err := os.ReadFile(filepath.Join(net, "bitcoind.pid")); err != nil || string(b) != fmt.Sprintln(os.Getpid()) {
		t.Errorf("process id %q, %v", b, err)
	}
	second, err := New(configure(t, "-regtest", "-datadir="+dir), Console{})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Run(t.Context()); err == nil || err.Error() != "Cannot obtain a lock on directory "+net+". Grapevine is probably already running." {
		t.Errorf("a second node: %v", err)
	}
	if got := r.result("generatetoaddress", 2, "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"); len(got) != 2*67+1 {
		t.Error(got)
	}
	r.result("setmocktime", 1700000000)
	if now := r.node.clock.Now().Unix(); now != 1700000000 {
		t.Errorf("the clock shows %d", now)
	}
	r.result("logging", []string{"rpc"})
	r.result("uptime")
	r.result("stop")
	if err := r.ended(); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(net, "debug.log"))
	if err != nil || !strings.Contains(string(log), "(mocktime: 2023-11-14T22:13:20Z) [rpc] RPC call method=uptime user=__cookie__ id=1\n") ||
		!strings.HasSuffix(string(log), "Shutdown done\n") || !strings.Contains(string(log), `Command-line arg: regtest=""`) {
		t.Errorf("%v\n%s", err, log)
	}
	r = start(t, "-regtest", "-datadir="+dir)
	r.until(149)
	r.stop()
	if err := r.ended(); err != nil {
		t.Error(err)
	}
}

func TestEndsByItself(t *testing.T) {
	blocks := regtestBlocks(t)
	for _, c := range []struct {
		flag   string
		height string
	}{{"-stopafterblockimport", "height=147"}, {"-stopatheight=50", "height=50"}} {
		dir := t.TempDir()
		r := start(t, "-regtest", "-datadir="+dir, "-loadblock="+blocks, c.flag)
		if err := r.ended(); err != nil {
			t.Errorf("%s: %v", c.flag, err)
		}
		r = start(t, "-regtest", "-datadir="+dir)
		r.until(1)
		if !strings.Contains(r.out.String(), "Done loading "+c.height+" ") {
			t.Errorf("%s: next start: %s", c.flag, r.out)
		}
		r.stop()
		if err := r.ended(); err != nil {
			t.Error(err)
		}
	}
}

func TestReindex(t *testing.T) {
	dir := t.TempDir()
	r := start(t, "-regtest", "-datadir="+dir, "-loadblock="+regtestBlocks(t))
	r.until(147)
	want := r.result("gettxoutsetinfo")
	r.stop()
	if err := r.ended(); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"-reindex", "-reindex-chainstate"} {
		r = start(t, "-regtest", "-datadir="+dir, flag)
		r.until(147)
		if got := r.result("gettxoutsetinfo"); strings.Split(got, `"disk_size"`)[0] != strings.Split(want, `"disk_size"`)[0] {
			t.Errorf("%s: %s, want %s", flag, got, want)
		}
		r.stop()
		if err := r.ended(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWarmup asks while the ledger is not there yet.
func TestWarmup(t *testing.T) {
	cfg := configure(t, "-regtest", "-datadir="+t.TempDir())
	n, err := New(cfg, Console{})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, node: n, dir: cfg.NetDir}
	n.listening = func(l []net.Listener) { r.url = "http://" + l[0].Addr().String() + "/" }
	ctx, cancel := context.WithCancel(t.Context())
	s, err := n.startRPC(ctx, cancel)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.run(ctx) }()
	for _, status := range []string{"RPC server started", "Loading block index…"} {
		if _, failure := r.ask("getblockcount"); failure != `{"code":-28,"message":"`+status+`"}` {
			t.Error(failure)
		}
		s.warmup("Loading block index…")
	}
	s.ready()
	if _, failure := r.ask("uptime"); failure != "" {
		t.Error(failure)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestRefusedStarts(t *testing.T) {
	busy, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*config.Config){
		"Unable to start HTTP server. See debug log for details.":          func(c *config.Config) { c.RPC.Listen = []string{busy.Addr().String()} },
		"Unable to start HTTP server.":                                     func(c *config.Config) { c.RPC.Auth = []string{"x"} },
		"Unable to start HTTP server. See debug log for details":           func(c *config.Config) { c.RPC.CookiePerms = "x" },
		"Invalid -rpcallowip subnet specification: x. ":                    func(c *config.Config) { c.RPC.AllowIP = []string{"x"} },
		"-loadblock=" + file + ".none: there is no such file or directory": func(c *config.Config) { c.LoadBlock = []string{file + ".none"} },
		"-loadblock=" + os.DevNull + ": neither a file nor a folder":       func(c *config.Config) { c.LoadBlock = []string{os.DevNull} },
		"Unable to create the PID file ":                                   func(c *config.Config) { c.PIDFile = filepath.Join(file, "x") },
		"Could not open debug log file ":                                   func(c *config.Config) { c.Log.File = filepath.Join(file, "x") },
	} {
		cfg := configure(t, "-regtest", "-datadir="+t.TempDir())
		change(cfg)
		n, err := New(cfg, Console{})
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		if left, _ := filepath.Glob(filepath.Join(cfg.NetDir, ".cookie*")); left != nil {
			t.Errorf("%s: left %v", want, left)
		}
	}
	for arg, want := range map[string]string{
		"-debug=nope": "Unsupported logging category -debug=nope.",
		// "/Satoshi:31.0.0/Grapevine:0.1.0(", the comment, ")/"
		"-uacomment=" + strings.Repeat("x", 223): "Total length of network version string (257) exceeds maximum length (256). Reduce the number or size of uacomments.",
		"-uacomment=" + strings.Repeat("x", 222): "",
	} {
		_, err := New(configure(t, "-regtest", "-datadir="+t.TempDir(), arg), Console{})
		if (err == nil) != (want == "") || (err != nil && err.Error() != want) {
			t.Errorf("%.12s: %v", arg, err)
		}
	}
}

// TestForeignData: databases of another program are refused before anything is changed.
func TestForeignData(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, "regtest", "chainstate")
	if err := os.MkdirAll(state, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(state, "CURRENT"), []byte("MANIFEST-000001\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n, err := New(configure(t, "-regtest", "-datadir="+dir, "-server=0"), Console{})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "-loadblock=") {
		t.Error(err)
	}
	if names, _ := os.ReadDir(state); len(names) != 1 {
		t.Errorf("%v", names)
	}
}

func TestMeter(t *testing.T) {
	var m meter
	at := time.Unix(1, 0)
	for i, want := range []float64{0, 50, 75, 87.5, 87.5} {
		m.add(uint64(i*100), at)
		if i == 4 {
			break
		}
		if m.rate != want {
			t.Errorf("after %d: %v, want %v", i, m.rate, want)
		}
		at = at.Add(time.Second)
	}
	m.add(5, at.Add(time.Second)) // a reorganisation
	if m.rate <= 0 {
		t.Error("a shrinking count has no rate")
	}
}

func TestClock(t *testing.T) {
	var c Clock
	if d := time.Since(c.Now()); d < 0 || d > time.Minute || !c.Mock().IsZero() {
		t.Errorf("%v", d)
	}
	c.Set(time.Unix(5, 999))
	if !c.Now().Equal(time.Unix(5, 0)) || !c.Mock().Equal(time.Unix(5, 0)) {
		t.Error(c.Now())
	}
	c.Set(time.Time{})
	if c.Now().Unix() == 5 || !c.Mock().IsZero() {
		t.Error("the clock still stands")
	}
}
