package blockfetch

import (
	"slices"
	"time"
	"unsafe"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// maxHolders is how many peers may owe us the same block.
const maxHolders = 3

// flight is a block that is on its way from at least one peer.
type flight struct {
	holders [maxHolders]*peerState // in the order in which they were asked
	count   int
}

// Fetcher decides which blocks to ask of which peers. One goroutine uses it.
type Fetcher struct {
	cfg  Config
	view View

	peers   []*peerState // by ID
	byID    map[peer.ID]*peerState
	flights map[*headers.Node]flight
	credits credits
	turn    uint64 // how many requests were made

	patience patience

	// What the last decision saw, to tell whether anything changed since.
	changed bool
	tip     *headers.Node
	known   int       // headers in the tree
	syncing bool      // as of the view
	held    bool      // the credits held back what nobody was asked for
	short   bool      // or anything
	wake    time.Time // when time alone changes something, zero for never

	overtake time.Time // when a block may be asked of a quicker peer too, zero for never

	wants   []want       // reused by every decision
	spare   []*peerState // as well
	lacking []lack       // as well
}

// New returns a fetcher without peers. It panics when cfg makes no sense.
func New(cfg Config, view View) *Fetcher {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		panic(err)
	}
	return &Fetcher{
		cfg:      cfg,
		view:     view,
		byID:     make(map[peer.ID]*peerState),
		flights:  make(map[*headers.Node]flight),
		credits:  newCredits(cfg.Credits / int64(cfg.Window)),
		patience: newPatience(),
	}
}

// AddPeer makes a peer known, about whose blocks nothing is known yet.
func (f *Fetcher) AddPeer(id peer.ID, o Options) {
	if f.byID[id] != nil {
		return
	}
	p := &peerState{id: id, opts: o}
	at, _ := slices.BinarySearchFunc(f.peers, id, func(p *peerState, id peer.ID) int { return int(p.id - id) })
	f.peers = slices.Insert(f.peers, at, p)
	f.byID[id] = p
	f.changed = true
}

// RemovePeer forgets a peer. Others will be asked for what it owes.
func (f *Fetcher) RemovePeer(id peer.ID) {
	p := f.byID[id]
	if p == nil {
		return
	}
	f.abandon(p)
	delete(f.byID, id)
	f.peers = slices.DeleteFunc(f.peers, func(q *peerState) bool { return q == p })
	f.changed = true
}

// Has notes that the peer has n and all blocks before it.
func (f *Fetcher) Has(id peer.ID, n *headers.Node) {
	if p := f.byID[id]; p != nil && n != nil && p.improve(n) {
		f.changed = true
	}
}

// Announced notes that the peer says it has the block of that hash. When there is no header of it
// yet, the hash is remembered, the last one of each peer.
func (f *Fetcher) Announced(id peer.ID, hash wire.BlockHash) {
	p := f.byID[id]
	if p == nil {
		return
	}
	f.resolve(p)
	if n := f.view.Tree().Lookup(hash); n != nil {
		f.Has(id, n)
		return
	}
	p.unknown = hash
}

// resolve takes in that there may be a header of the unknown block by now.
func (f *Fetcher) resolve(p *peerState) {
	if p.unknown.IsZero() {
		return
	}
	if n := f.view.Tree().Lookup(p.unknown); n != nil {
		p.unknown = wire.BlockHash{}
		f.Has(p.id, n)
	}
}

// Marked notes that other blocks may be known to be invalid than before.
func (f *Fetcher) Marked() { f.changed = true }

// Received notes a block that arrived, with its size on the wire, and reports
// whether this very peer was asked for it. Exactly one [Fetcher.Judged] or
// [Fetcher.Refused] must follow.
func (f *Fetcher) Received(now time.Time, id peer.ID, hash wire.BlockHash, size int) (asked bool) {
	p := f.byID[id]
	n := f.view.Tree().Lookup(hash)
	if p != nil && n != nil {
		if i := p.owes(n); i >= 0 {
			p.pace.sent(int64(size), p.queue[i].at, p.delivered, now)
			f.unload(p, i, now)
			p.delivered, p.slow = now, false
			asked = true
		}
	}
	f.credits.arrived(hash, id, int64(size), asked)
	f.changed = true
	return asked
}

// Judged notes that the verdict on a received block is in and the view shows it.
func (f *Fetcher) Judged(hash wire.BlockHash) {
	from, wanted, ok := f.credits.judged(hash)
	if !ok {
		return
	}
	f.changed = true
	n := f.view.Tree().Lookup(hash)
	if n == nil {
		return
	}
	switch s := n.Status(); {
	case s.Has(headers.StatusHasData):
		f.settle(n)
	case s.Invalid():
		f.settle(n)
		f.rewind(n)
	case wanted:
		// It was asked for and is not here: what came was not it.
		f.refuse(from, n)
	default:
		f.rewind(n)
	}
}

// Refused notes that a received block cannot be the one of that hash, such as
// one with a damaged witness. Its sender is not asked for it again, others are.
func (f *Fetcher) Refused(hash wire.BlockHash) {
	from, _, ok := f.credits.judged(hash)
	if !ok {
		return
	}
	f.changed = true
	n := f.view.Tree().Lookup(hash)
	if n == nil {
		return
	}
	if s := n.Status(); s.Has(headers.StatusHasData) || s.Invalid() {
		f.settle(n) // another copy was judged, or none can be good
	}
	f.refuse(from, n)
}

func (f *Fetcher) refuse(id peer.ID, n *headers.Node) {
	if p := f.byID[id]; p != nil {
		p.refuse(n)
	}
	f.rewind(n)
}

func (p *peerState) refuse(n *headers.Node) {
	if p.refused == nil {
		p.refused = make(map[*headers.Node]bool)
	}
	p.refused[n] = true
}

// NotFound notes that the peer does not have a block that it was asked for. It
// is not asked for it again for a while.
func (f *Fetcher) NotFound(id peer.ID, hash wire.BlockHash) {
	p, n := f.byID[id], f.view.Tree().Lookup(hash)
	if p == nil || n == nil {
		return
	}
	i := p.owes(n)
	if i < 0 {
		return
	}
	f.unload(p, i, time.Time{})
	p.refuse(n)
	p.lacking = true
	f.rewind(n)
	f.changed = true
}

// load puts n into the peer's queue.
func (f *Fetcher) load(p *peerState, n *headers.Node, now time.Time) {
	fl := f.flights[n]
	fl.holders[fl.count] = p
	fl.count++
	f.flights[n] = fl
	if len(p.queue) == 0 {
		p.downloading = now
	}
	p.queue = append(p.queue, asked{node: n, at: now})
	f.turn++
	p.turn = f.turn
	f.credits.inFlight++
}

// unload takes entry i off the peer's queue: it was delivered, or will not be.
func (f *Fetcher) unload(p *peerState, i int, now time.Time) {
	e := p.queue[i]
	p.queue = slices.Delete(p.queue, i, i+1)
	p.stallingSince = time.Time{}
	if i == 0 && now.After(p.downloading) {
		p.downloading = now
	}
	if e.late {
		return
	}
	f.credits.inFlight--
	fl := f.flights[e.node]
	at := slices.Index(fl.holders[:fl.count], p)
	copy(fl.holders[at:], fl.holders[at+1:fl.count])
	fl.count--
	fl.holders[fl.count] = nil
	if fl.count == 0 {
		delete(f.flights, e.node)
		return
	}
	f.flights[e.node] = fl
}

// settle notes that n is needed from nobody any more.
func (f *Fetcher) settle(n *headers.Node) {
	fl := f.flights[n]
	for _, p := range fl.holders[:fl.count] {
		p.queue[p.owes(n)].late = true
		f.credits.inFlight--
	}
	delete(f.flights, n)
}

// abandon gives up all that the peer owes.
func (f *Fetcher) abandon(p *peerState) {
	for len(p.queue) > 0 {
		last := len(p.queue) - 1
		n := p.queue[last].node
		f.unload(p, last, time.Time{})
		f.rewind(n)
	}
}

// rewind has every peer's path looked through again from n on.
func (f *Fetcher) rewind(n *headers.Node) {
	for _, p := range f.peers {
		p.rewind(n)
	}
}

// InFlight returns the blocks that the peer was asked for and has not sent, in
// the order in which it was asked.
func (f *Fetcher) InFlight(id peer.ID) []*headers.Node {
	p := f.byID[id]
	if p == nil {
		return nil
	}
	list := make([]*headers.Node, len(p.queue))
	for i := range p.queue {
		list[i] = p.queue[i].node
	}
	return list
}

// Asked reports whether the block is on its way from any peer, or here without
// a verdict.
func (f *Fetcher) Asked(hash wire.BlockHash) bool {
	if f.credits.has(hash) {
		return true
	}
	_, ok := f.flights[f.view.Tree().Lookup(hash)]
	return ok
}

// Overdrawn reports whether the blocks that are here without a verdict take more
// than the credits by themselves: they were larger than those before them let
// expect. As long as it is so, what arrives should count against the receive
// credits of its senders, so that no more is read from them than that.
func (f *Fetcher) Overdrawn() bool { return f.credits.bytes > f.cfg.Credits }

// Best returns the block with the most work that the peer is known to have, nil
// when none is.
func (f *Fetcher) Best(id peer.ID) *headers.Node {
	p := f.byID[id]
	if p == nil {
		return nil
	}
	f.resolve(p)
	return p.best
}

// Footprint returns the bytes that are held for a peer, without the blocks that it
// was asked for.
func (f *Fetcher) Footprint(id peer.ID) int {
	p := f.byID[id]
	if p == nil {
		return 0
	}
	const refusedBytes = 64 // an entry of a small map
	return int(unsafe.Sizeof(*p)) + 8*cap(p.path) + cap(p.queue)*int(unsafe.Sizeof(asked{})) + len(p.refused)*refusedBytes
}

// Common returns the last block up to which both the peer and we have all
// blocks, nil when nothing is known of the peer's.
func (f *Fetcher) Common(id peer.ID) *headers.Node {
	p := f.byID[id]
	if p == nil || p.best == nil {
		return nil
	}
	p.follow(f.view.Active().Tip())
	p.complete()
	return p.common()
}
