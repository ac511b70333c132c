package conn

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"grapevine/p2p/peer"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func dialled(p *Plan, now time.Time) []string {
	var out []string
	for _, d := range p.Next(now) {
		out = append(out, d.Target)
	}
	return out
}

// admitted connects a peer of which nothing is known but how it was named.
func (p *Plan) admitted(now time.Time, id peer.ID, k peer.Kind, name string) bool {
	return p.Connected(now, id, Info{Kind: k, Target: name}).Admitted
}

func verify(t interface{ Fatal(...any) }, p *Plan) {
	if err := p.check(); err != nil {
		t.Fatal(err)
	}
}

func TestTargetsAreDialledOnceAndAgain(t *testing.T) {
	p := New(Config{Connect: []string{"a", "b", "a"}, Added: []string{"c"}, MaxInbound: 1})
	if got := dialled(p, start); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Fatalf("dialled %q at first", got)
	}
	if got := dialled(p, start.Add(time.Hour)); got != nil {
		t.Fatalf("dialled %q while those are under way", got)
	}
	p.Failed(start, Dial{Target: "a"}, false)
	for i, pause := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second, 30 * time.Second} {
		at, ok := p.Wake()
		if !ok {
			t.Fatal("nothing to wake for")
		}
		if got := dialled(p, at.Add(-1)); got != nil {
			t.Fatalf("attempt %d: dialled %q too early", i, got)
		}
		if got := dialled(p, at); !slices.Equal(got, []string{"a"}) {
			t.Fatalf("attempt %d: dialled %q", i, got)
		}
		p.Failed(at, Dial{Target: "a"}, false)
		next, _ := p.Wake()
		if want := min(2*pause, longestPause); next.Sub(at) != want {
			t.Fatalf("attempt %d: next pause is %s after %s", i, next.Sub(at), pause)
		}
		verify(t, p)
	}
}

func TestFirstFailureInARow(t *testing.T) {
	p := New(Config{Connect: []string{"a"}})
	p.Next(start)
	if !p.Failed(start, Dial{Target: "a"}, false) {
		t.Error("the first is not told")
	}
	p.Next(start.Add(time.Minute))
	if p.Failed(start.Add(time.Minute), Dial{Target: "a"}, false) {
		t.Error("the second is told as the first")
	}
	if !p.Failed(start, Dial{Target: "z"}, false) {
		t.Error("a single try is not told")
	}
	now := start.Add(time.Hour)
	p.Next(now)
	p.admitted(now, 1, peer.Manual, "a")
	p.Disconnected(now.Add(settled), 1)
	p.Next(now.Add(2 * settled))
	if !p.Failed(now.Add(2*settled), Dial{Target: "a"}, false) {
		t.Error("the first after a connection is not told")
	}
}

func TestConnectionThatLastedStartsAfresh(t *testing.T) {
	p := New(Config{Connect: []string{"a"}})
	now := start
	for range 8 {
		p.Next(now)
		p.Failed(now, Dial{Target: "a"}, false)
		now = now.Add(longestPause)
	}
	p.Next(now)
	p.admitted(now, 1, peer.Manual, "a")
	now = now.Add(settled)
	p.Disconnected(now, 1)
	if at, _ := p.Wake(); at.Sub(now) != firstPause {
		t.Errorf("dialled again after %s", at.Sub(now))
	}
	p.Next(now.Add(firstPause))
	p.admitted(now, 2, peer.Manual, "a")
	p.Disconnected(now.Add(time.Second), 2)
	if at, _ := p.Wake(); at.Sub(now.Add(time.Second)) != 2*firstPause {
		t.Errorf("a short connection counts as no failure")
	}
}

func TestInboundIsBounded(t *testing.T) {
	p := New(Config{MaxInbound: 2})
	if !p.admitted(start, 1, peer.Inbound, "x") || !p.admitted(start, 2, peer.Inbound, "y") {
		t.Fatal("refused while there is room")
	}
	if p.admitted(start, 3, peer.Inbound, "z") {
		t.Error("admitted one too many")
	}
	if !p.admitted(start, 4, peer.Manual, "w") {
		t.Error("a connection of ours was refused for want of room")
	}
	p.Disconnected(start, 1)
	if !p.admitted(start, 5, peer.Inbound, "z") {
		t.Error("refused although one has left")
	}
	if p.Inbound() != 2 || p.Count() != 3 {
		t.Errorf("%d inbound of %d", p.Inbound(), p.Count())
	}
}

func TestListIsEdited(t *testing.T) {
	p := New(Config{})
	if err := p.Add("a", false); err != nil {
		t.Fatal(err)
	}
	if err := p.Add("a", false); !errors.Is(err, ErrAlreadyAdded) {
		t.Errorf("added twice: %v", err)
	}
	if err := p.Remove("b"); !errors.Is(err, ErrNotAdded) {
		t.Errorf("removed what is not there: %v", err)
	}
	p.Next(start)
	p.admitted(start, 7, peer.Manual, "a")
	if got := p.Added(); len(got) != 1 || !got[0].Connected || got[0].Peer != 7 {
		t.Errorf("list is %+v", got)
	}
	if err := p.Remove("a"); err != nil {
		t.Fatal(err)
	}
	p.Disconnected(start, 7)
	if got := dialled(p, start.Add(time.Hour)); got != nil {
		t.Errorf("dialled %q after it was removed", got)
	}
	p.Try("z", false)
	if got := dialled(p, start); !slices.Equal(got, []string{"z"}) {
		t.Errorf("tried %q", got)
	}
	if got := dialled(p, start.Add(time.Hour)); got != nil {
		t.Errorf("tried %q again", got)
	}
}

func TestInactiveMakesAndAdmitsNothing(t *testing.T) {
	p := New(Config{Connect: []string{"a"}, MaxInbound: 5, Inactive: true})
	if dialled(p, start) != nil || p.admitted(start, 1, peer.Inbound, "x") {
		t.Error("active")
	}
	if _, ok := p.Wake(); ok {
		t.Error("wakes for nothing")
	}
	p.SetActive(true)
	if got := dialled(p, start); len(got) != 1 {
		t.Errorf("dialled %q", got)
	}
	p.SetActive(false)
	if p.admitted(start, 2, peer.Manual, "a") { // it was on its way
		t.Error("admitted")
	}
	p.SetActive(true)
	if got := dialled(p, start.Add(time.Minute)); len(got) != 1 {
		t.Errorf("a target that was turned away is not dialled again: %q", got)
	}
}

func TestAddedAreBounded(t *testing.T) {
	p := New(Config{})
	for i := range 2 * MaxAdded {
		if err := p.Add(string(rune('a'+i)), false); err != nil {
			t.Fatal(err)
		}
	}
	if got := dialled(p, start); len(got) != MaxAdded {
		t.Errorf("%d of the added are dialled at once", len(got))
	}
	p.admitted(start, 1, peer.Manual, "a")
	p.Disconnected(start, 1)
	if got := dialled(p, start); !slices.Equal(got, []string{"i"}) {
		t.Errorf("the next in line is %q", got)
	}
}

// Whatever happens in whatever order, the invariants hold, nothing is dialled
// twice at a time, and with time every target is dialled.
func TestPlanUnderAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := New(Config{Connect: []string{"a", "b"}, Added: []string{"b", "c"}, MaxInbound: 2})
		now, next := start, peer.ID(0)
		open := map[string]int{}
		conns := map[peer.ID]string{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms")) * time.Millisecond)
			name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name")
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				for _, d := range p.Next(now) {
					if open[d.Target]++; open[d.Target] > 1 {
						t.Fatalf("%s is dialled twice at a time", d.Target)
					}
				}
			case 1:
				if open[name] > 0 && !slices.Contains(values(conns), name) {
					open[name] = 0
					p.Failed(now, Dial{Target: name}, false)
				}
			case 2:
				if open[name] > 0 && !slices.Contains(values(conns), name) {
					next++
					if p.admitted(now, next, peer.Manual, name) {
						conns[next] = name
					} else {
						open[name] = 0
					}
				}
			case 3:
				for id := range next + 1 {
					if n, ok := conns[id]; ok {
						p.Disconnected(now, id)
						delete(conns, id)
						open[n] = 0
						break
					}
				}
			case 4:
				p.SetActive(rapid.Bool().Draw(t, "active"))
			case 5:
				next++
				if p.admitted(now, next, peer.Inbound, "in") {
					p.Disconnected(now, next)
				}
			}
			verify(t, p)
		}
		for id, n := range conns {
			p.Disconnected(now, id)
			open[n] = 0
		}
		p.SetActive(true)
		now = now.Add(time.Hour)
		for _, d := range p.Next(now) {
			open[d.Target]++
		}
		for _, n := range []string{"a", "b", "c"} {
			if open[n] != 1 {
				t.Fatalf("%s is dialled or connected %d times in the end", n, open[n])
			}
		}
	})
}

// A node that a single try has connected is not connected a second time: neither
// by another try nor because it is added to the list.
func TestTriesAreNotMadeTwice(t *testing.T) {
	p := New(Config{Added: []string{"listed"}})
	p.Try("listed", false) // is about to be dialled
	p.Try("a", false)
	p.Try("a", false)
	if got := dialled(p, start); !slices.Equal(got, []string{"listed", "a"}) {
		t.Fatalf("dialled %q", got)
	}
	p.admitted(start, 1, peer.Manual, "a")
	p.Try("a", false)
	p.Try("listed", false)
	if got := dialled(p, start); got != nil {
		t.Errorf("dialled %q, which are connected or being dialled", got)
	}
	if err := p.Add("a", false); err != nil {
		t.Fatal(err)
	}
	verify(t, p)
	if got := p.Added(); len(got) != 2 || !got[1].Connected || got[1].Peer != 1 {
		t.Errorf("list is %+v", got)
	}
	if got := dialled(p, start.Add(time.Hour)); got != nil {
		t.Errorf("dialled %q", got)
	}
	p.Disconnected(start.Add(time.Hour), 1)
	if got := dialled(p, start.Add(2*time.Hour)); !slices.Equal(got, []string{"a"}) {
		t.Errorf("dialled %q when it was gone", got)
	}
}

func values(m map[peer.ID]string) []string {
	var out []string
	for _, v := range m {
		out = append(out, v)
	}
	return out
}
