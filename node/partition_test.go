package node

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/consensus"
	"grapevine/internal/testdata"
	"grapevine/wire"
)

// peered is a node of a small network.
type peered struct {
	*running
	name, listen string
}

// join starts a node that connects to nobody by itself.
func join(t *testing.T, name string) *peered {
	t.Helper()
	listen := testdata.FreeAddress(t)
	n := &peered{name: name, listen: listen}
	n.running = start(t, "-regtest", "-datadir="+t.TempDir(), "-connect=0", "-bind="+listen, "-dbcache=16")
	n.until(0) // the calls are served
	return n
}

// leave stops a node and waits until it has gone.
func (n *peered) leave() {
	n.t.Helper()
	n.stop()
	if err := n.ended(); err != nil {
		n.t.Errorf("%s: %v", n.name, err)
	}
}

// patience is how long anything may take that these tests wait for.
const patience = 2 * time.Minute

// await asks again and again until something has come about.
func await(t *testing.T, what string, ask func() (done bool, state string)) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		done, state := ask()
		if done {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%s: not after %v; %s", what, patience, state)
		}
	}
}

// into is result, decoded.
func (n *peered) into(v any, method string, params ...any) {
	n.t.Helper()
	if err := json.Unmarshal([]byte(n.result(method, params...)), v); err != nil {
		n.t.Fatalf("%s: %v", method, err)
	}
}

// peerRow is what these tests read of getpeerinfo.
type peerRow struct {
	Addr    string
	Version int
}

// meets connects two nodes and waits until both have said hello.
func (n *peered) meets(other *peered) {
	n.t.Helper()
	before, theirs := n.peerCount(), other.peerCount()
	n.result("addnode", other.listen, "onetry")
	n.hasPeers(before + 1)
	other.hasPeers(theirs + 1)
}

// parts ends the connection that n made to other.
func (n *peered) parts(other *peered) {
	n.t.Helper()
	before, theirs := n.peerCount(), other.peerCount()
	n.result("disconnectnode", other.listen)
	n.hasPeers(before - 1)
	other.hasPeers(theirs - 1)
}

func (n *peered) peerCount() int {
	n.t.Helper()
	var list []peerRow
	n.into(&list, "getpeerinfo")
	return len(list)
}

func (n *peered) hasPeers(want int) {
	n.t.Helper()
	await(n.t, fmt.Sprintf("%s has %d peers", n.name, want), func() (bool, string) {
		var list []peerRow
		n.into(&list, "getpeerinfo")
		ready := !slices.ContainsFunc(list, func(p peerRow) bool { return p.Version == 0 })
		return ready && len(list) == want, fmt.Sprint(list)
	})
}

func (n *peered) best() (hash string) {
	n.t.Helper()
	n.into(&hash, "getbestblockhash")
	return hash
}

func (n *peered) isAt(hash string) {
	n.t.Helper()
	await(n.t, n.name+" is at "+hash, func() (bool, string) {
		return n.best() == hash, "it is at " + n.result("getblockcount") + " " + n.best()
	})
}

// mine makes blocks that pay to the key of a number.
func (n *peered) mine(blocks int, key uint64) (hashes []string) {
	n.t.Helper()
	n.into(&hashes, "generatetodescriptor", blocks, "raw("+hex.EncodeToString(payTo(key))+")")
	if len(hashes) != blocks {
		n.t.Fatalf("%s mined %d of %d blocks", n.name, len(hashes), blocks)
	}
	return hashes
}

func (n *peered) pool() (txids []string) {
	n.t.Helper()
	n.into(&txids, "getrawmempool")
	slices.Sort(txids)
	return txids
}

// holds waits until exactly these transactions are in the pool.
func (n *peered) holds(txs ...*wire.Tx) {
	n.t.Helper()
	want := make([]string, len(txs))
	for i, tx := range txs {
		want[i] = tx.Txid().String()
	}
	slices.Sort(want)
	await(n.t, fmt.Sprintf("%s holds %d transactions", n.name, len(want)), func() (bool, string) {
		got := n.pool()
		return slices.Equal(got, want), fmt.Sprintf("it holds %v, not %v", got, want)
	})
}

// coinsHash returns the hash of all coins, as Bitcoin Core computes it, with
// the tip at which they are.
func (n *peered) coinsHash() string {
	n.t.Helper()
	var info struct {
		BestBlock      string
		HashSerialized string `json:"hash_serialized_3"`
	}
	n.into(&info, "gettxoutsetinfo", "hash_serialized_3")
	return info.BestBlock + " " + info.HashSerialized
}

func payTo(key uint64) []byte { return chaintest.Script(chaintest.P2WPKH, key) }

// coin is an output that a key of chaintest's can spend.
type coin struct {
	op  wire.OutPoint
	out wire.TxOut
}

func outputOf(tx *wire.Tx, i int) coin {
	return coin{wire.OutPoint{Txid: tx.Txid(), Index: uint32(i)}, tx.Out[i]}
}

// coinbase returns what a block of mine paid.
func (n *peered) coinbase(block string) coin {
	n.t.Helper()
	var text string
	n.into(&text, "getblock", block, 0)
	raw, err := hex.DecodeString(text)
	if err != nil {
		n.t.Fatal(err)
	}
	b, err := wire.DecodeBlock(raw)
	if err != nil {
		n.t.Fatal(err)
	}
	return outputOf(&b.Txs[0], 0)
}

// pay makes and signs a transaction of a coin to a key.
func pay(c coin, key uint64) *wire.Tx {
	const fee = 10_000
	tx := &wire.Tx{
		Version: 2,
		In:      []wire.TxIn{{PrevOut: c.op, Sequence: 0xfffffffd}},
		Out:     []wire.TxOut{{Value: c.out.Value - fee, PkScript: payTo(key)}},
	}
	chaintest.Sign(tx, []wire.TxOut{c.out})
	return tx.Seal()
}

func (n *peered) send(txs ...*wire.Tx) {
	n.t.Helper()
	for _, tx := range txs {
		if got := n.result("sendrawtransaction", hex.EncodeToString(tx.AppendTo(nil))); strings.Trim(got, `"`) != tx.Txid().String() {
			n.t.Fatalf("%s sent %s, not %s", n.name, got, tx.Txid())
		}
	}
}

// Two networks of two nodes each are cut off from each other for 150 and 120
// blocks, with transactions on both sides. Once they are joined again, all
// follow the longer branch, have the coins of a fresh sync of it, and the nodes
// of the other side hold again what only their branch had confirmed.
func TestTwoNetworksAreJoined(t *testing.T) {
	if testing.Short() {
		t.Skip("five nodes and 400 blocks take long under the race detector")
	}
	a1, a2, b1, b2 := join(t, "a1"), join(t, "a2"), join(t, "b1"), join(t, "b2")
	all := []*peered{a1, a2, b1, b2}
	a1.meets(a2)
	b1.meets(b2)
	a1.meets(b1)

	common := a1.mine(consensus.CoinbaseMaturity+20, 1)
	for _, n := range all {
		n.isAt(a1.best())
	}
	ripe := make([]coin, 20)
	for i := range ripe {
		ripe[i] = a1.coinbase(common[i])
	}
	both := pay(ripe[0], 2) // known to all, and confirmed on either side
	a2.send(both)
	for _, n := range all {
		n.holds(both)
	}
	a1.parts(b1)

	// The side that will win: 150 blocks, a transaction in each tenth.
	var won []*wire.Tx
	for i := range 15 {
		n := []*peered{a1, a2}[i%2]
		if i%3 == 0 {
			tx := pay(ripe[1+i/3], 3)
			n.send(tx)
			won = append(won, tx)
			a1.reaches(a2)
		}
		n.mine(10, 4)
		a1.isAt(n.best())
		a2.isAt(n.best())
	}

	// The other: 120 blocks.
	first := b1.mine(1, 5)
	back := []*wire.Tx{pay(ripe[10], 6), pay(ripe[11], 6), pay(ripe[12], 6)} // no other side spends these
	rival := pay(ripe[1], 7)                                                 // of what the winner spends otherwise
	if rival.In[0].PrevOut != won[0].In[0].PrevOut {
		t.Fatal("the rivals do not spend the same coin")
	}
	b1.send(back[0], rival)
	b2.send(back[1])
	b1.reaches(b2)
	b2.mine(60, 5)
	b1.isAt(b2.best())
	child, orphaned := pay(outputOf(back[0], 0), 8), pay(outputOf(rival, 0), 8)
	b2.send(child, back[2], orphaned)
	b1.reaches(b2)
	b1.mine(50, 5)
	b2.isAt(b1.best())
	rootless := pay(b1.coinbase(first[0]), 9) // the coin is of a block that loses
	b1.send(rootless)
	b1.reaches(b2)
	b1.mine(9, 5)
	b2.isAt(b1.best())
	waiting := pay(ripe[13], 6) // not confirmed anywhere
	b2.send(waiting)
	b1.reaches(b2)
	for n, want := range map[*peered]string{a1: "270", a2: "270", b1: "240", b2: "240"} {
		if got := n.result("getblockcount"); got != want {
			t.Fatalf("%s is at %s; want %s", n.name, got, want)
		}
	}
	for _, n := range all {
		if n == a1 || n == a2 {
			n.holds()
		} else {
			n.holds(waiting)
		}
	}

	a1.meets(b1)
	tip := a1.best()
	for _, n := range all {
		n.isAt(tip)
	}
	returned := append(slices.Clone(back), child, waiting)
	b1.holds(returned...)
	b2.holds(returned...)
	fresh := join(t, "fresh")
	fresh.meets(b2)
	fresh.isAt(tip)
	sameCoins(t, append(all, fresh)...)

	// What came back can be mined, and then is everywhere.
	b2.mine(1, 5)
	for _, n := range append(all, fresh) {
		n.isAt(b2.best())
		n.holds()
	}
	sameCoins(t, append(all, fresh)...)
	for _, n := range append(all, fresh) {
		n.leave()
	}
}

// reaches waits until both pools are the same.
func (n *peered) reaches(other *peered) {
	n.t.Helper()
	await(n.t, fmt.Sprintf("%s and %s hold the same", n.name, other.name), func() (bool, string) {
		a, b := n.pool(), other.pool()
		return slices.Equal(a, b), fmt.Sprintf("%v and %v", a, b)
	})
}

func sameCoins(t *testing.T, nodes ...*peered) {
	t.Helper()
	want := nodes[0].coinsHash()
	for _, n := range nodes[1:] {
		if got := n.coinsHash(); got != want {
			t.Errorf("coins of %s: %s; %s has %s", n.name, got, nodes[0].name, want)
		}
	}
}
