package txrequest

// waiting is a place in the waiting heap, which answers: what happens next?
type waiting struct {
	at    int64
	index int32
}

// push enters an announcement that waits into the waiting heap.
func (t *Tracker) push(i int32) {
	t.queue = append(t.queue, waiting{at: t.announcements.at(i).at, index: i})
	t.up(len(t.queue) - 1)
}

// pull takes the announcement at a place out of the waiting heap.
func (t *Tracker) pull(slot int32) {
	n, last := int(slot), len(t.queue)-1
	t.announcements.at(t.queue[n].index).slot = none
	moved := t.queue[last]
	t.queue = t.queue[:last]
	if n == last {
		return
	}
	t.place(n, moved)
	t.down(n)
	t.up(int(t.announcements.at(moved.index).slot))
}

func (t *Tracker) place(n int, w waiting) {
	t.queue[n] = w
	t.announcements.at(w.index).slot = int32(n)
}

// earlier orders by time, and what happens at the same time by announcement.
func (t *Tracker) earlier(a, b waiting) bool {
	if a.at != b.at {
		return a.at < b.at
	}
	return t.announcements.at(a.index).sequence < t.announcements.at(b.index).sequence
}

func (t *Tracker) up(n int) {
	w := t.queue[n]
	for n > 0 {
		parent := (n - 1) / 2
		if !t.earlier(w, t.queue[parent]) {
			break
		}
		t.place(n, t.queue[parent])
		n = parent
	}
	t.place(n, w)
}

func (t *Tracker) down(n int) {
	w := t.queue[n]
	for {
		child := 2*n + 1
		if child >= len(t.queue) {
			break
		}
		if child+1 < len(t.queue) && t.earlier(t.queue[child+1], t.queue[child]) {
			child++
		}
		if !t.earlier(t.queue[child], w) {
			break
		}
		t.place(n, t.queue[child])
		n = child
	}
	t.place(n, w)
}

// heapLinks is the place of a ready announcement in the heap of its hash, a
// pairing heap: it needs no memory but these links, and hundreds of peers that
// announce one hash cost each other next to nothing.
type heapLinks struct {
	child int32 // first of those below
	next  int32 // next of those beside
	back  int32 // the one before beside, or the one above for the first
}

var noHeap = heapLinks{none, none, none}

// above orders the heap. Announcements of one hash have different peers, so
// equal priorities are as good as impossible; the earlier one is then above.
func (t *Tracker) above(a, b *announcement) bool {
	if a.priority != b.priority {
		return a.priority > b.priority
	}
	return a.sequence < b.sequence
}

// meld joins two heaps, either of which may be none, and returns the root.
func (t *Tracker) meld(a, b int32) int32 {
	if a == none {
		return b
	}
	if b == none {
		return a
	}
	top, low := t.announcements.at(a), t.announcements.at(b)
	if t.above(low, top) {
		a, b, top, low = b, a, low, top
	}
	low.heap.back, low.heap.next = a, top.heap.child
	if top.heap.child != none {
		t.announcements.at(top.heap.child).heap.back = b
	}
	top.heap.child = b
	return a
}

// extract takes one announcement out of a heap and returns the new root.
func (t *Tracker) extract(root, i int32) int32 {
	h := &t.announcements.at(i).heap
	below := t.meldAll(h.child)
	if i == root {
		*h = noHeap
		return below
	}
	if before := &t.announcements.at(h.back).heap; before.child == i {
		before.child = h.next
	} else {
		before.next = h.next
	}
	if h.next != none {
		t.announcements.at(h.next).heap.back = h.back
	}
	*h = noHeap
	return t.meld(root, below)
}

// meldAll joins a row of heaps: pairs from the left first, then all of them from
// the right, which is what makes taking out cheap over time.
func (t *Tracker) meldAll(first int32) int32 {
	paired := none // a row that is linked backwards through next
	for first != none {
		a := first
		b := t.detach(a)
		rest := none
		if b != none {
			rest = t.detach(b)
		}
		joined := t.meld(a, b)
		t.announcements.at(joined).heap.next = paired
		paired, first = joined, rest
	}
	root := none
	for paired != none {
		next := t.detach(paired)
		root = t.meld(root, paired)
		paired = next
	}
	return root
}

// detach makes an announcement a root of its own and returns the one beside it.
func (t *Tracker) detach(i int32) int32 {
	h := &t.announcements.at(i).heap
	next := h.next
	h.next, h.back = none, none
	return next
}
