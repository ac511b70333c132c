package addrrelay

import (
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

const (
	// answerLife is how long an answer is kept at least, answerSpread how much longer
	// at most.
	answerLife   = 21 * time.Hour
	answerSpread = 6 * time.Hour
	// maxAnswers bounds how many are kept.
	maxAnswers = 64
)

// answer is what peers that come by one way learn.
type answer struct {
	addrs []wire.TimedAddr
	until time.Time
}

// Sample returns at most limit addresses and percent of all, at random.
type Sample func(limit, percent int) []wire.TimedAddr

// GetAddr queues the answer to a getaddr, in place of what waits, and reports whether
// there is one.
func (r *Relay) GetAddr(now time.Time, id peer.ID, sample Sample) bool {
	p := r.peer(id)
	if p == nil || p.options.Kind != peer.Inbound {
		return false
	}
	p.enable(now)
	if p.told {
		return false
	}
	p.told = true
	p.queue = nil
	for _, a := range r.answerTo(now, p, sample) {
		r.push(now, p, a)
	}
	return true
}

func (r *Relay) answerTo(now time.Time, p *state, sample Sample) []wire.TimedAddr {
	if p.options.Trusted {
		return r.sample(sample)
	}
	key := p.options.Socket
	a := r.answers[key]
	if a == nil && len(r.answers) >= maxAnswers-1 {
		r.sweep(now)
		if len(r.answers) >= maxAnswers-1 {
			key = Socket{} // too many ways: all others are one
			a = r.answers[key]
		}
	}
	if a == nil {
		a = new(answer)
		r.answers[key] = a
	}
	if a.until.Before(now) {
		a.addrs = r.sample(sample)
		a.until = now.Add(answerLife + time.Duration(r.rand.Int64N(int64(answerSpread))))
	}
	return a.addrs
}

// sweep forgets answers that are too old.
func (r *Relay) sweep(now time.Time) {
	for key, a := range r.answers {
		if a.until.Before(now) {
			delete(r.answers, key)
		}
	}
}

func (r *Relay) sample(sample Sample) []wire.TimedAddr {
	all := sample(maxQueue, maxPercent)
	list := all[:0]
	for _, a := range all {
		if !r.cfg.Unwanted(a.Addr) && len(list) < maxQueue {
			list = append(list, a)
		}
	}
	return list
}
