package mempool

import (
	"math"
	"time"

	"grapevine/mempool/graph"
	"grapevine/wire"
)

// rollingFee is the feerate that evictions have left behind: who wants in has to
// pay more than what was last thrown out, or filling the pool again and again
// would be free. It falls off by half every half-life once a block has come.
type rollingFee struct {
	rate    float64 // satoshi for 1,000 virtual bytes, as of last
	last    time.Time
	settled bool // a block has come since the last eviction
}

// rollingHalfLife is how long it takes to fall by half while the pool is more
// than half full; half of that below it, a quarter below a quarter.
const rollingHalfLife = 12 * time.Hour

// at returns the rate as of now, for a pool of so many bytes of at most limit.
func (r *rollingFee) at(now time.Time, usage, limit int64, incremental wire.FeeRate) float64 {
	if !r.settled || r.rate == 0 {
		return r.rate
	}
	passed := now.Sub(r.last)
	if passed <= 10*time.Second {
		return r.rate
	}
	half := rollingHalfLife
	if usage < limit/4 {
		half /= 4
	} else if usage < limit/2 {
		half /= 2
	}
	rate := r.rate / math.Exp2(float64(passed)/float64(half))
	if rate < float64(incremental)/2 {
		return 0
	}
	return rate
}

// ask returns what the rate demands: at least the increment, unless nothing.
func (r *rollingFee) ask(rate float64, incremental wire.FeeRate) wire.FeeRate {
	asked := wire.FeeRate(math.Round(min(rate, 1<<62))) // far above all money
	if !r.settled || rate == 0 {
		return asked
	}
	return max(asked, incremental)
}

// decay brings the rate up to date. It runs before anything is judged, since
// the fall depends on how full the pool was meanwhile.
func (p *Pool) decay(now time.Time) {
	r := &p.rolling
	if !r.settled || r.rate == 0 || now.Sub(r.last) <= 10*time.Second {
		return
	}
	r.rate = r.at(now, p.usage(), p.cfg.MaxBytes, p.cfg.Incremental)
	r.last = now
}

// evictionFee is the feerate that evictions ask for; the caller holds the lock.
func (p *Pool) evictionFee() wire.FeeRate {
	rate := p.rolling.at(p.cfg.Now(), p.usage(), p.cfg.MaxBytes, p.cfg.Incremental)
	return p.rolling.ask(rate, p.cfg.Incremental)
}

func (p *Pool) minFee() wire.FeeRate { return max(p.evictionFee(), p.cfg.MinRelay) }

// MinFeeRate is what a transaction has to pay at present.
func (p *Pool) MinFeeRate() wire.FeeRate {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.minFee()
}

// limit removes what has waited too long, and then what pays least until the
// pool is within its bound. The caller holds the lock for writing.
func (p *Pool) limit(now time.Time) {
	p.expire(now.Add(-p.cfg.Expiry))
	removed := 0
	for len(p.byTxid) > 0 && p.usage() > p.cfg.MaxBytes {
		c, _ := p.graph.Worst()
		if rate := float64(c.Rate.PerKvB()) + float64(p.cfg.Incremental); rate > p.rolling.rate {
			p.rolling.rate, p.rolling.settled = rate, false
		}
		p.drop(entriesOf(c.Nodes), ReasonSizeLimit)
		removed += len(c.Nodes)
	}
	if removed > 0 {
		p.log.Debug("pool is full", "removed", removed, "minfee", p.minFee())
	}
}

func entriesOf(nodes []*graph.Node) []*entry {
	list := make([]*entry, len(nodes))
	for i, n := range nodes {
		list[i] = n.Of.(*entry)
	}
	return list
}

// expire removes what entered before a time, with its descendants.
func (p *Pool) expire(before time.Time) {
	removed := 0
	for e := p.byAge.oldest(); e != nil && e.added.Before(before); e = p.byAge.oldest() {
		all := p.family([]*entry{e})
		p.drop(all, ReasonExpiry)
		removed += len(all)
	}
	if removed > 0 {
		p.log.Debug("transactions expired", "removed", removed)
	}
}
