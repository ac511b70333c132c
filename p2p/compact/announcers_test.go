package compact

import (
	"math/rand/v2"
	"slices"
	"testing"

	"grapevine/p2p/peer"
)

func TestAnnouncers(t *testing.T) {
	const out, in = true, false
	for _, c := range []struct {
		name    string
		brought []announcer
		want    []peer.ID
		stopped []peer.ID
	}{
		{"three at most", []announcer{{1, in}, {2, in}, {3, in}, {4, in}}, []peer.ID{2, 3, 4}, []peer.ID{1}},
		{"the latest stay", []announcer{{1, in}, {2, in}, {3, in}, {1, in}, {4, in}}, []peer.ID{3, 1, 4}, []peer.ID{2}},
		{"the last outbound one stays", []announcer{{1, out}, {2, in}, {3, in}, {4, in}}, []peer.ID{1, 3, 4}, []peer.ID{2}},
		{"and stays again", []announcer{{1, out}, {2, in}, {3, in}, {4, in}, {5, in}, {6, in}}, []peer.ID{1, 5, 6}, []peer.ID{2, 3, 4}},
		{"unless for another outbound one", []announcer{{1, out}, {2, in}, {3, in}, {4, out}}, []peer.ID{2, 3, 4}, []peer.ID{1}},
		{"one of two may go", []announcer{{1, out}, {2, out}, {3, in}, {4, in}}, []peer.ID{2, 3, 4}, []peer.ID{1}},
		{"not the first in turn", []announcer{{1, in}, {2, out}, {3, in}, {4, in}, {5, in}}, []peer.ID{2, 4, 5}, []peer.ID{1, 3}},
	} {
		var a Announcers
		var stopped []peer.ID
		for _, p := range c.brought {
			known := a.Has(p.id)
			ch := a.Brought(p.id, p.outbound)
			if ch.Asks == known || ch.Asks && ch.Ask != p.id {
				t.Errorf("%s: peer %d: %+v", c.name, p.id, ch)
			}
			if ch.Stopped {
				stopped = append(stopped, ch.Stop)
			}
			if err := a.check(); err != nil {
				t.Fatal(err)
			}
		}
		var got []peer.ID
		for _, p := range a.list {
			got = append(got, p.id)
		}
		slices.Sort(got)
		want := slices.Sorted(slices.Values(c.want))
		if !slices.Equal(got, want) || !slices.Equal(stopped, c.stopped) {
			t.Errorf("%s: %v, stopped %v; want %v, stopped %v", c.name, got, stopped, want, c.stopped)
		}
	}
}

// Whatever happens: three at most, the peer that was last is one of them, and an
// outbound peer leaves only while another one stays, or goes away itself.
func TestAnnouncersAtRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var a Announcers
		told := map[peer.ID]bool{} // whom we have asked, as they know it
		outbound := func(id peer.ID) bool { return id%3 == 0 }
		for range 100 {
			id := peer.ID(rng.IntN(9))
			if rng.IntN(8) == 0 {
				a.Remove(id)
				delete(told, id)
				continue
			}
			hadOut := slices.ContainsFunc(a.list, func(p announcer) bool { return p.outbound })
			c := a.Brought(id, outbound(id))
			if c.Asks {
				told[c.Ask] = true
			}
			if c.Stopped {
				delete(told, c.Stop)
			}
			if err := a.check(); err != nil {
				t.Fatal(err)
			}
			if !a.Has(id) || len(told) != a.Len() {
				t.Fatalf("%d asked, %d chosen, the last one %v", len(told), a.Len(), a.Has(id))
			}
			for p := range told {
				if !a.Has(p) {
					t.Fatalf("peer %d was not told to stop", p)
				}
			}
			if hasOut := slices.ContainsFunc(a.list, func(p announcer) bool { return p.outbound }); hadOut && !hasOut {
				t.Fatal("the last outbound one has left")
			}
		}
	}
}
