package headers

import (
	"math"

	"grapevine/chain/params"
)

// Statistics counts the signals of the period that a block lies in.
type Statistics struct {
	Period    int32
	Threshold int32 // 0 once locked in
	Elapsed   int32 // blocks of the period so far
	Count     int32 // of them, how many signal
	// Possible says that the threshold can still be met in this period.
	Possible bool
}

// Info is all that RPC shows of a deployment at a block.
type Info struct {
	State     State // of the block
	NextState State // of the block after it
	Since     int32 // height where State began
	// Stats is nil unless signalling counts for the block: started, locked in.
	Stats *Statistics
	// Signalling has '#' for each block of the period so far that signals and
	// '-' for one that does not; empty without Stats.
	Signalling string
	// ActiveSince is the height from which the rule holds, -1 while unknown.
	ActiveSince int32
}

// Info describes a deployment at block n.
func (v *VersionBits) Info(n *Node, dep int) Info {
	v.mu.Lock()
	defer v.mu.Unlock()
	r, cache := v.rule(dep), v.states[dep]
	info := Info{
		State:       r.state(n.parent, cache),
		NextState:   r.state(n, cache),
		Since:       r.since(n.parent, cache),
		ActiveSince: -1,
	}
	switch {
	case info.State == StateActive:
		info.ActiveSince = info.Since
	case info.NextState == StateActive:
		info.ActiveSince = n.height + 1
	}
	if info.State == StateStarted || info.State == StateLockedIn {
		info.Stats, info.Signalling = r.statistics(n)
		if info.State == StateLockedIn {
			info.Stats.Threshold, info.Stats.Possible = 0, false
		}
	}
	return info
}

// statistics counts the period of n up to n.
func (r *rule) statistics(n *Node) (*Statistics, string) {
	elapsed := n.height%r.period + 1
	s := &Statistics{Period: r.period, Threshold: r.threshold, Elapsed: elapsed}
	marks := make([]byte, elapsed)
	for i, at := elapsed-1, n; i >= 0; i, at = i-1, at.parent {
		marks[i] = '-'
		if r.signals(at) {
			marks[i] = '#'
			s.Count++
		}
	}
	s.Possible = s.Period-s.Threshold >= s.Elapsed-s.Count
	return s, string(marks)
}

// SoftFork is a row of the list of rule changes.
type SoftFork struct {
	Name   string
	Active bool // for the block after the one asked about
	// Height is from where the rule holds, -1 while unknown.
	Height int32
	// Dep is the index of the deployment that BIP9 describes.
	Dep  int
	BIP9 *Info // nil for a buried rule
}

// SoftForks lists the rule changes of the network as they stand at block n, in
// the order in which RPC shows them. Rules that can never hold are left out.
func (v *VersionBits) SoftForks(n *Node) []SoftFork {
	var list []SoftFork
	for _, b := range v.params.Buried() {
		if b.Height == math.MaxInt32 {
			continue
		}
		list = append(list, SoftFork{Name: b.Name, Active: n.height+1 >= b.Height, Height: b.Height})
	}
	for i, d := range v.params.Deployments {
		if d.StartTime == params.NeverActive {
			continue
		}
		info := v.Info(n, i)
		active := info.ActiveSince >= 0 && info.ActiveSince <= n.height+1
		list = append(list, SoftFork{Name: d.Name, Active: active, Height: info.ActiveSince, Dep: i, BIP9: &info})
	}
	return list
}
