package headersync

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/internal/u256"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// proofs is the work of n blocks of regtest.
func proofs(n int) u256.Int {
	return headers.BlockProof(newView().tree.Genesis().Bits()).Mul64(uint64(n))
}

// lowBench asks for the work of so many blocks, genesis included, and holds back
// few headers.
func lowBench(t testing.TB, blocks int) *bench {
	p := params.Regtest(params.RegtestOptions{})
	p.HeadersSync = params.HeadersSync{CommitmentPeriod: 7, RedownloadBufferSize: 300}
	v := viewOf(p)
	b := &bench{t: t, v: v, s: New(Config{MinWork: proofs(blocks), Rand: newRand()}, v), now: epoch}
	b.s.AddPeer(1, inbound)
	b.s.AddPeer(2, inbound)
	if d := b.next(); !slices.Equal(asked(d), []peer.ID{1}) {
		t.Fatalf("asked %v", asked(d))
	}
	return b
}

// serve answers requests to peer 1 from a chain above genesis until there are none,
// and returns how many there were.
func (b *bench) serve(d Decision, chain []wire.Header) (requests int) {
	b.t.Helper()
	for len(d.Requests) > 0 {
		requests++
		from := slices.IndexFunc(chain, func(h wire.Header) bool { return h.Hash() == d.Requests[0].Locator[0] }) + 1
		d = b.answer(1, chain[from:min(from+wire.MaxHeaders, len(chain))])
	}
	return requests
}

func TestLowWorkTakesTwoPasses(t *testing.T) {
	b := lowBench(t, 4201) // 4200 above genesis
	d := b.answer(1, stock[:2000])
	if d.Submit != nil || d.Known != nil || b.v.tree.Len() != 1 {
		t.Fatal("headers were kept before their chain had the work")
	}
	if got, ok := b.s.Presynced(1); !ok || got != 2000 {
		t.Fatalf("presynced %d, %v", got, ok)
	}
	if l := d.Requests[0].Locator; !slices.Equal(l, []wire.BlockHash{stock[1999].Hash(), b.v.tree.Genesis().Hash()}) {
		t.Fatalf("asked on from %v", l)
	}
	d = b.answer(1, stock[2000:4000])
	if d = b.answer(1, stock[4000:4300]); d.Submit != nil || d.Requests[0].Locator[0] != b.v.tree.Genesis().Hash() {
		t.Fatalf("the second pass begins with %v", d)
	}
	if _, ok := b.s.Presynced(1); ok {
		t.Fatal("the first pass goes on")
	}
	if d = b.answer(1, stock[:2000]); len(d.Submit) != 1700 || d.Known.Height() != 1700 || d.Requests[0].Locator[0] != stock[1999].Hash() {
		t.Fatalf("after the first message %d headers, known %v", len(d.Submit), d.Known)
	}
	b.answer(1, stock[2000:4000])
	if b.v.tree.Best().Height() != 3700 {
		t.Fatalf("best %d", b.v.tree.Best().Height())
	}
	// The chain has grown meanwhile, beyond what was committed to.
	if d = b.answer(1, stock[4000:4500]); d.Known.Height() != 4500 || len(d.Requests) > 0 {
		t.Fatalf("decided %v", d)
	}
	if n := b.s.Footprint(1); n > 512 {
		t.Errorf("%d bytes are held after the end", n)
	}
	if d := b.next(); !slices.Equal(asked(d), []peer.ID{2}) {
		t.Errorf("then asked %v", asked(d))
	}
}

// All that is released follows on what was: a list that ends full is asked on from.
func TestLowWorkEndsWithFullMessage(t *testing.T) {
	b := lowBench(t, 3501)
	b.answer(1, stock[:2000])
	b.answer(1, stock[2000:4000])
	b.answer(1, stock[:2000])
	if d := b.answer(1, stock[2000:4000]); d.Known.Height() != 4000 || len(d.Requests) != 1 || d.Requests[0].Locator[0] != stock[3999].Hash() {
		t.Fatalf("decided %v", d)
	}
}

func TestEnoughWorkGoesStraight(t *testing.T) {
	b := lowBench(t, 2001)
	if d := b.answer(1, stock[:2000]); len(d.Submit) != 2000 {
		t.Fatalf("%d of 2000 headers with enough work were submitted", len(d.Submit))
	}
	// What connects to that needs no more.
	b.check(b.s.Received(b.now, 2, stock[2000:2001]))
	if d := b.check(b.s.Received(b.now, 2, stock[2001:2002])); len(d.Submit) != 1 {
		t.Fatalf("decided %v", d)
	}
}

func TestTrustedPeerGoesStraight(t *testing.T) {
	b := lowBench(t, 4001)
	b.s.AddPeer(3, Options{Trusted: true})
	if d := b.check(b.s.Received(b.now, 3, stock[:5])); len(d.Submit) != 5 {
		t.Fatalf("decided %v", d)
	}
}

// Of a chain that ends with too little work nothing is kept, wherever it ends.
func TestLowWorkThatEnds(t *testing.T) {
	for _, length := range []int{3, 1999, 2000, 2500, 4000, 4199} {
		b := lowBench(t, 4201)
		b.serve(b.answer(1, stock[:min(length, 2000)]), stock[:length])
		if b.v.tree.Len() != 1 || b.s.Footprint(1) > 512 {
			t.Errorf("%d headers: %d in the tree, %d bytes held", length, b.v.tree.Len()-1, b.s.Footprint(1))
		}
		if d := b.next(); !slices.Equal(asked(d), []peer.ID{2}) {
			t.Errorf("%d headers: then asked %v", length, asked(d))
		}
	}
}

func TestOutboundPeerOfLowWorkIsDropped(t *testing.T) {
	for _, length := range []int{5, 2500} {
		b := lowBench(t, 4201)
		b.s.AddPeer(3, outbound)
		var d Decision
		for from := 0; from < length; from += 2000 {
			d = b.check(b.s.Received(b.now, 3, stock[from:min(from+2000, length)]))
		}
		if len(d.Drop) != 1 || d.Drop[0] != (Drop{3, ReasonLittleWork}) {
			t.Errorf("%d headers: dropped %v", length, d.Drop)
		}
	}
}

// Another chain in the second pass than in the first is found out, before a
// header of it is let through.
func TestChangedChainIsFoundOut(t *testing.T) {
	other := draft(newView().genesis(), 1000, 2, 60)
	b := lowBench(t, 4201)
	b.answer(1, stock[:2000])
	b.answer(1, stock[2000:4000])
	b.answer(1, stock[4000:])
	if d := b.answer(1, other); d.Submit != nil || b.v.tree.Len() != 1 {
		t.Fatalf("%d headers of another chain were taken", len(d.Submit))
	}
	if b.s.byID[1].low != nil {
		t.Error("the sync goes on")
	}
}

// Headers that do not follow end the sync; the peer may have changed its chain.
func TestPresyncThatDoesNotConnect(t *testing.T) {
	b := lowBench(t, 4201)
	b.answer(1, stock[:2000])
	if d := b.answer(1, stock[2500:4500]); d.Submit != nil || d.Unknown != stock[4499].Hash() || b.s.byID[1].low != nil {
		t.Fatalf("decided %v", d)
	}
	// What comes twice is passed over, in either pass.
	b = lowBench(t, 4201)
	b.answer(1, stock[:2000])
	for range 2 {
		if d := b.answer(1, stock[:2000]); len(d.Requests) > 0 || b.s.byID[1].low == nil {
			t.Fatalf("decided %v", d)
		}
	}
	b.answer(1, stock[2000:4000])
	b.answer(1, stock[4000:])
	b.answer(1, stock[4000:])
	if d := b.answer(1, stock[:2000]); len(d.Submit) != 1700 {
		t.Fatalf("decided %v", d)
	}
}

// A new block that is shown meanwhile is no reason to ask for something else.
func TestPresyncIsNotDisturbed(t *testing.T) {
	b := lowBench(t, 4201)
	b.answer(1, stock[:2000])
	b.now = b.now.Add(evidenceTime + 1)
	if d := b.check(b.s.Announced(b.now, 1, wire.BlockHash{1})); len(d.Requests) > 0 {
		t.Fatalf("asked %v", d.Requests)
	}
	b.next()
	b.now = b.now.Add(responseTime)
	d := b.next()
	if i := slices.IndexFunc(d.Requests, func(r Request) bool { return r.Peer == 1 }); i < 0 || d.Requests[i].Locator[0] != stock[1999].Hash() {
		t.Fatalf("after two minutes: %v", d.Requests)
	}
}

func TestEmptyMessageAndVerdictEndPresync(t *testing.T) {
	b := lowBench(t, 4201)
	b.answer(1, stock[:2000])
	b.answer(1, nil)
	if b.s.byID[1].low != nil {
		t.Error("an empty message does not end it")
	}
	b = lowBench(t, 4201)
	b.serve(b.answer(1, stock[:2000]), stock[:4000])
	b = lowBench(t, 4201)
	b.answer(1, stock[:2000])
	b.answer(1, stock[2000:4000])
	b.answer(1, stock[4000:])
	b.check(b.s.Received(b.now, 1, stock[:2000]))
	b.check(b.s.Judged(b.now, 1, nil, errTest))
	if b.s.byID[1].low != nil {
		t.Error("a refusal does not end it")
	}
}

// A stored chain of little work beside the best one is not admitted to, and takes two
// passes like any other.
func TestStoredForkOfLittleWork(t *testing.T) {
	b := lowBench(t, 2)
	b.v.take(stock[:300])
	fork := draft(b.v.genesis(), 2, 3, 60)
	b.v.take(fork)
	b.v.active = b.v.active.With(b.v.tree.Best())
	if got, want := WorthKeeping(b.v, u256.Int{}), proofs(301-144); got != want {
		t.Fatalf("worth keeping is %v, not %v", got, want)
	}
	if d := b.check(b.s.Received(b.now, 1, fork)); d.Known != nil || d.Submit != nil {
		t.Errorf("decided %v", d)
	}
	if d := b.check(b.s.Received(b.now, 1, stock[:2])); d.Known == nil {
		t.Errorf("a part of the best chain: %v", d)
	}
}

// The chain that no honest peer can have: longer than the rule on times allows.
func TestPresyncHasALimit(t *testing.T) {
	v := viewOf(func() *params.Params {
		p := params.Regtest(params.RegtestOptions{})
		p.HeadersSync = params.HeadersSync{CommitmentPeriod: 7, RedownloadBufferSize: 300}
		return p
	}())
	now := time.Unix(v.tree.Genesis().Time()-futureSeconds+500, 0) // 3000 blocks
	s := newPresync(v.tree.Params(), v.tree.Genesis(), proofs(1_000_000), now, newRand())
	if s.limit != 6*500/7 {
		t.Fatalf("limit %d", s.limit)
	}
	hashes := make([]wire.BlockHash, len(stock))
	for i := range stock {
		hashes[i] = stock[i].Hash()
	}
	if _, more, ok := s.take(stock[:2000], hashes[:2000]); !more || !ok {
		t.Fatal("2000 headers are too many")
	}
	if _, _, ok := s.take(stock[2000:4000], hashes[2000:4000]); ok {
		t.Fatal("4000 headers in 500 seconds")
	}
}

func TestPresyncWatchesDifficulty(t *testing.T) {
	v := viewOf(params.Mainnet())
	g := v.genesis()
	h := wire.Header{PrevBlock: g.Hash(), Bits: 0x1c00ffff} // in the middle of a period
	s := newPresync(v.tree.Params(), v.tree.Genesis(), proofs(1), epoch, newRand())
	if _, _, ok := s.take([]wire.Header{h}, []wire.BlockHash{h.Hash()}); ok {
		t.Error("the difficulty jumped")
	}
	h.Bits = g.Bits
	if _, _, ok := s.take([]wire.Header{h}, []wire.BlockHash{h.Hash()}); !ok {
		t.Error("the difficulty stayed")
	}
}

// The bound of the package doc: of each network, from its genesis.
func TestPresyncBound(t *testing.T) {
	for _, p := range []*params.Params{params.Mainnet(), params.Testnet3(), params.Testnet4(), params.Signet(nil)} {
		v := viewOf(p)
		s := newPresync(p, v.tree.Genesis(), proofs(1), time.Unix(1_790_000_000, 0), newRand())
		t.Logf("%s: at most %d commitments, %d bytes", p.Name, s.limit, s.bound())
		if s.bound() > maxPresync {
			t.Errorf("%s: %d bytes, the doc says %d", p.Name, s.bound(), maxPresync)
		}
		for range s.limit {
			s.commitments.push(1)
		}
		for range p.HeadersSync.RedownloadBufferSize + wire.MaxHeaders {
			s.held.push(compressed{})
		}
		if got := s.footprint(); got > s.bound() || got < s.bound()*9/10 {
			t.Errorf("%s: full it takes %d bytes, the bound is %d", p.Name, got, s.bound())
		}
	}
}

func TestFifo(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var q fifo[int]
	var b bitQueue
	var want []int
	var bits []uint64
	for range 100_000 {
		if n := r.IntN(1000); r.IntN(3000) > len(want) || len(want) == 0 {
			q.push(n)
			b.push(uint64(n & 1))
			want, bits = append(want, n), append(bits, uint64(n&1))
		} else {
			if got, bit := q.pop(), b.pop(); got != want[0] || bit != bits[0] {
				t.Fatalf("got %d and %d, not %d and %d", got, bit, want[0], bits[0])
			}
			want, bits = want[1:], bits[1:]
		}
		if q.len() != len(want) || b.len() != len(bits) || len(q.chunks) > q.len()/fifoChunk+2 {
			t.Fatalf("%d items and %d bits of %d in %d chunks", q.len(), b.len(), len(want), len(q.chunks))
		}
	}
}

// In the second pass there is nothing beyond what was committed to.
func TestPresyncRunsOutOfCommitments(t *testing.T) {
	b := lowBench(t, 4201)
	b.answer(1, stock[:2000])
	b.answer(1, stock[2000:4000])
	b.answer(1, stock[4000:])
	low := b.s.byID[1].low
	for low.commitments.len() > 0 {
		low.commitments.pop()
	}
	if d := b.answer(1, stock[:2000]); d.Submit != nil || b.s.byID[1].low == low {
		t.Errorf("%d headers without commitments were taken", len(d.Submit))
	}
}
