package headersync

import (
	"slices"
	"time"

	"grapevine/chain/headers"
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
		p.done = true
		return d
	}
	if len(list) > wire.MaxHeaders {
		s.drop(p, ReasonTooMany, &d)
		return d
	}
	last, reason := s.links(list)
	if reason != "" {
		s.drop(p, reason, &d)
		return d
	}
	prev := list[0].PrevBlock
	if s.view.Tree().Lookup(prev) == nil && !slices.Contains(p.pending, prev) {
		// An announcement of blocks whose parents were not announced to us.
		s.ask(p, now, s.view.BestHeader(), evidenceTime, &d)
		d.Unknown = last
		return d
	}
	s.answered(p)
	if n := s.view.Tree().Lookup(last); n != nil && !n.Status().Invalid() {
		s.told(p, now, len(list), n, &d)
		return d
	}
	p.pending = append(p.pending, last)
	d.Submit = list
	return d
}

// links checks that each header is the child of the one before it and carries
// the proof of work that it claims, and returns the hash of the last.
func (s *Syncer) links(list []wire.Header) (last wire.BlockHash, why Reason) {
	params := s.view.Tree().Params()
	for i := range list {
		if i > 0 && list[i].PrevBlock != last {
			return last, ReasonGap
		}
		last = list[i].Hash()
		if !params.CheckProofOfWork(last, list[i].Bits) {
			return last, ReasonProofOfWork
		}
	}
	return last, ""
}

// Judged takes in the verdict on a message of count headers that was submitted.
// last is the last of them that is in the tree, nil when none is. What an error
// says of the sender is for the caller to decide.
func (s *Syncer) Judged(now time.Time, id peer.ID, count int, last *headers.Node, err error) (d Decision) {
	p := s.byID[id]
	if p == nil {
		return d
	}
	s.changed = true
	if len(p.pending) > 0 {
		p.pending = slices.Delete(p.pending, 0, 1)
	}
	if err != nil || last == nil {
		p.done = true
		return d
	}
	s.told(p, now, count, last, &d)
	return d
}

// told notes that a peer has shown a message of count headers that ends in last,
// which is in the tree. A full one has a continuation.
func (s *Syncer) told(p *peerState, now time.Time, count int, last *headers.Node, d *Decision) {
	d.Known = last
	if p.best == nil || last.ChainWork().Cmp(p.best.ChainWork()) > 0 {
		p.best = last
	}
	if count == wire.MaxHeaders {
		p.done = false
		s.ask(p, now, last, responseTime, d)
		return
	}
	p.done = true
	if s.view.Syncing() && p.opts.Replaceable && p.best.ChainWork().Cmp(s.cfg.MinWork) < 0 {
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
