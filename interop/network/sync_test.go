package network

import (
	"testing"
)

// Our node and btcd, each starting with nothing, take a chain from the other.
func TestSync(t *testing.T) {
	for _, tc := range []struct {
		name     string
		from, to starter
		option   string
	}{
		{"btcd from ours", ours, theirs, "--connect="},
		{"ours from btcd", theirs, ours, "-connect="},
		{"ours from ours", ours, ours, "-connect="},
	} {
		t.Run(tc.name, func(t *testing.T) {
			from := tc.from(t)
			from.mine(150)
			to := tc.to(t, tc.option+from.listen)
			to.follows(from)
			// And what comes later.
			from.mine(1)
			to.follows(from)
			to.mine(1)
			from.follows(to)
		})
	}
}

// A transaction reaches the other node, whichever it was sent to, and whoever
// dialled; and the block that it is in empties the pools.
func TestRelay(t *testing.T) {
	for _, tc := range []struct {
		name string
		dial func(us, them *node)
	}{
		{"we dialled", func(us, them *node) { us.connect(them) }},
		{"they dialled", func(us, them *node) { them.connect(us) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			us, them := ours(t, "-connect=0", "-listen=1"), theirs(t)
			tc.dial(us, them)
			blocks := us.mine(110)
			them.follows(us)
			other := newWallet(2)
			first := send(us, own.spend(us, own.coinbaseOf(us, blocks[0]), other, fee))
			them.pool(first)
			second := send(them, own.spend(us, own.coinbaseOf(them, blocks[1]), other, fee))
			us.pool(first, second)
			them.pool(first, second)
			them.mine(1)
			us.follows(them)
			us.pool()
			them.pool()
		})
	}
}

// The node on the shorter branch leaves ten of its blocks for the other's, and
// the transactions that only those had are in its pool again.
func TestReorganisation(t *testing.T) {
	for _, tc := range []struct {
		name          string
		winner, loser starter
	}{
		{"btcd follows ours", ours, theirs},
		{"ours follows btcd", theirs, ours},
		{"ours follows ours", ours, ours},
	} {
		t.Run(tc.name, func(t *testing.T) {
			winner, loser := tc.winner(t), tc.loser(t)
			winner.connect(loser)
			common := winner.mine(110)
			loser.follows(winner)
			fork := winner.best()
			cut(winner, loser)

			creator := winner // btcd makes none that pays to a segwit address
			if loser.name != "btcd" {
				creator = loser
			}
			txid := send(loser, own.spend(creator, own.coinbaseOf(loser, common[0]), newWallet(2), fee))
			loser.mine(10)
			loser.pool()
			winner.mine(11)
			if loser.best() == winner.best() || loser.height() != 120 || winner.height() != 121 {
				t.Fatalf("at %d and %d", loser.height(), winner.height())
			}
			winner.connect(loser)
			loser.follows(winner)
			loser.pool(txid)
			var hash string
			loser.ask(&hash, "getblockhash", 110)
			if hash != fork {
				t.Errorf("the branches meet in %s, not in %s", hash, fork)
			}
			// What came back is relayed once it is asked for, and mined by the one that has it.
			loser.mine(1)
			winner.follows(loser)
			loser.pool()
		})
	}
}

// cut ends the connection of two nodes; one of ours sees to it where it can.
func cut(a, b *node) {
	a.t.Helper()
	if a.name == "btcd" {
		a, b = b, a
	}
	var list []struct{ Addr string }
	a.ask(&list, "getpeerinfo")
	if len(list) != 1 {
		a.t.Fatalf("%d peers", len(list))
	}
	a.ask(nil, "disconnectnode", list[0].Addr)
	a.peers(0)
	b.peers(0)
}
