package p2p

import (
	"errors"
	"slices"
	"time"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/p2p/blockfetch"
	"grapevine/p2p/compact"
	"grapevine/p2p/headersync"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

const (
	// compactAhead is how far above the tip a compact block is put together: the pool
	// is of no use for those further on.
	compactAhead = 2
	// directFetch is how many block intervals old the tip may be for blocks to be
	// asked for as soon as they are announced.
	directFetch = 20
	// compactPerPeer is how many blocks one peer may owe us of which the whole has to
	// be asked for if it owes more, and partialBytes the memory that each may take beyond
	// the pool's: honest ones take 8 bytes a transaction and the coinbase. So a peer's
	// take 8 MiB at most, and only of those that we asked, or chose as announcers,
	// three of each block.
	compactPerPeer = 2
	partialBytes   = 4 << 20
)

// compactState is what the core knows of compact blocks.
type compactState struct {
	announcers compact.Announcers
	extra      *compact.Extra // what may be missing from the pool
	recent     recentBlock
	announced  int32 // height of the last block that was announced before it was connected
}

// compactPeer is what the core knows of a peer's compact blocks (BIP 152).
type compactPeer struct {
	provides bool // it has said that it sends them
	wants    bool // it is to be sent them unasked: it chose us
	asked    bool // it is to send them unasked: we chose it
	// judging holds messages whose header is being judged, by submission.
	judging  map[uint64]*wire.MsgCmpctBlock
	partials []partial
	tried    *headers.Node // the last block that was looked for in the pool on the off chance
}

// partial is a block that the peer owes us, put together as far as it goes.
type partial struct {
	node  *headers.Node
	stage partialStage
	made  Partial // at stageAsked
}

// partialStage says what is waited for.
type partialStage uint8

const (
	stageSought partialStage = iota // the pool is being looked through
	stageAsked                      // the peer was asked for what is missing
	stageFilled                     // what was missing is being put in
	stageFailed                     // the peer was asked for the whole block
)

// find returns the place of a block among those under way from the peer, -1 when it
// is not there.
func (s *compactPeer) find(n *headers.Node) int {
	return slices.IndexFunc(s.partials, func(b partial) bool { return b.node == n })
}

func (s *compactPeer) remove(n *headers.Node) {
	if i := s.find(n); i >= 0 {
		s.partials = slices.Delete(s.partials, i, i+1)
	}
}

// sendCmpct takes in what the peer offers and how it wants to hear of blocks. Other
// versions, which name transactions without their witness, are not spoken.
func (c *Core) sendCmpct(p *peerState, m *wire.MsgSendCmpct) {
	if m.Version == compact.Version {
		p.compact.provides, p.compact.wants = true, m.HighBandwidth
	}
}

// compactBlock takes in a compact block. Its header is judged first, so that nothing
// is spent on one without work; what it costs then is bounded by blocks.
func (c *Core) compactBlock(now time.Time, p *peerState, m *wire.MsgCmpctBlock, size int) {
	if c.cfg.BlocksOnly || !p.compact.provides {
		c.do(Release{p.id, size})
		return
	}
	hash, tree := m.Header.Hash(), c.cfg.Ledger.Tree()
	prev := tree.Lookup(m.Header.PrevBlock)
	if prev == nil {
		if !c.cfg.Ledger.Syncing() {
			c.announcedBlock(now, p, hash)
		}
		c.do(Release{p.id, size})
		return
	}
	work := prev.ChainWork().Add(headers.BlockProof(m.Header.Bits))
	n := tree.Lookup(hash)
	if n != nil && n.Status().Invalid() || work.Cmp(headersync.WorthKeeping(c.cfg.Ledger, c.cfg.MinimumChainWork)) < 0 {
		c.do(Release{p.id, size})
		return
	}
	seq := p.order.submit()
	if n != nil {
		p.blocks.newest = wire.BlockHash{}
		c.knownCompact(now, p, n, m, seq, size)
		return
	}
	if p.compact.judging == nil {
		p.compact.judging = map[uint64]*wire.MsgCmpctBlock{}
	}
	p.compact.judging[seq], p.blocks.newest = m, hash
	c.do(SubmitHeaders{Peer: p.id, Seq: seq, Size: size, List: []wire.Header{m.Header}})
}

// compactHeaderJudged goes on with a compact block, and reports whether the verdict
// was on the header of one.
func (c *Core) compactHeaderJudged(now time.Time, ev HeadersJudged) bool {
	p := c.peers[ev.Peer]
	if p == nil {
		return false
	}
	m := p.compact.judging[ev.Seq]
	if m == nil {
		return false
	}
	delete(p.compact.judging, ev.Seq)
	if ev.Err == nil && ev.Last != nil && !p.closing {
		c.fetch.Has(p.id, ev.Last)
		c.showed(now, p, ev.Last, true)
		c.knownCompact(now, p, ev.Last, m, ev.Seq, ev.Size)
		return true
	}
	c.punishCompact(p, ev.Err)
	c.compactDone(now, p, ev.Seq, ev.Size)
	return true
}

// compactDone ends the handling of a message.
func (c *Core) compactDone(now time.Time, p *peerState, seq uint64, size int) {
	c.do(Release{p.id, size})
	p.order.judged(seq)
	c.resume(now, p)
}

// punishCompact ends the connection where a verdict blames the peer that passed a
// block on before it was validated, as BIP 152 allows: for what the header tells.
func (c *Core) punishCompact(p *peerState, err error) {
	var invalid *consensus.Error
	if !errors.As(err, &invalid) {
		return
	}
	switch invalid.Result {
	case consensus.ResultConsensus, consensus.ResultMutated, consensus.ResultCachedInvalid:
	default:
		c.punish(p, err)
	}
}

// knownCompact decides what becomes of a compact block whose header is in the tree.
func (c *Core) knownCompact(now time.Time, p *peerState, n *headers.Node, m *wire.MsgCmpctBlock, seq uint64, size int) {
	c.fetch.Has(p.id, n)
	c.showed(now, p, n, n.Hash() == p.blocks.newest)
	c.maybeSendSendHeaders(p)
	seek, chance := c.worthSeeking(now, p, n)
	if !seek {
		c.compactDone(now, p, seq, size)
		return
	}
	if !chance {
		p.compact.partials = append(p.compact.partials, partial{node: n, stage: stageSought})
	} else {
		p.compact.tried = n
	}
	c.do(Reconstruct{
		Peer: p.id, Seq: seq, Size: size, Msg: m, Hash: n.Hash(), Extra: c.compact.extra.All(), Witness: c.segwitAt(n), Chance: chance,
	})
}

// worthSeeking reports whether the pool is looked through for a compact block.
// chance is set where that is only to see whether it is all there: nothing is asked
// of the peer then.
func (c *Core) worthSeeking(now time.Time, p *peerState, n *headers.Node) (seek, chance bool) {
	owes, tip := c.fetch.Owes(p.id, n), c.cfg.Ledger.Active().Tip()
	holders := c.fetch.Holders(n)
	switch {
	case n.Status().Has(headers.StatusHasData):
		c.fetch.Late(p.id, n)
		return false, false
	case !owes && (!p.compact.asked || c.fetch.Arrived(n.Hash())):
		return false, false
	case n.ChainWork().Cmp(tip.ChainWork()) <= 0 || n.TxCount() != 0 || n.Height() > tip.Height()+compactAhead:
		// The pool has little of it. Who only announced it is asked as after headers.
		if owes {
			c.askWhole(p, n)
		}
		return false, false
	case len(holders) == 0 && !c.nearTip(now):
		return false, false
	case p.compact.find(n) >= 0:
		return false, false // it has sent it before
	}
	c.prunePartials(p)
	if (owes || c.fetch.Ask(now, p.id, n)) && len(p.compact.partials) < compactPerPeer {
		return true, false
	}
	if c.fetch.Owes(p.id, n) {
		c.askWhole(p, n)
		return false, false
	}
	return p.compact.tried != n, true
}

// prunePartials forgets what the peer owes us no more.
func (c *Core) prunePartials(p *peerState) {
	p.compact.partials = slices.DeleteFunc(p.compact.partials, func(b partial) bool { return !c.fetch.Owes(p.id, b.node) })
}

// nearTip reports whether the tip is so recent that blocks are asked for as they are
// announced.
func (c *Core) nearTip(now time.Time) bool {
	return c.cfg.Ledger.Active().Tip().Time() > now.Unix()-directFetch*c.cfg.Params.TargetSpacing
}

func (c *Core) segwitAt(n *headers.Node) bool { return n.Height() >= c.cfg.Params.SegwitHeight }

// askWhole asks a peer that owes us a block for the whole of it.
func (c *Core) askWhole(p *peerState, n *headers.Node) {
	c.send(p, &wire.MsgGetData{Items: []wire.Inv{p.wanted(wire.InvOfBlock(n.Hash()))}})
}

// reconstructed goes on with what the shell made of a compact block.
func (c *Core) reconstructed(now time.Time, ev Reconstructed) {
	p, n := c.peers[ev.Peer], c.cfg.Ledger.Tree().Lookup(ev.Hash)
	if ev.Block != nil {
		c.rebuilt(now, p, ev)
		return
	}
	if p == nil || n == nil {
		c.do(Release{ev.Peer, ev.Size})
		return
	}
	defer c.compactDone(now, p, ev.Seq, ev.Size)
	i := p.compact.find(n)
	switch {
	case errors.Is(ev.Err, compact.ErrInvalid):
		c.giveUp(p, n)
		c.misbehaved(p, ev.Err.Error())
	case i < 0: // it was on the off chance, or has come from elsewhere meanwhile
		c.fetch.Late(p.id, n)
	case ev.Err != nil || ev.Partial.Footprint() > partialBytes:
		c.compactFailed(p, n)
	case n.Status().Has(headers.StatusHasData):
		p.compact.remove(n)
		c.fetch.Late(p.id, n)
	case c.mayAskMissing(p, n):
		p.compact.partials[i].stage, p.compact.partials[i].made = stageAsked, ev.Partial
		c.send(p, &wire.MsgGetBlockTxn{Block: ev.Hash, Indexes: ev.Missing})
	default:
		c.giveUp(p, n)
	}
}

// rebuilt hands on a block as if it had come whole. The sender may be gone.
func (c *Core) rebuilt(now time.Time, p *peerState, ev Reconstructed) {
	c.do(Release{ev.Peer, ev.Size})
	if p != nil {
		if n := c.cfg.Ledger.Tree().Lookup(ev.Hash); n != nil {
			p.compact.remove(n)
		}
	}
	c.fetch.Rebuilt(now, ev.Peer, ev.Hash, ev.Block.TotalSize())
	c.do(SubmitBlock{Peer: ev.Peer, Seq: ev.Seq, Block: ev.Block, Requested: true, Compact: true})
}

// compactFailed asks for the whole block, if nobody was asked for it before this
// peer: else theirs is waited for.
func (c *Core) compactFailed(p *peerState, n *headers.Node) {
	i := p.compact.find(n)
	if h := c.fetch.Holders(n); i < 0 || len(h) == 0 || h[0] != p.id {
		c.giveUp(p, n)
		return
	}
	p.compact.partials[i] = partial{node: n, stage: stageFailed}
	c.askWhole(p, n)
}

func (c *Core) giveUp(p *peerState, n *headers.Node) {
	p.compact.remove(n)
	c.fetch.Cancel(p.id, n)
}

// mayAskMissing reports whether a peer is asked for what is missing of a block that
// it owes us. Who was asked first is. Others are besides, if we chose them to announce
// blocks: the last place of three is left to an outbound peer, so that inbound ones
// alone cannot keep a block from us.
func (c *Core) mayAskMissing(p *peerState, n *headers.Node) bool {
	holders := c.fetch.Holders(n)
	if len(holders) == 0 || holders[0] == p.id {
		return true
	}
	if !p.compact.asked {
		return false
	}
	outbound := slices.ContainsFunc(holders, func(id peer.ID) bool {
		q := c.peers[id]
		return q != nil && q.kind != peer.Inbound
	})
	return outbound || len(holders) < blockfetch.MaxHolders
}

// blockTxn puts what was missing into a block.
func (c *Core) blockTxn(now time.Time, p *peerState, m *wire.MsgBlockTxn, size int) {
	n := c.cfg.Ledger.Tree().Lookup(m.Block)
	if n == nil {
		c.do(Release{p.id, size})
		return
	}
	i := p.compact.find(n)
	switch {
	case i < 0:
		c.fetch.Late(p.id, n) // it has come from elsewhere meanwhile
	case p.compact.partials[i].stage == stageFailed:
		c.giveUp(p, n)
		c.misbehaved(p, "previous compact block reconstruction attempt failed")
	case p.compact.partials[i].stage == stageAsked:
		b := &p.compact.partials[i]
		made := b.made
		b.stage, b.made = stageFilled, nil
		c.do(Complete{Peer: p.id, Seq: p.order.submit(), Size: size, Hash: m.Block, Partial: made, Txs: m.Txs, Witness: c.segwitAt(n)})
		return // released with the result
	}
	c.do(Release{p.id, size})
}

// keepExtra keeps what the pool refused when it first came: a miner may have taken
// it all the same, and an orphan's parents may be in the same block. Not a copy that lacks
// its witness, which none can take.
func (c *Core) keepExtra(ev TxJudged) {
	if ev.Err != nil && ev.Seq != 0 && !ev.Unsettled {
		c.compact.extra.Add(ev.Tx)
	}
}

// compactSettled forgets what was put together of a block that is here.
func (c *Core) compactSettled(n *headers.Node) {
	for _, p := range c.order {
		p.compact.remove(n)
	}
}
