package utxo

import (
	"grapevine/chain/consensus"
	"grapevine/chain/script"
	"grapevine/wire"
)

// After an interrupted flush each coin in the database is as it was at block
// from or as it was at block to. The chain walks from one to the other, back
// to the fork with the undo data and forward with the blocks, and repeats
// every spend and every creation without looking at what is there. In the end
// each coin that any of these blocks touches is as at block to, whichever of
// the two states it began in; a crash during the replay leaves the same two
// heads and the same choice of states, so that it begins again.

// ReplaySpend removes a coin, whether it is there or not. The owner's.
func (s *Set) ReplaySpend(op wire.OutPoint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.replayRoom(tombBytes); err != nil {
		return err
	}
	return s.cur.spend(s.hash.outpoint(&op), &op)
}

// ReplayAdd puts a coin in, over what may be there. One that cannot be spent
// is left out, as everywhere. The owner's.
func (s *Set) ReplayAdd(op wire.OutPoint, c consensus.Coin) error {
	if script.IsUnspendable(c.Out.PkScript) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.replayRoom(coinHeader + len(c.Out.PkScript)); err != nil {
		return err
	}
	return s.cur.add(s.hash.outpoint(&op), &op, &c.Out, c.Height, c.Coinbase, false)
}

// FinishReplay writes what is left, takes the marker away and makes best the
// block of the coins. The owner's.
func (s *Set) FinishReplay(best wire.BlockHash) error {
	if s.closed.Load() {
		return &Error{Kind: ErrClosed}
	}
	if !s.interrupted {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.replayWrite(&best); err != nil {
		return err
	}
	s.best, s.diskBest = best, best
	s.interrupted = false
	return nil
}

// replayRoom makes room for one more entry; what has come together is written
// under the marker that already stands.
func (s *Set) replayRoom(size int) error {
	switch {
	case s.closed.Load():
		return &Error{Kind: ErrClosed}
	case !s.interrupted:
		return &Error{Kind: ErrNotFlushing, Detail: "nothing to roll forward"}
	}
	if s.cur.used() >= s.limit.Load() {
		if err := s.replayWrite(nil); err != nil {
			return err
		}
	}
	_, size = sizeClass(size)
	g, err := s.cur.reserve(1, size)
	if err != nil {
		return err
	}
	s.cur.adopt(g)
	return nil
}

// replayWrite writes the active generation and empties it. With a best block
// the last batch ends the replay.
func (s *Set) replayWrite(best *wire.BlockHash) (err error) {
	f := &flush{t: s.cur, started: true}
	defer f.release()
	if f.order, err = newKeyOrder(s.cur); err != nil {
		return err
	}
	for done := false; !done; {
		done = f.fillEntries(clampBatch(flushAll, s.store.sizing.writeBuffer))
		if done && best != nil {
			f.finish(*best)
		}
		if err := s.store.write(&f.batch); err != nil {
			return err
		}
	}
	s.cur.clear(s.limit.Load())
	return nil
}
