package headers

import (
	"grapevine/chain/params"
	"grapevine/internal/u256"
)

// NextWorkRequired returns the bits that a child of prev must have. Time is that
// of the child's header: where minimum difficulty is allowed, the bits depend on
// it.
func NextWorkRequired(prev *Node, time uint32, p *params.Params) uint32 {
	interval := p.RetargetInterval()
	if (prev.height+1)%interval == 0 {
		return retarget(prev, prev.Ancestor(prev.height-(interval-1)), p)
	}
	if !p.AllowMinDifficulty {
		return prev.bits
	}
	limit := p.PowLimit.Compact()
	if int64(time) > prev.Time()+2*p.TargetSpacing {
		return limit
	}
	// The last block of this period that did not use the exception says what
	// the difficulty is.
	at := prev
	for at.parent != nil && at.height%interval != 0 && at.bits == limit {
		at = at.parent
	}
	return at.bits
}

// retarget returns the bits of a new period from the last and first block of the
// one before.
func retarget(last, first *Node, p *params.Params) uint32 {
	if p.NoRetargeting {
		return last.bits
	}
	base := last.bits
	if p.EnforceBIP94 {
		// The last block may have used the exception of minimum difficulty,
		// which the first may not: only the first has the real difficulty.
		base = first.bits
	}
	return scaleTarget(base, last.Time()-first.Time(), p).Compact()
}

// scaleTarget multiplies the target of bits by how long a period took over how
// long it should take, by a factor of four at most either way, and caps it at
// the network's limit.
func scaleTarget(bits uint32, timespan int64, p *params.Params) u256.Int {
	timespan = max(timespan, p.TargetTimespan/4)
	timespan = min(timespan, p.TargetTimespan*4)
	target, _, _ := u256.FromCompact(bits)
	target = target.Mul64(uint64(timespan)).Div(u256.FromUint64(uint64(p.TargetTimespan)))
	if target.Cmp(p.PowLimit) > 0 {
		return p.PowLimit
	}
	return target
}

// PermittedDifficultyTransition reports whether bits at height can follow the
// old bits of its parent whatever the times: a check on headers whose ancestors
// are not at hand. Networks that allow minimum difficulty permit everything.
func PermittedDifficultyTransition(height int32, oldBits, newBits uint32, p *params.Params) bool {
	if p.AllowMinDifficulty {
		return true
	}
	if height%p.RetargetInterval() != 0 {
		return oldBits == newBits
	}
	// The bounds go through the compact form, since it rounds them.
	easiest, _, _ := u256.FromCompact(scaleTarget(oldBits, p.TargetTimespan*4, p).Compact())
	hardest, _, _ := u256.FromCompact(scaleTarget(oldBits, p.TargetTimespan/4, p).Compact())
	observed, _, _ := u256.FromCompact(newBits)
	if observed.Cmp(easiest) > 0 {
		return false
	}
	if observed.Cmp(hardest) < 0 {
		return false
	}
	return true
}
