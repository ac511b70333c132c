package p2ptest

import (
	"fmt"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Two actors shake hands, and one serves the other what it asks for.
func TestActors(t *testing.T) {
	net := New(Config{Latency: 10 * time.Millisecond, Strict: true})
	a, b := net.NewActor(), net.NewActor()
	b.Chain = net.World.Chain(net.World.Genesis(), 5, 300)
	net.Run(0)
	a.Call(b.Node)
	net.Run(time.Second)
	want := "[version wtxidrelay verack]"
	if got := fmt.Sprint(a.Commands()); got != want {
		t.Errorf("the caller heard %s, want %s", got, want)
	}
	if got := fmt.Sprint(b.Commands()); got != want {
		t.Errorf("the one that was called heard %s, want %s", got, want)
	}
	a.Forget()
	hash := b.Chain[3].Hash()
	a.Say(
		&wire.MsgPing{Nonce: 4}, &wire.MsgGetHeaders{Locator: []wire.BlockHash{{1}, b.Chain[1].Hash()}},
		&wire.MsgGetData{Items: []wire.Inv{wire.InvOfBlock(hash)}},
	)
	net.Run(time.Second)
	if got := fmt.Sprint(a.Commands()); got != "[pong headers block]" {
		t.Fatalf("heard %s", got)
	}
	if list := HeardOf[*wire.MsgHeaders](a)[0].Headers; len(list) != 3 || list[0] != b.Chain[2].Header {
		t.Errorf("%d headers", len(list))
	}
	if HeardOf[*wire.MsgBlock](a)[0].Block.Hash() != hash || b.Asked()[0] != wire.InvOfBlock(hash) {
		t.Error("another block")
	}
	b.On = func(peer.ID, wire.Message) bool { return true }
	a.Say(&wire.MsgPing{Nonce: 5})
	net.Run(time.Second)
	if a.Count("pong") != 1 {
		t.Error("a message that the test dealt with was answered")
	}
	a.Hang()
	net.Run(time.Second)
	if a.Connected() || b.Connected() || len(b.Ended) != 1 || len(a.Ended) != 0 {
		t.Errorf("connected %v, %v, ended %v, %v", a.Connected(), b.Connected(), a.Ended, b.Ended)
	}
	if net.Err() != nil {
		t.Error(net.Err())
	}
}
