package utxo

import "grapevine/wire"

// Merge folds overlays in, the lowest first, and makes best the block of the
// coins, under one short write lock: readers see nothing between, there is no
// I/O in it, and all memory is taken before it. The overlays must be the
// lowest that are not merged; they are empty after that and may be Reset. Without
// memory nothing changes; a failure after that closes the set, as half of it
// would be in. The owner's.
func (s *Set) Merge(best wire.BlockHash, stack ...*Overlay) error {
	if s.closed.Load() {
		return &Error{Kind: ErrClosed}
	}
	if s.interrupted {
		return &Error{Kind: ErrInterrupted}
	}
	entries, bytes := 0, 0
	for _, o := range stack {
		n, b := o.footprint()
		entries, bytes = entries+n, bytes+b
	}
	g, err := s.cur.reserve(entries, bytes)
	if err != nil {
		return err
	}
	if err := s.fold(stack, g, best); err != nil {
		s.closed.Store(true) // half of it is in: nothing may be read or written
		return err
	}
	s.dirty = true
	for _, o := range stack {
		o.retire()
	}
	return nil
}

func (s *Set) fold(stack []*Overlay, g growth, best wire.BlockHash) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cur.adopt(g)
	for _, o := range stack {
		if err := s.cur.fold(o, &s.work); err != nil {
			return err
		}
	}
	s.best = best
	return nil
}

// footprint bounds what the overlay adds to a generation.
func (o *Overlay) footprint() (entries, bytes int) {
	for i := range o.entries {
		e := &o.entries[i]
		size := tombBytes
		switch e.state {
		case entryGone:
			continue
		case entryFresh, entryLive:
			size = coinHeader + len(e.out.PkScript)
		}
		_, size = sizeClass(size)
		entries, bytes = entries+1, bytes+size
	}
	return entries, bytes
}

// fold applies an overlay's entries, group by group as [work.probe] does.
func (t *table) fold(o *Overlay, w *work) error {
	for from := 0; from < len(o.entries); from += group {
		part := o.entries[from:min(from+group, len(o.entries))]
		w.hash = w.hash[:0]
		for i := range part {
			w.hash = append(w.hash, part[i].hash)
		}
		t.warm(w.hash)
		for i := range part {
			if err := t.apply(&part[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *table) apply(e *layerEntry) error {
	switch e.state {
	case entrySpent:
		return t.spend(e.hash, &e.op)
	case entryFresh, entryLive:
		return t.add(e.hash, &e.op, &e.out, e.height, e.coinbase, e.state == entryFresh)
	}
	return nil
}
