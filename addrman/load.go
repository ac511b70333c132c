package addrman

import "grapevine/wire"

// loader enters what is stored into an empty book.
type loader struct {
	b *book
	// sameMap: buckets were reckoned as they are now. Otherwise all entries move.
	sameMap bool
	had     places // places with a record
	kept    places // those of them that hold what the record says
	seen    int    // records
}

// load enters a record.
func (l *loader) load(p place, record []byte) error {
	e, err := decodeEntry(record)
	if err != nil {
		return err
	}
	l.had.add(p)
	l.seen++
	if !e.addr.Routable() {
		return nil // by the rules of today
	}
	if p.tried() {
		l.loadTried(p, &e)
	} else {
		l.loadNew(p, &e)
	}
	return nil
}

func (l *loader) loadNew(p place, e *entry) {
	b := l.b
	to := p
	if !l.sameMap || p.position() != b.key.position(false, p.bucket(), e.addr, e.port) {
		to = b.newPlaceOf(e, e.source)
	}
	if b.at[to] != noID {
		return
	}
	n, old := b.find(e.endpoint)
	if old == nil {
		n, old = b.create(e.endpoint, e.source)
		old.merge(e)
	}
	if old.refs == maxRefs {
		return
	}
	b.refer(n, old, to)
	if to == p {
		l.kept.add(p)
	}
}

// loadTried comes after the new table. What a kill left in both is a move that was
// half written, and belongs here.
func (l *loader) loadTried(p place, e *entry) {
	b := l.b
	to := b.triedPlaceOf(e)
	if b.at[to] != noID || e.lastSuccess == 0 {
		return
	}
	n, old := b.find(e.endpoint)
	if old == nil {
		n, old = b.create(e.endpoint, e.source)
	}
	old.merge(e)
	for _, q := range old.places[:old.refs] {
		b.put(q, noID)
		l.kept.remove(q)
	}
	old.refs = 0
	b.count(old, -1)
	old.tried = true
	b.count(old, +1)
	b.put(to, n)
	if to == p {
		l.kept.add(p)
	}
}

// merge takes over what a record says.
func (e *entry) merge(from *entry) {
	e.services, e.seen, e.lastSuccess, e.attempts = from.services, from.seen, from.lastSuccess, from.attempts
}

// finish marks as dirty what differs from what is stored.
func (l *loader) finish() {
	b := l.b
	b.dirty = places{}
	for p := range place(allPlaces) {
		if held := b.at[p] != noID; held != l.kept.has(p) || l.had.has(p) && !l.kept.has(p) {
			b.dirty.add(p)
		}
	}
}

// lost is how many records found no place.
func (l *loader) lost() int {
	held := 0
	for _, n := range l.b.networks {
		if n != wire.NetNone {
			held++
		}
	}
	return l.seen - held
}
