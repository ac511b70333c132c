package p2p_test

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"

	"grapevine/chain/chaintest"
	"grapevine/chain/params"
	"grapevine/p2p"
)

// tap passes connections on to an address and keeps all bytes that pass.
type tap struct {
	net.Listener
	there, back way
}

// way is one direction: what both ends say at a time would be torn apart otherwise.
type way struct {
	mu   sync.Mutex
	kept bytes.Buffer
}

// Write keeps what one end says to the other.
func (w *way) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.kept.Write(p)
}

func (w *way) bytes() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.kept.Bytes())
}

func (t *tap) bytes() []byte { return append(t.there.bytes(), t.back.bytes()...) }

// tapOn listens on the loopback interface and passes on to an address there.
func tapOn(t *testing.T, to string) *tap {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &tap{Listener: l}
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp4", to)
			if err != nil {
				_ = in.Close() // who dialled learns of it
				continue
			}
			pass := func(from, to net.Conn, w *way) {
				_, _ = io.Copy(io.MultiWriter(w, to), from) // until either end hangs up
				_, _ = from.Close(), to.Close()
			}
			wait.Go(func() { pass(in, out, &w.there) })
			wait.Go(func() { pass(out, in, &w.back) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close() // in the end
		wait.Wait()
	})
	return w
}

// What passes on the wire between two nodes shows magic and commands in version 1, and
// neither in version 2. The commands are of five bytes and more: none of them is likely
// to come about by chance.
func TestWhatAnOnlookerSees(t *testing.T) {
	branch := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	branch.Mine(20, 1)
	for _, c := range []struct {
		transport string
		set       func(*p2p.Config)
		shown     bool
	}{
		{"v1", func(*p2p.Config) {}, true},
		{"v2", speaksV2, false},
	} {
		t.Run(c.transport, func(t *testing.T) {
			network := newMemoryNet()
			l, err := net.Listen("tcp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			a := startNodeWith(t, network, "127.0.0.1:1001", with(c.set, func(cfg *p2p.Config) {
				cfg.Listeners = []p2p.Listener{{Listener: l}}
			}))
			for _, b := range branch.Blocks {
				if _, err := a.chain.SubmitBlock(t.Context(), b); err != nil {
					t.Fatal(err)
				}
			}
			w := tapOn(t, l.Addr().String())
			b := startNodeWith(t, network, "127.0.0.1:1002", with(c.set, connectTo(w.Addr().String()), func(cfg *p2p.Config) { cfg.Dial = nil }))
			waitFor(t, "the chain has passed", func() bool { return b.chain.Active().Tip().Hash() == branch.Tip.Hash() })
			if p := settled(t, b); p.Transport != c.transport {
				t.Errorf("they speak %s", p.Transport)
			}
			captured := w.bytes()
			want := map[string]string{"the magic": string(a.chain.Params().Magic[:])}
			for _, command := range []string{"version", "verack", "wtxidrelay", "sendaddrv2", "getheaders", "headers", "getdata", "block", "feefilter"} {
				want[command] = command
			}
			for what, text := range want {
				if shown := bytes.Contains(captured, []byte(text)); shown != c.shown {
					t.Errorf("%d bytes show %s: %v", len(captured), what, shown)
				}
			}
			// The blocks themselves, whichever way they are framed.
			if shown := bytes.Contains(captured, branch.Blocks[9].Raw()); shown != c.shown {
				t.Errorf("they show a block: %v", shown)
			}
			b.stop()
			a.stop()
		})
	}
}
