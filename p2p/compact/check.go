package compact

import "fmt"

// check verifies the invariants of [Announcers].
func (a *Announcers) check() error {
	if len(a.list) > maxAnnouncers {
		return fmt.Errorf("%d announcers", len(a.list))
	}
	for i, p := range a.list {
		if a.find(p.id) != i {
			return fmt.Errorf("peer %d twice", p.id)
		}
	}
	return nil
}

// check verifies the invariants of [Extra].
func (e *Extra) check() error {
	bytes := 0
	for _, tx := range e.list {
		bytes += footprint(tx)
	}
	if bytes != e.bytes || bytes > extraBytes || len(e.list) > max(e.limit, 0) {
		return fmt.Errorf("%d transactions of %d bytes, %d counted", len(e.list), bytes, e.bytes)
	}
	return nil
}

// check verifies the invariants of [Partial].
func (p *Partial) check() error {
	size, left := 0, 0
	for i, tx := range p.txs {
		if tx != nil {
			size += tx.TotalSize()
		}
		if p.found == nil {
			continue
		}
		if tx != nil && !p.found[i] {
			return fmt.Errorf("place %d is filled by nobody", i)
		}
		if !p.found[i] {
			left++
		}
	}
	if size != p.size || size > maxBlockSize {
		return fmt.Errorf("%d bytes found, %d counted", size, p.size)
	}
	if p.found != nil && left != p.left {
		return fmt.Errorf("%d names left, %d counted", left, p.left)
	}
	return nil
}
