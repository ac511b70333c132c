package blockfetch

import (
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// limitedDepth is how many blocks below its best a pruned peer is asked for: it
// keeps 288 (BIP 159), less two for blocks that it hears of meanwhile.
const limitedDepth = 288 - 2

// maxRefused is how many blocks one peer may fail to give us, with the promise
// that it has them, before it is asked for nothing until it announces a better
// chain.
const maxRefused = 32

// asked is a block that a peer was asked for and has not sent.
type asked struct {
	node *headers.Node
	at   time.Time
	// late is set when the block came from elsewhere meanwhile. It takes no
	// credits any more, but the peer still owes it.
	late bool
}

// peerState is what is known of a peer, and where we are on the way to its best
// block.
type peerState struct {
	id   peer.ID
	opts Options

	best    *headers.Node  // most work of those that it is known to have
	unknown wire.BlockHash // last announced of which we have no header, or zero

	// The way to best: fork is the last block that it shares with the active
	// chain as of [peerState.tip]; path are the blocks above fork, as far as they
	// were looked at, at most window+1 beyond the last that is complete.
	tip  *headers.Node
	fork *headers.Node
	path []*headers.Node
	have int // path[:have] and what is before it have their data
	next int // path[:next] need not be asked of this peer

	refused map[*headers.Node]bool // it does not give us these
	lacking bool                   // some of refused because it did not have them
	retry   time.Time              // when refused is forgotten, if set

	queue         []asked   // in the order in which they were asked for
	downloading   time.Time // since when the head of queue is waited for
	delivered     time.Time // when it last sent what it was asked for
	stallingSince time.Time // the chain waits for its head of queue, if set
	pace          pace      // of what it sends
	turn          uint64    // of all requests, the last one made of it
	slow          bool      // others were asked for what it owes
	dropped       bool      // it is to be disconnected
}

func (p *peerState) serves() bool { return p.opts.Network || p.opts.Limited }

// limited reports whether it keeps only recent blocks.
func (p *peerState) limited() bool { return !p.opts.Network }

// improve takes in that the peer has n.
func (p *peerState) improve(n *headers.Node) bool {
	if p.best != nil && n.ChainWork().Cmp(p.best.ChainWork()) < 0 || n == p.best {
		return false
	}
	if p.best == nil || !n.HasAncestor(p.best) {
		p.fork, p.path, p.have, p.next = nil, nil, 0, 0
	}
	p.best, p.tip = n, nil
	if len(p.refused) >= maxRefused {
		p.refused, p.next = nil, 0
	}
	return true
}

// follow makes fork and path relative to the active chain's tip.
func (p *peerState) follow(tip *headers.Node) {
	if p.best == nil || p.fork != nil && p.tip == tip {
		return
	}
	p.tip = tip
	if p.fork == nil {
		p.fork = headers.LastCommonAncestor(p.best, tip)
		return
	}
	fork := tip
	if at := p.at(tip.Height()); at != tip {
		fork = headers.LastCommonAncestor(p.best, tip)
	}
	// Upwards, what has become part of the active chain leaves the path.
	if n := int(fork.Height() - p.fork.Height()); n >= 0 && n <= len(p.path) {
		p.path = p.path[n:]
		p.have, p.next = max(p.have-n, 0), max(p.next-n, 0)
	} else {
		p.path, p.have, p.next = nil, 0, 0
	}
	p.fork = fork
}

// at returns the block at height on the known part of the path, nil when it is
// elsewhere.
func (p *peerState) at(height int32) *headers.Node {
	i := height - p.fork.Height()
	switch {
	case i == 0:
		return p.fork
	case i < 0 || int(i) > len(p.path):
		return nil
	default:
		return p.path[i-1]
	}
}

// common returns the last block up to which both have all data.
func (p *peerState) common() *headers.Node {
	if p.have > 0 {
		return p.path[p.have-1]
	}
	return p.fork
}

// chunk is how much of the path is looked up at a time: an ancestor is as dear
// to find as a hundred parents.
const chunk = 128

// reach makes path[i] known, if the peer's chain goes that far.
func (p *peerState) reach(i int) bool {
	if i < len(p.path) {
		return true
	}
	first := p.fork.Height() + 1 + int32(len(p.path))
	last := min(first+chunk-1, p.best.Height())
	if last < first {
		return false
	}
	old := len(p.path)
	for range last - first + 1 {
		p.path = append(p.path, nil)
	}
	at := p.best.Ancestor(last)
	for j := len(p.path) - 1; j >= old; j-- {
		p.path[j] = at
		at = at.Parent()
	}
	return i < len(p.path)
}

// complete moves have past what has its data.
func (p *peerState) complete() {
	for p.reach(p.have) {
		n := p.path[p.have]
		if !n.Status().Has(headers.StatusHasData) || n.ChainTxCount() == 0 {
			return
		}
		p.have++
	}
}

// rewind has the path looked through again from n on, if n is on it.
func (p *peerState) rewind(n *headers.Node) {
	if p.fork == nil {
		return
	}
	if i := int(n.Height() - p.fork.Height() - 1); i >= 0 && i < p.next && p.path[i] == n {
		p.next = i
	}
}

// waited returns since when we wait for what the peer owes: since it was asked,
// or sent the last.
func (p *peerState) waited() time.Time { return later(p.queue[0].at, p.delivered) }

// ready returns since when what the peer owes could have been coming.
func (p *peerState) ready() time.Time { return later(p.queue[0].at.Add(p.pace.trip), p.delivered) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// owes returns the position of n in the queue, -1 when it was not asked for.
func (p *peerState) owes(n *headers.Node) int {
	for i := range p.queue {
		if p.queue[i].node == n {
			return i
		}
	}
	return -1
}
