package p2p

import (
	"context"
	"errors"
	"math/rand/v2"

	"grapevine/chain/headers"
	"grapevine/p2p/compact"
	"grapevine/p2p/transport"
	"grapevine/wire"
)

// Partial is a block that was put together as far as it goes; only who made it looks
// inside.
type Partial interface {
	// Footprint is the memory that it takes, in bytes, beyond what the pool holds.
	Footprint() int
}

// reconstruct looks for a block's transactions in the pool. It runs on a goroutine of
// its own; the receive credits of those who sent compact blocks bound how many there are.
func (s *Service) reconstruct(ctx context.Context, a Reconstruct) {
	ev := Reconstructed{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Hash: a.Hash}
	made, err := compact.NewPartial(a.Msg)
	if err == nil {
		s.cfg.Core.Pool.Scan(made.Fill)
		made.FillExtra(a.Extra)
		if ev.Missing = made.Missing(); len(ev.Missing) > 0 {
			ev.Partial = made
		} else {
			ev.Block, err = made.Complete(nil, a.Witness)
		}
	}
	ev.Err = err
	s.log.Debug("compact block", "hash", a.Hash, "peer", a.Peer, "missing", len(ev.Missing), "error", err)
	s.post(ctx, ev)
}

// complete puts what was missing into a block.
func (s *Service) complete(ctx context.Context, a Complete) {
	ev := Reconstructed{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Hash: a.Hash}
	ev.Block, ev.Err = a.Partial.(*compact.Partial).Complete(a.Txs, a.Witness)
	s.log.Debug("compact block completed", "hash", a.Hash, "peer", a.Peer, "asked", len(a.Txs), "error", ev.Err)
	s.post(ctx, ev)
}

// checked is a block that the chain's owner told of early.
type checked struct {
	node  *headers.Node
	block *wire.Block
}

// followChecked tells the core of blocks that are worth passing on before they are
// connected. The owner of the chain does not wait for it; of blocks that come too
// quickly only the last is told.
func (s *Service) followChecked(ctx context.Context) error {
	early := newQueue[checked]()
	stop := s.cfg.Owners.WatchEarly(func(n *headers.Node, b *wire.Block) { early.put(checked{n, b}) })
	defer stop()
	for {
		list, err := early.take(ctx)
		if err != nil {
			return err
		}
		last := list[len(list)-1]
		if msg := compact.Build(last.block, rand.Uint64()); msg != nil {
			if !s.post(ctx, BlockChecked{Node: last.node, Block: last.block, Msg: msg}) {
				return ctx.Err()
			}
		}
	}
}

// ErrNoSuchTx is what [Served] tells where a peer asks for parts of a block that there
// are not.
var ErrNoSuchTx = errors.New(outOfBounds)

// contents returns what is to be written for a block that is served, and its size.
func (s *Service) contents(a ServeBlock) (outgoing, int, error) {
	var raw []byte
	var err error
	if a.Block != nil {
		raw = append(make([]byte, 0, len(a.Block.Raw())+transport.MaxOverhead), a.Block.Raw()...) // what is written is encrypted in place
	} else if raw, err = s.cfg.Owners.RawBlock(a.Node); err != nil {
		return outgoing{}, 0, err
	}
	if a.Compact || a.Parts != nil {
		b, err := wire.DecodeBlock(raw)
		if err != nil {
			return outgoing{}, 0, err
		}
		return partsOf(b, a)
	}
	if !a.Witness {
		if raw, err = stripWitness(raw); err != nil {
			return outgoing{}, 0, err
		}
	}
	return outgoing{raw: raw}, frameSize + len(raw), nil
}

func partsOf(b *wire.Block, a ServeBlock) (outgoing, int, error) {
	var msg wire.Message
	if a.Parts != nil {
		answer, ok := compact.Pick(b, a.Parts.Indexes)
		if !ok {
			return outgoing{}, 0, ErrNoSuchTx
		}
		msg = answer
	} else if msg = compact.Build(b, rand.Uint64()); msg == (*wire.MsgCmpctBlock)(nil) {
		msg = &wire.MsgBlock{Block: b}
	}
	return outgoing{msg: msg}, frameSize + msg.PayloadSize(), nil
}
