package i2p

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"grapevine/p2p/proxy"
	"grapevine/wire"
)

// keyOf makes a private key whose destination has a certificate of four bytes.
func keyOf(name string) []byte {
	b := bytes.Repeat([]byte(name[:1]), certStart+4+100)
	b[certLength], b[certLength+1] = 0, 4
	return b
}

func destOf(name string) string { return base64I2P.EncodeToString(keyOf(name)[:certStart+4]) }

func addrOf(name string) wire.NetAddr { return addressOf(keyOf(name)[:certStart+4]) }

// fakeSAM is a router.
type fakeSAM struct {
	down  atomic.Bool
	dials atomic.Int64

	mu       sync.Mutex
	answers  map[string]string   // instead of the usual ones, by the first two words
	asked    []string            // without keys
	controls []net.Conn          // of sessions
	waiting  []net.Conn          // for connections
	streams  map[string]net.Conn // by destination
}

func newFake() *fakeSAM {
	return &fakeSAM{answers: map[string]string{}, streams: map[string]net.Conn{}}
}

func (f *fakeSAM) dial(context.Context) (net.Conn, error) {
	f.dials.Add(1)
	if f.down.Load() {
		return nil, proxy.ErrProxy
	}
	ours, theirs := net.Pipe()
	go f.serve(theirs)
	return ours, nil
}

func (f *fakeSAM) serve(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			_ = c.Close() // as its other end is
			return
		}
		words := strings.Fields(line)
		what := words[0] + " " + words[1]
		f.mu.Lock()
		f.asked = append(f.asked, shorten(line))
		answer := f.answer(words)
		switch what {
		case "SESSION CREATE":
			f.controls = append(f.controls, c)
		case "STREAM ACCEPT":
			f.waiting = append(f.waiting, c)
		case "STREAM CONNECT":
			f.streams[words[3]] = c
		}
		f.mu.Unlock()
		_, err = io.WriteString(c, answer+"\n")
		if err != nil || what == "STREAM ACCEPT" || what == "STREAM CONNECT" {
			return // the connection is the peer's from now on
		}
	}
}

// set gives an answer instead of the usual one, "" the usual one again.
func (f *fakeSAM) set(what, answer string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.answers[what] = answer; answer == "" {
		delete(f.answers, what)
	}
}

// conns returns the connections of sessions, and those that wait for peers.
func (f *fakeSAM) conns() (controls, waiting []net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.controls), slices.Clone(f.waiting)
}

func (f *fakeSAM) sessions() int {
	controls, _ := f.conns()
	return len(controls)
}

func (f *fakeSAM) waits() int {
	_, waiting := f.conns()
	return len(waiting)
}

// wait returns the i-th connection that waits for a peer.
func (f *fakeSAM) wait(i int) net.Conn {
	_, waiting := f.conns()
	return waiting[i]
}

// stream returns the connection to a destination.
func (f *fakeSAM) stream(name string) net.Conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.streams["DESTINATION="+destOf(name)]
}

// shorten leaves out what is random or long.
func shorten(line string) string {
	words := strings.Fields(line)
	for i, w := range words {
		if key, value, ok := strings.Cut(w, "="); ok && (key == "ID" || len(value) > 100) {
			words[i] = key + "=" + fmt.Sprint(len(value))
		}
	}
	return strings.Join(words, " ")
}

func (f *fakeSAM) answer(words []string) string {
	what := words[0] + " " + words[1]
	if a, ok := f.answers[what]; ok {
		return a
	}
	switch what {
	case "HELLO VERSION":
		return "HELLO REPLY RESULT=OK VERSION=3.1"
	case "DEST GENERATE":
		return "DEST REPLY PUB=" + destOf("me") + " PRIV=" + base64I2P.EncodeToString(keyOf("me"))
	case "SESSION CREATE":
		return "SESSION STATUS RESULT=OK DESTINATION=" + base64I2P.EncodeToString(keyOf("transient"))
	case "NAMING LOOKUP":
		return "NAMING REPLY RESULT=OK NAME=x VALUE=" + destOf("peer")
	default:
		return "STREAM STATUS RESULT=OK"
	}
}

// sent returns the commands but the greetings, and forgets them.
func (f *fakeSAM) sent() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := slices.DeleteFunc(f.asked, func(s string) bool { return strings.HasPrefix(s, "HELLO") })
	f.asked = nil
	return out
}

const (
	createPersistent = "SESSION CREATE STYLE=STREAM ID=10 DESTINATION=656 i2cp.leaseSetEncType=4,0 inbound.quantity=3 outbound.quantity=3"
	createTransient  = "SESSION CREATE STYLE=STREAM ID=10 DESTINATION=TRANSIENT SIGNATURE_TYPE=7 i2cp.leaseSetEncType=4,0 inbound.quantity=1 outbound.quantity=1"
	generateKey      = "DEST GENERATE SIGNATURE_TYPE=7"
	acceptStream     = "STREAM ACCEPT ID=10 SILENT=false"
	connectStream    = "STREAM CONNECT ID=10 DESTINATION=524 SILENT=false"
)

// bubble runs a router against a fake one.
func bubble(t *testing.T, f *fakeSAM, accept bool, test func(t *testing.T, r *Router)) (told []string, logs string) {
	t.Helper()
	var log bytes.Buffer
	key := t.TempDir() + "/i2p_private_key"
	cfg := Config{
		Address: "sam", Accept: accept, KeyFile: key, Dial: f.dial, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Service: func(a wire.NetAddr, up bool) { told = append(told, fmt.Sprintf("%v %v", a, up)) },
	}
	synctest.Test(t, func(t *testing.T) {
		r, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		synctest.Wait()
		test(t, r)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		controls, waiting := f.conns()
		for _, c := range slices.Concat(controls, waiting, slices.Collect(maps.Values(f.streams))) {
			_ = c.Close() // what the router would do
		}
	})
	return told, log.String()
}

func TestDial(t *testing.T) {
	f := newFake()
	bubble(t, f, true, func(t *testing.T, r *Router) {
		synctest.Wait()
		if want, got := []string{generateKey, createPersistent, acceptStream}, f.sent(); !slices.Equal(got, want) {
			t.Errorf("asked %q", got)
		}
		c, err := r.Dial(context.Background(), addrOf("peer"), false)
		if err != nil {
			t.Fatal(err)
		}
		if want, got := []string{"NAMING LOOKUP NAME=" + addrOf("peer").Addr.String(), connectStream}, f.sent(); !slices.Equal(got, want) {
			t.Errorf("asked %q", got)
		}
		synctest.Wait()
		far := f.stream("peer")
		go func() { _, _ = io.WriteString(far, "hello") }() // read below
		got := make([]byte, 5)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
			t.Errorf("%q, %v", got, err)
		}
		if c.(*stream).PeerAddr() != addrOf("peer") {
			t.Errorf("leads to %v", c.(*stream).PeerAddr())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if f.sessions() != 1 {
			t.Errorf("%d sessions", f.sessions())
		}
	})
}

// A private connection has an address of its own, which ends with it.
func TestTransient(t *testing.T) {
	for _, accept := range []bool{true, false} {
		f := newFake()
		told, _ := bubble(t, f, accept, func(t *testing.T, r *Router) {
			f.sent()
			before := f.sessions()
			c, err := r.Dial(context.Background(), addrOf("peer"), accept) // without Accept all are
			if err != nil {
				t.Fatal(err)
			}
			if want, got := []string{createTransient, "NAMING LOOKUP NAME=" + addrOf("peer").Addr.String(), connectStream}, f.sent(); !slices.Equal(got, want) {
				t.Errorf("asked %q", got)
			}
			synctest.Wait()
			if f.sessions() != before+1 || !c.(*stream).own.alive() {
				t.Fatalf("%d sessions", f.sessions())
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			if c.(*stream).own.alive() {
				t.Error("the session goes on")
			}
		})
		if want := map[bool]int{true: 2, false: 0}[accept]; len(told) != want {
			t.Errorf("told %q", told)
		}
	}
}

func TestDialErrors(t *testing.T) {
	for _, c := range []struct {
		what, answer string
		want         string
		blame        bool // of the router
	}{
		{"STREAM CONNECT", "STREAM STATUS RESULT=CANT_REACH_PEER MESSAGE=\"no\"", "CANT_REACH_PEER", false},
		{"STREAM CONNECT", "STREAM STATUS RESULT=TIMEOUT", "TIMEOUT", false},
		{"STREAM CONNECT", "STREAM STATUS RESULT=I2P_ERROR", "I2P_ERROR", true},
		{"STREAM CONNECT", "STREAM STATUS RESULT=INVALID_ID", "INVALID_ID", true},
		{"NAMING LOOKUP", "NAMING REPLY RESULT=KEY_NOT_FOUND", "NAMING LOOKUP: KEY_NOT_FOUND", true},
		{"NAMING LOOKUP", "NAMING REPLY RESULT=OK", "not an answer of SAM: no VALUE", true},
		{"NAMING LOOKUP", "NAMING REPLY RESULT=OK VALUE=a\x00b", "no VALUE", true},
		{"HELLO VERSION", "HELLO REPLY RESULT=NOVERSION", "HELLO VERSION: NOVERSION", true},
		{"SESSION CREATE", "SESSION STATUS RESULT=DUPLICATED_DEST", "SESSION CREATE: DUPLICATED_DEST", true},
		{"SESSION CREATE", "SESSION STATUS RESULT=OK", "no DESTINATION", true},
		{"SESSION CREATE", "SESSION STATUS RESULT=OK DESTINATION=AAAA", "not the key of a destination: 3 bytes", true},
		{"SESSION CREATE", "SESSION STATUS RESULT=OK DESTINATION=" + strings.Repeat("~", 520), "not the key of a destination: its destination has 65922 bytes", true},
		{"SESSION CREATE", "SESSION STATUS RESULT=\x1b[31m" + strings.Repeat("x", 1000), "?[31mxxx", true},
		{"SESSION CREATE", strings.Repeat("x", maxLine), "a line of more than 65536 bytes", true},
	} {
		f := newFake()
		f.answers[c.what] = c.answer
		bubble(t, f, false, func(t *testing.T, r *Router) {
			conn, err := r.Dial(context.Background(), addrOf("peer"), false)
			if err == nil {
				t.Fatalf("%s: connected: %v", c.answer, conn)
			}
			if !strings.Contains(err.Error(), c.want) || errors.Is(err, proxy.ErrProxy) != c.blame || strings.ContainsRune(err.Error(), 0x1b) {
				t.Errorf("%.50s: %v; blames the router: %v", c.answer, err, errors.Is(err, proxy.ErrProxy))
			}
		})
	}
}

func TestDialElsewhere(t *testing.T) {
	r, err := New(Config{Address: "sam"})
	if err != nil {
		t.Fatal(err)
	}
	with := addrOf("peer")
	with.Port = 1
	four, err := wire.ParseNetAddr("1.2.3.4:0", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []wire.NetAddr{with, four, {}} {
		if _, err := r.Dial(context.Background(), a, false); err == nil || errors.Is(err, proxy.ErrProxy) {
			t.Errorf("%v: %v", a, err)
		}
	}
}

// A session whose connection failed serves for the next one; at most ten are kept.
func TestSessionsAreKept(t *testing.T) {
	f := newFake()
	f.answers["STREAM CONNECT"] = "STREAM STATUS RESULT=CANT_REACH_PEER"
	bubble(t, f, false, func(t *testing.T, r *Router) {
		for range 3 {
			if _, err := r.Dial(context.Background(), addrOf("peer"), false); err == nil {
				t.Error("connected")
			}
		}
		synctest.Wait()
		if f.sessions() != 1 || len(r.idle) != 1 {
			t.Errorf("%d sessions, %d kept", f.sessions(), len(r.idle))
		}
		if controls, _ := f.conns(); controls[0].Close() != nil {
			t.Error("cannot be closed")
		}
		synctest.Wait()
		if s := r.takeIdle(); s != nil {
			t.Error("a dead session was kept")
		}
		for range maxIdle + 3 {
			s, err := r.open(context.Background(), "")
			if err != nil {
				t.Fatal(err)
			}
			r.putIdle(s)
		}
		if len(r.idle) != maxIdle {
			t.Errorf("%d sessions kept", len(r.idle))
		}
	})
}

// The router has forgotten the session: the next connection makes a new one.
func TestForgottenSession(t *testing.T) {
	f := newFake()
	told, logs := bubble(t, f, true, func(t *testing.T, r *Router) {
		f.set("STREAM CONNECT", "STREAM STATUS RESULT=INVALID_ID")
		if _, err := r.Dial(context.Background(), addrOf("peer"), false); !errors.Is(err, resultInvalidID) {
			t.Error(err)
		}
		f.set("STREAM CONNECT", "")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if _, err := r.Dial(context.Background(), addrOf("peer"), false); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if f.sessions() != 2 {
			t.Errorf("%d sessions", f.sessions())
		}
	})
	me := addrOf("me").String() // which stays the same
	if want := []string{me + " true", me + " false"}; !slices.Equal(told, want) {
		t.Errorf("told %q\n%s", told, logs)
	}
}

func TestAccept(t *testing.T) {
	f := newFake()
	told, logs := bubble(t, f, true, func(t *testing.T, r *Router) {
		l := r.Listener()
		for i, name := range []string{"x", "y", "z"} {
			synctest.Wait()
			far := f.wait(i)
			go func() { _, _ = io.WriteString(far, destOf(name)+" FROM_PORT=0 TO_PORT=0\nhello") }() // read below
			c, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 5)
			if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
				t.Errorf("%q, %v", got, err)
			}
			if p, ok := c.(interface{ PeerAddr() wire.NetAddr }); !ok || p.PeerAddr() != addrOf(name) {
				t.Errorf("%s has connected", p.PeerAddr())
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		if f.sessions() != 1 {
			t.Errorf("%d sessions", f.sessions())
		}
		if err := errors.Join(l.Close(), l.Close()); err != nil {
			t.Error(err)
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accepted after it was closed: %v", err)
		}
	})
	me := addrOf("me").String()
	if want := []string{me + " true", me + " false"}; !slices.Equal(told, want) {
		t.Errorf("told %q\n%s", told, logs)
	}
}

// After the router was restarted, connections are taken again at the same address.
func TestComesBack(t *testing.T) {
	f := newFake()
	told, logs := bubble(t, f, true, func(t *testing.T, r *Router) {
		f.sent()
		f.down.Store(true)
		controls, waiting := f.conns()
		for _, c := range slices.Concat(controls, waiting) {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(3 * time.Minute)
		if _, err := r.Dial(context.Background(), addrOf("peer"), false); !errors.Is(err, proxy.ErrProxy) {
			t.Error(err)
		}
		f.down.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if want, got := []string{createPersistent, acceptStream}, f.sent(); !slices.Equal(got, want) { // with the key from the file
			t.Errorf("asked %q", got)
		}
	})
	me := addrOf("me").String()
	if want := []string{me + " true", me + " false", me + " true", me + " false"}; !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
	if n := strings.Count(logs, "will retry"); n > 3 {
		t.Errorf("told %d times:\n%s", n, logs)
	}
}

// The control connection ends while nobody connects: that is noticed at once.
func TestSessionEndsWhileWaiting(t *testing.T) {
	f := newFake()
	told, _ := bubble(t, f, true, func(t *testing.T, r *Router) {
		if controls, _ := f.conns(); controls[0].Close() != nil {
			t.Error("cannot be closed")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if f.sessions() != 2 || f.waits() != 2 {
			t.Errorf("%d sessions, %d waits", f.sessions(), f.waits())
		}
	})
	if len(told) != 2 { // up and, at the end, down
		t.Errorf("told %q", told)
	}
}

// What comes instead of a peer's destination.
func TestNobodyCame(t *testing.T) {
	for line, sessions := range map[string]int{
		"STREAM STATUS RESULT=I2P_ERROR MESSAGE=\"Session was closed\"\n": 2,
		"garbage\n": 1,
		"AAAA\n":    1,
		"\n":        1,
	} {
		f := newFake()
		_, logs := bubble(t, f, true, func(t *testing.T, r *Router) {
			if _, err := io.WriteString(f.wait(0), line); err != nil {
				t.Error(err)
			}
			_ = f.wait(0).Close() // as a router does
			time.Sleep(3 * time.Second)
			synctest.Wait()
			if f.sessions() != sessions || f.waits() != 2 {
				t.Errorf("%q: %d sessions, %d waits", line, f.sessions(), f.waits())
			}
		})
		if !strings.Contains(logs, "instead of who has connected") {
			t.Errorf("%q: %s", line, logs)
		}
	}
}

// Attempts become rarer, by a second each, to every five minutes.
func TestPauses(t *testing.T) {
	f := newFake()
	f.down.Store(true)
	bubble(t, f, true, func(t *testing.T, r *Router) {
		if time.Sleep(6500 * time.Millisecond); f.dials.Load() != 4 { // at 0, 1, 3, 6
			t.Errorf("%d attempts in 6.5 s", f.dials.Load())
		}
		time.Sleep(20 * time.Hour)
		before := f.dials.Load()
		if time.Sleep(time.Hour); f.dials.Load() != before+12 {
			t.Errorf("%d attempts in an hour", f.dials.Load()-before)
		}
	})
}

// A router that does not answer is given up after three minutes.
func TestSilence(t *testing.T) {
	f := newFake()
	synctest.Test(t, func(t *testing.T) {
		r, err := New(Config{Address: "sam", Dial: func(context.Context) (net.Conn, error) {
			f.dials.Add(1)
			ours, theirs := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, theirs) }() // until it is hung up on
			return ours, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := r.Dial(context.Background(), addrOf("peer"), false); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != answerTime {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := r.Dial(ctx, addrOf("peer"), false); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestKeyFile(t *testing.T) {
	path := t.TempDir() + "/key"
	for text, want := range map[string]string{
		"":                         "not the key of a destination: 0 bytes: " + path,
		strings.Repeat("a", 400):   "not the key of a destination: its destination has",
		string(keyOf("k")[:380]):   "not the key of a destination",
		string(keyOf("key")[:480]): "", // as it should be
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f := newFake()
		synctest.Test(t, func(t *testing.T) {
			r, err := New(Config{Address: "sam", Accept: true, KeyFile: path, Dial: f.dial})
			if err != nil {
				t.Fatal(err)
			}
			s, err := r.persistent(context.Background())
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%.10q: %v", text, err)
			}
			if err == nil && (s.me != addrOf("key") || r.session != s) {
				t.Errorf("address %v", s.me)
			}
			r.close()
			if err := f.closeAll(); err != nil {
				t.Error(err)
			}
			if _, err := r.persistent(context.Background()); !errors.Is(err, errClosed) {
				t.Errorf("after it was closed: %v", err)
			}
		})
		if b, err := os.ReadFile(path); err != nil || string(b) != text {
			t.Errorf("%.10q became %.10q, %v", text, b, err)
		}
	}
}

func (f *fakeSAM) closeAll() error {
	var errs []error
	controls, _ := f.conns()
	for _, c := range controls {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// Addresses are the hash of the destination.
func TestAddress(t *testing.T) {
	dest := keyOf("me")[:certStart+4]
	sum := sha256.Sum256(dest)
	want := strings.ToLower(strings.TrimRight(base32.StdEncoding.EncodeToString(sum[:]), "=")) + ".b32.i2p:0"
	if got, err := addressOfKey(keyOf("me")); err != nil || got.String() != want {
		t.Errorf("%v, %v, want %s", got, err, want)
	}
}

func TestNewWantsItsParts(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("made without an address")
	}
	if _, err := New(Config{Address: "sam", Accept: true}); err == nil {
		t.Error("made without a file for its key")
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add("STREAM STATUS RESULT=OK\n")
	f.Add("DEST REPLY PUB=a PRIV=AAAA\n")
	f.Fuzz(func(t *testing.T, said string) {
		c := &canned{in: strings.NewReader(said)}
		s := &sam{c, bufio.NewReader(c)}
		a, err := s.ask(context.Background(), "X Y")
		if err != nil {
			return
		}
		if r, ok := a["RESULT"]; ok && r != "OK" {
			t.Fatalf("%q is fine", said)
		}
		if b, err := a.destination("PRIV"); err == nil {
			_, _ = addressOfKey(b) // it does not panic
		}
	})
}

// canned is a connection whose other end has said everything.
type canned struct {
	net.Conn
	in io.Reader
}

func (c *canned) Read(b []byte) (int, error) { return c.in.Read(b) }
func (*canned) Write(b []byte) (int, error)  { return len(b), nil }
func (*canned) SetDeadline(time.Time) error  { return nil }
