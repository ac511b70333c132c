package headers

import (
	"math"
	"strings"
	"testing"

	"grapevine/chain/params"
	"pgregory.net/rapid"
)

const testBit = 28

// smallNet is regtest with one deployment of short periods.
func smallNet(start, timeout int64, minHeight int32) *params.Params {
	p := regtest()
	p.Deployments = []params.Deployment{{
		Name: "test", Bit: testBit, StartTime: start, Timeout: timeout,
		MinActivationHeight: minHeight, Period: 10, Threshold: 8,
	}}
	return p
}

// naiveStates follows BIP 9 block by block: element i is the state of the block
// at height i, the last that of the block after the tip.
func naiveStates(chain []*Node, d params.Deployment) []State {
	states := make([]State, len(chain)+1)
	for i := range states {
		switch {
		case d.StartTime == params.AlwaysActive:
			states[i] = StateActive
			continue
		case d.StartTime == params.NeverActive:
			states[i] = StateFailed
			continue
		case i == 0:
			continue
		}
		states[i] = states[i-1]
		if i%int(d.Period) != 0 {
			continue
		}
		signals, mtp := 0, chain[i-1].MedianTimePast()
		for _, n := range chain[i-int(d.Period) : i] {
			if uint32(n.Version())>>29 == 1 && n.Version()>>d.Bit&1 == 1 {
				signals++
			}
		}
		switch states[i-1] {
		case StateDefined:
			if mtp >= d.StartTime {
				states[i] = StateStarted
			}
		case StateStarted:
			if signals >= int(d.Threshold) {
				states[i] = StateLockedIn
			} else if mtp >= d.Timeout {
				states[i] = StateFailed
			}
		case StateLockedIn:
			if int32(i) >= d.MinActivationHeight {
				states[i] = StateActive
			}
		}
	}
	return states
}

// The state machine against the naive one, with one cache for two branches and
// questions in random order.
func TestVersionBitsModel(t *testing.T) { rapid.Check(t, checkVersionBits) }

func FuzzVersionBits(f *testing.F) {
	f.Add(make([]byte, 1<<16)) // enough for all that a case draws
	f.Fuzz(rapid.MakeFuzz(checkVersionBits))
}

func checkVersionBits(t *rapid.T) {
	genesis := int64(regtest().Genesis.Header.Time)
	start := rapid.SampledFrom([]int64{0, params.AlwaysActive, params.NeverActive, genesis + 2000, genesis + 9000}).Draw(t, "start")
	timeout := rapid.SampledFrom([]int64{math.MaxInt64, genesis + 5000, genesis + 20_000, genesis + 40_000}).Draw(t, "timeout")
	p := smallNet(start, timeout, rapid.Int32Range(0, 90).Draw(t, "height"))
	tree := NewTree(p)
	branch := func(from *Node, salt uint32) *Node {
		for range rapid.IntRange(0, 9).Draw(t, "periods") {
			// A share of signals for the period, so that thresholds are met at times.
			share := rapid.IntRange(0, 12).Draw(t, "share")
			for i := range 10 {
				version := int32(0x20000000)
				if i < share {
					version |= 1 << testBit
				} else if rapid.Bool().Draw(t, "no version bits") {
					version = 0x4000_0000 | 1<<testBit
				}
				from = grow(tree, from, uint32(from.Time())+rapid.Uint32Range(0, 300).Draw(t, "time"), version, salt)
			}
		}
		return from
	}
	trunk := branch(tree.Genesis(), 0)
	tips := []*Node{branch(trunk, 1), branch(trunk, 2)}
	v := NewVersionBits(p)
	for range 30 {
		tip := tips[rapid.IntRange(0, 1).Draw(t, "branch")]
		chain := back(tip)
		want := naiveStates(chain, p.Deployments[0])
		at := rapid.IntRange(0, len(chain)).Draw(t, "at")
		var prev *Node
		if at > 0 {
			prev = chain[at-1]
		}
		if got := v.State(prev, 0); got != want[at] {
			t.Fatalf("at %d: %v, want %v", at, got, want[at])
		}
		if since := v.StateSince(prev, 0); since != naiveSince(want, at, p.Deployments[0]) {
			t.Fatalf("at %d (%v): since %d", at, want[at], since)
		}
		version := v.ComputeBlockVersion(prev)
		signals := version != 0x20000000
		if signals != (want[at] == StateStarted || want[at] == StateLockedIn) || signals && version != 0x20000000|1<<testBit {
			t.Fatalf("at %d (%v): version %08x", at, want[at], version)
		}
		if prev != nil {
			checkInfo(t, v.Info(prev, 0), chain[:at], want, p.Deployments[0])
		}
	}
}

func naiveSince(states []State, at int, d params.Deployment) int32 {
	if d.StartTime < 0 || states[at] == StateDefined {
		return 0
	}
	since := at
	for since > 0 && states[since-1] == states[at] {
		since--
	}
	return int32(since)
}

// checkInfo compares what is shown of the last block of a chain.
func checkInfo(t *rapid.T, info Info, chain []*Node, states []State, d params.Deployment) {
	last := len(chain) - 1
	if info.State != states[last] || info.NextState != states[last+1] || info.Since != naiveSince(states, last, d) {
		t.Fatalf("at %d: %+v", last, info)
	}
	active := int32(-1)
	if info.NextState == StateActive {
		active = int32(last + 1)
	}
	if info.State == StateActive {
		active = info.Since
	}
	if info.ActiveSince != active {
		t.Fatalf("at %d: active since %d, want %d", last, info.ActiveSince, active)
	}
	if info.State != StateStarted && info.State != StateLockedIn {
		if info.Stats != nil || info.Signalling != "" {
			t.Fatalf("at %d: statistics of %v", last, info.State)
		}
		return
	}
	var marks strings.Builder
	for _, n := range chain[last/10*10:] {
		if uint32(n.Version())>>29 == 1 && n.Version()>>testBit&1 == 1 {
			marks.WriteByte('#')
		} else {
			marks.WriteByte('-')
		}
	}
	count := int32(strings.Count(marks.String(), "#"))
	elapsed := int32(marks.Len())
	want := Statistics{Period: 10, Elapsed: elapsed, Count: count}
	if info.State == StateStarted {
		want.Threshold, want.Possible = 8, elapsed-count <= 2
	}
	if *info.Stats != want || info.Signalling != marks.String() {
		t.Fatalf("at %d: %+v %s, want %+v %s", last, *info.Stats, info.Signalling, want, marks.String())
	}
}

// Each bound from both sides: median times that reach start or timeout, heights
// that reach the least one, signals of this period alone.
func TestVersionBitsBounds(t *testing.T) {
	const period, threshold = 10, 8
	const signal = 0x20000000 | 1<<testBit
	at := func(p *params.Params, signals func(height int32) int32, height int32) State {
		tree := NewTree(p)
		n := tree.Genesis()
		for n.Height() < height-1 {
			n = grow(tree, n, uint32(n.Time())+600, signals(n.Height()+1), 0)
		}
		return NewVersionBits(p).State(n, 0)
	}
	none := func(int32) int32 { return 0x20000000 }
	all := func(int32) int32 { return signal }
	tree := NewTree(regtest())
	mtp := line(tree, tree.Genesis(), 4*period-1, 0).Ancestor
	// Before the blocks from 10 and from 20 on the median time past is this.
	first, second := mtp(period-1).MedianTimePast(), mtp(2*period-1).MedianTimePast()
	cases := []struct {
		name    string
		p       *params.Params
		signals func(int32) int32
		height  int32
		want    State
	}{
		{"start is reached", smallNet(first, math.MaxInt64, 0), none, period, StateStarted},
		{"a second is missing", smallNet(first+1, math.MaxInt64, 0), none, period, StateDefined},
		{"timeout is reached", smallNet(first, second, 0), none, 2 * period, StateFailed},
		{"a second before timeout", smallNet(first, second+1, 0), none, 2 * period, StateStarted},
		{"locked in at the timeout", smallNet(first, second, 0), all, 2 * period, StateLockedIn},
		{"the least height", smallNet(first, math.MaxInt64, 3*period), all, 3 * period, StateActive},
		{"one more than this height", smallNet(first, math.MaxInt64, 3*period+1), all, 3 * period, StateLockedIn},
		{"enough signals", smallNet(first, math.MaxInt64, 0), func(h int32) int32 {
			return map[bool]int32{true: signal, false: 0x20000000}[h%period < threshold]
		}, 2 * period, StateLockedIn},
		{"one too few, and one before the period", smallNet(first, math.MaxInt64, 0), func(h int32) int32 {
			return map[bool]int32{true: signal, false: 0x20000000}[h%period < threshold-1 || h == period-1]
		}, 2 * period, StateStarted},
		{"other bits beside", smallNet(first, math.MaxInt64, 0), func(int32) int32 { return signal | 1 }, 2 * period, StateLockedIn},
		{"other top bits", smallNet(first, math.MaxInt64, 0), func(int32) int32 { return signal | 1<<30 }, 2 * period, StateStarted},
	}
	for _, c := range cases {
		if got := at(c.p, c.signals, c.height); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestStateNames(t *testing.T) {
	want := []string{"defined", "started", "locked_in", "active", "failed", "invalid"}
	for i, name := range want {
		if State(i).String() != name {
			t.Errorf("%d is %s", i, State(i))
		}
	}
}

// Regtest's list as RPC shows it, and mainnet's without what is switched off.
func TestSoftForks(t *testing.T) {
	p := regtest()
	tree := NewTree(p)
	tip := line(tree, tree.Genesis(), 147, 0)
	list := NewVersionBits(p).SoftForks(tip)
	names := ""
	for _, f := range list {
		names += f.Name + " "
		if f.BIP9 == nil && !f.Active {
			t.Errorf("%s is not active", f.Name)
		}
	}
	if names != "bip34 bip66 bip65 csv segwit testdummy " {
		t.Fatal(names)
	}
	dummy := list[5]
	if dummy.Active || dummy.Height != -1 || dummy.BIP9.State != StateStarted || dummy.BIP9.Since != 144 ||
		dummy.BIP9.Signalling != "----" || *dummy.BIP9.Stats != (Statistics{144, 108, 4, 0, true}) {
		t.Errorf("%+v %+v", dummy, dummy.BIP9)
	}

	mainnet := params.Mainnet()
	genesis := NewTree(mainnet).Genesis()
	for _, f := range NewVersionBits(mainnet).SoftForks(genesis) {
		if f.BIP9 != nil || f.Active {
			t.Errorf("%+v at genesis", f)
		}
	}
	p.CSVHeight, p.SegwitHeight = 149, math.MaxInt32
	for _, f := range NewVersionBits(p).SoftForks(tip) {
		if f.Name == "segwit" || f.Name == "csv" && f.Active || f.Name == "bip34" && !f.Active {
			t.Errorf("%+v", f)
		}
	}
}

// Active is what holds for the block after the one asked about.
func TestSoftForkActivates(t *testing.T) {
	p := smallNet(0, math.MaxInt64, 0)
	tree := NewTree(p)
	v := NewVersionBits(p)
	at := tree.Genesis()
	var seen []int32
	for range 45 {
		at = grow(tree, at, uint32(at.Time())+1, 0x20000000|1<<testBit, 0)
		if f := v.SoftForks(at)[5]; f.Active {
			seen = append(seen, at.Height())
			if f.Height != 30 {
				t.Errorf("at %d: active since %d", at.Height(), f.Height)
			}
		}
	}
	if len(seen) == 0 || seen[0] != 29 {
		t.Errorf("active at %v", seen)
	}
}

// Signals that nothing of ours explains give a warning: for the low five bits
// only, in blocks from the network's height on, by three quarters of a period.
func TestUnknownActivations(t *testing.T) {
	p := regtest()
	tree := NewTree(p)
	v := NewVersionBits(p)
	const period = 144
	at := line(tree, tree.Genesis(), 2*period-1, 0) // defined, then started
	signal := func(from *Node, bit uint8, count, total int) *Node {
		for i := range total {
			version := int32(0x20000000)
			if i < count {
				version |= 1 << bit
			}
			from = grow(tree, from, uint32(from.Time())+1, version, uint32(bit))
		}
		return from
	}
	want := func(name string, n *Node, list ...UnknownActivation) {
		t.Helper()
		got := v.UnknownActivations(n)
		if len(got) != len(list) || len(got) > 0 && got[0] != list[0] {
			t.Errorf("%s: %+v", name, got)
		}
	}
	want("before", at)
	locked := signal(at, 3, 108, period)
	want("locked in", locked, UnknownActivation{3, false})
	want("active", signal(locked, 3, 0, period), UnknownActivation{3, true})
	want("one too few", signal(at, 4, 107, period))
	want("a bit left to miners", signal(at, 5, period, period))
	want("a bit without the top bits", line(tree, at, period, 7))

	// What a deployment of ours asks for is no surprise.
	p.Deployments = []params.Deployment{{Name: "ours", Bit: 3, Timeout: math.MaxInt64, Period: period, Threshold: 144, MinActivationHeight: 1 << 30}}
	if got := NewVersionBits(p).UnknownActivations(locked); len(got) != 0 {
		t.Errorf("our own deployment is unknown: %+v", got)
	}
	p = regtest()
	p.MinBIP9WarningHeight = locked.Height() - 50
	if got := NewVersionBits(p).UnknownActivations(locked); len(got) != 0 {
		t.Errorf("blocks below the height count: %+v", got)
	}
	// The 108 signals stand at the period's start, from this height on.
	p.MinBIP9WarningHeight = locked.Height() - period + 1
	if got := NewVersionBits(p).UnknownActivations(locked); len(got) != 1 {
		t.Errorf("the block at the height does not count: %+v", got)
	}
	mainnet := params.Mainnet()
	mainnet.MinBIP9WarningHeight = 0
	if got := NewVersionBits(mainnet).UnknownActivations(locked); len(got) != 0 {
		t.Errorf("mainnet's period is 2016 blocks: %+v", got)
	}
}
