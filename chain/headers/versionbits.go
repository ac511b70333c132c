package headers

import (
	"math"
	"sync"

	"grapevine/chain/params"
)

// The three top bits of a version that takes part in BIP 9, and how many of the
// rest signal (BIP 323 leaves the others to miners).
const (
	versionTopBits = 0x2000_0000
	versionTopMask = 0xe000_0000
	signalBits     = 5
)

// State is the stage of a deployment (BIP 9, as changed by BIP 341's use of a
// minimum activation height). All blocks of a period are in one state.
type State uint8

// The states, in the order in which they follow each other.
const (
	StateDefined  State = iota // before its time
	StateStarted               // signalling counts
	StateLockedIn              // enough signalled; waits a period and for its height
	StateActive                // the rule holds, for good
	StateFailed                // timed out, for good
)

// String returns the name that RPC shows.
func (s State) String() string {
	switch s {
	case StateDefined:
		return "defined"
	case StateStarted:
		return "started"
	case StateLockedIn:
		return "locked_in"
	case StateActive:
		return "active"
	case StateFailed:
		return "failed"
	}
	return "invalid"
}

// VersionBits answers what the versions of past blocks have decided, and keeps
// the answers: one a period, deployment and branch. Any goroutine may ask.
type VersionBits struct {
	params *params.Params

	mu       sync.Mutex
	states   []stateCache // by deployment
	warnings [signalBits]stateCache
}

// stateCache maps the last block of a period, nil before genesis, to the state
// of the period that follows it.
type stateCache map[*Node]State

// NewVersionBits returns an empty cache for the network's deployments.
func NewVersionBits(p *params.Params) *VersionBits {
	v := &VersionBits{params: p, states: make([]stateCache, len(p.Deployments))}
	for i := range v.states {
		v.states[i] = make(stateCache)
	}
	for i := range v.warnings {
		v.warnings[i] = make(stateCache)
	}
	return v
}

// State returns the state of the block after prev, nil for genesis itself, for
// the deployment at index dep of the network's list.
func (v *VersionBits) State(prev *Node, dep int) State {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.rule(dep).state(prev, v.states[dep])
}

// StateSince returns the height of the first block of the state that the block
// after prev is in.
func (v *VersionBits) StateSince(prev *Node, dep int) int32 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.rule(dep).since(prev, v.states[dep])
}

// ComputeBlockVersion returns the version that a miner gives the block after
// prev: it signals for what is started or locked in.
func (v *VersionBits) ComputeBlockVersion(prev *Node) int32 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.blockVersion(prev)
}

func (v *VersionBits) blockVersion(prev *Node) int32 {
	version := int32(versionTopBits)
	for i, d := range v.params.Deployments {
		switch v.rule(i).state(prev, v.states[i]) {
		case StateStarted, StateLockedIn:
			version |= 1 << d.Bit
		}
	}
	return version
}

// UnknownActivation is a bit that miners signal with and we know nothing of.
type UnknownActivation struct {
	Bit    uint8
	Active bool // rules we do not know may hold; otherwise they will soon
}

// UnknownActivations returns the bits that were locked in or activated, on the
// chain that ends in n, by signals that no deployment of ours explains.
func (v *VersionBits) UnknownActivations(n *Node) []UnknownActivation {
	v.mu.Lock()
	defer v.mu.Unlock()
	var list []UnknownActivation
	for bit := range v.warnings {
		s := v.warningRule(uint8(bit)).state(n, v.warnings[bit])
		if s == StateActive || s == StateLockedIn {
			list = append(list, UnknownActivation{uint8(bit), s == StateActive})
		}
	}
	return list
}

// rule returns the condition of a deployment.
func (v *VersionBits) rule(dep int) *rule {
	d := &v.params.Deployments[dep]
	return &rule{
		start: d.StartTime, timeout: d.Timeout, minHeight: d.MinActivationHeight,
		period: d.Period, threshold: d.Threshold,
		signals: func(n *Node) bool { return signalled(n.version, d.Bit) },
	}
}

// warningRule treats a bit as if it were a deployment without end, counting only
// signals that our own deployments do not ask for.
func (v *VersionBits) warningRule(bit uint8) *rule {
	r := &rule{timeout: math.MaxInt64, period: 2016, threshold: 1815}
	if v.params.IsTest() {
		r.period = v.params.RetargetInterval()
		r.threshold = r.period * 3 / 4
	}
	r.signals = func(n *Node) bool {
		if n.height < v.params.MinBIP9WarningHeight {
			return false
		}
		return signalled(n.version, bit) && v.blockVersion(n.parent)>>bit&1 == 0
	}
	return r
}

func signalled(version int32, bit uint8) bool {
	return uint32(version)&versionTopMask == versionTopBits && version>>bit&1 == 1
}
