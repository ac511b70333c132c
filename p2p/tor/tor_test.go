package tor

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"grapevine/wire"
)

// realTor runs Tor without any network, with a control port on this port, and returns
// a function that ends it.
func realTor(t *testing.T, dir, port string, options ...string) (stop func()) {
	t.Helper()
	program, err := exec.LookPath("tor")
	if err != nil {
		t.Skip("tor is not installed")
	}
	torrc := filepath.Join(t.TempDir(), "torrc") // that of the machine is none of our business
	if err := os.WriteFile(torrc, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{
		"-f", torrc, "--defaults-torrc", torrc, "DisableNetwork", "1", "DataDirectory", dir,
		"ControlPort", "127.0.0.1:" + port, "SocksPort", "127.0.0.1:auto", "Log", "notice stdout",
	}, options...)
	cmd := exec.Command(program, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	listening := false
	lines := bufio.NewScanner(out)
	for !listening && lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		listening = strings.Contains(lines.Text(), "Opened Control listener")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines.Scan() { // until it ends
		}
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		_ = cmd.Process.Kill() // it may have ended by itself
		<-done
		_ = cmd.Wait() // killed
	}
	t.Cleanup(stop)
	if !listening {
		t.Fatalf("Tor did not start:\n%s", said.String())
	}
	return stop
}

// freePort returns a port of the loopback interface that is free for now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}

// keep runs a controller until the test ends, and returns what it tells.
func keep(t *testing.T, cfg Config) <-chan string {
	t.Helper()
	events := make(chan string, 100)
	cfg.Target, cfg.Port = netip.MustParseAddrPort("127.0.0.1:8334"), 8333
	cfg.Service = func(a wire.NetAddr, up bool) { events <- fmt.Sprintf("%v %v", a, up) }
	cfg.Proxy = func(at string) { events <- "proxy " + at }
	cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return events
}

func next(t *testing.T, events <-chan string) string {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(time.Minute):
		t.Fatal("nothing happened within a minute")
		return ""
	}
}

// Real Tor, told who we are in each of the ways, gives a service; after a restart it
// gives the same one again.
func TestRealTor(t *testing.T) {
	hash := ""
	if program, err := exec.LookPath("tor"); err == nil {
		out, err := exec.Command(program, "--quiet", "--hash-password", `se"cr\et`).Output()
		if err != nil {
			t.Fatal(err)
		}
		hash = strings.TrimSpace(string(out))
	}
	for _, c := range []struct {
		name, password string
		options        []string
	}{
		{"nothing", "", nil},
		{"cookie", "", []string{"CookieAuthentication", "1"}},
		{"password", `se"cr\et`, []string{"HashedControlPassword", hash}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, port := t.TempDir(), freePort(t)
			stop := realTor(t, filepath.Join(dir, "tor"), port, c.options...)
			key := filepath.Join(dir, "onion_v3_private_key")
			events := keep(t, Config{Address: "127.0.0.1:" + port, Password: c.password, KeyFile: key})
			if e := next(t, events); e != "proxy "+defaultSocks { // it opens no listeners without a network
				t.Errorf("first %s", e)
			}
			up := next(t, events)
			address, ok := strings.CutSuffix(up, " true")
			if !ok || !strings.HasSuffix(address, ".onion:8333") {
				t.Fatalf("then %s", up)
			}
			if _, err := readKey(key); err != nil {
				t.Error(err)
			}
			stop()
			if e := next(t, events); e != address+" false" {
				t.Errorf("%s after Tor was killed", e)
			}
			realTor(t, filepath.Join(dir, "tor"), port, c.options...)
			if e := next(t, events); !strings.HasPrefix(e, "proxy ") {
				t.Error(e)
			}
			if e := next(t, events); e != up {
				t.Errorf("%s after the restart, %s before", e, up)
			}
		})
	}
	t.Run("wrong password", func(t *testing.T) {
		dir, port := t.TempDir(), freePort(t)
		realTor(t, filepath.Join(dir, "tor"), port, "HashedControlPassword", hash)
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }() // nothing more is read
		if err := newControl(context.Background(), conn).authenticate("other"); !isRefusal(err) || !strings.Contains(err.Error(), "515") {
			t.Error(err)
		}
	})
}
