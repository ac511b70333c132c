package p2ptest

// task is what happens at a moment.
type task interface{ run() }

// do makes a task of a function.
type do func()

func (f do) run() { f() }

// entry is a task in the heap. Entries of one moment keep the order in which
// they were scheduled.
type entry struct {
	at   int64 // nanoseconds since the start
	seq  uint64
	task task
}

func (e *entry) before(o *entry) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

// clock is a heap of tasks with four children a node: half the depth of a binary
// one, and the four lie in two cache lines.
type clock struct {
	now  int64
	seq  uint64
	heap []entry
}

// at schedules a task, not before now.
func (c *clock) at(when int64, t task) {
	c.seq++
	e := entry{at: max(when, c.now), seq: c.seq, task: t}
	c.heap = append(c.heap, e)
	i := len(c.heap) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !e.before(&c.heap[up]) {
			break
		}
		c.heap[i] = c.heap[up]
		i = up
	}
	c.heap[i] = e
}

// after schedules a task.
func (c *clock) after(delay int64, t task) { c.at(c.now+delay, t) }

// next takes the earliest task and moves the time to it; nil when there is none
// up to the limit.
func (c *clock) next(limit int64) task {
	if len(c.heap) == 0 || c.heap[0].at > limit {
		return nil
	}
	top := c.heap[0]
	last := len(c.heap) - 1
	e := c.heap[last]
	c.heap[last] = entry{}
	c.heap = c.heap[:last]
	if last > 0 {
		c.sift(e)
	}
	c.now = top.at
	return top.task
}

// sift puts e into the hole at the top.
func (c *clock) sift(e entry) {
	h := c.heap
	i := 0
	for {
		first := 4*i + 1
		if first >= len(h) {
			break
		}
		least := first
		for k := first + 1; k < min(first+4, len(h)); k++ {
			if h[k].before(&h[least]) {
				least = k
			}
		}
		if !h[least].before(&e) {
			break
		}
		h[i] = h[least]
		i = least
	}
	h[i] = e
}
