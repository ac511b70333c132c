package p2p

import (
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// BIP 133: peers are told what is not worth announcing.
const (
	feeFilterInterval = 10 * time.Minute // on average
	feeFilterSoon     = 5 * time.Minute  // at most, after a large change
)

// feeFilter takes note of what a peer does not want to hear of.
func (c *Core) feeFilter(p *peerState, m *wire.MsgFeeFilter) {
	if m.Rate < 0 || !wire.Amount(m.Rate).InRange() {
		return
	}
	p.fee.theirs = m.Rate
	c.txs.announce.SetFeeFilter(p.id, m.Rate)
}

// maybeSendFeeFilter tells the peer what we want to hear of, when it is time:
// nothing during initial download.
func (c *Core) maybeSendFeeFilter(now time.Time, p *peerState) {
	f := &p.fee
	if c.cfg.BlocksOnly || p.hello.common < feeFilterVersion || p.kind == peer.BlockRelay ||
		p.may(peer.ForceRelay) {
		return
	}
	want := c.cfg.Pool.MinFeeRate()
	nothing := c.nothingFilter()
	if c.cfg.Ledger.Syncing() {
		want = wire.FeeRate(wire.MaxMoney)
	} else if f.sent == nothing {
		f.next = time.Time{} // out of initial download: say so at once
	}
	switch {
	case !now.Before(f.next):
		rate := max(c.roundFeeFilter(want), c.cfg.MinRelayFeeRate)
		if rate != f.sent {
			c.send(p, &wire.MsgFeeFilter{Rate: rate})
			f.sent = rate
		}
		f.next = now.Add(c.exponential(feeFilterInterval))
	case now.Add(feeFilterSoon).Before(f.next) && (want < 3*f.sent/4 || want > 4*f.sent/3):
		f.next = now.Add(time.Duration(c.cfg.Rand.Int64N(int64(feeFilterSoon))))
	}
}

// exponential draws a pause of a Poisson process.
func (c *Core) exponential(mean time.Duration) time.Duration {
	return time.Duration(c.cfg.Rand.ExpFloat64() * float64(mean))
}

// The steps of fee filters: from half the lowest increment of our pool on in
// powers of 1.1, up to 0.1 coins for 1,000 bytes, which stands for "nothing".
const (
	filterStep = 1.1
	filterMax  = 1e7
)

// roundFeeFilter maps a rate to one of the steps, so that filters tell little
// about what a node's pool holds: mostly to the step below it, else above.
func (c *Core) roundFeeFilter(r wire.FeeRate) wire.FeeRate {
	if r <= 0 {
		return 0
	}
	below, step := 0.0, max(float64(c.cfg.IncrementalFeeRate/2), 1)
	for ; step < float64(r) && step <= filterMax; step *= filterStep {
		below = step
	}
	if step > filterMax || c.cfg.Rand.IntN(3) != 0 {
		return wire.FeeRate(below)
	}
	return wire.FeeRate(step)
}

// nothingFilter is the filter that says that no transaction is wanted.
func (c *Core) nothingFilter() wire.FeeRate { return c.roundFeeFilter(wire.FeeRate(wire.MaxMoney)) }
