package p2p_test

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/params"
	"grapevine/internal/u256"
	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/p2p/transport"
	"grapevine/wire"
)

// What one peer can make us hold, as the package comment derives it; of regtest,
// where a first pass over headers may be longer than on mainnet.
const (
	mostReading    = 6_100_000 + 32<<10
	mostUndealt    = 5_000_000 // or one message that is larger
	mostUnsent     = 2*1_000_000 + 8_000_000 + wire.MaxPayload
	mostRequests   = 1_300_000
	mostKnown      = 790_000
	mostOrphans    = 2_400_000
	mostHeaders    = 1_900_000
	mostBlocks     = 30_000
	mostState      = 100_000
	mostCompact    = 8 << 20
	mostRemembered = mostRequests + mostKnown + mostOrphans + mostHeaders + mostBlocks + mostState
)

// usage is what is held for one peer.
type usage struct {
	p2p.Held
	p2p.Memory
}

func (u usage) total() int { return u.Reading + u.Undealt + u.Unsent + u.Memory.Total() }

// worse keeps the larger of each figure.
func (u *usage) worse(v usage) {
	for _, f := range []struct{ of, with *int }{
		{&u.Reading, &v.Reading}, {&u.Undealt, &v.Undealt}, {&u.Unsent, &v.Unsent}, {&u.State, &v.State}, {&u.Headers, &v.Headers},
		{&u.Blocks, &v.Blocks}, {&u.Requests, &v.Requests}, {&u.Orphans, &v.Orphans}, {&u.Known, &v.Known}, {&u.Compact, &v.Compact},
	} {
		*f.of = max(*f.of, *f.with)
	}
}

// within reports what exceeds a bound; undealt is the cost of the largest message
// that was sent.
func (u usage) within(t *testing.T, what string, undealt int) {
	t.Helper()
	for _, f := range []struct {
		name      string
		got, most int
	}{
		{"being read", u.Reading, mostReading}, {"not dealt with", u.Undealt, max(mostUndealt, undealt)}, {"to be sent", u.Unsent, mostUnsent},
		{"announcements", u.Requests, mostRequests}, {"known", u.Known, mostKnown}, {"orphans", u.Orphans, mostOrphans},
		{"headers", u.Headers, mostHeaders}, {"its chain", u.Blocks, mostBlocks}, {"state", u.State, mostState}, {"compact blocks", u.Compact, mostCompact},
	} {
		if f.got > f.most {
			t.Errorf("%s: %s took %d bytes of at most %d", what, f.name, f.got, f.most)
		}
	}
}

// siege is a node that is attacked, and an honest peer that goes on using it.
type siege struct {
	t       *testing.T
	network *memoryNet
	node    *testNode
	branch  *chaintest.Branch // the node's chain
	honest  *stranger
	guest   peer.ID // the node's name for the honest peer
	nonce   uint64

	seen     chan struct{} // takes a token for each look
	worst    usage         // of any attacker
	peers    int           // at most
	answered []time.Duration
}

const besieged = "127.0.0.1:1001"

// besiege starts a node with a hundred blocks, and the honest peer.
func besiege(t *testing.T, set func(cfg *p2p.Config)) *siege {
	t.Helper()
	s := &siege{t: t, network: newMemoryNet(), seen: make(chan struct{})}
	s.node = startNodeWith(t, s.network, besieged, func(cfg *p2p.Config) {
		cfg.Core.Ledger = present{cfg.Core.Ledger}
		set(cfg)
	})
	s.branch = chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	s.branch.Mine(100, 2)
	for _, b := range s.branch.Blocks {
		if _, err := s.node.chain.SubmitBlock(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	s.honest = dialIn(t, s.network, besieged)
	s.guest = s.node.Peers()[0].ID
	return s
}

// serve has the honest peer ask for a pong and a block, and waits for both.
func (s *siege) serve() {
	s.t.Helper()
	start := time.Now()
	s.nonce++
	block := s.branch.Blocks[int(s.nonce)%len(s.branch.Blocks)].Hash()
	s.honest.send(&wire.MsgGetData{Items: []wire.Inv{wire.InvOfBlock(block).WithWitness()}})
	s.honest.send(&wire.MsgPing{Nonce: s.nonce})
	for pong, got := false, false; !pong || !got; {
		_ = s.honest.SetReadDeadline(time.Now().Add(30 * time.Second)) // pipes take any
		f, err := s.honest.r.Next()
		if err != nil {
			s.t.Fatalf("the honest peer waits in vain for its %d. answer: %v", s.nonce, err)
		}
		m, err := wire.DecodeMessage(f.Command, f.Payload)
		if err != nil {
			s.t.Fatal(err)
		}
		switch m := m.(type) {
		case *wire.MsgPing:
			s.honest.send(&wire.MsgPong{Nonce: m.Nonce})
		case *wire.MsgPong:
			pong = pong || m.Nonce == s.nonce
		case *wire.MsgBlock:
			got = got || m.Block.Hash() == block
		}
	}
	s.answered = append(s.answered, time.Since(start))
}

// look notes what is held for the attackers.
func (s *siege) look() {
	list := s.node.Peers()
	s.peers = max(s.peers, len(list))
	for _, p := range list {
		if p.ID == s.guest {
			continue
		}
		held, err := s.node.Held(p.ID)
		if err != nil {
			continue // it has gone meanwhile
		}
		memory, err := s.node.Remembered(p.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		s.worst.worse(usage{held, memory})
	}
}

// during runs an attack, and has the honest peer served until it is over, a few times
// at least.
func (s *siege) during(what string, attack func(ctx context.Context)) {
	s.t.Helper()
	before := len(s.answered)
	ctx, cancel := context.WithCancel(s.t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		attack(ctx)
	}()
	defer func() {
		cancel()
		<-over
	}()
	for round := 0; ; round++ {
		s.look()
		s.serve()
		select {
		case <-s.seen:
		case <-time.After(time.Millisecond): // there is one processor less for the node otherwise
		case <-over:
			if round >= 2 {
				s.look()
				times := slices.Sorted(slices.Values(s.answered[before:]))
				s.t.Logf("%s: at most %d bytes for one peer (%+v); the honest peer was answered %d times, in %v, at most %v",
					what, s.worst.total(), s.worst, len(times), times[len(times)/2].Round(10*time.Microsecond), times[len(times)-1].Round(10*time.Microsecond))
				return
			}
		}
	}
}

// attacker is a connection of an attacker, who reads what he is sent.
type attacker struct {
	net.Conn
	magic [4]byte
	ready chan struct{} // closed with the handshake's end
	ended chan struct{} // closed with the connection
}

// watched waits until all that came before was looked at, with its sender there.
func (s *siege) watched(ctx context.Context) {
	for range 2 { // the first look may have begun before
		select {
		case s.seen <- struct{}{}:
		case <-ctx.Done():
		}
	}
}

// open connects an attacker who reads nothing of what he is sent, bytes of version 2 say.
func (s *siege) open() (*attacker, error) {
	nc, err := s.network.connect(s.t.Context(), besieged)
	if err != nil {
		return nil, err
	}
	a := &attacker{Conn: nc, magic: s.branch.Params.Magic, ended: make(chan struct{})}
	s.t.Cleanup(func() { _ = a.Close() }) // it may be closed already
	go func() {
		defer close(a.ended)
		_, _ = io.Copy(io.Discard, nc) // until it ends
	}()
	return a, nil
}

// enter connects an attacker. It may be called from any goroutine. on sees what the
// attacker is sent; nil passes it over.
func (s *siege) enter(on func(f transport.Frame)) (*attacker, error) {
	nc, err := s.network.connect(s.t.Context(), besieged)
	if err != nil {
		return nil, err
	}
	a := &attacker{Conn: nc, magic: s.branch.Params.Magic, ready: make(chan struct{}), ended: make(chan struct{})}
	s.t.Cleanup(func() { _ = a.Close() }) // it may be closed already
	go func() {
		defer close(a.ended)
		r := transport.NewV1Reader(nc, a.magic)
		var once sync.Once
		for {
			f, err := r.Next()
			if err != nil {
				_ = nc.Close() // it is over either way
				return
			}
			if f.Command == "verack" {
				once.Do(func() { close(a.ready) })
			}
			if on != nil {
				on(f)
			}
		}
	}()
	return a, nil
}

// join connects an attacker and shakes hands.
func (s *siege) join(on func(f transport.Frame)) (*attacker, error) {
	a, err := s.enter(on)
	if err != nil {
		return nil, err
	}
	if err := a.say(&wire.MsgVersion{Version: 70016, Services: wire.NodeNetwork | wire.NodeWitness, Relay: true, Nonce: 7}); err != nil {
		return nil, err
	}
	select {
	case <-a.ready:
	case <-a.ended:
		return nil, net.ErrClosed
	}
	return a, a.say(&wire.MsgVerack{})
}

func (a *attacker) say(m wire.Message) error {
	_, err := a.Write(transport.AppendV1(nil, a.magic, m))
	return err
}

// scaled is how much of an attack is made: all of it, or with -short, as under the race
// detector, a tenth.
func scaled(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// quickClock runs faster than time, so that minutes of patience pass in seconds.
type quickClock struct {
	start time.Time
	speed time.Duration
}

func newQuickClock(speed int) *quickClock {
	return &quickClock{start: time.Now(), speed: time.Duration(speed)}
}

func (c *quickClock) now() time.Time { return c.start.Add(c.passed()) }

func (c *quickClock) passed() time.Duration { return time.Since(c.start) * c.speed }

// (a) Headers of low work for ever: what is held is bounded, and no header is kept.
func TestAttackHeadersOfLowWork(t *testing.T) {
	s := besiege(t, func(cfg *p2p.Config) { cfg.Core.MinimumChainWork = wholeWork })
	messages := scaled(150)
	asked := make(chan struct{}, 1)
	s.during("headers of low work", func(context.Context) {
		a, err := s.join(func(f transport.Frame) {
			if f.Command == "getheaders" {
				select {
				case asked <- struct{}{}:
				default: // one is enough
				}
			}
		})
		if err != nil {
			t.Error(err)
			return
		}
		at := s.branch.Params.Genesis.Header
		for range messages {
			list := lowHeaders(s.branch.Params, at, wire.MaxHeaders)
			at = list[len(list)-1]
			if err := a.say(&wire.MsgHeaders{Headers: list}); err != nil {
				t.Error(err)
				return
			}
			<-asked
		}
	})
	s.worst.within(t, "headers of low work", 0)
	if n := s.node.chain.Tree().Len(); n != 101 {
		t.Errorf("%d headers of low work were kept", n-101)
	}
	if s.worst.Headers == 0 {
		t.Error("no first pass was made")
	}
	if got := s.node.Peers(); len(got) != 2 || int(got[1].Presynced) != messages*wire.MaxHeaders {
		t.Errorf("the first pass is at %d of %d", got[len(got)-1].Presynced, messages*wire.MaxHeaders)
	}
}

// (b) Blocks that are announced and never sent: they come from an honest peer.
func TestAttackBlocksNeverSent(t *testing.T) {
	clock := newQuickClock(30)
	s := besiege(t, func(cfg *p2p.Config) { cfg.Now = clock.now })
	later := s.branch.Fork(2)
	blocks := later.Mine(40, 1)
	list := make([]wire.Header, len(blocks))
	for i, b := range blocks {
		list[i] = b.Header
	}
	var asked atomic.Int64
	for range 3 {
		a, err := s.join(func(f transport.Frame) {
			if f.Command == "getdata" {
				asked.Add(1)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.say(&wire.MsgHeaders{Headers: list}); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "the attackers are asked", func() bool { return asked.Load() >= 3 })
	server := startNode(t, s.network, "127.0.0.1:1002", besieged)
	for _, b := range later.Blocks {
		if _, err := server.chain.SubmitBlock(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	start := clock.passed()
	s.during("blocks that are never sent", func(ctx context.Context) {
		inVain := time.After(time.Minute)
		for s.node.chain.Active().Tip().Hash() != later.Tip.Hash() {
			select {
			case <-inVain:
				t.Error("the blocks did not come from the honest peer")
				return
			case <-ctx.Done():
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	t.Logf("the blocks were here after %v, %v of them by the node's clock", (clock.passed()-start)/clock.speed, clock.passed()-start)
	s.worst.within(t, "blocks that are never sent", 0)
	if s.worst.Blocks == 0 {
		t.Error("nothing was held for the attackers")
	}
}

// (c) One byte a second: in the handshake it is cut off, and afterwards it takes no more
// memory than what has come.
func TestAttackOneByteASecond(t *testing.T) {
	clock := newQuickClock(60)
	s := besiege(t, func(cfg *p2p.Config) { cfg.Now, cfg.V2 = clock.now, true })
	magic := s.branch.Params.Magic
	hello := transport.AppendV1(nil, magic, &wire.MsgVersion{Version: 70016, UserAgent: string(make([]byte, 200)), Nonce: 7})
	large := transport.AppendV1Raw(nil, magic, "block", make([]byte, wire.MaxPayload))
	key := make([]byte, 200) // of version 2
	for i := range key {
		key[i] = byte(i*7 + 1)
	}
	// drip sends until the connection ends or ctx does; it returns after how long.
	drip := func(ctx context.Context, a *attacker, bytes []byte) time.Duration {
		start := clock.passed()
		tick := time.NewTicker(time.Second / clock.speed)
		defer tick.Stop()
		for _, b := range bytes {
			if _, err := a.Write([]byte{b}); err != nil {
				break
			}
			select {
			case <-tick.C:
			case <-a.ended:
				return clock.passed() - start
			case <-ctx.Done():
				return clock.passed() - start
			}
		}
		return clock.passed() - start
	}
	s.during("one byte a second", func(ctx context.Context) {
		ctx, end := context.WithCancel(ctx)
		var begun, joined sync.WaitGroup
		for i := range 6 {
			var a *attacker
			var err error
			switch {
			case i < 2:
				a, err = s.join(nil)
			case i%2 == 0:
				a, err = s.enter(nil)
			default:
				a, err = s.open()
			}
			if err != nil {
				t.Error(err)
				continue
			}
			switch i {
			case 0, 1:
				joined.Go(func() { drip(ctx, a, large) })
			default:
				what := map[bool][]byte{true: hello, false: key}[i%2 == 0]
				begun.Go(func() {
					if took := drip(ctx, a, what); took < 55*time.Second || took > 120*time.Second {
						t.Errorf("a handshake of one byte a second was cut off after %v", took)
					}
				})
			}
		}
		begun.Wait()
		end()
		joined.Wait()
	})
	s.worst.within(t, "one byte a second", 0)
	if most := 3 * 32 << 10; s.worst.total() > most+s.worst.Unsent {
		t.Errorf("%d bytes are held for a peer that has sent a hundred: %+v", s.worst.total(), s.worst)
	}
}

// wholeWork is more than any chain of these tests has.
var wholeWork = u256.FromUint64(1 << 40)

// lowHeaders makes headers of the least difficulty after one.
func lowHeaders(p *params.Params, after wire.Header, n int) []wire.Header {
	list := make([]wire.Header, n)
	for i := range list {
		h := wire.Header{Version: 0x20000000, PrevBlock: after.Hash(), Time: after.Time + 1, Bits: after.Bits}
		for !p.CheckProofOfWork(h.Hash(), h.Bits) {
			h.Nonce++
		}
		list[i], after = h, h
	}
	return list
}
