package addrrelay

import (
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Batch is what to send to one peer in one message.
type Batch struct {
	Peer  peer.ID
	Addrs []wire.TimedAddr
	// V2 says which message: addrv2, or addr.
	V2 bool
}

// Message returns the message that carries the addresses.
func (b Batch) Message() wire.Message {
	if b.V2 {
		return &wire.MsgAddrV2{Addrs: b.Addrs}
	}
	return &wire.MsgAddr{Addrs: b.Addrs}
}

// Own returns the address of ours, with the services, that a peer is to be told; ok is
// false when there is none.
type Own func(id peer.ID) (a wire.NetAddr, ok bool)

// Due returns what to send now, in the order of peers. own is nil while we do not tell of
// ourselves, as during initial block download and without a listening socket; Due is to
// be called when that changes.
func (r *Relay) Due(now time.Time, own Own) []Batch {
	r.announcing = own != nil
	var out []Batch
	for _, p := range r.peers {
		if !p.enabled {
			continue
		}
		if own != nil && !now.Before(p.nextAnnounce) {
			out = r.announce(now, p, own, out)
		}
		if !p.next.IsZero() && !now.Before(p.next) {
			p.next = time.Time{}
			out = r.flush(p, out)
		}
	}
	return out
}

// draw returns a time until the next event of a Poisson process.
func (r *Relay) draw(mean time.Duration) time.Duration {
	return time.Duration(r.rand.ExpFloat64() * float64(mean))
}

// announce tells a peer of us: in a message of its own the first time, since a peer that
// is new to us takes one address at first.
func (r *Relay) announce(now time.Time, p *state, own Own, out []Batch) []Batch {
	first := !p.announced
	p.announced = true
	p.nextAnnounce = now.Add(r.draw(announceInterval))
	if !first {
		p.known.clear()
	}
	addr, ok := own(p.id)
	if !ok || !p.takes(addr.Addr) {
		return out
	}
	a := wire.TimedAddr{Time: uint32(clock(now)), NetAddr: addr}
	if first {
		return append(out, Batch{Peer: p.id, Addrs: []wire.TimedAddr{a}, V2: p.options.V2})
	}
	r.push(now, p, a)
	return out
}

// flush sends what waits and is not known to the peer by now.
func (r *Relay) flush(p *state, out []Batch) []Batch {
	list := p.queue[:0]
	for _, a := range p.queue {
		if m := r.mark(&a.NetAddr); !p.known.has(m) {
			p.known.add(m)
			list = append(list, a)
		}
	}
	p.queue = nil // the caller's now
	if len(list) == 0 {
		return out
	}
	return append(out, Batch{Peer: p.id, Addrs: list, V2: p.options.V2})
}

// Wake returns when Due has something to do, zero when it does not.
func (r *Relay) Wake() (at time.Time) {
	for _, p := range r.peers {
		if !p.enabled {
			continue
		}
		if r.announcing {
			at = earlier(at, p.nextAnnounce)
		}
		at = earlier(at, p.next)
	}
	return at
}

// earlier returns the earlier of two times of which zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
