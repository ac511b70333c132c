package chain

import (
	"grapevine/chain/headers"
)

// twoWeeks is how deep, as work at the best header's rate, a block must be
// buried for its scripts to be skipped: nobody with less hash power than that
// gains by telling users to name an invalid block as assumed valid.
const twoWeeks = 14 * 24 * 60 * 60

// skipScripts reports whether the scripts of n need not be run, and logs when
// that changes. All conditions of Bitcoin Core hold: n is an ancestor of the
// assumed-valid block and of the best header, which has the minimum work and
// is two weeks of equivalent work ahead.
func (c *Chain) skipScripts(n *headers.Node) bool {
	why := c.whyScripts(n)
	if why != c.lastSkip {
		if why == "" {
			c.log.Info("Disabling script verification", "height", n.Height(), "hash", n.Hash())
		} else {
			c.log.Info("Enabling script verification", "height", n.Height(), "hash", n.Hash(), "why", why)
		}
		c.lastSkip = why
	}
	return why == ""
}

// whyScripts says why the scripts of n must be run; it is empty when they need
// not be.
func (c *Chain) whyScripts(n *headers.Node) string {
	if c.cfg.AssumeValid.IsZero() {
		return "assumevalid=0 (always verify)"
	}
	assumed := c.tree.Lookup(*c.cfg.AssumeValid)
	if assumed == nil {
		return "assumevalid hash not in headers"
	}
	if assumed.Ancestor(n.Height()) != n {
		if n.Height() > assumed.Height() {
			return "block height above assumevalid height"
		}
		return "block not in assumevalid chain"
	}
	best := c.tree.Best()
	if best.Ancestor(n.Height()) != n {
		return "block not in best header chain"
	}
	if best.ChainWork().Cmp(*c.cfg.MinimumChainWork) < 0 {
		return "best header chainwork below minimumchainwork"
	}
	if headers.BlockProofEquivalentTime(best, n, best, c.params) <= twoWeeks {
		return "block too recent relative to best header"
	}
	return ""
}
