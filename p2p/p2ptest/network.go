package p2ptest

import (
	"fmt"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"

	"grapevine/p2p"
	"grapevine/wire"
)

// Stepper decides for a node. [p2p.Core] is one.
type Stepper interface {
	Step(now time.Time, e p2p.Event) []p2p.Action
}

// Config describes a network. The zero value is one without latency, bounds
// or faults.
type Config struct {
	// Seed decides everything that is random.
	Seed uint64
	// World makes the blocks and transactions; nil for a new one of the same seed.
	World *World
	// Latency is the median one-way delay of a link, and Spread the standard
	// deviation of its logarithm; all links are equal when that is 0.
	Latency time.Duration
	Spread  float64
	// Up is what a node can send in bytes a second, 0 for no bound.
	Up int64
	// Loss is the probability that a packet of 1,460 bytes is lost.
	Loss float64
	// Window bounds the bytes of one direction of a connection that are on
	// their way or were not read; 0 means 4 MiB. One message always passes.
	Window int
	// Credit bounds the bytes that a node was handed of a peer and did not
	// release; 0 means 5,000,000. One message always passes.
	Credit int
	// Verdicts say how long judging takes.
	Verdicts Verdicts
	// Strict verifies that no message is changed once it was sent, and that cores
	// keep the rules which [Network.Err] names when one is broken. It costs as
	// much time again.
	Strict bool
	// Trace is called at each step and each action, when set.
	Trace func(at time.Duration, node int, what any)
}

// Verdicts are the delays of a node's ledger and pool. Each of the two judges one
// thing after the other.
type Verdicts struct {
	Headers   time.Duration // a list of headers
	Block     time.Duration // a block, and
	BlockByte time.Duration // each byte of it
	Tx        time.Duration // a transaction
	Read      time.Duration // reading a block to serve it; two at a time
	Scan      time.Duration // looking through the pool for a compact block
	Early     time.Duration // until a block on the tip may be passed on
	Event     time.Duration // until a change of chain or pool is told, at most
}

// Network is a number of nodes, the links between them and the time.
type Network struct {
	clock
	cfg   Config
	World *World
	Nodes []*Node

	rand   *rand.Rand
	byAddr map[netip.AddrPort]*Node
	cut    func(a, b *Node) bool
	held   []*end // ends whose messages a partition holds back, in order
	spread map[[32]byte]*Spread
	trace  uint64
	steps  uint64
	err    error // the first broken rule of the engine's own
	free   []*arrival

	seed    maphash.Seed // of message sums, which the run does not depend on
	payload []byte       // scratch of them
}

// New returns a network without nodes.
func New(cfg Config) *Network {
	if cfg.Window == 0 {
		cfg.Window = 4 << 20
	}
	if cfg.Credit == 0 {
		cfg.Credit = 5_000_000
	}
	if cfg.World == nil {
		cfg.World = NewWorld(cfg.Seed)
	}
	return &Network{
		cfg: cfg, World: cfg.World, rand: rand.New(rand.NewPCG(cfg.Seed, 0x70327074)),
		byAddr: make(map[netip.AddrPort]*Node), spread: make(map[[32]byte]*Spread), trace: cfg.Seed, seed: maphash.MakeSeed(),
	}
}

// Time returns the network's time; all nodes share one clock.
func (n *Network) Time() time.Time { return n.World.Start.Add(time.Duration(n.now)) }

// Elapsed returns how long the network has run.
func (n *Network) Elapsed() time.Duration { return time.Duration(n.now) }

// Steps returns how often a core was stepped.
func (n *Network) Steps() uint64 { return n.steps }

// Trace returns a hash over all steps and actions so far.
func (n *Network) Trace() uint64 { return n.trace }

// Rand returns the source of all randomness.
func (n *Network) Rand() *rand.Rand { return n.rand }

// Err returns the first rule of the shell's contract that a core has broken:
// it changed a shared message, released what it was not given, or its own check
// failed.
func (n *Network) Err() error { return n.err }

// At schedules a function of the test's, so long after the start.
func (n *Network) At(after time.Duration, f func()) { n.at(int64(after), do(f)) }

// Run runs for a time, or until a rule is broken.
func (n *Network) Run(d time.Duration) {
	limit := n.now + int64(d)
	for n.err == nil {
		t := n.next(limit)
		if t == nil {
			break
		}
		t.run()
	}
	n.now = max(n.now, limit)
}

// RunUntil runs until the condition holds, and reports whether it did within
// the limit. It is looked at each tenth of a second of the network's time.
func (n *Network) RunUntil(limit time.Duration, cond func() bool) bool {
	const period = 100 * time.Millisecond
	for end := n.now + int64(limit); n.now < end && n.err == nil; {
		if cond() {
			return true
		}
		n.Run(period)
	}
	return cond()
}

// fail keeps the first broken rule.
func (n *Network) fail(format string, args ...any) {
	if n.err == nil {
		n.err = fmt.Errorf("at %v: %w", n.Elapsed(), fmt.Errorf(format, args...))
	}
}

// latency draws the one-way delay of a link: log-normal, as measured between
// hosts of the internet, so that a few are many times the median.
func (n *Network) latency() int64 {
	l := float64(n.cfg.Latency)
	if n.cfg.Spread > 0 {
		l *= math.Exp(n.cfg.Spread * n.rand.NormFloat64())
	}
	return int64(l)
}

// lossDelay returns how much later a message comes because packets of it were
// lost: each time the sender waits for its timeout, twice as long.
func (n *Network) lossDelay(size int, latency int64) (late int64) {
	if n.cfg.Loss == 0 {
		return 0
	}
	const packet = 1460
	packets := float64((size + packet - 1) / packet)
	whole := math.Pow(1-n.cfg.Loss, packets)
	timeout := max(int64(200*time.Millisecond), 4*latency)
	for n.rand.Float64() > whole && timeout < int64(time.Minute) {
		late += timeout
		timeout *= 2
		whole = 1 - n.cfg.Loss // what is sent again is few packets
	}
	return late
}

// mix takes a number into the trace.
func (n *Network) mix(v uint64) {
	h := (n.trace ^ v) * 0x9e3779b97f4a7c15
	n.trace = h ^ h>>29
}

func (n *Network) mixString(s string) {
	for i := range len(s) {
		n.trace = (n.trace ^ uint64(s[i])) * 0x100000001b3
	}
	n.mix(uint64(len(s)))
}

// messageSum hashes a message's payload, to be compared in the same run.
func (n *Network) messageSum(m wire.Message) uint64 {
	n.payload = m.AppendPayload(n.payload[:0])
	return maphash.Bytes(n.seed, n.payload)
}
