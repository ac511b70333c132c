package index

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"time"

	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/wire"
)

// Run follows the chain until ctx ends, nil then, or a failure. It returns when
// the database is closed. It may be called once.
func (x *TxIndex) Run(ctx context.Context) error {
	err := x.run(ctx)
	close(x.done)
	return errors.Join(err, x.close())
}

func (x *TxIndex) run(ctx context.Context) error {
	moves := x.cfg.Chain.Events().Subscribe() // before the tip is looked at: no move is missed
	for {
		if err := x.follow(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		if _, err := moves.Next(ctx); err != nil && !errors.Is(err, event.ErrLagged) {
			return nil // ctx has ended
		}
	}
}

// follow brings the index to the chain's tip. It returns early, with what was
// done, when ctx ends.
func (x *TxIndex) follow(ctx context.Context) error {
	shown := time.Now()
	for {
		active := x.cfg.Chain.Active()
		tip := active.Tip()
		if tip == x.at {
			return x.commit(true)
		}
		if !active.Contains(x.at) && x.at != nil {
			// What the batch holds may be what comes next.
			if err := x.commit(false); err != nil {
				return err
			}
			x.at = active.Fork(x.at)
		}
		next := int32(0)
		if x.at != nil {
			next = x.at.Height() + 1
		}
		for h := next; h <= tip.Height(); h++ {
			if ctx.Err() != nil {
				return x.commit(false)
			}
			if err := x.add(active.At(h)); err != nil {
				return err
			}
			if now := time.Now(); now.Sub(shown) > logEvery {
				shown = now
				x.log.Info("Indexing transactions", "height", h, "of", tip.Height())
			}
		}
	}
}

// logEvery is how often a long build says where it is.
const logEvery = 30 * time.Second

// add takes in a block, unless it is here already.
func (x *TxIndex) add(n *headers.Node) error {
	number, err := x.get(hashKey(n.Hash()))
	if err != nil {
		return err
	}
	if number == nil {
		txs, err := x.transactions(n)
		if err != nil {
			return err
		}
		if err := x.addBlock(n, txs); err != nil {
			return err
		}
	}
	x.at = n
	if len(x.batch.Dump()) < x.cfg.batch {
		return nil
	}
	return x.commit(false)
}

// transactions returns those of a block that are to be found. Genesis has none,
// since nobody can spend what it pays; nor could it be read as long as a reindex
// has not come upon it.
func (x *TxIndex) transactions(n *headers.Node) ([]wire.Tx, error) {
	if n.Height() == 0 {
		return nil, nil
	}
	b, err := x.cfg.Chain.Block(n)
	if err != nil {
		return nil, err
	}
	return b.Txs, nil
}

func (x *TxIndex) addBlock(n *headers.Node, txs []wire.Tx) error {
	if len(txs) > math.MaxUint16+1 {
		return x.corrupt("block %s with %d transactions", n.Hash(), len(txs))
	}
	hash := n.Hash()
	x.batch.Put(blockKey(x.next), hash[:])
	x.batch.Put(hashKey(hash), binary.BigEndian.AppendUint32(nil, x.next))
	var key [txKeySize]byte
	for i := range txs {
		x.batch.Put(appendTxKey(key[:0], txs[i].Txid(), x.next, uint16(i)), nil)
	}
	x.next++
	return nil
}

// commit writes what was gathered, with the position that it leads to, and then
// tells those who wait. atTip says that this is the chain's tip.
func (x *TxIndex) commit(atTip bool) error {
	old := x.state.Load()
	now := state{tip: x.at, synced: old.synced || atTip}
	if now == *old {
		return nil
	}
	if now.tip != old.tip {
		hash := x.at.Hash()
		x.batch.Put([]byte(keyPosition), hash[:])
		if err := x.write(&x.batch); err != nil {
			return err
		}
		x.batch.Reset()
	}
	if !old.synced && now.synced {
		x.log.Info("txindex is at the tip", "height", x.at.Height())
	}
	x.state.Store(&now)
	x.mu.Lock()
	defer x.mu.Unlock()
	close(x.changed)
	x.changed = make(chan struct{})
	return nil
}
