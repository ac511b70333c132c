package seeds

import (
	"math/rand/v2"
	"slices"
	"time"

	"grapevine/wire"
)

// The times of bootstrapping, see the package's doc.
const (
	// nodesFirst is how long nodes that were named are given before DNS.
	nodesFirst = 30 * time.Second
	// nextNode is the pause between two of them.
	nextNode = 10 * time.Second
	// atOnce is how many DNS seeds are asked before we look whether that was enough.
	atOnce = 3
	// fewPeers and manyPeers are how long the addresses that we have are given before
	// seeds are asked, depending on whether there are enough of them.
	fewPeers, manyPeers = 11 * time.Second, 5 * time.Minute
	enough              = 1000
	// fixedAfter is how long all others are given before the fixed list is taken, and
	// fixedSoon when nobody else is left to answer.
	fixedAfter, fixedSoon = time.Minute, 10 * time.Second
	// firstAgain and lastAgain are how long the node has to be without peers for
	// another round, doubled with each round that brought none.
	firstAgain, lastAgain = 5 * time.Minute, 6 * time.Hour
	// threshold is how many outbound connections are enough to live on.
	threshold = 2
)

// view is what the schedule goes by.
type view struct {
	known     int // addresses in the manager
	outbound  int // full-relay connections to nodes of our choice that are up
	active    bool
	reachable []wire.Network
	empty     []wire.Network // of the reachable ones, those that no address is known of
}

// task is one thing to do: exactly one field is set.
type task struct {
	fetch string         // a node to fetch addresses from
	dns   int            // index of a DNS seed, plus one
	fixed []wire.Network // networks to take addresses of the fixed list for
}

// plan is what a schedule is made for.
type plan struct {
	nodes    []string // to fetch from
	dns      int      // how many DNS seeds there are
	resolved bool     // they are looked up here, so that their answers are seen
	fixed    bool     // there is a fixed list
	force    bool     // DNS seeds are asked whatever we know
	named    bool     // there are other nodes that the operator named (-addnode)
	enough   int      // outbound connections that are enough
}

// schedule decides whom to ask when. Invariants: one DNS seed at a time is being
// asked; in one round each is asked once at most; the fixed list is taken once a
// round at most.
type schedule struct {
	plan
	rand  *rand.Rand
	start time.Time // of the round

	nodesLeft []string
	nodeTimer time.Time

	order    []int // DNS seeds left to ask
	right    int   // of them, how many may be asked without looking again
	resume   time.Time
	asking   bool
	dnsDone  bool
	lastDone time.Time // when the last of them answered
	tried    bool      // one of them was asked in this round
	answered bool      // one of them did work
	taken    bool      // the fixed list was

	again    time.Duration
	lowSince time.Time // since when there are too few connections, once all are done
}

func newSchedule(now time.Time, p plan, r *rand.Rand) *schedule {
	s := &schedule{plan: p, rand: r, again: firstAgain}
	s.round(now)
	return s
}

// round begins anew.
func (s *schedule) round(now time.Time) {
	s.start, s.nodeTimer, s.resume, s.lowSince = now, now, time.Time{}, time.Time{}
	s.nodesLeft = slices.Clone(s.nodes)
	s.rand.Shuffle(len(s.nodesLeft), func(i, j int) { s.nodesLeft[i], s.nodesLeft[j] = s.nodesLeft[j], s.nodesLeft[i] })
	s.order = s.rand.Perm(s.dns)
	s.right, s.dnsDone, s.tried, s.answered, s.taken = -1, s.dns == 0, false, false, false
	s.lastDone = now
}

// next returns what to do now.
func (s *schedule) next(now time.Time, v view) []task {
	if !v.active {
		s.lowSince = time.Time{}
		return nil
	}
	var out []task
	if t, ok := s.nextNode(now, v); ok {
		out = append(out, t)
	}
	if t, ok := s.nextDNS(now, v); ok {
		out = append(out, t)
	}
	if t, ok := s.nextFixed(now, v); ok {
		out = append(out, t)
	}
	s.repeat(now, v)
	return out
}

// nextNode fetches from the nodes that were named: at once when nothing is known,
// then from one more every ten seconds while that was not enough.
func (s *schedule) nextNode(now time.Time, v view) (task, bool) {
	if len(s.nodesLeft) == 0 {
		return task{}, false
	}
	first := v.known == 0 && len(s.nodesLeft) == len(s.nodes)
	if !first && (v.outbound >= s.enough || now.Sub(s.nodeTimer) <= nextNode) {
		return task{}, false
	}
	s.nodeTimer = now
	t := task{fetch: s.nodesLeft[0]}
	s.nodesLeft = s.nodesLeft[1:]
	return t, true
}

func (s *schedule) nextDNS(now time.Time, v view) (task, bool) {
	if s.dnsDone || s.asking {
		return task{}, false
	}
	if s.right < 0 && !s.beginDNS(now, v) {
		return task{}, false
	}
	if s.right == 0 { // look whether that was enough
		if s.resume.IsZero() {
			s.resume = now
			if v.known > 0 {
				s.resume = now.Add(patience(v))
			}
		}
		if v.known > 0 && v.outbound >= s.enough {
			s.endDNS(now)
			return task{}, false
		}
		if now.Before(s.resume) {
			return task{}, false
		}
		s.resume, s.right = time.Time{}, atOnce
	}
	t := task{dns: s.order[0] + 1}
	s.order = s.order[1:]
	s.right--
	s.asking, s.tried = true, true
	return t, true
}

// beginDNS waits for the nodes that were named, and then says how many seeds are
// asked at once: all of them when there is nothing to lose.
func (s *schedule) beginDNS(now time.Time, v view) bool {
	waited := len(s.nodes) == 0 || now.Sub(s.start) > nodesFirst
	if !waited && v.outbound < s.enough {
		return false
	}
	if s.right = 0; s.force || v.known == 0 {
		s.right = len(s.order)
	} else if v.outbound >= s.enough {
		s.endDNS(now)
		return false
	}
	return true
}

func patience(v view) time.Duration {
	if v.known >= enough {
		return manyPeers
	}
	return fewPeers
}

// asked notes that the DNS seed has been dealt with; works is set when its answer
// was one, if only that it knows nobody.
func (s *schedule) asked(now time.Time, works bool) {
	s.asking = false
	s.answered = s.answered || works
	if s.lastDone = now; len(s.order) == 0 {
		s.endDNS(now)
	}
}

func (s *schedule) endDNS(now time.Time) { s.dnsDone, s.lastDone = true, now }

// nextFixed takes the list that is known beforehand, when the others had their time,
// for networks that no address is known of; and for all when there is no peer
// although everybody was asked.
func (s *schedule) nextFixed(now time.Time, v view) (task, bool) {
	if !s.fixed || s.taken || len(v.reachable) == 0 {
		return task{}, false
	}
	alone := s.dnsDone && len(s.nodesLeft) == 0 && !s.asking
	nobody := s.dns == 0 && len(s.nodes) == 0
	dead := s.tried && s.resolved && !s.answered && now.Sub(s.lastDone) > fixedSoon
	deaf := alone && !s.named && (nobody || dead)
	networks := v.empty
	switch {
	case len(v.empty) > 0 && (deaf || now.Sub(s.start) > fixedAfter):
	case alone && v.outbound == 0 && now.Sub(s.lastDone) > fixedAfter && now.Sub(s.start) > fixedAfter:
		networks = v.reachable
	default:
		return task{}, false
	}
	s.taken = true
	return task{fixed: networks}, true
}

// repeat begins another round when the node has been without enough peers for long
// although all was done.
func (s *schedule) repeat(now time.Time, v view) {
	if v.outbound >= s.enough {
		s.again, s.lowSince = firstAgain, time.Time{}
		return
	}
	if !s.dnsDone || s.asking {
		return
	}
	if s.lowSince.IsZero() {
		s.lowSince = now
	}
	if now.Sub(s.lowSince) >= s.again {
		s.again = min(2*s.again, lastAgain)
		s.round(now)
		if v.known > 0 { // which had its time already
			s.right = min(atOnce, len(s.order))
		}
	}
}
