package p2ptest

import (
	"strings"
	"testing"
	"time"

	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Each row lets a core do one thing that no core may do.
func TestReferee(t *testing.T) {
	verack := []p2p.Event{
		p2p.Received{Peer: 1, Msg: &wire.MsgVersion{}}, p2p.Received{Peer: 1, Msg: &wire.MsgVerack{}},
		p2p.Received{Peer: 2, Msg: &wire.MsgVersion{}}, p2p.Received{Peer: 2, Msg: &wire.MsgVerack{}},
	}
	sends := func(id peer.ID, m wire.Message) p2p.Action { return p2p.Send{Peer: id, Msg: m} }
	id := wire.ByWtxid(wire.Wtxid{7})
	asks := &wire.MsgGetData{Items: []wire.Inv{wire.InvOfTx(id)}}
	for _, r := range []struct {
		name   string
		events []p2p.Event // the last one is answered by the actions
		list   []p2p.Action
		want   string // "" when there is nothing wrong
	}{
		{"a stranger", nil, []p2p.Action{sends(9, &wire.MsgVerack{})}, "which is gone"},
		{"after its end", []p2p.Event{p2p.Disconnected{Peer: 1}}, []p2p.Action{sends(1, &wire.MsgVerack{})}, "which is gone"},
		{"after dropping it", nil, []p2p.Action{p2p.Disconnect{Peer: 1}, sends(1, &wire.MsgVerack{})}, "which is gone"},
		{"dropped twice", nil, []p2p.Action{p2p.Disconnect{Peer: 1}, p2p.Disconnect{Peer: 1}}, "disconnected, but gone"},
		{"a block for nobody", nil, []p2p.Action{p2p.ServeBlock{Peer: 9}}, "which is gone"},
		{"introduction", nil, []p2p.Action{sends(1, &wire.MsgVersion{}), sends(1, &wire.MsgVerack{})}, ""},
		{"ping too early", nil, []p2p.Action{sends(1, &wire.MsgPing{})}, "before its verack"},
		{"ping between version and verack", verack[:1], []p2p.Action{sends(1, &wire.MsgPing{})}, "before its verack"},
		{"ping", verack[:2], []p2p.Action{sends(1, &wire.MsgPing{})}, ""},
		{"pong of no ping", verack, []p2p.Action{sends(1, &wire.MsgPong{Nonce: 1})}, "whose pings are []"},
		{"pong", append(verack[:4:4], p2p.Received{Peer: 1, Msg: &wire.MsgPing{Nonce: 1}}), []p2p.Action{sends(1, &wire.MsgPong{Nonce: 1})}, ""},
		{
			"pong out of order", append(verack[:4:4], p2p.Received{Peer: 1, Msg: &wire.MsgPing{Nonce: 1}}, p2p.Received{Peer: 1, Msg: &wire.MsgPing{Nonce: 2}}),
			[]p2p.Action{sends(1, &wire.MsgPong{Nonce: 2})}, "whose pings are [1 2]",
		},
		{"too long", verack, []p2p.Action{sends(1, &wire.MsgInv{Items: make([]wire.Inv, wire.MaxInv+1)})}, "inv to peer 1"},
		{"numbers", nil, []p2p.Action{p2p.SubmitBlock{Peer: 1, Seq: 2}, p2p.SubmitTx{Peer: 1, Seq: 2}}, "submission 2 of peer 1 follows 2"},
		{"asked twice", verack, []p2p.Action{sends(1, asks), sends(2, asks)}, "while peer 1 may still answer"},
		{"asked again after its end", verack, []p2p.Action{sends(1, asks), p2p.Disconnect{Peer: 1}, sends(2, asks)}, ""},
	} {
		t.Run(r.name, func(t *testing.T) {
			net := New(Config{})
			var answer []p2p.Action
			s := &script{keep: true, on: func(time.Time, p2p.Event) []p2p.Action { return answer }}
			n := &Node{net: net}
			ref := newReferee(n, s.make(n))
			step := func(e p2p.Event) { ref.Step(net.Time(), e) }
			step(p2p.Connected{Peer: 1})
			step(p2p.Connected{Peer: 2})
			for _, e := range r.events {
				step(e)
			}
			answer = r.list
			step(p2p.HeaderTip{})
			switch err := net.Err(); {
			case r.want == "" && err != nil:
				t.Error(err)
			case r.want != "" && (err == nil || !strings.Contains(err.Error(), r.want)):
				t.Errorf("error %v, want %q", err, r.want)
			}
		})
	}
}

// A peer that answers, or lets its minute pass, may be followed by another.
func TestRefereeAllowsToAskAgain(t *testing.T) {
	world := NewWorld(1)
	tx := world.Spend(1000, 0, world.Fund())
	id := wire.ByWtxid(tx.Wtxid())
	asks := func(p peer.ID) p2p.Action {
		return p2p.Send{Peer: p, Msg: &wire.MsgGetData{Items: []wire.Inv{wire.InvOfTx(id)}}}
	}
	for name, c := range map[string]struct {
		later time.Duration
		event p2p.Event
		ok    bool
	}{
		"at once":   {0, p2p.HeaderTip{}, false},
		"too soon":  {59 * time.Second, p2p.HeaderTip{}, false},
		"in time":   {60 * time.Second, p2p.HeaderTip{}, true},
		"sent":      {0, p2p.Received{Peer: 1, Msg: &wire.MsgTx{Tx: tx}}, true},
		"by other":  {0, p2p.Received{Peer: 2, Msg: &wire.MsgTx{Tx: tx}}, false},
		"not found": {0, p2p.Received{Peer: 1, Msg: &wire.MsgNotFound{Items: []wire.Inv{wire.InvOfTx(id)}}}, true},
		"gone":      {0, p2p.Disconnected{Peer: 1}, true},
	} {
		t.Run(name, func(t *testing.T) {
			net := New(Config{World: world})
			var answer []p2p.Action
			s := &script{keep: true, on: func(time.Time, p2p.Event) []p2p.Action { return answer }}
			n := &Node{net: net}
			ref := newReferee(n, s.make(n))
			for p := range peer.ID(3) {
				ref.Step(net.Time(), p2p.Connected{Peer: p})
				ref.Step(net.Time(), p2p.Received{Peer: p, Msg: &wire.MsgVersion{}})
				ref.Step(net.Time(), p2p.Received{Peer: p, Msg: &wire.MsgVerack{}})
			}
			answer = []p2p.Action{asks(1)}
			ref.Step(net.Time(), p2p.HeaderTip{})
			answer = nil
			ref.Step(net.Time(), c.event)
			answer = []p2p.Action{asks(2)}
			ref.Step(net.Time().Add(c.later), p2p.HeaderTip{})
			if (net.Err() == nil) != c.ok {
				t.Error(net.Err())
			}
		})
	}
}

func TestRefereeFindsIdleWaking(t *testing.T) {
	s := &script{on: func(now time.Time, _ p2p.Event) []p2p.Action { return []p2p.Action{p2p.WakeAt{Time: now}} }}
	net := New(Config{})
	net.AddNode(NodeConfig{Make: func(n *Node) Stepper { return newReferee(n, s.make(n)) }})
	net.Run(time.Second)
	if net.Err() == nil {
		t.Error("a core that wakes up without end was not found")
	}
}
