package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// step is what a scripted proxy waits for, and what it says then.
type step struct{ want, say string }

// proxyOf serves one connection by a script, then what is left of it as an echo. It
// returns where, and what went wrong once the test is over.
func proxyOf(t *testing.T, script ...step) string {
	t.Helper()
	l, err := net.Listen("unix", t.TempDir()+"/socks")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			done <- nil // never connected to
			return
		}
		defer func() { _ = c.Close() }() // its other end is what counts
		done <- play(c, script)
	}()
	t.Cleanup(func() {
		_ = l.Close() // ends Accept
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return unixPrefix + l.Addr().String()
}

func play(c net.Conn, script []step) error {
	for i, s := range script {
		got := make([]byte, len(s.want))
		if _, err := io.ReadFull(c, got); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		if string(got) != s.want {
			return fmt.Errorf("step %d: got %q, want %q", i, got, s.want)
		}
		if _, err := io.WriteString(c, s.say); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	_, err := io.Copy(c, c)
	return err
}

const (
	request = "\x05\x01\x00\x03\x0bexample.com\x20\x8d"
	okReply = "\x05\x00\x00\x01\x01\x02\x03\x04\x10\x20"
)

func TestDial(t *testing.T) {
	for name, reply := range map[string]string{
		"IPv4": okReply,
		"IPv6": "\x05\x00\x00\x04" + strings.Repeat("x", 16) + "\x10\x20",
		"name": "\x05\x00\x00\x03\x04host\x10\x20",
		"none": "\x05\x00\x00\x03\x00\x10\x20",
	} {
		t.Run(name, func(t *testing.T) {
			s := Server{Address: proxyOf(t, step{"\x05\x01\x00", "\x05\x00"}, step{request, reply + "first"})}
			c, err := s.Dial(context.Background(), "example.com", 8333)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(c, " and back"); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len("first and back"))
			if _, err := io.ReadFull(c, got); err != nil || string(got) != "first and back" {
				t.Errorf("%q, %v", got, err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDialWhatFails(t *testing.T) {
	hello := step{"\x05\x01\x00", "\x05\x00"}
	for _, c := range []struct {
		name   string
		script []step
		want   string
		blame  bool // of the proxy
	}{
		{"hangs up", nil, "at fault", true},
		{"another version", []step{{"\x05\x01\x00", "\x04\x00"}}, "it speaks version 4", true},
		{"wants credentials", []step{{"\x05\x01\x00", "\x05\x02"}}, "it wants authentication method 0x02", true},
		{"accepts no method", []step{{"\x05\x01\x00", "\x05\xff"}}, "it wants authentication method 0xff", true},
		{"general failure", []step{hello, {request, "\x05\x01\x00\x01"}}, "general failure", false},
		{"not allowed", []step{hello, {request, "\x05\x02\x00\x01"}}, "connection not allowed", false},
		{"network unreachable", []step{hello, {request, "\x05\x03\x00\x01"}}, "network unreachable", false},
		{"host unreachable", []step{hello, {request, "\x05\x04\x00\x01"}}, "host unreachable", false},
		{"refused", []step{hello, {request, "\x05\x05\x00\x01"}}, "connection refused", false},
		{"expired", []step{hello, {request, "\x05\x06\x00\x01"}}, "TTL expired", false},
		{"no such command", []step{hello, {request, "\x05\x07\x00\x01"}}, "protocol error", false},
		{"no such type", []step{hello, {request, "\x05\x08\x00\x01"}}, "address type not supported", false},
		{"no such onion service", []step{hello, {request, "\x05\xf0\x00\x01"}}, "onion service descriptor can not be found", false},
		{"onion address", []step{hello, {request, "\x05\xf6\x00\x01"}}, "onion service invalid address", false},
		{"unknown reason", []step{hello, {request, "\x05\x99\x00\x01"}}, "unknown (0x99)", false},
		{"malformed", []step{hello, {request, "\x05\x00\x01\x01"}}, "malformed reply", true},
		{"strange address", []step{hello, {request, "\x05\x00\x00\x02"}}, "address of type 2", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Server{Address: proxyOf(t, c.script...)}
			if c.name == "hangs up" {
				s.Address = hangUp(t)
			}
			conn, err := s.Dial(context.Background(), "example.com", 8333)
			if err == nil {
				t.Fatalf("connected: %v", conn)
			}
			if !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrProxy) != c.blame {
				t.Errorf("%v; blames the proxy: %v", err, errors.Is(err, ErrProxy))
			}
			var r Reply
			if !c.blame && !errors.As(err, &r) {
				t.Errorf("%v is not a Reply", err)
			}
		})
	}
}

// hangUp serves one connection by closing it.
func hangUp(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("unix", t.TempDir()+"/socks")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := l.Accept(); err == nil {
			_ = c.Close() // which is the point
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return unixPrefix + l.Addr().String()
}

func TestNoProxyThere(t *testing.T) {
	s := Server{Address: unixPrefix + t.TempDir() + "/none"}
	if _, err := s.Dial(context.Background(), "example.com", 1); !errors.Is(err, ErrProxy) || !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestHostTooLong(t *testing.T) {
	var s Server
	for _, host := range []string{"", strings.Repeat("a", 256)} {
		if _, err := s.Dial(context.Background(), host, 1); err == nil || errors.Is(err, ErrProxy) {
			t.Errorf("%d bytes: %v", len(host), err)
		}
	}
}

// Each connection has credentials of its own, which start differently in each run.
func TestIsolation(t *testing.T) {
	var s, other Server
	a, b, c := s.credentials.next(), s.credentials.next(), other.credentials.next()
	if len(a) != 18 || a[:17] != b[:17] || a == b || a[:17] == c[:17] || !strings.HasSuffix(a, "-0") || !strings.HasSuffix(b, "-1") {
		t.Errorf("%s, %s, %s", a, b, c)
	}
}

func TestCredentials(t *testing.T) {
	fixed := "0123456789abcdef-"
	login := "\x01\x12" + fixed + "0\x12" + fixed + "0"
	for _, c := range []struct {
		answer, want string
		script       []step
	}{
		{"accepted", "", []step{{"\x05\x02\x00\x02", "\x05\x02"}, {login, "\x01\x00"}, {request, okReply}}},
		{"not asked for", "", []step{{"\x05\x02\x00\x02", "\x05\x00"}, {request, okReply}}},
		{"refused", "it refuses our credentials", []step{{"\x05\x02\x00\x02", "\x05\x02"}, {login, "\x01\x01"}}},
		{"of another version", "it refuses our credentials", []step{{"\x05\x02\x00\x02", "\x05\x02"}, {login, "\x05\x00"}}},
	} {
		t.Run(c.answer, func(t *testing.T) {
			s := Server{Address: proxyOf(t, c.script...), Isolate: true}
			s.credentials.prefix.Store(&fixed)
			conn, err := s.Dial(context.Background(), "example.com", 8333)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, ErrProxy) {
					t.Fatalf("%v, want %s", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A proxy that says nothing is given up: in the greeting it is to blame, afterwards
// the peer, since it takes that long to connect.
func TestSlowProxy(t *testing.T) {
	for _, c := range []struct {
		script []step
		blame  bool
	}{
		{[]step{{"\x05\x01\x00", ""}}, true},
		{[]step{{"\x05\x01\x00", "\x05\x00"}, {request, "\x05\x00\x00"}}, false},
	} {
		s := Server{Address: proxyOf(t, c.script...), AnswerTime: 20 * time.Millisecond}
		_, err := s.Dial(context.Background(), "example.com", 8333)
		if !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, ErrProxy) != c.blame {
			t.Errorf("%v; blames the proxy: %v", err, errors.Is(err, ErrProxy))
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := Server{Address: proxyOf(t, step{"\x05\x01\x00", "\x05\x00"}, step{request, ""})}
	done := make(chan error, 1)
	go func() {
		_, err := s.Dial(ctx, "example.com", 8333)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// pipe is a connection whose other end has already said everything.
type pipe struct {
	net.Conn
	in  *bytes.Reader
	out bytes.Buffer
}

func (p *pipe) Read(b []byte) (int, error)  { return p.in.Read(b) }
func (p *pipe) Write(b []byte) (int, error) { return p.out.Write(b) }
func (*pipe) SetDeadline(time.Time) error   { return nil }

// Whatever a proxy says: no panic, and what follows an accepted reply is not read.
func FuzzHandshake(f *testing.F) {
	f.Add([]byte("\x05\x00"+okReply+"rest"), false)
	f.Add([]byte("\x05\x02\x01\x00"+okReply), true)
	f.Add([]byte("\x05\x00\x05\x00\x00\x03\xff"), false)
	f.Fuzz(func(t *testing.T, said []byte, isolate bool) {
		p := &pipe{in: bytes.NewReader(said)}
		h := handshake{c: p, ctx: context.Background(), patience: time.Second}
		if isolate {
			h.user = "name"
		}
		err := h.run("example.com", 8333)
		read := len(said) - p.in.Len()
		if read > 2+2+4+1+255+2 {
			t.Fatalf("read %d bytes", read)
		}
		if err == nil && !bytes.HasSuffix(p.out.Bytes(), []byte(request)) {
			t.Fatalf("connected without asking: %x", p.out.Bytes())
		}
		if err == nil && !slices.Contains(said[:read], version5) {
			t.Fatalf("connected by %x", said)
		}
	})
}
