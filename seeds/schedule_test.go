package seeds

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"grapevine/wire"
)

var both = []wire.Network{wire.NetIPv4, wire.NetTorV3}

// world plays the node that a schedule works for.
type world struct {
	t     *testing.T
	s     *schedule
	start time.Time
	now   time.Time
	view  view
	log   []string // seconds since the start and the task
}

func newWorld(t *testing.T, p plan, v view) *world {
	if p.enough == 0 {
		p.enough = threshold
	}
	start := time.Unix(1_000_000, 0)
	v.active = true
	return &world{t: t, s: newSchedule(start, p, rand.New(rand.NewPCG(1, 2))), start: start, now: start, view: v}
}

// until lets time pass; answer is called for each DNS seed that is asked, nil
// answers at once that it knows nobody.
func (w *world) until(d time.Duration, answer func()) {
	w.t.Helper()
	for ; w.now.Sub(w.start) <= d; w.now = w.now.Add(interval) {
		for _, task := range w.s.next(w.now, w.view) {
			at := int(w.now.Sub(w.start) / time.Second)
			switch {
			case task.fetch != "":
				w.log = append(w.log, fmt.Sprintf("%d fetch", at))
			case task.dns > 0:
				w.log = append(w.log, fmt.Sprintf("%d dns", at))
				if answer != nil {
					answer()
				} else {
					w.s.asked(w.now, true)
				}
			default:
				w.log = append(w.log, fmt.Sprintf("%d fixed %v", at, task.fixed))
			}
			w.s.check(w.t)
		}
	}
}

func (w *world) want(want ...string) {
	w.t.Helper()
	if got := strings.Join(w.log, ", "); got != strings.Join(want, ", ") {
		w.t.Errorf("asked: %s\nwant:  %s", got, strings.Join(want, ", "))
	}
	w.log = nil
}

// check verifies the invariants of a schedule.
func (s *schedule) check(t *testing.T) {
	t.Helper()
	sorted := slices.Sorted(slices.Values(s.order))
	if len(slices.Compact(sorted)) != len(s.order) || len(s.order) > s.dns || s.right > len(s.order) && s.right > atOnce {
		t.Fatalf("order %v of %d, %d at once", s.order, s.dns, s.right)
	}
	if len(s.nodesLeft) > len(s.nodes) || s.again < firstAgain || s.again > lastAgain {
		t.Fatalf("%d of %d nodes, again after %v", len(s.nodesLeft), len(s.nodes), s.again)
	}
}

func TestAllSeedsWhenNothingIsKnown(t *testing.T) {
	w := newWorld(t, plan{dns: 5, fixed: true, resolved: true}, view{reachable: both, empty: both})
	w.until(2*time.Second, nil)
	w.want("0 dns", "0 dns", "1 dns", "1 dns", "2 dns")
	w.view.known, w.view.empty, w.view.outbound = 100, nil, 3
	w.until(time.Hour, nil)
	w.want()
}

func TestOneSeedAtATime(t *testing.T) {
	w := newWorld(t, plan{dns: 5, resolved: true}, view{})
	w.until(20*time.Second, func() {})
	w.want("0 dns")
	w.s.asked(w.now, true)
	w.until(21*time.Second, func() {})
	w.want("20 dns")
}

func TestKnownPeersFirst(t *testing.T) {
	for _, c := range []struct {
		known int
		want  []string
	}{
		{1, []string{"11 dns", "11 dns", "12 dns", "23 dns", "24 dns"}},
		{999, []string{"11 dns", "11 dns", "12 dns", "23 dns", "24 dns"}},
		{1000, []string{"300 dns", "300 dns", "301 dns", "601 dns", "602 dns"}},
	} {
		w := newWorld(t, plan{dns: 5, resolved: true}, view{known: c.known})
		w.until(605*time.Second, nil)
		if c.known < enough { // the next round has begun
			w.log = w.log[:5]
		}
		w.want(c.want...)

		quick := newWorld(t, plan{dns: 5, resolved: true}, view{known: c.known})
		quick.until(5*time.Second, nil)
		quick.view.outbound = 2
		quick.until(time.Hour, nil)
		quick.want()

		one := newWorld(t, plan{dns: 5, resolved: true}, view{known: c.known, outbound: 1})
		one.until(305*time.Second, nil)
		if len(one.log) == 0 {
			t.Error("one connection was enough")
		}
	}
}

func TestStopsAfterABatchThatWasEnough(t *testing.T) {
	w := newWorld(t, plan{dns: 7, resolved: true}, view{known: 1})
	w.until(13*time.Second, nil)
	w.want("11 dns", "11 dns", "12 dns")
	w.view.outbound = 2
	w.until(time.Hour, nil)
	w.want()
}

func TestForcedSeeds(t *testing.T) {
	w := newWorld(t, plan{dns: 4, force: true, resolved: true}, view{known: 5000, outbound: 8})
	w.until(time.Minute, nil)
	w.want("0 dns", "0 dns", "1 dns", "1 dns")
}

func TestNamedNodesFirst(t *testing.T) {
	w := newWorld(t, plan{nodes: []string{"a", "b", "c"}, dns: 1, fixed: true, resolved: true}, view{reachable: both, empty: both})
	w.until(100*time.Second, nil)
	w.want("0 fetch", "10 fetch", "21 fetch", "30 dns", "60 fixed [ipv4 onion]")

	// With addresses known, no hurry; with peers, none at all.
	w = newWorld(t, plan{nodes: []string{"a", "b"}, dns: 1, resolved: true}, view{known: 10})
	w.until(15*time.Second, nil)
	w.want("10 fetch")
	w.view.outbound = 2
	w.until(100*time.Second, nil)
	w.want()
}

func TestFixedList(t *testing.T) {
	for _, c := range []struct {
		name string
		plan plan
		view view
		ends bool // whether DNS works
		want []string
	}{
		{"nobody else", plan{}, view{reachable: both, empty: both}, true, []string{"0 fixed [ipv4 onion]"}},
		{"named nodes may answer", plan{named: true}, view{reachable: both, empty: both}, true, []string{"60 fixed [ipv4 onion]"}},
		{"for networks without addresses", plan{dns: 1}, view{known: 5, reachable: both, empty: both[1:], outbound: 2}, true, []string{"60 fixed [onion]"}},
		{"all networks known", plan{dns: 1}, view{known: 5, reachable: both, outbound: 2}, true, nil},
		{"dead addresses, after DNS", plan{dns: 1}, view{known: 5, reachable: both}, true, []string{"11 dns", "71 fixed [ipv4 onion]"}},
		{"a single peer", plan{dns: 1}, view{known: 5, reachable: both, outbound: 1}, true, []string{"11 dns"}},
		{"DNS is dead", plan{dns: 1}, view{reachable: both, empty: both}, false, []string{"0 dns", "10 fixed [ipv4 onion]"}},
		{"DNS is alive", plan{dns: 1}, view{reachable: both, empty: both}, true, []string{"0 dns", "60 fixed [ipv4 onion]"}},
		{"DNS is dead, nodes were named", plan{dns: 1, named: true}, view{reachable: both, empty: both}, false, []string{"0 dns", "60 fixed [ipv4 onion]"}},
		{"nothing reachable", plan{}, view{}, true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.plan.fixed, c.plan.resolved = true, true
			w := newWorld(t, c.plan, c.view)
			w.until(250*time.Second, func() { w.s.asked(w.now, c.ends) })
			w.want(c.want...)
		})
	}
	w := newWorld(t, plan{}, view{reachable: both, empty: both})
	w.until(250*time.Second, nil)
	w.want() // -fixedseeds=0
	w = newWorld(t, plan{dns: 1, fixed: true}, view{reachable: both, empty: both})
	w.until(61*time.Second, func() { w.s.asked(w.now, false) })
	w.want("0 dns", "60 fixed [ipv4 onion]") // a proxy looks names up: we see no answer
}

func TestNothingWhileSwitchedOff(t *testing.T) {
	w := newWorld(t, plan{dns: 2, nodes: []string{"a"}, fixed: true, force: true}, view{reachable: both, empty: both})
	w.view.active = false
	w.until(time.Hour, nil)
	w.want()
	w.view.active = true
	w.until(time.Hour+time.Second, nil)
	if len(w.log) == 0 {
		t.Error("nothing was asked after that")
	}
}

// A node whose peers have all gone looks for others, ever more rarely.
func TestAgain(t *testing.T) {
	w := newWorld(t, plan{dns: 2, resolved: true}, view{known: 5000, outbound: 8})
	w.until(time.Hour, nil)
	w.want()
	w.view.outbound = 1
	w.until(time.Hour+10*time.Minute, nil)
	w.want("3901 dns", "3901 dns")
	w.until(time.Hour+16*time.Minute, nil)
	w.want("4502 dns", "4503 dns") // ten minutes later
	w.view.outbound = 2
	w.until(2*time.Hour, nil)
	w.view.outbound = 0
	w.until(2*time.Hour+6*time.Minute, nil)
	w.want("7501 dns", "7501 dns") // five again
	w.until(1000*time.Hour, nil)
	if n := len(w.log) / 2; n < 150 || n > 200 {
		t.Errorf("%d rounds in 1000 hours", n)
	}
	w.log = nil
	w.view.active = false
	w.until(1020*time.Hour, nil)
	w.want()
}

// With one slot only, one connection is enough.
func TestFewSlots(t *testing.T) {
	w := newWorld(t, plan{dns: 2, resolved: true, enough: 1}, view{known: 5, outbound: 1})
	w.until(10*time.Hour, nil)
	w.want()
}

// Whatever happens when, no seed is asked twice within five minutes, and the fixed
// list is taken once a round.
func FuzzSchedule(f *testing.F) {
	f.Add([]byte{1, 2, 3, 0, 0, 5, 255, 9})
	f.Add([]byte("seven seeds and no peers at all, then some"))
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) < 4 || len(script) > 400 {
			return
		}
		p := plan{dns: int(script[0] % 8), nodes: []string{"a", "b", "c"}[:script[1]%4], fixed: script[2]&1 > 0, force: script[2]&2 > 0, named: script[2]&4 > 0, resolved: script[2]&8 > 0, enough: 2}
		now := time.Unix(1_000_000, 0)
		s := newSchedule(now, p, rand.New(rand.NewPCG(uint64(script[3]), 7)))
		last := map[int]time.Time{}
		var fixed time.Time // start of the round it was taken in
		asking := false
		v := view{reachable: both}
		for _, b := range script[4:] {
			now = now.Add(time.Duration(b>>4) * 15 * time.Second)
			v.active, v.outbound, v.known = b&1 == 0, int(b>>1&3), int(b>>3&3)*600
			if v.empty = nil; v.known == 0 {
				v.empty = both
			}
			if asking && b&32 > 0 {
				asking = false
				s.asked(now, b&64 > 0)
			}
			round := s.start // next may begin another
			for _, task := range s.next(now, v) {
				if !v.active {
					t.Fatal("asked while switched off")
				}
				switch {
				case task.dns > 0:
					if asking {
						t.Fatal("two at a time")
					}
					if at, ok := last[task.dns]; ok && now.Sub(at) < firstAgain {
						t.Fatalf("seed %d again after %v", task.dns, now.Sub(at))
					}
					asking, last[task.dns] = true, now
				case task.fixed != nil:
					if !p.fixed || fixed.Equal(round) {
						t.Fatal("the fixed list twice in a round")
					}
					fixed = round
				}
			}
			s.check(t)
		}
	})
}
