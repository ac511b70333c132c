package headersync

import (
	"math"
	"math/rand/v2"
	"time"
	"unsafe"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/internal/siphash"
	"grapevine/internal/u256"
	"grapevine/wire"
)

const (
	// nearTip is how many of the tip's blocks the work of a chain may be short by
	// for its headers to be kept: a day's, so that a fork of that length is seen.
	nearTip = 144
	// blocksPerSecond is the most that the rule on the median of eleven times
	// allows for long: of eleven blocks six have a later second than the one before.
	blocksPerSecond = 6
	// maxPresync is what one takes at most on any network of today: see the package doc.
	maxPresync = 1_600_000
	// futureSeconds is how far ahead of our clock a header may be.
	futureSeconds = 2 * 60 * 60
)

// WorthKeeping returns the work that a chain of headers must have to be given
// memory for good: the minimum, and nearly that of the tip, whatever is more.
// Below it anybody could make us keep headers by the million at little cost.
func WorthKeeping(v View, minimum u256.Int) u256.Int {
	tip := v.Active().Tip()
	if tip == nil {
		return minimum
	}
	work, day := tip.ChainWork(), headers.BlockProof(tip.Bits()).Mul64(nearTip)
	if day.Cmp(work) >= 0 {
		return minimum
	}
	if near := work.Sub(day); near.Cmp(minimum) > 0 {
		return near
	}
	return minimum
}

// compressed is a header without the hash of its parent: 48 bytes, not 80.
type compressed struct {
	version           int32
	merkleRoot        wire.MerkleRoot
	time, bits, nonce uint32
}

func compress(h *wire.Header) compressed {
	return compressed{h.Version, h.MerkleRoot, h.Time, h.Bits, h.Nonce}
}

func (c *compressed) header(prev wire.BlockHash) wire.Header {
	return wire.Header{Version: c.version, PrevBlock: prev, MerkleRoot: c.merkleRoot, Time: c.time, Bits: c.bits, Nonce: c.nonce}
}

// presync is a sync in two passes from one peer, whose chain has not shown
// enough work yet. See the package doc.
type presync struct {
	params *params.Params
	start  *headers.Node // the last header of ours that the chain builds on
	least  u256.Int      // the work that it must have
	key    siphash.Key   // makes commitments unforeseeable
	offset int32         // of the heights that are committed to
	limit  int           // of commitments, since no chain can be so long

	second bool // the work is there, the second pass is under way
	passOf      // how far the present pass has come
	proof  proofCache

	commitments bitQueue // made in the first pass, checked in the second

	// The headers of the second pass that are held back, and the hash before the
	// first of them.
	held     fifo[compressed]
	heldPrev wire.BlockHash
	release  bool // the work is there again: nothing is held back any more

	heard wire.BlockHash // the last header of the last message that was used
}

// passOf is where a pass stands.
type passOf struct {
	height int32
	hash   wire.BlockHash
	bits   uint32
	work   u256.Int
}

// proofCache remembers the proof of the last bits: they change once in 2016 headers.
type proofCache struct {
	bits  uint32
	proof u256.Int
}

func (c *proofCache) of(bits uint32) u256.Int {
	if bits != c.bits {
		c.bits, c.proof = bits, headers.BlockProof(bits)
	}
	return c.proof
}

// claimed sums the work that a list claims.
func (c *proofCache) claimed(list []wire.Header) (sum u256.Int) {
	for i := range list {
		sum = sum.Add(c.of(list[i].Bits))
	}
	return sum
}

func newPresync(p *params.Params, start *headers.Node, least u256.Int, now time.Time, r *rand.Rand) *presync {
	period := p.HeadersSync.CommitmentPeriod
	seconds := max(now.Unix()-start.MedianTimePast()+futureSeconds, 0)
	s := &presync{
		params: p, start: start, least: least,
		key: siphash.Key{K0: r.Uint64(), K1: r.Uint64()}, offset: int32(r.IntN(period)),
		limit: int(blocksPerSecond * seconds / int64(period)),
	}
	s.begin()
	return s
}

// begin sets out from the start.
func (s *presync) begin() {
	s.passOf = passOf{height: s.start.Height(), hash: s.start.Hash(), bits: s.start.Bits(), work: s.start.ChainWork()}
}

// take looks at the next message, whose headers build on each other and have the
// proof of work that they claim; hashes are theirs. It returns the headers that
// may be kept, and whether the peer is to be asked on. When ok is false the
// message was not what had to follow, and nothing of it was used; then, and when
// more is false, the presync is over.
func (s *presync) take(list []wire.Header, hashes []wire.BlockHash) (ready []wire.Header, more, ok bool) {
	if list[0].PrevBlock != s.hash {
		return nil, false, false // it may have changed to another chain
	}
	full := len(list) == wire.MaxHeaders
	if !s.second {
		if !s.commit(list, hashes) {
			return nil, false, false
		}
		if s.work.Cmp(s.least) >= 0 {
			s.second, s.heldPrev = true, s.start.Hash()
			s.begin()
			return nil, true, true
		}
		return nil, full, true
	}
	for i := range list {
		if !s.hold(&list[i], hashes[i]) {
			return nil, false, false
		}
	}
	ready = s.pass()
	return ready, full && !s.release, true
}

// step moves on by one header, unless its height or its difficulty cannot follow.
func (s *presync) step(h *wire.Header, hash wire.BlockHash) bool {
	if s.height == math.MaxInt32 || !headers.PermittedDifficultyTransition(s.height+1, s.bits, h.Bits, s.params) {
		return false
	}
	s.passOf = passOf{height: s.height + 1, hash: hash, bits: h.Bits, work: s.work.Add(s.proof.of(h.Bits))}
	return true
}

// committed reports whether the present height is committed to.
func (s *presync) committed() bool {
	return s.height%int32(s.params.HeadersSync.CommitmentPeriod) == s.offset
}

// bit is what is remembered of a header.
func (s *presync) bit(hash wire.BlockHash) uint64 { return s.key.Hash((*[32]byte)(&hash)) & 1 }

// commit goes through a message of the first pass.
func (s *presync) commit(list []wire.Header, hashes []wire.BlockHash) bool {
	for i := range list {
		if !s.step(&list[i], hashes[i]) {
			return false
		}
		if s.committed() {
			if s.commitments.len() == s.limit {
				return false // longer than any chain can be by now
			}
			s.commitments.push(s.bit(hashes[i]))
		}
	}
	return true
}

// hold takes in a header of the second pass, if it agrees with the first. Once the
// work is there again, commitments are no longer asked for: the chain may have
// grown beyond them meanwhile.
func (s *presync) hold(h *wire.Header, hash wire.BlockHash) bool {
	if !s.step(h, hash) {
		return false
	}
	s.release = s.release || s.work.Cmp(s.least) >= 0
	if !s.release && s.committed() && (s.commitments.len() == 0 || s.commitments.pop() != s.bit(hash)) {
		return false
	}
	s.held.push(compress(h))
	return true
}

// pass returns the headers that enough commitments stand above, or that lead to a
// header with enough work.
func (s *presync) pass() []wire.Header {
	count := s.held.len()
	if !s.release {
		count -= s.params.HeadersSync.RedownloadBufferSize
	}
	if count <= 0 {
		return nil
	}
	ready := make([]wire.Header, count)
	for i := range ready {
		c := s.held.pop()
		ready[i] = c.header(s.heldPrev)
		s.heldPrev = ready[i].Hash()
	}
	return ready
}

// locator asks for what follows on the last header of the present pass.
func (s *presync) locator() []wire.BlockHash {
	return append([]wire.BlockHash{s.hash}, headers.Locator(s.start)...)
}

// bound returns the most bytes that the presync takes between two messages.
func (s *presync) bound() int {
	return presyncBound(s.limit, s.params.HeadersSync.RedownloadBufferSize)
}

func presyncBound(commitments, held int) int {
	chunks := func(items, size int) int { return (items/fifoChunk + 2) * (fifoChunk*size + 16) }
	return 1024 + chunks(commitments/64, 8) + chunks(held+wire.MaxHeaders, int(unsafe.Sizeof(compressed{})))
}

// footprint returns the bytes that the presync takes.
func (s *presync) footprint() int {
	return int(unsafe.Sizeof(*s)) + s.commitments.footprint() + s.held.footprint()
}
