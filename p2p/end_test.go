package p2p_test

import (
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/params"
	"grapevine/p2p/transport"
	"grapevine/wire"
)

// A connection that is ended while its reader waits for credit is gone at once,
// and its place is free.
func TestEndOfAPeerThatDoesNotRead(t *testing.T) {
	network := newMemoryNet()
	n := startNode(t, network, "127.0.0.1:1001")
	s := dialIn(t, network, "127.0.0.1:1001")
	var many []byte
	for range 2000 {
		many = transportAppend(many, s, &wire.MsgPing{Nonce: 5})
	}
	for blocked := false; !blocked; {
		_ = s.SetWriteDeadline(time.Now().Add(time.Second)) // pipes take any
		_, err := s.Write(many)
		blocked = err != nil
	}
	if err := n.DisconnectID(n.Peers()[0].ID); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the peer is gone", func() bool { return len(n.Peers()) == 0 })
}

// A peer without anything to read or write is gone at once too.
func TestEndOfAnIdlePeer(t *testing.T) {
	network := newMemoryNet()
	n := startNode(t, network, "127.0.0.1:1001")
	s := dialIn(t, network, "127.0.0.1:1001")
	if err := n.DisconnectAddress(s.LocalAddr().String()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the peer is gone", func() bool { return len(n.Peers()) == 0 })
}

func transportAppend(b []byte, s *stranger, m wire.Message) []byte {
	return transport.AppendV1(b, s.magic, m)
}

// Blocks come in the order in which they were asked for, and nothing that is said
// afterwards overtakes them.
func TestAnswersKeepTheirOrder(t *testing.T) {
	network := newMemoryNet()
	branch := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	branch.Mine(20, 0)
	n := startNode(t, network, "127.0.0.1:1001")
	for _, b := range branch.Blocks {
		if _, err := n.chain.SubmitBlock(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	s := dialIn(t, network, "127.0.0.1:1001")
	var requests []byte
	const rounds = 50
	for i := range rounds {
		get := &wire.MsgGetData{}
		for _, b := range branch.Blocks {
			get.Items = append(get.Items, wire.InvOfBlock(b.Hash()).WithWitness())
		}
		requests = transportAppend(transportAppend(requests, s, get), s, &wire.MsgPing{Nonce: uint64(i + 1)})
	}
	go func() { _ = s.write(requests) }() // what does not arrive is missed below
	for i := range rounds {
		for j, b := range branch.Blocks {
			f, err := s.r.Next()
			for err == nil && f.Command != "block" && f.Command != "pong" {
				f, err = s.r.Next()
			}
			if err != nil {
				t.Fatal(err)
			}
			if f.Command != "block" {
				t.Fatalf("round %d: the pong overtakes block %d", i, j)
			}
			if m, err := wire.DecodeMessage(f.Command, f.Payload); err != nil || m.(*wire.MsgBlock).Block.Hash() != b.Hash() {
				t.Fatalf("round %d: block %d comes out of turn", i, j)
			}
		}
		if m := s.expect("pong").(*wire.MsgPong); m.Nonce != uint64(i+1) {
			t.Fatalf("pong %d", m.Nonce)
		}
	}
}
