package bloom

import (
	"errors"

	"grapevine/wire"
)

// ErrProof: a message does not prove what it claims to.
var ErrProof = errors.New("bloom: bad proof")

// Prove returns the proof of which transactions of a block match, and the indexes of
// these.
func Prove(b *wire.Block, match func(tx *wire.Tx) bool) (*wire.MsgMerkleBlock, []int) {
	m := &wire.MsgMerkleBlock{Header: b.Header, TxCount: uint32(len(b.Txs))}
	leaves := make([]wire.MerkleRoot, len(b.Txs))
	matched := make([]bool, len(b.Txs))
	var indexes []int
	for i := range b.Txs {
		leaves[i] = wire.MerkleRoot(b.Txs[i].Txid())
		if matched[i] = match(&b.Txs[i]); matched[i] {
			indexes = append(indexes, i)
		}
	}
	p := prover{m: m, hashes: [][]wire.MerkleRoot{leaves}, above: [][]bool{matched}}
	p.climb()
	if len(leaves) > 0 {
		p.visit(len(p.hashes)-1, 0)
	}
	return m, indexes
}

// prover holds the tree by levels, leaves first: a node's hash, and whether anything
// below it matches.
type prover struct {
	m      *wire.MsgMerkleBlock
	hashes [][]wire.MerkleRoot
	above  [][]bool
	bits   int
}

func (p *prover) climb() {
	for at := 0; len(p.hashes[at]) > 1; at++ {
		below, found := p.hashes[at], p.above[at]
		width := (len(below) + 1) / 2
		hashes, above := make([]wire.MerkleRoot, width), make([]bool, width)
		for i := range width {
			right := min(2*i+1, len(below)-1) // the last one may stand for two
			hashes[i] = join(below[2*i], below[right])
			above[i] = found[2*i] || found[right]
		}
		p.hashes, p.above = append(p.hashes, hashes), append(p.above, above)
	}
}

func join(left, right wire.MerkleRoot) wire.MerkleRoot {
	var both [64]byte
	copy(both[:], left[:])
	copy(both[32:], right[:])
	return wire.MerkleRoot(wire.DoubleSHA256(both[:]))
}

func (p *prover) visit(level, at int) {
	found := p.above[level][at]
	if p.bits%8 == 0 {
		p.m.Flags = append(p.m.Flags, 0)
	}
	if found {
		p.m.Flags[p.bits/8] |= 1 << (p.bits % 8)
	}
	p.bits++
	if !found || level == 0 {
		p.m.Hashes = append(p.m.Hashes, p.hashes[level][at])
		return
	}
	p.visit(level-1, 2*at)
	if right := 2*at + 1; right < len(p.hashes[level-1]) {
		p.visit(level-1, right)
	}
}

// maxTxs is how many transactions fit into a block: 60 bytes each, of weight 4.
const maxTxs = int(wire.MaxBlockWeight / (4 * 60))

// Match is a transaction that a proof shows to be in a block.
type Match struct {
	Txid  wire.Txid
	Index int
}

// Extract returns what a message proves to be in the block of its header, whose merkle
// root it has compared; [ErrProof] when it proves nothing.
func Extract(m *wire.MsgMerkleBlock) ([]Match, error) {
	n := int(m.TxCount)
	if n == 0 || m.TxCount > uint32(maxTxs) || len(m.Hashes) > n || len(m.Flags)*8 < len(m.Hashes) {
		return nil, ErrProof
	}
	x := extractor{m: m}
	level := 0
	for x.width(level) > 1 {
		level++
	}
	root := x.visit(level, 0)
	if x.bad || (x.bits+7)/8 != len(m.Flags) || x.used != len(m.Hashes) || root != m.Header.MerkleRoot {
		return nil, ErrProof
	}
	return x.found, nil
}

type extractor struct {
	m     *wire.MsgMerkleBlock
	bits  int
	used  int
	bad   bool
	found []Match
}

func (x *extractor) width(level int) int { return (int(x.m.TxCount) + 1<<level - 1) >> level }

func (x *extractor) visit(level, at int) wire.MerkleRoot {
	if x.bad || x.bits >= len(x.m.Flags)*8 {
		x.bad = true
		return wire.MerkleRoot{}
	}
	found := x.m.Flags[x.bits/8]>>(x.bits%8)&1 == 1
	x.bits++
	if !found || level == 0 {
		if x.used >= len(x.m.Hashes) {
			x.bad = true
			return wire.MerkleRoot{}
		}
		h := x.m.Hashes[x.used]
		x.used++
		if found {
			x.found = append(x.found, Match{wire.Txid(h), at})
		}
		return h
	}
	left := x.visit(level-1, 2*at)
	right := left
	if 2*at+1 < x.width(level-1) {
		// Two equal halves could stand for one (CVE-2012-2459).
		if right = x.visit(level-1, 2*at+1); right == left {
			x.bad = true
		}
	}
	return join(left, right)
}
