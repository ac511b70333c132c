package p2ptest

import (
	"encoding/binary"

	"grapevine/p2p"
	"grapevine/p2p/compact"
	"grapevine/wire"
)

// Compact returns the compact block of a block that was made, nil for an unknown
// hash. There is one of each: all nodes send the same.
func (w *World) Compact(hash wire.BlockHash) *wire.MsgCmpctBlock {
	m := w.blocks[hash]
	if m == nil {
		return nil
	}
	if m.compact == nil {
		m.compact = compact.Build(m.block, binary.LittleEndian.Uint64(hash[:]))
	}
	return m.compact
}

// known is a block of the world's of which a node lacks some transactions: nothing
// is hashed to find out which.
type known struct {
	block   *wire.Block
	missing []uint16
}

func (k *known) Footprint() int { return 8 * len(k.missing) }

// reconstruct looks through the pool for a compact block, at the cost of one look-up
// a transaction if it is the world's, less where [NodeConfig.Lacks] knows. Others are
// put together as the product does it.
func (p *Pool) reconstruct(a p2p.Reconstruct) {
	p.node.later(int64(p.node.verdicts.Scan), func() {
		ev := p2p.Reconstructed{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Hash: a.Hash}
		if world := p.node.net.World; world.Compact(a.Hash) == a.Msg {
			block := world.Block(a.Hash)
			if ev.Missing = p.lacks(block, a.Extra); len(ev.Missing) == 0 {
				ev.Block = block
			} else {
				ev.Partial = &known{block, ev.Missing}
			}
		} else {
			p.seek(a, &ev)
		}
		p.node.step(ev)
	})
}

// lacks returns the places of a block's transactions that are not in the pool.
func (p *Pool) lacks(b *wire.Block, extra []*wire.Tx) (list []uint16) {
	if f := p.node.cfg.Lacks; f != nil {
		return f(p.node, b)
	}
	others := make(map[wire.Wtxid]bool, len(extra))
	for _, tx := range extra {
		others[tx.Wtxid()] = true
	}
	for i := 1; i < len(b.Txs); i++ {
		if id := b.Txs[i].Wtxid(); p.byWtxid[id] == nil && !others[id] {
			list = append(list, uint16(i))
		}
	}
	return list
}

// seek puts together what an actor made up.
func (p *Pool) seek(a p2p.Reconstruct, ev *p2p.Reconstructed) {
	made, err := compact.NewPartial(a.Msg)
	if err == nil {
		p.Scan(made.Fill)
		made.FillExtra(a.Extra)
		if ev.Missing = made.Missing(); len(ev.Missing) > 0 {
			ev.Partial = made
		} else {
			ev.Block, err = made.Complete(nil, a.Witness)
		}
	}
	ev.Err = err
}

// complete puts in what was asked for.
func (p *Pool) complete(a p2p.Complete) {
	p.node.later(0, func() {
		ev := p2p.Reconstructed{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Hash: a.Hash}
		switch made := a.Partial.(type) {
		case *known:
			if ev.Err = made.fits(a.Txs); ev.Err == nil {
				ev.Block = made.block
			}
		case *compact.Partial:
			ev.Block, ev.Err = made.Complete(a.Txs, a.Witness)
		}
		p.node.step(ev)
	})
}

// fits compares what came with what was asked for.
func (k *known) fits(txs []wire.Tx) error {
	if len(txs) != len(k.missing) {
		return compact.ErrInvalid
	}
	for i, at := range k.missing {
		if txs[i].Wtxid() != k.block.Txs[at].Wtxid() {
			return compact.ErrCollision
		}
	}
	return nil
}

// Scan is what [p2p.Pool] asks for.
func (p *Pool) Scan(fn func(ids []wire.Wtxid, txs []*wire.Tx) (more bool)) {
	for id, tx := range p.byWtxid {
		if !fn([]wire.Wtxid{id}, []*wire.Tx{tx}) {
			return
		}
	}
}

// early tells the core of a block on the tip before it is judged, as the chain does once
// it has looked at it by itself.
func (l *Ledger) early(b *wire.Block) {
	world := l.node.net.World
	m := world.blocks[b.Hash()]
	if m == nil || m.block != b {
		return
	}
	n, err := l.takeHeader(&b.Header)
	if err != nil || n.Parent() != l.active.Tip() || l.Syncing() || l.has(n) {
		return
	}
	l.node.later(int64(l.node.verdicts.Early), func() {
		l.node.step(p2p.BlockChecked{Node: n, Block: b, Msg: world.Compact(b.Hash())})
	})
}

// parts returns what is sent for a block that is not served whole, nil when the peer asks
// for what there is not.
func (n *Node) parts(a p2p.ServeBlock, block *wire.Block) (wire.Message, bool) {
	switch {
	case a.Parts != nil:
		return compact.Pick(block, a.Parts.Indexes)
	case a.Compact:
		return n.net.World.Compact(block.Hash()), true
	default:
		return &wire.MsgBlock{Block: block, NoWitness: !a.Witness}, true
	}
}
