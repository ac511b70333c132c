package addrrelay

import (
	"math"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

const (
	// maxRelayed is how many addresses a message may have for them to be passed on:
	// more are an answer, not news.
	maxRelayed = 10
	// fresh is how old news may be, and how far in the future.
	fresh = 10 * 60
	// earliest is a time before which no node was up.
	earliest = 100_000_000
	// stale is how old an address counts whose time cannot be right.
	stale = 5 * 24 * 3600
)

// Received takes what a peer tells of and returns what is worth keeping: the same
// slice, reordered and cut. Some of it may be queued for other peers.
func (r *Relay) Received(now time.Time, id peer.ID, list []wire.TimedAddr) []wire.TimedAddr {
	p := r.peer(id)
	if p == nil || !p.enable(now) {
		return nil
	}
	p.refill(now)
	s := clock(now)
	news := !p.asked && len(list) <= maxRelayed
	if len(list) < wire.MaxAddrs {
		p.asked = false
	}
	r.rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	take := list[:0]
	for _, a := range list {
		if p.tokens >= 1 {
			p.tokens--
		} else if !p.options.Trusted {
			p.limited++
			continue
		}
		if a.Services&(wire.NodeNetwork|wire.NodeNetworkLimited) == 0 {
			continue
		}
		if a.Time <= earliest || int64(a.Time) > s+fresh {
			a.Time = uint32(s - stale)
		}
		p.known.add(r.mark(&a.NetAddr))
		if r.cfg.Unwanted(a.Addr) {
			continue
		}
		p.processed++
		reachable := r.cfg.Reachable(a.Addr)
		if news && int64(a.Time) > s-fresh && a.Addr.Routable() {
			r.relay(now, p, a, reachable)
		}
		if reachable {
			take = append(take, a)
		}
	}
	return take
}

// clock is a time as addresses have it.
func clock(now time.Time) int64 { return min(max(now.Unix(), stale), math.MaxUint32) }

// refill adds what a peer has saved up since the last message. What an answer may have
// beyond the limit is not cut off.
func (p *state) refill(now time.Time) {
	if p.tokens < burst {
		p.tokens = min(p.tokens+max(0, now.Sub(p.counted).Seconds())*rate, burst)
	}
	p.counted = now
}

// relay queues an address for one or two other peers.
func (r *Relay) relay(now time.Time, from *state, a wire.TimedAddr, reachable bool) {
	where := r.hash(&a.NetAddr)
	const day = 24 * 3600
	seed := pair(where, (uint64(clock(now))+where)/day)
	n := 2
	if !reachable && r.key.Hash(&seed)&1 == 0 {
		n = 1
	}
	var best [2]*state
	var ranks [2]uint64
	for _, p := range r.peers {
		if !p.enabled || p == from || !p.takes(a.Addr) {
			continue
		}
		rank := r.key.HashWith(&seed, uint64(p.id))
		switch {
		case best[0] == nil || rank > ranks[0]:
			best = [2]*state{p, best[0]}
			ranks = [2]uint64{rank, ranks[0]}
		case best[1] == nil || rank > ranks[1]:
			best[1], ranks[1] = p, rank
		}
	}
	for _, p := range best[:n] {
		if p != nil {
			r.push(now, p, a)
		}
	}
}

// takes reports whether a peer has a form for an address.
func (p *state) takes(a wire.NetworkAddress) bool {
	return p.options.V2 || a.Network() == wire.NetIPv4 || a.Network() == wire.NetIPv6
}

// push queues an address for a peer. When the queue is full it replaces another, drawn
// by lot.
func (r *Relay) push(now time.Time, p *state, a wire.TimedAddr) {
	if !a.Addr.Valid() || !p.takes(a.Addr) || p.known.has(r.mark(&a.NetAddr)) {
		return
	}
	if len(p.queue) >= maxQueue {
		p.queue[r.rand.IntN(len(p.queue))] = a
		return
	}
	p.queue = append(p.queue, a)
	if p.next.IsZero() {
		p.next = now.Add(r.draw(sendInterval)) // as good as one that always ran: it has no memory
	}
}
