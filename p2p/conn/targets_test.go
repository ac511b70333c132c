package conn

import (
	"errors"
	"slices"
	"testing"
	"time"

	"grapevine/p2p/peer"
)

// What happens to one target leaves the others alone.
func TestTargetsDoNotTouch(t *testing.T) {
	p := New(Config{Connect: []string{"a", "b"}})
	p.Next(start)
	p.Failed(start, Dial{Target: "a"}, false)
	if p.targets[1].state != dialling {
		t.Error("the failure of one ends the dial to the other")
	}
	if !p.Failed(start, Dial{Target: "b"}, false) {
		t.Error("the first failure of the other is not told")
	}
	now := start.Add(time.Second)
	p.Next(now)
	p.admitted(now, 0, peer.Manual, "a")
	p.admitted(now, 1, peer.Manual, "b")
	p.Disconnected(now, 1)
	if p.targets[0].state != connected {
		t.Error("the end of one ends the other")
	}
	p.Disconnected(now, 7) // unknown
	if p.Count() != 1 {
		t.Errorf("%d connections", p.Count())
	}
	verify(t, p)
	// The number of a peer that is not this target's, and is the zero value.
	next := p.targets[1].nextTry
	p.Disconnected(now.Add(time.Hour), 0)
	if !p.targets[1].nextTry.Equal(next) {
		t.Error("the end of another's connection puts a target off")
	}
}

// Peers are numbered from 0 on, which no target that was never connected may be taken
// to be.
func TestPeerNumberZero(t *testing.T) {
	p := New(Config{Connect: []string{"y"}, MaxInbound: 1})
	p.admitted(start, 0, peer.Inbound, "")
	p.Disconnected(start, 0)
	if at, _ := p.Wake(); !at.IsZero() {
		t.Error("the end of peer 0 puts a target off that never was connected")
	}
	p = New(Config{Connect: []string{"y"}})
	p.admitted(start, 0, peer.Manual, "x")
	if err := p.Add("x", false); err != nil {
		t.Fatal(err)
	}
	if got := p.Added(); !got[0].Connected || got[0].Peer != 0 {
		t.Errorf("%+v, though there is a connection", got)
	}
	p = New(Config{Connect: []string{"y"}})
	p.admitted(start, 1, peer.Manual, "y")
	p.admitted(start, 2, peer.Manual, "x")
	if err := p.Add("x", false); err != nil {
		t.Fatal(err)
	}
	if got := p.Added(); !got[0].Connected || got[0].Peer != 2 {
		t.Errorf("%+v, though there is a connection", got)
	}
}

// A single try of a listed target, which waits for its time, changes nothing for it.
func TestTryOfAListedTarget(t *testing.T) {
	p := New(Config{Connect: []string{"a"}})
	p.Next(start)
	p.Failed(start, Dial{Target: "a"}, false)
	p.Try("a", false)
	if got := dialled(p, start); !slices.Equal(got, []string{"a"}) {
		t.Fatalf("dialled %q", got)
	}
	if !p.Failed(start, Dial{Target: "a"}, false) {
		t.Error("a single try is not told")
	}
	if at, _ := p.Wake(); at.Sub(start) != firstPause {
		t.Errorf("the target waits for %s", at.Sub(start))
	}
	p.Try("a", false)
	p.Next(start)
	p.admitted(start, 1, peer.Manual, "a")
	if p.targets[0].state != connected || p.targets[0].peer != 1 {
		t.Error("what a single try has connected is dialled again")
	}
	p.admitted(start, 2, peer.Manual, "a") // as by another way
	if p.targets[0].peer != 1 {
		t.Error("a second connection takes the place of the first")
	}
	if _, ok := p.Wake(); ok {
		t.Error("wakes for a target that is connected")
	}
}

// The list of added nodes and the nodes of -connect are apart.
func TestListsAreApart(t *testing.T) {
	p := New(Config{Connect: []string{"a"}})
	if err := p.Remove("a"); !errors.Is(err, ErrNotAdded) {
		t.Errorf("a node of -connect was taken off the list: %v", err)
	}
	if err := p.Add("a", true); err != nil {
		t.Errorf("a node of -connect cannot be added: %v", err)
	}
	if got := p.Added(); len(got) != 1 || got[0] != (Entry{Target: "a", V2: true}) {
		t.Errorf("list is %+v", got)
	}
	p.Next(start)
	p.admitted(start, 0, peer.Manual, "a")
	verify(t, p)
	if err := p.Add("b", false); err != nil {
		t.Fatal(err)
	}
	if got := p.Added(); len(got) != 2 || got[1].Connected {
		t.Errorf("list is %+v", got)
	}
	if err := p.Remove("a"); err != nil || len(p.targets) != 2 {
		t.Errorf("%v, %d targets are left", err, len(p.targets))
	}
	// One connection is that of one target: of -connect it is now.
	if err := p.Add("a", false); err != nil {
		t.Fatal(err)
	}
	verify(t, p)
	if !p.Active() {
		t.Error("not active")
	}
	if p.SetActive(false); p.Active() {
		t.Error("active")
	}
}

// Eight of the added nodes at a time; those of -connect do not count, nor do they wait.
func TestPlacesOfAddedNodes(t *testing.T) {
	p := New(Config{Connect: []string{"x", "y", "z"}})
	for i := range MaxAdded {
		if err := p.Add(string(rune('a'+i)), false); err != nil {
			t.Fatal(err)
		}
	}
	if got := dialled(p, start); len(got) != 3+MaxAdded {
		t.Errorf("dialled %q", got)
	}
	p.Failed(start, Dial{Target: "x"}, false)
	if got := dialled(p, start.Add(time.Second)); !slices.Equal(got, []string{"x"}) {
		t.Errorf("dialled %q", got)
	}
	if err := p.Add("waits", false); err != nil {
		t.Fatal(err)
	}
	if _, ok := p.Wake(); ok {
		t.Error("wakes for one that has no place")
	}
}

// The plan wakes for the first that is due.
func TestWakesForTheFirst(t *testing.T) {
	p := New(Config{Connect: []string{"a", "b", "c"}})
	p.Next(start)
	p.Failed(start.Add(2*time.Second), Dial{Target: "a"}, false)
	p.Failed(start.Add(1*time.Second), Dial{Target: "b"}, false)
	p.Failed(start.Add(3*time.Second), Dial{Target: "c"}, false)
	if at, ok := p.Wake(); !ok || at.Sub(start) != time.Second+firstPause {
		t.Errorf("wakes after %s", at.Sub(start))
	}
}

// Connections to several ports of a host, and to one that has come to us, are fine when
// they are asked for.
func TestManualToTheSameHost(t *testing.T) {
	p := New(Config{MaxInbound: 1, DefaultPort: 8333})
	p.Connected(start, 1, Info{Kind: peer.Inbound, Addr: netAddr(t, "1.2.3.4:8333")})
	p.Try("1.2.3.4", false)
	if got := dialled(p, start); len(got) != 1 {
		t.Fatalf("dialled %q", got)
	}
	for i, text := range []string{"1.2.3.4:8333", "1.2.3.4:8334", "1.2.3.4:8335"} {
		if !p.Connected(start, peer.ID(2+i), Info{Kind: peer.Manual, Target: text, Addr: netAddr(t, text)}).Admitted {
			t.Errorf("%s is refused", text)
		}
	}
	verify(t, p)
}
