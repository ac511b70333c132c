package network

import (
	"testing"
)

// transports are what our node and btcd may speak with each other.
var transports = []struct {
	name         string
	ours, theirs []string // options
	want         string
}{
	{"v1", []string{"-v2transport=0"}, nil, "v1"},
	{"v2", []string{"-v2transport=1"}, []string{"--v2transport"}, "v2"},
	{"v2 offered to v1", []string{"-v2transport=1"}, nil, "v1"},
	{"v2 offered by btcd", []string{"-v2transport=0"}, []string{"--v2transport"}, "v1"},
}

// speak wants the node's only connection to be of that version of the transport.
func (n *node) speak(want string) {
	n.t.Helper()
	var list []struct {
		Transport string `json:"transport_protocol_type"`
		Session   string `json:"session_id"`
	}
	n.ask(&list, "getpeerinfo")
	if len(list) != 1 || list[0].Transport != want || (list[0].Session != "") != (want == "v2") {
		n.t.Errorf("%s speaks %+v, want %s", n.name, list, want)
	}
}

// Our node and btcd, each starting with nothing, take a chain from the other.
func TestSync(t *testing.T) {
	for _, tr := range transports {
		for _, btcdFirst := range []bool{false, true} {
			name := "btcd from ours over " + tr.name
			if btcdFirst {
				name = "ours from btcd over " + tr.name
			}
			t.Run(name, func(t *testing.T) {
				first, second, options := ours, theirs, [2][]string{tr.ours, tr.theirs}
				if btcdFirst {
					first, second, options = theirs, ours, [2][]string{tr.theirs, tr.ours}
				}
				from := first(t, options[0]...)
				from.mine(150)
				connect := "--connect="
				if btcdFirst {
					connect = "-connect="
				}
				to := second(t, append([]string{connect + from.listen}, options[1]...)...)
				follow(from, to)
				us := from
				if btcdFirst {
					us = to
				}
				us.speak(tr.want)
			})
		}
	}
	t.Run("ours from ours", func(t *testing.T) {
		from := ours(t)
		from.mine(150)
		to := ours(t, "-connect="+from.listen)
		follow(from, to)
		from.speak("v2") // by default
		to.speak("v2")
	})
}

// follow has the one follow what the other has, and what comes later, both ways.
func follow(from, to *node) {
	from.t.Helper()
	to.follows(from)
	from.mine(1)
	to.follows(from)
	to.mine(1)
	from.follows(to)
}

// A transaction reaches the other node, whichever it was sent to, whoever dialled,
// and whatever they speak; and the block that it is in empties the pools.
func TestRelay(t *testing.T) {
	for _, tr := range transports[:2] {
		for _, tc := range []struct {
			name string
			dial func(us, them *node)
		}{
			{"we dialled", func(us, them *node) { us.connect(them) }},
			{"they dialled", func(us, them *node) { them.connect(us) }},
		} {
			t.Run(tc.name+" over "+tr.name, func(t *testing.T) {
				t.Parallel() // it waits for announcements most of the time
				us, them := ours(t, append([]string{"-connect=0", "-listen=1"}, tr.ours...)...), theirs(t, tr.theirs...)
				tc.dial(us, them)
				us.speak(tr.want)
				relay(us, them)
			})
		}
	}
}

// relay passes two transactions between two nodes without any, and mines them.
func relay(us, them *node) {
	us.t.Helper()
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
