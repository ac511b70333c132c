package mining

import (
	"time"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/wire"
)

// maxTimewarp is how far, in seconds, the first block of a retargeting period
// may lie before its parent (BIP 94). It holds on testnet4 only, but a template
// that keeps it everywhere stays valid should other networks adopt the rule.
const maxTimewarp = 600

// Template holds the header fields of the block that follows Prev.
type Template struct {
	Prev    *headers.Node
	Height  int32
	Version int32
	Bits    uint32
	// Time is the earliest allowed time or now, whichever is later, in Unix
	// seconds; MinTime is the earliest allowed.
	Time, MinTime uint32
	// Subsidy is what the coinbase may claim besides fees.
	Subsidy wire.Amount
	// Segwit says whether blocks may have witnesses (BIP 141).
	Segwit bool
}

// Versioner tells the version of the block after a parent; a
// [headers.VersionBits] does.
type Versioner interface {
	ComputeBlockVersion(prev *headers.Node) int32
}

// NewTemplate returns the template of the block after prev at the time now.
func NewTemplate(prev *headers.Node, now time.Time, v Versioner, p *params.Params) Template {
	height := prev.Height() + 1
	minTime := minimumTime(prev, p)
	t := Template{
		Prev:    prev,
		Height:  height,
		Version: v.ComputeBlockVersion(prev),
		MinTime: minTime,
		Time:    minTime,
		Subsidy: consensus.Subsidy(height, p),
		Segwit:  height >= p.SegwitHeight,
	}
	if s := now.Unix(); s > int64(minTime) {
		t.Time = uint32(s)
	}
	// On networks with the 20-minute rule the difficulty depends on the time.
	t.Bits = headers.NextWorkRequired(prev, t.Time, p)
	return t
}

// minimumTime is the earliest time of the block after prev: later than the
// median of the last eleven, and at a retarget within the time warp limit.
func minimumTime(prev *headers.Node, p *params.Params) uint32 {
	t := prev.MedianTimePast() + 1
	if (prev.Height()+1)%p.RetargetInterval() == 0 {
		t = max(t, prev.Time()-maxTimewarp)
	}
	return uint32(t)
}

// Header returns the header of the template with the given merkle root.
func (t *Template) Header(root wire.MerkleRoot) wire.Header {
	return wire.Header{
		Version:    t.Version,
		PrevBlock:  t.Prev.Hash(),
		MerkleRoot: root,
		Time:       t.Time,
		Bits:       t.Bits,
	}
}
