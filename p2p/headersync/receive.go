package headersync

import (
	"slices"
	"time"

	"grapevine/chain/headers"
	"grapevine/internal/u256"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Received takes in a headers message: an answer, or the announcement of blocks
// (BIP 130).
func (s *Syncer) Received(now time.Time, id peer.ID, list []wire.Header) (d Decision) {
	p := s.byID[id]
	if p == nil || p.dropped {
		return d
	}
	if len(list) == 0 {
		// Never an announcement: it has no more.
		s.answered(p)
		p.done, p.low = true, nil
		return d
	}
	if len(list) > wire.MaxHeaders {
		s.drop(p, ReasonTooMany, &d)
		return d
	}
	if reason := s.links(list); reason != "" {
		s.drop(p, reason, &d)
		return d
	}
	if p.low != nil && s.goOn(p, now, list, &d) {
		return d
	}
	s.direct(p, now, list, &d)
	return d
}

// direct takes in a message that no two passes are in the way of.
func (s *Syncer) direct(p *peerState, now time.Time, list []wire.Header, d *Decision) {
	tree, last := s.view.Tree(), s.hashes[len(list)-1]
	before, known := s.workAt(p, list[0].PrevBlock)
	if !known {
		// An announcement of blocks whose parents were not announced to us.
		s.ask(p, now, s.view.BestHeader(), evidenceTime, d)
		d.Unknown = last
		return
	}
	s.answered(p)
	then := ended
	if len(list) == wire.MaxHeaders {
		then = askOn
	}
	work := before.Add(s.proofs.claimed(list))
	vetted := p.opts.Trusted || work.Cmp(WorthKeeping(s.view, s.cfg.MinWork)) >= 0
	if n := tree.Lookup(last); n != nil && !n.Status().Invalid() && (vetted || s.leadsToBest(n)) {
		s.told(p, now, then, n, d)
		return
	}
	start := tree.Lookup(list[0].PrevBlock)
	switch {
	case vetted || start == nil: // on what is being judged, which was vetted
		s.submit(p, list, then, d)
	case then == ended:
		s.tooLittle(p, work, d)
	default:
		p.done = false
		p.low = newPresync(tree.Params(), start, WorthKeeping(s.view, s.cfg.MinWork), now, s.cfg.Rand)
		if !s.goOn(p, now, list, d) {
			p.done = true // its difficulty changes as that of no chain can
		}
	}
}

// workAt returns the work of the chain up to a header that is in the tree, or being
// judged for the same peer.
func (s *Syncer) workAt(p *peerState, hash wire.BlockHash) (work u256.Int, known bool) {
	if n := s.view.Tree().Lookup(hash); n != nil {
		return n.ChainWork(), true
	}
	if i := slices.IndexFunc(p.pending, func(b submitted) bool { return b.last == hash }); i >= 0 {
		return p.pending[i].work, true
	}
	return work, false
}

// leadsToBest reports whether a header of ours is one that everybody may know us
// to have.
func (s *Syncer) leadsToBest(n *headers.Node) bool {
	return s.view.BestHeader().Ancestor(n.Height()) == n || s.view.Active().Contains(n)
}

// submit hands out headers to be judged.
func (s *Syncer) submit(p *peerState, list []wire.Header, then next, d *Decision) {
	before, _ := s.workAt(p, list[0].PrevBlock)
	p.pending = append(p.pending, submitted{list[len(list)-1].Hash(), before.Add(s.proofs.claimed(list)), then})
	d.Submit = list
}

// goOn gives a message to the two passes that are under way. It reports false when
// it does not belong to them; they are over then, and it is for the caller.
func (s *Syncer) goOn(p *peerState, now time.Time, list []wire.Header, d *Decision) bool {
	low := p.low
	if s.hashes[len(list)-1] == low.heard {
		return true // an answer that came twice, as the question may have
	}
	work := low.work // of the first pass, where it ends with this message
	ready, more, ok := low.take(list, s.hashes)
	if !ok {
		p.low = nil
		return false
	}
	low.heard = s.hashes[len(list)-1]
	s.answered(p)
	then := underWay
	if !more {
		p.low, then = nil, ended
		if len(list) == wire.MaxHeaders {
			then = askOn
		}
	}
	switch {
	case len(ready) > 0:
		s.submit(p, ready, then, d)
	case !more && !low.second:
		s.tooLittle(p, work.Add(s.proofs.claimed(list)), d)
	case !more:
		p.done = true // it does not show again what it has shown
	}
	if more {
		s.ask(p, now, low.start, responseTime, d)
	}
	return true
}

// links hashes a message, and checks that each header is the child of the one
// before it and has the proof of work that it claims.
func (s *Syncer) links(list []wire.Header) Reason {
	params := s.view.Tree().Params()
	s.hashes = s.hashes[:0]
	for i := range list {
		if i > 0 && list[i].PrevBlock != s.hashes[i-1] {
			return ReasonGap
		}
		hash := list[i].Hash()
		s.hashes = append(s.hashes, hash)
		if !params.CheckProofOfWork(hash, list[i].Bits) {
			return ReasonProofOfWork
		}
	}
	return ""
}

// Judged takes in the verdict on headers that were submitted. last is the last of
// them that is in the tree, nil when none is. What an error says of the sender is
// for the caller to decide.
func (s *Syncer) Judged(now time.Time, id peer.ID, last *headers.Node, err error) (d Decision) {
	p := s.byID[id]
	if p == nil || len(p.pending) == 0 {
		return d
	}
	s.changed = true
	then := p.pending[0].then
	p.pending = slices.Delete(p.pending, 0, 1)
	if err != nil || last == nil {
		p.done, p.low = true, nil
		return d
	}
	s.told(p, now, then, last, &d)
	return d
}

// told notes that a peer has shown headers that end in last, which is in the tree.
func (s *Syncer) told(p *peerState, now time.Time, then next, last *headers.Node, d *Decision) {
	d.Known = last
	if p.best == nil || last.ChainWork().Cmp(p.best.ChainWork()) > 0 {
		p.best = last
	}
	switch then {
	case askOn:
		p.done = false
		s.ask(p, now, last, responseTime, d)
	case ended:
		s.tooLittle(p, p.best.ChainWork(), d)
	case underWay:
	}
}

// tooLittle notes that a peer has told all that it has, and drops it where that is
// of no use.
func (s *Syncer) tooLittle(p *peerState, work u256.Int, d *Decision) {
	p.done = true
	if p.best != nil && p.best.ChainWork().Cmp(work) > 0 {
		work = p.best.ChainWork()
	}
	if s.view.Syncing() && p.opts.Replaceable && work.Cmp(s.cfg.MinWork) < 0 {
		s.drop(p, ReasonLittleWork, d)
	}
}

// Announced takes in an inv of a block. Of several in one message the last whose
// header is not here is to be passed: it is the highest. Before a peer's turn has come, it
// is asked because of this once, and for each block one peer: while the peer of our
// choice may be silent, new ones take its place at the pace of new blocks.
func (s *Syncer) Announced(now time.Time, id peer.ID, hash wire.BlockHash) (d Decision) {
	p := s.byID[id]
	if p == nil || p.dropped {
		return d
	}
	if n := s.view.Tree().Lookup(hash); n != nil {
		d.Known = n
		return d
	}
	d.Unknown = hash
	if !p.started && (p.byInv || hash == s.lastInv) {
		return d
	}
	s.ask(p, now, s.view.BestHeader(), evidenceTime, &d)
	if !p.started {
		p.byInv, s.lastInv = true, hash
	}
	return d
}
