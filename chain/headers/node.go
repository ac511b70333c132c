package headers

import (
	"sync/atomic"

	"grapevine/internal/u256"
	"grapevine/wire"
)

// medianSpan is how many blocks the median time past looks at.
const medianSpan = 11

// Node is a header in the tree. Its fixed part never changes after insertion;
// its atomics are written by the chain's owner only.
type Node struct {
	parent *Node
	skip   *Node // an ancestor far back, see skipHeight

	hash       wire.BlockHash
	merkleRoot wire.MerkleRoot
	work       u256.Int // of the chain up to and including this block

	version int32
	time    uint32
	bits    uint32
	nonce   uint32
	height  int32
	mtp     uint32 // median time past with this block as the last
	timeMax uint32 // largest time of the chain up to here

	status       atomic.Uint32
	chainTxCount atomic.Uint64
	txCount      atomic.Uint32
	file         atomic.Uint32
	dataPos      atomic.Uint32
	undoPos      atomic.Uint32
	sequenceID   atomic.Int32
}

// fill places a header below its parent, which is nil for genesis.
func (n *Node) fill(h *wire.Header, hash wire.BlockHash, parent *Node, proof u256.Int) {
	n.parent = parent
	n.hash = hash
	n.merkleRoot = h.MerkleRoot
	n.version, n.time, n.bits, n.nonce = h.Version, h.Time, h.Bits, h.Nonce
	n.work, n.timeMax = proof, h.Time
	n.sequenceID.Store(SequenceFromDisk)
	if parent != nil {
		n.height = parent.height + 1
		n.work = parent.work.Add(proof)
		n.timeMax = max(parent.timeMax, h.Time)
		n.skip = parent.Ancestor(skipHeight(n.height))
	}
	n.mtp = n.medianTime()
}

// medianTime sorts the last times into place one by one; eleven are too few for
// anything better.
func (n *Node) medianTime() uint32 {
	var times [medianSpan]uint32
	count := 0
	for at := n; at != nil && count < medianSpan; at = at.parent {
		i := count
		for ; i > 0 && times[i-1] > at.time; i-- {
			times[i] = times[i-1]
		}
		times[i] = at.time
		count++
	}
	return times[count/2]
}

// Hash returns the block's hash.
func (n *Node) Hash() wire.BlockHash { return n.hash }

// Height returns the distance to genesis, which has 0.
func (n *Node) Height() int32 { return n.height }

// Parent returns the block before this one, nil for genesis.
func (n *Node) Parent() *Node { return n.parent }

// ChainWork returns the expected number of hashes behind the chain up to here.
func (n *Node) ChainWork() u256.Int { return n.work }

// Version returns the header's version.
func (n *Node) Version() int32 { return n.version }

// Time returns the header's time in seconds since 1970.
func (n *Node) Time() int64 { return int64(n.time) }

// Bits returns the header's target in compact form.
func (n *Node) Bits() uint32 { return n.bits }

// Nonce returns the header's nonce.
func (n *Node) Nonce() uint32 { return n.nonce }

// MerkleRoot returns the header's merkle root.
func (n *Node) MerkleRoot() wire.MerkleRoot { return n.merkleRoot }

// TimeMax returns the largest time in the chain up to here.
func (n *Node) TimeMax() int64 { return int64(n.timeMax) }

// MedianTimePast returns the median of the last eleven times up to and
// including this block's (BIP 113): what the child's time must exceed.
func (n *Node) MedianTimePast() int64 { return int64(n.mtp) }

// Header rebuilds the header.
func (n *Node) Header() wire.Header {
	h := wire.Header{
		Version:    n.version,
		MerkleRoot: n.merkleRoot,
		Time:       n.time,
		Bits:       n.bits,
		Nonce:      n.nonce,
	}
	if n.parent != nil {
		h.PrevBlock = n.parent.hash
	}
	return h
}
