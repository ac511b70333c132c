package node

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"grapevine/internal/testdata"
	"grapevine/wire"
)

// serving runs serve for each connection to a port of the loopback interface, until
// the test ends.
func serving(t *testing.T, serve func(c net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer context.AfterFunc(ctx, func() { _ = c.Close() })()
				defer c.Close()
				serve(c)
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = l.Close() // ends Accept
		all.Wait()
	})
	return l.Addr().String()
}

// splice passes bytes on between two connections until one of them ends.
func splice(a, b io.ReadWriteCloser) {
	var both sync.WaitGroup
	for _, to := range [][2]io.ReadWriteCloser{{a, b}, {b, a}} {
		both.Go(func() {
			_, _ = io.Copy(to[0], to[1]) // until one ends
			_, _ = a.Close(), b.Close()
		})
	}
	both.Wait()
}

// socks is a proxy that leads everybody to one node, and keeps what it was told.
type socks struct {
	leadsTo string
	mu      sync.Mutex
	users   []string
	hosts   []string
}

func (s *socks) serve(c net.Conn) {
	if err := s.greet(c); err != nil {
		return
	}
	to, err := net.Dial("tcp", s.leadsTo)
	if err != nil {
		_, _ = c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
		return
	}
	if _, err := c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0}); err == nil {
		splice(c, to)
	}
}

func (s *socks) greet(c net.Conn) error {
	b := make([]byte, 300)
	read := func(n int) { _, _ = io.ReadFull(c, b[:n]) }
	if read(4); string(b[:4]) != "\x05\x02\x00\x02" {
		return fmt.Errorf("greeting %x", b[:4])
	}
	if _, err := c.Write([]byte{5, 2}); err != nil {
		return err
	}
	read(2)
	n := int(b[1])
	read(2*n + 1)
	user := string(b[:n])
	if _, err := c.Write([]byte{1, 0}); err != nil {
		return err
	}
	if read(5); b[3] != 3 {
		return fmt.Errorf("request %x", b[:5])
	}
	n = int(b[4])
	read(n + 2)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users, s.hosts = append(s.users, user), append(s.hosts, fmt.Sprintf("%s:%d", b[:n], int(b[n])<<8|int(b[n+1])))
	return nil
}

func (s *socks) told() (users, hosts []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.users), slices.Clone(s.hosts)
}

// shown is what getpeerinfo says of a peer, as far as these tests look.
type shown struct {
	Addr, Network string
	Inbound       bool
	Version       int
	Type          string `json:"connection_type"`
}

// peersOf waits until a node has so many peers that have introduced themselves.
func peersOf(n *running, count int) (out []shown) {
	n.t.Helper()
	await(n.t, fmt.Sprintf("%d peers", count), func() (bool, string) {
		text, failure := n.ask("getpeerinfo")
		out = nil
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			return false, err.Error() + failure
		}
		return len(out) == count && !slices.ContainsFunc(out, func(p shown) bool { return p.Version == 0 }), text
	})
	slices.SortFunc(out, func(a, b shown) int { return strings.Compare(a.Addr, b.Addr) })
	return out
}

const someOnion = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"

// With a proxy every connection goes through it, names unresolved, each with
// credentials of its own.
func TestPeersThroughAProxy(t *testing.T) {
	far := join(t, "far")
	s := &socks{leadsTo: far.listen}
	proxy := serving(t, s.serve)
	near := start(t, "-regtest", "-datadir="+t.TempDir(), "-dbcache=16", "-proxy="+proxy, "-listen=0",
		"-connect="+someOnion, "-connect=peer.invalid:5", "-connect=8.1.2.3:6")
	peers := peersOf(near, 3)
	for i, want := range []shown{
		{"8.1.2.3:6", "ipv4", false, 70017, "manual"},
		{"peer.invalid:5", "not_publicly_routable", false, 70017, "manual"},
		{someOnion, "onion", false, 70017, "manual"},
	} {
		if peers[i] != want {
			t.Errorf("peer %+v, want %+v", peers[i], want)
		}
	}
	users, hosts := s.told()
	slices.Sort(hosts)
	if hosts = slices.Compact(hosts); !slices.Equal(hosts, []string{"8.1.2.3:6", "peer.invalid:5", someOnion + ":18444"}) {
		t.Errorf("asked for %q", hosts)
	}
	slices.Sort(users)
	if all := len(users); len(slices.Compact(users)) != all || all < 3 {
		t.Errorf("credentials %q", users)
	}
	near.stop()
	if err := near.ended(); err != nil {
		t.Error(err)
	}
	far.leave()
}

// sam is a router of I2P that joins the nodes which use it.
type sam struct {
	mu       sync.Mutex
	sessions map[string]string      // destination by id
	waiting  map[string]chan waiter // for connections, by destination
	over     context.Context        // ends with the test
}

type waiter struct {
	c    net.Conn
	done chan struct{} // closed when it has been dealt with
}

var samBase64 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~")

// keyFor makes the key of a destination out of an id.
func keyFor(id string) (key, dest string) {
	b := make([]byte, 387+100)
	copy(b, id)
	return samBase64.EncodeToString(b), samBase64.EncodeToString(b[:387])
}

func nameOf(dest string) string {
	b, _ := samBase64.DecodeString(dest)
	sum := sha256.Sum256(b)
	a, _ := wire.AddressOf(wire.NetI2P, sum[:])
	return a.String()
}

func (s *sam) serve(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(line)
		values := map[string]string{}
		for _, w := range words {
			if key, value, ok := strings.Cut(w, "="); ok {
				values[key] = value
			}
		}
		switch words[0] + " " + words[1] {
		case "STREAM ACCEPT":
			s.accept(c, values["ID"])
			return
		case "STREAM CONNECT":
			s.connect(c, values["ID"], values["DESTINATION"])
			return
		}
		if _, err := io.WriteString(c, s.answer(words[0]+" "+words[1], values)+"\n"); err != nil {
			return
		}
	}
}

func (s *sam) answer(what string, values map[string]string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch what {
	case "HELLO VERSION":
		return "HELLO REPLY RESULT=OK VERSION=3.1"
	case "DEST GENERATE":
		key, dest := keyFor(fmt.Sprint("generated ", len(s.sessions)))
		return "DEST REPLY PUB=" + dest + " PRIV=" + key
	case "SESSION CREATE":
		key := values["DESTINATION"]
		if key == "TRANSIENT" {
			key, _ = keyFor(values["ID"])
		}
		b, _ := samBase64.DecodeString(key)
		dest := samBase64.EncodeToString(b[:387])
		s.sessions[values["ID"]] = dest
		s.waiting[dest] = make(chan waiter, 1)
		return "SESSION STATUS RESULT=OK DESTINATION=" + key
	case "NAMING LOOKUP":
		for _, dest := range s.sessions {
			if nameOf(dest) == values["NAME"] {
				return "NAMING REPLY RESULT=OK NAME=x VALUE=" + dest
			}
		}
		return "NAMING REPLY RESULT=KEY_NOT_FOUND"
	}
	return "ERROR"
}

func (s *sam) accept(c net.Conn, id string) {
	s.mu.Lock()
	queue := s.waiting[s.sessions[id]]
	s.mu.Unlock()
	if _, err := io.WriteString(c, "STREAM STATUS RESULT=OK\n"); err != nil {
		return
	}
	w := waiter{c, make(chan struct{})}
	select {
	case queue <- w:
	case <-s.over.Done():
		return
	}
	select {
	case <-w.done:
	case <-s.over.Done():
	}
}

func (s *sam) connect(c net.Conn, id, dest string) {
	s.mu.Lock()
	me, queue := s.sessions[id], s.waiting[dest]
	s.mu.Unlock()
	var w waiter
	select {
	case w = <-queue:
		defer close(w.done)
	case <-s.over.Done():
		return
	}
	_, err := io.WriteString(w.c, me+"\n")
	_, err2 := io.WriteString(c, "STREAM STATUS RESULT=OK\n")
	if errors.Join(err, err2) == nil {
		splice(c, w.c)
	}
}

// Two nodes meet in I2P: one takes connections at an address that stays, the other
// comes from one that does not.
func TestPeersInI2P(t *testing.T) {
	s := &sam{sessions: map[string]string{}, waiting: map[string]chan waiter{}, over: t.Context()}
	router := serving(t, s.serve)
	dir := t.TempDir()
	far := start(t, "-regtest", "-datadir="+dir, "-dbcache=16", "-connect=0", "-bind="+testdata.FreeAddress(t), "-i2psam="+router)
	var own struct {
		LocalAddresses []struct {
			Address string
			Port    int
		}
	}
	await(t, "an address of I2P", func() (bool, string) {
		text, failure := far.ask("getnetworkinfo")
		return json.Unmarshal([]byte(text), &own) == nil && len(own.LocalAddresses) == 1, text + failure
	})
	address := own.LocalAddresses[0].Address
	if !strings.HasSuffix(address, ".b32.i2p") || own.LocalAddresses[0].Port != 0 {
		t.Fatalf("%+v", own)
	}
	near := start(t, "-regtest", "-datadir="+t.TempDir(), "-dbcache=16", "-listen=0", "-i2psam="+router, "-i2pacceptincoming=0", "-connect="+address+":0")
	if p := peersOf(near, 1)[0]; p.Addr != address+":0" || p.Network != "i2p" || p.Inbound {
		t.Errorf("%+v, want %s", p, address)
	}
	p := peersOf(far, 1)[0]
	if !p.Inbound || p.Network != "i2p" || !strings.HasSuffix(p.Addr, ".b32.i2p:0") || strings.HasPrefix(p.Addr, address) {
		t.Errorf("%+v", p)
	}
	for _, n := range []*running{near, far} {
		n.stop()
		if err := n.ended(); err != nil {
			t.Error(err)
		}
	}
	// The next run has the same address.
	far = start(t, "-regtest", "-datadir="+dir, "-dbcache=16", "-connect=0", "-bind="+testdata.FreeAddress(t), "-i2psam="+router)
	await(t, "the address again", func() (bool, string) {
		text, failure := far.ask("getnetworkinfo")
		return json.Unmarshal([]byte(text), &own) == nil && len(own.LocalAddresses) == 1 && own.LocalAddresses[0].Address == address, text + failure
	})
	far.stop()
	if err := far.ended(); err != nil {
		t.Error(err)
	}
}
