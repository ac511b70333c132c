package txrequest

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"grapevine/internal/siphash"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// model is the tracker written for the reader: one record an announcement, all
// of it searched for each question, and no distinction between candidates
// except by their time.
type model struct {
	key     siphash.Key
	now     time.Time
	said    []*saying // in the order of announcement
	expired []Expired
}

type saying struct {
	peer      peer.ID
	id        wire.GenTxid
	preferred bool
	at        time.Time
	asked     bool // and no answer yet
	over      bool
}

func (s *saying) candidate() bool { return !s.asked && !s.over }

func (m *model) find(p peer.ID, id wire.GenTxid) *saying {
	for _, s := range m.said {
		if s.peer == p && s.id.Hash() == id.Hash() {
			return s
		}
	}
	return nil
}

func (m *model) announce(p peer.ID, id wire.GenTxid, preferred bool, at time.Time) {
	if m.find(p, id) == nil {
		m.said = append(m.said, &saying{peer: p, id: id, preferred: preferred, at: at})
	}
}

func (m *model) remove(drop func(*saying) bool) { m.said = slices.DeleteFunc(m.said, drop) }

func (m *model) requested(p peer.ID, id wire.GenTxid, expiry time.Time) {
	s := m.find(p, id)
	if s == nil || !s.candidate() {
		return
	}
	for _, o := range m.said {
		if o.id.Hash() == id.Hash() && o.asked {
			o.asked, o.over = false, true
		}
	}
	s.asked, s.at = true, expiry
}

func (m *model) response(p peer.ID, id wire.GenTxid) {
	if s := m.find(p, id); s != nil {
		s.asked, s.over = false, true
		m.tidy()
	}
}

// tidy forgets hashes for which nobody is left to be tried.
func (m *model) tidy() {
	m.remove(func(s *saying) bool {
		return !slices.ContainsFunc(m.said, func(o *saying) bool { return o.id.Hash() == s.id.Hash() && !o.over })
	})
}

func (m *model) disconnect(p peer.ID) {
	m.remove(func(s *saying) bool { return s.peer == p })
	m.tidy()
}

func (m *model) move(now time.Time) {
	if now.After(m.now) {
		m.now = now
	}
	var late []*saying
	for _, s := range m.said {
		if s.asked && !s.at.After(m.now) {
			late = append(late, s)
		}
	}
	slices.SortStableFunc(late, func(a, b *saying) int { return a.at.Compare(b.at) })
	for _, s := range late {
		m.expired = append(m.expired, Expired{s.peer, s.id})
		s.asked, s.over = false, true
	}
	m.tidy()
}

// requestable lists who is to be asked for what as of the model's time.
func (m *model) requestable() map[peer.ID][]wire.GenTxid {
	asks := make(map[peer.ID][]wire.GenTxid)
	for _, s := range m.said {
		if !s.candidate() || s.at.After(m.now) {
			continue
		}
		beaten := slices.ContainsFunc(m.said, func(o *saying) bool {
			return o != s && o.id.Hash() == s.id.Hash() &&
				(o.asked || o.candidate() && !o.at.After(m.now) && m.before(o, s))
		})
		if !beaten {
			asks[s.peer] = append(asks[s.peer], s.id)
		}
	}
	return asks
}

func (m *model) before(a, b *saying) bool {
	if a.preferred != b.preferred {
		return a.preferred
	}
	hash := a.id.Hash()
	return m.key.HashWith(&hash, uint64(a.peer))>>1 > m.key.HashWith(&hash, uint64(b.peer))>>1
}

func (m *model) next() (time.Time, bool) {
	if len(m.requestable()) > 0 {
		return m.now, true
	}
	var next time.Time
	found := false
	for _, s := range m.said {
		waits := s.asked || s.candidate() && (s.at.After(m.now) || !slices.ContainsFunc(m.said, func(o *saying) bool {
			return o.asked && o.id.Hash() == s.id.Hash()
		}))
		if waits && (!found || s.at.Before(next)) {
			next, found = s.at, true
		}
	}
	if found && next.Before(m.now) {
		next = m.now
	}
	return next, found
}

func (m *model) count(p peer.ID) (candidates, inFlight, total int) {
	for _, s := range m.said {
		if s.peer != p {
			continue
		}
		total++
		if s.asked {
			inFlight++
		} else if !s.over {
			candidates++
		}
	}
	return candidates, inFlight, total
}

// Few peers and hashes, so that they meet.
const (
	modelPeers  = 6
	modelHashes = 5
)

// pace compares a tracker with the model over one history.
type pace struct {
	t       *testing.T
	tracker *Tracker
	model   *model
	now     time.Time
}

func newPace(t *testing.T, seed uint64) *pace {
	tracker := New(Config{Rand: rand.New(rand.NewPCG(seed, 0))})
	return &pace{t: t, tracker: tracker, model: &model{key: tracker.key}, now: start}
}

// step does what three bytes say on both sides and compares all answers.
func (c *pace) step(what, who, when byte) {
	p := peer.ID(who % modelPeers)
	n := who / modelPeers % modelHashes
	id := wtx(n)
	if who >= 128 {
		id = tx(n)
	}
	later := c.now.Add(time.Duration(int(when%32)-8) * time.Second)
	switch what % 8 {
	case 0, 1, 2:
		c.tracker.Announce(p, id, what&64 != 0, later)
		c.model.announce(p, id, what&64 != 0, later)
	case 3:
		c.tracker.Requested(p, id, later)
		c.model.requested(p, id, later)
	case 4:
		c.tracker.Response(p, id)
		c.model.response(p, id)
	case 5:
		switch when % 4 {
		case 0:
			c.tracker.Disconnect(p)
			c.model.disconnect(p)
		case 1:
			c.tracker.Forget(id)
			c.model.remove(func(s *saying) bool { return s.id.Hash() == id.Hash() })
		default:
			c.due()
		}
	case 6:
		c.now = later
		c.ask(p, false)
	case 7:
		c.now = c.now.Add(time.Duration(when%4) * time.Second)
		c.ask(p, true)
	}
	c.compare()
}

func (c *pace) ask(p peer.ID, request bool) {
	got, expired := c.tracker.Requestable(p, c.now)
	c.model.move(c.now)
	want := c.model.requestable()[p]
	if !slices.Equal(got, want) {
		c.t.Fatalf("peer %v is asked for %v, want %v", p, got, want)
	}
	if !slices.Equal(expired, c.model.expired) {
		c.t.Fatalf("expired %v, want %v", expired, c.model.expired)
	}
	c.model.expired = nil
	c.moved()
	if !request {
		return
	}
	for _, id := range got {
		c.tracker.Requested(p, id, c.now.Add(Timeout/4))
		c.model.requested(p, id, c.now.Add(Timeout/4))
	}
}

func (c *pace) due() {
	got := c.tracker.Due(c.now)
	c.model.move(c.now)
	want := slices.Sorted(maps.Keys(c.model.requestable()))
	if !slices.Equal(got, want) {
		c.t.Fatalf("due %v, want %v", got, want)
	}
	c.moved()
}

func (c *pace) moved() {
	c.t.Helper()
	if err := c.tracker.checkMoved(); err != nil {
		c.t.Fatal(err)
	}
}

func (c *pace) compare() {
	c.t.Helper()
	if err := c.tracker.check(); err != nil {
		c.t.Fatal(err)
	}
	for p := range peer.ID(modelPeers) {
		candidates, inFlight, total := c.model.count(p)
		if c.tracker.Candidates(p) != candidates || c.tracker.InFlight(p) != inFlight || c.tracker.Count(p) != total {
			c.t.Fatalf("peer %v: %d candidates, %d in flight of %d; want %d, %d of %d", p,
				c.tracker.Candidates(p), c.tracker.InFlight(p), c.tracker.Count(p), candidates, inFlight, total)
		}
	}
	if c.tracker.Size() != len(c.model.said) {
		c.t.Fatalf("%d announcements, want %d", c.tracker.Size(), len(c.model.said))
	}
	for n := range byte(modelHashes) {
		var want []peer.ID
		for _, s := range c.model.said {
			if s.id.Hash() == wtx(n).Hash() && !s.over {
				want = append(want, s.peer)
			}
		}
		if got := c.tracker.Announcers(nil, tx(n)); !slices.Equal(got, want) {
			c.t.Fatalf("announcers %v, want %v", got, want)
		}
	}
	got, ok := c.tracker.Next()
	want, wantOK := c.model.next()
	if ok != wantOK || ok && !got.Equal(want) && (got.After(c.model.now) || want.After(c.model.now)) {
		c.t.Fatalf("next %v %v, want %v %v", got, ok, want, wantOK)
	}
}

func FuzzTracker(f *testing.F) {
	f.Add(uint64(1), []byte{64, 1, 8, 0, 2, 8, 7, 1, 0, 7, 1, 3, 7, 2, 3})
	f.Add(uint64(2), []byte{0, 1, 0, 0, 2, 0, 5, 0, 2, 3, 1, 30, 3, 2, 31, 6, 0, 31})
	for seed := range uint64(8) {
		f.Add(seed, history(rand.New(rand.NewPCG(seed, 1)), 60))
	}
	f.Fuzz(func(t *testing.T, seed uint64, ops []byte) {
		c := newPace(t, seed)
		for ; len(ops) >= 3; ops = ops[3:] {
			c.step(ops[0], ops[1], ops[2])
		}
	})
}

func history(r *rand.Rand, steps int) []byte {
	ops := make([]byte, 3*steps)
	for n := range ops {
		ops[n] = byte(r.Uint32())
	}
	return ops
}

// Long histories keep many announcements in every state at once.
func TestAgainstModel(t *testing.T) {
	runs := 40
	if testing.Short() {
		runs = 8
	}
	for seed := range uint64(runs) {
		c := newPace(t, seed)
		ops := history(rand.New(rand.NewPCG(seed, 2)), 1500)
		for ; len(ops) >= 3; ops = ops[3:] {
			c.step(ops[0], ops[1], ops[2])
		}
	}
}

// Whatever peers do, a transaction that one of them has and would send is asked
// of it in the end, and each peer costs at most one timeout.
func TestProgress(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 9))
		tracker := New(Config{Rand: r})
		now, honest := start, peer.ID(r.IntN(modelPeers))
		for p := range peer.ID(modelPeers) {
			tracker.Announce(p, wtx(1), r.IntN(2) == 0, now.Add(time.Duration(r.IntN(10))*time.Second))
		}
		for asked := 0; ; {
			next, ok := tracker.Next()
			if !ok {
				t.Fatalf("seed %d: nothing is awaited and the honest peer %v was not asked", seed, honest)
			}
			if next.After(now) {
				now = next
			}
			for _, p := range tracker.Due(now) {
				tracker.Requested(p, wtx(1), now.Add(Timeout))
				asked++
				if p == honest {
					if asked > modelPeers || now.Sub(start) > time.Duration(asked)*Timeout+10*time.Second {
						t.Fatalf("seed %d: asked %d times in %v", seed, asked, now.Sub(start))
					}
					tracker.Forget(wtx(1))
				}
			}
			if tracker.Size() == 0 {
				break
			}
		}
	}
}
