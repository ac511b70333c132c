package node

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// compactRow is what getpeerinfo tells of compact blocks.
type compactRow struct {
	To       bool           `json:"bip152_hb_to"`
	From     bool           `json:"bip152_hb_from"`
	Received map[string]int `json:"bytesrecv_per_msg"`
}

// upstream is the only peer of a node.
func (n *peered) upstream() (row compactRow) {
	n.t.Helper()
	var list []compactRow
	n.into(&list, "getpeerinfo")
	if len(list) != 1 {
		n.t.Fatalf("%s has %d peers", n.name, len(list))
	}
	return list[0]
}

// Complete nodes in a row pass a block on by compact blocks: what is in the pools is
// sent once, as a transaction; what is not is asked for. The whole block goes over no
// connection.
func TestCompactBlocksBetweenNodes(t *testing.T) {
	for _, v2 := range []string{"1", "0"} {
		t.Run("v2transport="+v2, func(t *testing.T) {
			a, b, c := join(t, "a"), join(t, "b"), join(t, "c")
			all := []*peered{a, b, c}
			b.result("addnode", a.listen, "onetry", v2 == "1")
			b.hasPeers(1)
			c.result("addnode", b.listen, "onetry", v2 == "1")
			c.hasPeers(1)
			coins := a.mine(consensus.CoinbaseMaturity+10, 1)
			for _, n := range all {
				n.isAt(a.best())
			}
			a.mine(1, 1) // who brings this one is asked to announce the next
			for _, n := range all {
				n.isAt(a.best())
			}
			await(t, "c has chosen b", func() (bool, string) {
				row := c.upstream()
				return row.To && !row.From, fmt.Sprint(row)
			})

			var shared []*wire.Tx
			for i := range 5 {
				shared = append(shared, pay(a.coinbase(coins[i]), 2))
			}
			for _, n := range all { // by hand, as relaying takes its time
				n.send(shared...)
			}
			before := c.upstream()
			a.mine(1, 1)
			for _, n := range all {
				n.isAt(a.best())
				n.holds()
			}
			after := c.upstream()
			if grown(before, after, "cmpctblock") == 0 || grown(before, after, "blocktxn") != 0 || grown(before, after, "block") != 0 {
				t.Errorf("all in the pool: %v, then %v", before.Received, after.Received)
			}

			// Mined at once, a transaction is in no pool but the miner's.
			before = after
			hidden := pay(a.coinbase(coins[6]), 2)
			a.send(hidden)
			a.mine(1, 1)
			for _, n := range all {
				n.isAt(a.best())
				n.holds()
			}
			after = c.upstream()
			missing := grown(before, after, "blocktxn")
			if grown(before, after, "cmpctblock") == 0 || grown(before, after, "block") != 0 {
				t.Errorf("one not in the pool: %v, then %v", before.Received, after.Received)
			}
			if had := grown(before, after, "tx") != 0; had == (missing != 0) { // it may have been quicker than the block
				t.Errorf("one not in the pool: %d bytes of blocktxn, sent as a transaction: %v", missing, had)
			}
			sameCoins(t, all...)
			var later []time.Duration // than the miner has its block
			for range 10 {
				hash := a.mine(1, 1)[0]
				began := time.Now()
				c.result("waitforblock", hash)
				later = append(later, time.Since(began).Round(time.Microsecond))
			}
			slices.Sort(later)
			t.Logf("an empty block is two hops away after %v", later)
			for _, n := range all {
				n.leave()
			}
		})
	}
}

func grown(before, after compactRow, command string) int {
	return after.Received[command] - before.Received[command]
}
