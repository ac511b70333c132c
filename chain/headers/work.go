package headers

import (
	"math"

	"grapevine/chain/params"
	"grapevine/internal/u256"
	"grapevine/wire"
)

// BlockProof returns the expected number of hashes that finding a block at the
// target of bits takes, zero for bits that stand for none.
func BlockProof(bits uint32) u256.Int {
	target, negative, overflow := u256.FromCompact(bits)
	if negative || overflow || target.IsZero() {
		return u256.Int{}
	}
	// The number is 2^256 / (target+1). With t for the target, 2^256 itself
	// does not fit, but (2^256 - t - 1) / (t+1) + 1 is the same.
	one := u256.FromUint64(1)
	return target.Not().Div(target.Add(one)).Add(one)
}

// BlockProofEquivalentTime returns the seconds that the work between from and
// to would take at the difficulty of tip; negative when to has less work. It
// saturates at the ends of the range of int64.
func BlockProofEquivalentTime(to, from, tip *Node, p *params.Params) int64 {
	var work u256.Int
	more := to.work.Cmp(from.work) > 0
	if more {
		work = to.work.Sub(from.work)
	} else {
		work = from.work.Sub(to.work)
	}
	// Bits of a node in the tree stand for a target, so the proof is not zero.
	work = work.Mul64(uint64(p.TargetSpacing)).Div(BlockProof(tip.bits))
	seconds := int64(math.MaxInt64)
	if work.BitLen() <= 63 {
		seconds = int64(work.Uint64())
	}
	if more {
		return seconds
	}
	return -seconds
}

// ClaimedWork sums the work of a run of headers that nobody has checked.
func ClaimedWork(list []wire.Header) (sum u256.Int) {
	for i := range list {
		sum = sum.Add(BlockProof(list[i].Bits))
	}
	return sum
}
