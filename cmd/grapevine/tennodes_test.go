package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/wire"
)

// mesh is a number of node processes that are connected to each other on loopback.
type mesh struct {
	t     *testing.T
	rand  *rand.Rand
	nodes []*member
	http  http.Client
	// payTo is an address of the script OP_TRUE, which anyone can spend from.
	payTo string
	// coins are outputs that no transaction which was sent spends, sent those in the
	// order in which they were.
	coins []meshCoin
	sent  []*wire.Tx
}

type meshCoin struct {
	at    wire.OutPoint
	value wire.Amount
}

// member is one process, or its datadir while it is not running.
type member struct {
	dir, rpc, p2p string
	peers         []string
	args          []string  // of those that launch starts
	cmd           *exec.Cmd // nil after a kill
	out           bytes.Buffer
	cut           bool
}

func newMesh(t *testing.T, count int, seed uint64) *mesh {
	t.Helper()
	m := &mesh{t: t, rand: rand.New(rand.NewPCG(seed, 0)), http: http.Client{Timeout: 30 * time.Second}}
	sum := sha256.Sum256([]byte{0x51})
	addr, _ := script.AddressOfProgram(0, sum[:])
	m.payTo = addr.Encode(params.Regtest(params.RegtestOptions{}))
	for range count {
		m.nodes = append(m.nodes, &member{dir: t.TempDir(), rpc: freePort(t), p2p: freePort(t)})
	}
	for i, n := range m.nodes {
		for _, step := range []int{1, 3, 4} {
			n.peers = append(n.peers, "127.0.0.1:"+m.nodes[(i+step)%count].p2p)
		}
		m.start(n)
	}
	t.Cleanup(func() {
		for i, n := range m.nodes {
			if n.cmd != nil {
				_ = n.cmd.Process.Kill()
				_ = n.cmd.Wait()
			}
			if t.Failed() {
				text := n.out.Bytes()
				t.Logf("node %d said at last:\n%s", i, text[max(0, len(text)-4000):])
			}
		}
	})
	return m
}

func (m *mesh) start(n *member) {
	m.t.Helper()
	args := []string{"node", "-regtest", "-datadir=" + n.dir, "-rpcport=" + n.rpc, "-rpcuser=u", "-rpcpassword=p", "-bind=127.0.0.1:" + n.p2p, "-natpmp=0", "-listenonion=0",
		"-dnsseed=0", "-fixedseeds=0", "-printtoconsole=1", "-debug=net", "-dbcache=8"}
	for _, p := range n.peers {
		args = append(args, "-addnode="+p)
	}
	n.cmd = command(m.t, "grapevine", args...)
	n.out.Reset()
	n.cmd.Stdout, n.cmd.Stderr = &n.out, &n.out
	if err := n.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
}

// kill ends a process without a warning.
func (m *mesh) kill(n *member) {
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait()
	n.cmd, n.cut = nil, false
}

// call asks a node and decodes the result.
func (m *mesh) call(n *member, into any, method string, args ...any) error {
	body, err := json.Marshal(map[string]any{"method": method, "params": append([]any{}, args...), "id": 1})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(m.t.Context(), http.MethodPost, "http://127.0.0.1:"+n.rpc, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.SetBasicAuth("u", "p")
	res, err := m.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	var answer struct {
		Result json.RawMessage
		Error  *struct{ Message string }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("%s: %w: %s", method, err, text)
	}
	if answer.Error != nil {
		return fmt.Errorf("%s: %s", method, answer.Error.Message)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer.Result, into)
}

// until waits for something that all the nodes have to come to.
func (m *mesh) until(what string, patience time.Duration, ask func() (bool, string)) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), patience)
	defer cancel()
	for tick := time.NewTicker(200 * time.Millisecond); ; {
		done, state := ask()
		if done {
			tick.Stop()
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			m.t.Fatalf("%s: not after %v; %s", what, patience, state)
		}
	}
}

// agree waits until all nodes answer and have one tip.
func (m *mesh) agree(patience time.Duration) (tip string) {
	m.t.Helper()
	m.until("one tip", patience, func() (bool, string) {
		var tips []string
		for i, n := range m.nodes {
			var best string
			if err := m.call(n, &best, "getbestblockhash"); err != nil {
				return false, fmt.Sprintf("node %d: %v", i, err)
			}
			tips = append(tips, best)
		}
		tip = tips[0]
		return len(slices.Compact(slices.Clone(tips))) == 1, fmt.Sprint(tips)
	})
	return tip
}

// block reads a block from a node.
func (m *mesh) block(n *member, height int) *wire.Block {
	m.t.Helper()
	var hash, text string
	err := m.call(n, &hash, "getblockhash", height)
	if err == nil {
		err = m.call(n, &text, "getblock", hash, 0)
	}
	raw, herr := hex.DecodeString(text)
	if err != nil || herr != nil {
		m.t.Fatal(err, herr)
	}
	b, err := wire.DecodeBlock(raw)
	if err != nil {
		m.t.Fatal(err)
	}
	return b
}

// pay has a node take in a transaction that spends a random coin. A node that is down,
// cut off or behind may not know the coin: then nothing was sent.
func (m *mesh) pay(n *member) {
	i := m.rand.IntN(len(m.coins))
	c := m.coins[i]
	half := (c.value - 1000 - wire.Amount(m.rand.IntN(5000))) / 2
	sum := sha256.Sum256([]byte{0x51})
	pay := append([]byte{0, 32}, sum[:]...)
	tx := (&wire.Tx{
		Version: 2, In: []wire.TxIn{{PrevOut: c.at, Sequence: 0xfffffffd, Witness: [][]byte{{0x51}}}},
		Out: []wire.TxOut{{Value: half, PkScript: pay}, {Value: half, PkScript: pay}},
	}).Seal()
	if m.call(n, nil, "sendrawtransaction", hex.EncodeToString(tx.AppendTo(nil))) != nil {
		return
	}
	m.coins[i] = meshCoin{wire.OutPoint{Txid: tx.Txid()}, half}
	m.coins = append(m.coins, meshCoin{wire.OutPoint{Txid: tx.Txid(), Index: 1}, half})
	m.sent = append(m.sent, tx)
}

// TestTenNodesLong puts ten processes under a load of blocks and transactions for three
// minutes, while a random one is killed, or cut off from the others, every few seconds.
// A killed node forgets its pool, so senders do as wallets do in the end: what is not
// confirmed they send again.
func TestTenNodesLong(t *testing.T) {
	if os.Getenv("GRAPEVINE_LONG") == "" {
		t.Skip("set GRAPEVINE_LONG=1")
	}
	const minutes, seed = 3, 5
	m := newMesh(t, 10, seed)
	m.until("the calls are answered", time.Minute, func() (bool, string) {
		err := m.call(m.nodes[0], nil, "getblockcount")
		return err == nil, fmt.Sprint(err)
	})
	if err := m.call(m.nodes[0], nil, "generatetoaddress", 130, m.payTo); err != nil {
		t.Fatal(err)
	}
	m.agree(time.Minute)
	for h := 1; h <= 30; h++ {
		b := m.block(m.nodes[0], h)
		m.coins = append(m.coins, meshCoin{wire.OutPoint{Txid: b.Txs[0].Txid()}, b.Txs[0].Out[0].Value})
	}
	kills, cuts, blocks := m.storm(minutes * time.Minute)
	for _, n := range m.nodes {
		if n.cmd == nil {
			m.start(n)
		}
	}
	for i, n := range m.nodes { // those that are cut off yet are not any more
		m.until(fmt.Sprintf("node %d answers", i), time.Minute, func() (bool, string) {
			err := m.call(n, nil, "setnetworkactive", true)
			return err == nil, fmt.Sprint(err)
		})
	}
	if err := m.call(m.nodes[0], nil, "generatetoaddress", 1, m.payTo); err != nil { // breaks a tie
		t.Fatal(err)
	}
	m.agree(2 * time.Minute)
	m.settle(kills, cuts, blocks)
}

// storm goes on for a while and counts what was done.
func (m *mesh) storm(d time.Duration) (kills, cuts, blocks int) {
	type revival struct {
		at time.Time
		n  *member
	}
	var later []revival
	end := time.Now().Add(d)
	nextBlow := time.Now().Add(2 * time.Second)
	for time.Now().Before(end) {
		now := time.Now()
		later = slices.DeleteFunc(later, func(r revival) bool {
			if now.Before(r.at) {
				return false
			}
			if r.n.cmd == nil {
				m.start(r.n)
			} else if m.call(r.n, nil, "setnetworkactive", true) == nil {
				r.n.cut = false
			}
			return true
		})
		n := m.nodes[m.rand.IntN(len(m.nodes))]
		if now.After(nextBlow) && n.cmd != nil && !n.cut {
			nextBlow = now.Add(time.Duration(2000+m.rand.IntN(3000)) * time.Millisecond)
			if m.rand.IntN(3) > 0 {
				m.kill(n)
				kills++
			} else if m.call(n, nil, "setnetworkactive", false) == nil {
				n.cut = true
				cuts++
			}
			later = append(later, revival{now.Add(time.Duration(500+m.rand.IntN(8000)) * time.Millisecond), n})
		}
		if n = m.nodes[m.rand.IntN(len(m.nodes))]; n.cmd != nil {
			m.pay(n)
		}
		if n = m.nodes[m.rand.IntN(len(m.nodes))]; n.cmd != nil && m.rand.IntN(20) == 0 && m.call(n, nil, "generatetoaddress", 1, m.payTo) == nil {
			blocks++
		}
		time.Sleep(time.Duration(20+m.rand.IntN(60)) * time.Millisecond)
	}
	return kills, cuts, blocks
}

// settle compares what the nodes have come to.
func (m *mesh) settle(kills, cuts, blocks int) {
	m.t.Helper()
	first := m.nodes[0]
	var height int
	if err := m.call(first, &height, "getblockcount"); err != nil {
		m.t.Fatal(err)
	}
	confirmed := map[wire.Txid]bool{}
	for h := 1; h <= height; h++ {
		b := m.block(first, h)
		for i := range b.Txs {
			confirmed[b.Txs[i].Txid()] = true
		}
	}
	var again int
	for _, tx := range m.sent {
		if !confirmed[tx.Txid()] && m.call(first, nil, "sendrawtransaction", hex.EncodeToString(tx.AppendTo(nil))) == nil {
			again++
		}
	}
	var pool []string
	var want coinInfo
	if err := m.call(first, &pool, "getrawmempool"); err != nil {
		m.t.Fatal(err)
	}
	for _, tx := range m.sent {
		if !confirmed[tx.Txid()] && !slices.Contains(pool, tx.Txid().String()) {
			m.t.Errorf("%s is neither confirmed nor in a pool", tx.Txid())
		}
	}
	for i, n := range m.nodes {
		var info coinInfo
		if err := m.call(n, &info, "gettxoutsetinfo"); err != nil {
			m.t.Fatal(err)
		}
		if i == 0 {
			want = info
		}
		if info != want {
			m.t.Errorf("node %d: %+v; node 0: %+v", i, info, want)
		}
	}
	m.t.Logf("%d kills, %d cuts, %d blocks; %d transactions sent, %d confirmed, %d in the pool (%d were sent again or still there); %+v",
		kills, cuts, blocks, len(m.sent), len(m.sent)-len(pool), len(pool), again, want)
	if kills < 10 || cuts < 5 || len(m.sent) < 200 {
		m.t.Error("that was no load")
	}
}
