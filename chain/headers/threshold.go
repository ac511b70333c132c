package headers

import "grapevine/chain/params"

// rule is a condition that blocks of a period meet or not, and the bounds within
// which meeting it counts.
type rule struct {
	start, timeout    int64 // median times past
	minHeight         int32
	period, threshold int32
	signals           func(*Node) bool
}

// lastOfPeriod returns the last block before the period that the block after
// prev belongs to, nil for the first period.
func (r *rule) lastOfPeriod(prev *Node) *Node {
	if prev == nil {
		return nil
	}
	return prev.Ancestor(prev.height - (prev.height+1)%r.period)
}

// state returns the state of the block after prev.
func (r *rule) state(prev *Node, cache stateCache) State {
	switch r.start {
	case params.AlwaysActive:
		return StateActive
	case params.NeverActive:
		return StateFailed
	}
	at := r.lastOfPeriod(prev)
	var todo []*Node
	for {
		if _, known := cache[at]; known {
			break
		}
		// Median times never fall, so all before is defined too.
		if at == nil || at.MedianTimePast() < r.start {
			cache[at] = StateDefined
			break
		}
		todo = append(todo, at)
		at = at.Ancestor(at.height - r.period)
	}
	state := cache[at]
	for i := len(todo) - 1; i >= 0; i-- {
		state = r.next(state, todo[i])
		cache[todo[i]] = state
	}
	return state
}

// next returns the state of the period after the one that ends with last and was
// in state s.
func (r *rule) next(s State, last *Node) State {
	switch s {
	case StateDefined:
		if last.MedianTimePast() >= r.start {
			return StateStarted
		}
	case StateStarted:
		if r.count(last, r.period) >= r.threshold {
			return StateLockedIn
		}
		if last.MedianTimePast() >= r.timeout {
			return StateFailed
		}
	case StateLockedIn:
		if last.height+1 >= r.minHeight {
			return StateActive
		}
	}
	return s
}

// count returns how many of the n blocks up to last signal.
func (r *rule) count(last *Node, n int32) (count int32) {
	for at := last; at != nil && n > 0; at, n = at.parent, n-1 {
		if r.signals(at) {
			count++
		}
	}
	return count
}

// since returns the height at which the state of the block after prev began.
func (r *rule) since(prev *Node, cache stateCache) int32 {
	if r.start == params.AlwaysActive || r.start == params.NeverActive {
		return 0
	}
	state := r.state(prev, cache)
	if state == StateDefined {
		return 0
	}
	// A state other than defined has a whole period before it.
	at := r.lastOfPeriod(prev)
	for {
		before := at.Ancestor(at.height - r.period)
		if before == nil || r.state(before, cache) != state {
			return at.height + 1
		}
		at = before
	}
}
