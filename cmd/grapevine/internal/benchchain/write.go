package benchchain

import (
	"context"
	"encoding/binary"
	"io"

	"grapevine/wire"
)

// Stats is what a chain holds.
type Stats struct {
	Height       int32 // of the last block; blocks start at 1, the genesis block is not written
	Tip          wire.BlockHash
	Transactions int // coinbases included
	Inputs       int // coinbases not included
	Signatures   int
	Bytes        int64 // of the file
}

func (s *Stats) add(b *wire.Block, height int32, signatures int) {
	s.Height, s.Tip, s.Signatures = height, b.Hash(), signatures
	s.Transactions += len(b.Txs)
}

// Write writes the chain in the form of a block file: for each block the magic
// bytes of regtest, its size in four bytes, little endian, and the block.
func Write(ctx context.Context, cfg Config, w io.Writer) (Stats, error) {
	if err := cfg.fill(); err != nil {
		return Stats{}, err
	}
	g := newGenerator(cfg)
	g.tip = g.params.GenesisHash
	emit := func(plans []*txPlan) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return g.emit(w, g.block(plans))
	}
	fanOuts := cfg.fanOuts()
	for range max(maturity, fanOuts) {
		if err := emit(nil); err != nil {
			return g.stats, err
		}
	}
	for i := range fanOuts {
		n := cfg.Coins*(i+1)/fanOuts - cfg.Coins*i/fanOuts
		if err := emit([]*txPlan{g.fanOut(n)}); err != nil {
			return g.stats, err
		}
	}
	for int(g.nextNonce) < cfg.Signatures {
		if err := emit(g.fullBlock()); err != nil {
			return g.stats, err
		}
	}
	return g.stats, nil
}

// fullBlock plans transactions until the block is full, the signatures are
// enough or the coins run out. At least one fits whatever the configuration.
func (g *generator) fullBlock() (plans []*txPlan) {
	room := g.cfg.BlockBytes - blockOverhead
	for len(g.pool) >= 2 && int(g.nextNonce) < g.cfg.Signatures {
		p := g.pair()
		plans = append(plans, p)
		// The next may be as large as any.
		if room -= p.size(); room < largestPair {
			break
		}
	}
	return plans
}

// largestPair is a transaction of two P2WSH inputs.
var largestPair = (&txPlan{
	spends: []coin{{kind: P2WSH}, {kind: P2WSH}},
	makes:  []*coin{{kind: P2WSH}, {kind: P2WSH}},
}).size()

func (g *generator) emit(w io.Writer, b *wire.Block) error {
	var head [8]byte
	copy(head[:], g.params.Magic[:])
	binary.LittleEndian.PutUint32(head[4:], uint32(b.TotalSize()))
	g.stats.Bytes += int64(len(head) + b.TotalSize())
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	_, err := w.Write(b.Raw())
	return err
}
