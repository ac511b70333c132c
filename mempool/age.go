package mempool

import "container/heap"

// ages keeps entries with the oldest first: a heap, as what comes back after a
// reorganisation keeps its time, and clocks can be set back.
type ages struct{ list []*entry }

func (a *ages) Len() int { return len(a.list) }

func (a *ages) Less(i, j int) bool { return a.list[i].added.Before(a.list[j].added) }

func (a *ages) Swap(i, j int) {
	a.list[i], a.list[j] = a.list[j], a.list[i]
	a.list[i].age, a.list[j].age = i, j
}

// Push and Pop are for package heap.
func (a *ages) Push(x any) {
	e := x.(*entry)
	e.age = len(a.list)
	a.list = append(a.list, e)
}

func (a *ages) Pop() any {
	last := len(a.list) - 1
	e := a.list[last]
	a.list[last] = nil
	a.list = a.list[:last]
	return e
}

func (a *ages) add(e *entry)    { heap.Push(a, e) }
func (a *ages) remove(e *entry) { heap.Remove(a, e.age) }

// oldest returns the entry that has waited longest, nil when there is none.
func (a *ages) oldest() *entry {
	if len(a.list) == 0 {
		return nil
	}
	return a.list[0]
}
