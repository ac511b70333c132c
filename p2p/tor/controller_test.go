package tor

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"grapevine/wire"
)

const serviceID = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd"

// aKey is the key of a service, as Tor writes it.
var aKey = keyPrefix + base64.StdEncoding.EncodeToString(make([]byte, keySize))

// fakeTor is a control port: it answers commands by a table, and hangs up when told to.
type fakeTor struct {
	answers map[string]string // by command, without its arguments when there is no entry with them
	cookie  []byte            // of SAFECOOKIE
	lies    bool              // about knowing it

	dials atomic.Int64
	down  atomic.Bool

	mu    sync.Mutex
	asked []string // of the connection that was last
	conn  net.Conn
}

func newFake(auth string) *fakeTor {
	return &fakeTor{answers: map[string]string{
		"PROTOCOLINFO": "250-PROTOCOLINFO 1\r\n250-AUTH " + auth + "\r\n250-VERSION Tor=\"0.4.9.8\"\r\n250 OK",
		"AUTHENTICATE": "250 OK",
		"GETINFO":      `250-net/listeners/socks="127.0.0.1:9150"` + "\r\n250 OK",
		"ADD_ONION":    "250-ServiceID=" + serviceID + "\r\n250-PrivateKey=" + aKey + "\r\n250 OK",
	}}
}

func (f *fakeTor) dial(context.Context) (net.Conn, error) {
	f.dials.Add(1)
	if f.down.Load() {
		return nil, errors.New("connection refused")
	}
	ours, theirs := net.Pipe()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conn, f.asked = theirs, nil
	go f.serve(theirs)
	return ours, nil
}

func (f *fakeTor) hangUp(t *testing.T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.conn.Close(); err != nil {
		t.Error(err)
	}
}

func (f *fakeTor) serve(c net.Conn) {
	defer func() { _ = c.Close() }() // the other end tells
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		f.mu.Lock()
		f.asked = append(f.asked, line)
		answer := f.answer(line)
		f.mu.Unlock()
		if _, err := io.WriteString(c, answer+"\r\n"); err != nil {
			return
		}
	}
}

func (f *fakeTor) answer(line string) string {
	if a, ok := f.answers[line]; ok {
		return a
	}
	word, rest, _ := strings.Cut(line, " ")
	if word == "AUTHCHALLENGE" {
		nonce, err := hex.DecodeString(strings.TrimPrefix(rest, "SAFECOOKIE "))
		if err != nil {
			return "512 bad nonce"
		}
		theirs := bytes.Repeat([]byte{7}, cookieSize)
		hash := proof(serverKey, f.cookie, nonce, theirs)
		if f.lies {
			hash[0]++
		}
		f.answers["AUTHENTICATE"] = "515 Authentication failed"
		f.answers["AUTHENTICATE "+hex.EncodeToString(proof(clientKey, f.cookie, nonce, theirs))] = "250 OK"
		return fmt.Sprintf("250 AUTHCHALLENGE SERVERHASH=%X SERVERNONCE=%X", hash, theirs)
	}
	return f.answers[word]
}

// told is what a controller told.
type told struct {
	socks   []string
	service []string
}

// try runs a controller against a fake for a while.
func try(t *testing.T, f *fakeTor, change func(*Config), meanwhile func()) (told, string) {
	t.Helper()
	var heard told
	var logs bytes.Buffer
	cfg := Config{
		Address: "tor", Target: netip.MustParseAddrPort("127.0.0.1:8334"), Port: 8333, KeyFile: t.TempDir() + "/onion_v3_private_key",
		Proxy: func(at string) { heard.socks = append(heard.socks, at) },
		Service: func(a wire.NetAddr, up bool) {
			heard.service = append(heard.service, fmt.Sprintf("%v %v", a, up))
		},
		Logger: slog.New(slog.NewTextHandler(&logs, nil)), Dial: f.dial,
	}
	if change != nil {
		change(&cfg)
	}
	synctest.Test(t, func(t *testing.T) {
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		synctest.Wait()
		meanwhile()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return heard, logs.String()
}

func TestService(t *testing.T) {
	f := newFake("METHODS=NULL")
	key := t.TempDir() + "/key"
	heard, logs := try(t, f, func(c *Config) { c.KeyFile = key }, func() {})
	if want := []string{"PROTOCOLINFO 1", "AUTHENTICATE", "GETINFO net/listeners/socks", "ADD_ONION NEW:ED25519-V3 PoWDefensesEnabled=1 Port=8333,127.0.0.1:8334"}; !slices.Equal(f.asked, want) {
		t.Errorf("asked %q", f.asked)
	}
	address := serviceID + ".onion:8333"
	if !slices.Equal(heard.socks, []string{"127.0.0.1:9150"}) || !slices.Equal(heard.service, []string{address + " true", address + " false"}) {
		t.Errorf("%+v\n%s", heard, logs)
	}
	if b, err := os.ReadFile(key); err != nil || string(b) != aKey {
		t.Errorf("kept %q, %v", b, err)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, err := filepath.Glob(key + ".*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}

	// The next run has the same key, and does not ask where the proxy is if it need not.
	f = newFake("METHODS=NULL")
	f.answers["ADD_ONION"] = "250-ServiceID=" + serviceID + "\r\n250 OK"
	heard, _ = try(t, f, func(c *Config) { c.KeyFile, c.Proxy = key, nil }, func() {})
	if want := []string{"PROTOCOLINFO 1", "AUTHENTICATE", "ADD_ONION " + aKey + " PoWDefensesEnabled=1 Port=8333,127.0.0.1:8334"}; !slices.Equal(f.asked, want) || len(heard.service) != 2 {
		t.Errorf("asked %q", f.asked)
	}
}

func TestAuthentication(t *testing.T) {
	cookie := filepath.Join(t.TempDir(), "control cookie")
	if err := os.WriteFile(cookie, bytes.Repeat([]byte{5}, cookieSize), 0o600); err != nil {
		t.Fatal(err)
	}
	short := cookie + "2"
	if err := os.WriteFile(short, make([]byte, cookieSize-1), 0o600); err != nil {
		t.Fatal(err)
	}
	safe := `METHODS=COOKIE,SAFECOOKIE COOKIEFILE="` + cookie + `"`
	for _, c := range []struct {
		name, auth, password string
		change               func(*fakeTor)
		want                 string // what is logged, "" for a service
		sent                 string // a command that must be among those sent
	}{
		{"nothing", "METHODS=NULL", "", nil, "", "AUTHENTICATE"},
		{"nothing rather than a cookie", "METHODS=SAFECOOKIE,NULL", "", nil, "", "AUTHENTICATE"},
		{"cookie", safe, "", nil, "", ""},
		{"another cookie", safe, "", func(f *fakeTor) { f.cookie = make([]byte, cookieSize) }, "does not know its own cookie", ""},
		{"a liar", safe, "", func(f *fakeTor) { f.lies = true }, "does not know its own cookie", ""},
		{"no cookie", `METHODS=SAFECOOKIE COOKIEFILE="` + cookie + `3"`, "", nil, "could not be opened (check permissions)", ""},
		{"a folder for a cookie", `METHODS=SAFECOOKIE COOKIEFILE="` + filepath.Dir(cookie) + `"`, "", nil, "not exactly 32 bytes", ""},
		{"short cookie", `METHODS=SAFECOOKIE COOKIEFILE="` + short + `"`, "", nil, "not exactly 32 bytes", ""},
		{"cookie without challenge", `METHODS=COOKIE COOKIEFILE="` + cookie + `"`, "", nil, "no way to authenticate", ""},
		{"password", "METHODS=HASHEDPASSWORD", `a"b\c`, nil, "", `AUTHENTICATE "a\"b\\c"`},
		{"password rather than nothing", "METHODS=NULL,HASHEDPASSWORD", "x", nil, "", `AUTHENTICATE "x"`},
		{"password that nobody wants", "METHODS=NULL", "x", nil, "takes none", "PROTOCOLINFO 1"},
		{"password that is missing", "METHODS=HASHEDPASSWORD", "", nil, "none was given", "PROTOCOLINFO 1"},
		{"password with a line break", "METHODS=HASHEDPASSWORD", "a\r\nQUIT", nil, "a line break", "PROTOCOLINFO 1"},
		{"wrong password", "METHODS=HASHEDPASSWORD", "x", func(f *fakeTor) { f.answers["AUTHENTICATE"] = "515 Bad authentication" }, "515 Bad authentication", ""},
		{"no methods", "NOTHING", "", nil, "no way to authenticate", ""},
		{"unreadable", `METHODS="`, "", nil, "not a reply of a control port", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(c.auth)
			f.cookie = bytes.Repeat([]byte{5}, cookieSize)
			if c.change != nil {
				c.change(f)
			}
			heard, logs := try(t, f, func(cfg *Config) { cfg.Password = c.password }, func() {})
			if !strings.Contains(logs, c.want) || (len(heard.service) > 0) != (c.want == "") {
				t.Errorf("%+v\n%s", heard, logs)
			}
			if c.sent != "" && !slices.Contains(f.asked, c.sent) {
				t.Errorf("asked %q", f.asked)
			}
			if c.want != "" && slices.ContainsFunc(f.asked, func(s string) bool { return strings.HasPrefix(s, "ADD_ONION") }) {
				t.Errorf("asked %q", f.asked)
			}
		})
	}
}

func TestWhereTheProxyIs(t *testing.T) {
	for answer, want := range map[string]string{
		`250-net/listeners/socks="127.0.0.1:9150"`:                                           "127.0.0.1:9150",
		`250-net/listeners/socks="192.168.1.1:1" "127.0.0.1:9151" "127.0.0.1:9152"`:          "127.0.0.1:9151",
		`250-net/listeners/socks="unix:/run/tor/socks" "10.0.0.1:9050"`:                      "10.0.0.1:9050",
		`250-net/listeners/socks="unix:/run/tor/socks"`:                                      "unix:/run/tor/socks",
		`250-net/listeners/socks=`:                                                           defaultSocks,
		`250-net/listeners/socks="garbage"`:                                                  defaultSocks,
		`250-net/listeners/other="127.0.0.1:9150"`:                                           defaultSocks,
		`510 Unrecognized command "GETINFO"` + "\r\n":                                        defaultSocks,
		`250-net/listeners/socks=127.0.0.1:9153` + "\r\n250-net/listeners/socks=\"1.1.1.1\"": "127.0.0.1:9153",
	} {
		f := newFake("METHODS=NULL")
		f.answers["GETINFO"] = answer + "\r\n250 OK"
		if strings.HasPrefix(answer, "510") {
			f.answers["GETINFO"] = strings.TrimSpace(answer)
		}
		if heard, logs := try(t, f, nil, func() {}); !slices.Equal(heard.socks, []string{want}) || len(heard.service) != 2 {
			t.Errorf("%s: %+v\n%s", answer, heard, logs)
		}
	}
}

// An old Tor does not know proofs of work.
func TestWithoutProofOfWork(t *testing.T) {
	f := newFake("METHODS=NULL")
	f.answers["ADD_ONION NEW:ED25519-V3 PoWDefensesEnabled=1 Port=8333,127.0.0.1:8334"] = "512 Unrecognized argument"
	heard, logs := try(t, f, nil, func() {})
	if len(heard.service) != 2 || f.asked[len(f.asked)-1] != "ADD_ONION NEW:ED25519-V3 Port=8333,127.0.0.1:8334" {
		t.Errorf("%+v, asked %q\n%s", heard, f.asked, logs)
	}
}

func TestNoService(t *testing.T) {
	good := "250-ServiceID=" + serviceID + "\r\n"
	for answer, want := range map[string]string{
		"510 Unrecognized command":                      "510 Unrecognized command",
		"550 Onion address collision":                   "550 Onion address collision",
		"250 OK":                                        "not a reply of a control port: service",
		"250-ServiceID=short\r\n250 OK":                 "not a reply of a control port: service",
		good + "250 OK":                                 "not the key of an onion service",
		good + "250-PrivateKey=" + aKey + "x\r\n250 OK": "not the key of an onion service",
		"250-\x1b[31m\r\n551 \x1b[31mred":               "not a reply",
		"551 \x1b[31mred":                               "551 ?[31mred",
	} {
		f := newFake("METHODS=NULL")
		f.answers["ADD_ONION"] = answer
		if heard, logs := try(t, f, nil, func() {}); len(heard.service) != 0 || !strings.Contains(logs, want) {
			t.Errorf("%q: %+v\n%s", answer, heard, logs)
		}
	}
}

// A key file with something else in it is neither sent nor replaced.
func TestDamagedKey(t *testing.T) {
	path := t.TempDir() + "/key"
	for _, text := range []string{"", "RSA1024:abcd", keyPrefix + "abcd", aKey + " Flags=DiscardPK", strings.Repeat("a", 100_000)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f := newFake("METHODS=NULL")
		heard, logs := try(t, f, func(c *Config) { c.KeyFile = path }, func() {})
		if len(heard.service) != 0 || !strings.Contains(logs, "not the key of an onion service: "+path) {
			t.Errorf("%.20q: %+v\n%s", text, heard, logs)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != text {
			t.Errorf("%.20q became %.20q, %v", text, b, err)
		}
	}
	// A line break at its end is what an editor leaves.
	if err := os.WriteFile(path, []byte(aKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if heard, logs := try(t, newFake("METHODS=NULL"), func(c *Config) { c.KeyFile = path }, func() {}); len(heard.service) != 2 {
		t.Errorf("%+v\n%s", heard, logs)
	}
}

// The service works though its key cannot be kept.
func TestKeyCannotBeKept(t *testing.T) {
	heard, logs := try(t, newFake("METHODS=NULL"), func(c *Config) { c.KeyFile = t.TempDir() + "/none/key" }, func() {})
	if len(heard.service) != 2 || !strings.Contains(logs, "cannot be kept") {
		t.Errorf("%+v\n%s", heard, logs)
	}
}

// The service comes back by itself after Tor was restarted.
func TestComesBack(t *testing.T) {
	f := newFake("METHODS=NULL")
	heard, logs := try(t, f, nil, func() {
		f.down.Store(true)
		f.hangUp(t)
		time.Sleep(10 * time.Minute)
		f.down.Store(false)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
	})
	address := serviceID + ".onion:8333"
	if want := []string{address + " true", address + " false", address + " true", address + " false"}; !slices.Equal(heard.service, want) {
		t.Errorf("%+v\n%s", heard, logs)
	}
	if n := strings.Count(logs, "will retry"); n != 2 {
		t.Errorf("told %d times:\n%s", n, logs)
	}
}

// Attempts become rarer: after 1, 1.5, 2.25 ... seconds, every ten minutes in the end.
func TestPauses(t *testing.T) {
	f := newFake("")
	f.down.Store(true)
	_, _ = try(t, f, nil, func() {
		if time.Sleep(1100 * time.Millisecond); f.dials.Load() != 2 {
			t.Errorf("%d attempts after 1.1 s", f.dials.Load())
		}
		if time.Sleep(1500 * time.Millisecond); f.dials.Load() != 3 {
			t.Errorf("%d attempts after 2.6 s", f.dials.Load())
		}
		time.Sleep(2 * time.Hour)
		before := f.dials.Load()
		if time.Sleep(time.Hour); f.dials.Load() != before+6 {
			t.Errorf("%d attempts in an hour", f.dials.Load()-before)
		}
	})
}

// A control port that says nothing is given up after a minute.
func TestSilence(t *testing.T) {
	f := newFake("METHODS=NULL")
	mute := func(context.Context) (net.Conn, error) {
		f.dials.Add(1)
		ours, theirs := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, theirs) }() // until it is hung up on
		return ours, nil
	}
	_, logs := try(t, f, func(c *Config) { c.Dial = mute }, func() { time.Sleep(2 * time.Minute) })
	if f.dials.Load() != 2 || !strings.Contains(logs, "timeout") {
		t.Errorf("%d attempts\n%s", f.dials.Load(), logs)
	}
}

func TestNewWantsItsParts(t *testing.T) {
	if _, err := New(Config{Address: "127.0.0.1:9051"}); err == nil {
		t.Error("made of an address only")
	}
}
