package rpc

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/wire"
)

const segwit = `{"rules":["segwit"]}`

// A template lists what the pool has, with the places of the transactions that
// others depend on, and a block built from it is valid.
func TestTemplateTransactions(t *testing.T) {
	w := newCoinWallet(t, 2)
	parent := w.spend(1000, 2, w.coin())
	left, right := w.spend(3000, 1, parent), w.spendOutput(2000, 1, 1, parent)
	last := w.spend(9000, 1, left, right)
	for _, tx := range []*wire.Tx{parent, left, right, last} {
		w.send(tx)
	}
	answer, err := ParseAnswer([]byte(w.call("getblocktemplate", segwit)))
	if err != nil {
		t.Fatal(err)
	}
	list := answer.Member("transactions")
	place := map[string]int{}
	for i := range list.Len() {
		place[list.At(i).Member("txid").Text()] = i + 1
	}
	depends := func(tx *wire.Tx) string {
		return string(list.At(place[tx.Txid().String()] - 1).Member("depends").AppendJSON(nil))
	}
	at := func(tx *wire.Tx) int { return place[tx.Txid().String()] }
	if list.Len() != 4 || depends(parent) != "[]" || depends(left) != fmt.Sprintf("[%d]", at(parent)) || depends(last) != fmt.Sprintf("[%d,%d]", at(left), at(right)) {
		t.Errorf("transactions: %s", list.AppendJSON(nil))
	}
	if got := answer.Member("coinbasevalue").Text(); got != "5000015000" {
		t.Errorf("the coinbase may pay %s", got)
	}
	for _, tx := range []*wire.Tx{parent, left, right, last} {
		if got := list.At(at(tx) - 1).Member("data").Text(); got != rawOf(tx) {
			t.Errorf("data of %s: %s", tx.Txid(), got)
		}
	}
	if got := w.call("getmininginfo", ""); member1(t, got, "currentblocktx") != "4" {
		t.Errorf("mining info: %s", got)
	}
}

// The block of the miner's own work passes as a proposal; changed, it is told
// why not.
func TestProposals(t *testing.T) {
	w := newCoinWallet(t, 1)
	w.send(w.spend(1000, 1, w.coin()))
	work, err := w.miner.Work(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	propose := func(b *wire.Block) string {
		return w.call("getblocktemplate", fmt.Sprintf(`{"mode":"proposal","data":"%x"}`, b.Raw()))
	}
	good := work.Block([]byte{0x51}, 0)
	if got := propose(good); got != "null" {
		t.Errorf("the miner's own work: %s", got)
	}
	greedy := *work
	greedy.Fees++
	if got := propose(greedy.Block([]byte{0x51}, 0)); got != `"bad-cb-amount"` {
		t.Errorf("a satoshi too many: %s", got)
	}
	h := good.Header
	h.MerkleRoot[0]++
	if got := propose(wire.NewBlock(h, good.Txs)); got != `"bad-txnmrklroot"` {
		t.Errorf("another merkle root: %s", got)
	}
	h = good.Header
	h.PrevBlock = w.Params().GenesisHash
	if got := propose(wire.NewBlock(h, good.Txs)); got != `"inconclusive-not-best-prevblk"` {
		t.Errorf("on another block: %s", got)
	}
	if got := propose(w.tip()); got != `"duplicate"` {
		t.Errorf("the tip: %s", got)
	}
	w.refused("getblocktemplate", `{"mode":"proposal"}`, CodeType, "Missing data String key for proposal")
	w.refused("getblocktemplate", `{"mode":"proposal","data":"00"}`, CodeDeserialization, "Block decode failed")
}

func TestTemplateRefusals(t *testing.T) {
	table := newFakeLedger(regtest()).table(t)
	for _, c := range []struct {
		args string
		code Code
		want string
	}{
		{`{"mode":1}`, CodeInvalidParameter, "Invalid mode"},
		{`{"mode":"x","rules":["segwit"]}`, CodeInvalidParameter, "Invalid mode"},
		{`{}`, CodeInvalidParameter, `getblocktemplate must be called with the segwit rule set (call with {"rules": ["segwit"]})`},
		{`{"rules":[1]}`, CodeType, "JSON value of type number is not of expected type string"},
		{`{"rules":["segwit"],"longpollid":"x"}`, CodeInvalidParameter, "longpollid must be of length 64 (not 1, for 'x')"},
	} {
		if got, err := ask(t, table, "getblocktemplate", c.args); err == nil || err.Code != c.code || err.Message != c.want {
			t.Errorf("%s: got %s %v", c.args, got, err)
		}
	}
	signet := newFakeLedger(params.Signet(nil)).table(t)
	if _, err := ask(t, signet, "getblocktemplate", segwit); err == nil || err.Message != `getblocktemplate must be called with the signet rule set (call with {"rules": ["segwit", "signet"]})` {
		t.Errorf("signet: %v", err)
	}
	f := newFakeLedger(params.Mainnet())
	f.status.InitialBlockDownload = true
	if _, err := ask(t, f.table(t), "getblocktemplate", segwit); err == nil || err.Code != CodeInInitialDownload {
		t.Errorf("in initial download: %v", err)
	}
}

// On public networks a miner without peers is told so.
func TestTemplateNeedsPeers(t *testing.T) {
	f := newFakeLedger(params.Mainnet())
	peers := 0
	tmpl := newTemplates(&ledger{LedgerConfig: LedgerConfig{Blocks: f, Peers: func() int { return peers }}, params: f.p})
	if err := asError(tmpl.ready()); err.Code != CodeClientNotConnected {
		t.Errorf("without peers: %v", err)
	}
	peers = 1
	if err := tmpl.ready(); err != nil {
		t.Errorf("with a peer: %v", err)
	}
}

// Rule changes show up by their state: signalled, locked in, active.
func TestTemplateVersionBits(t *testing.T) {
	always := func(o params.VersionBits) params.RegtestOptions {
		return params.RegtestOptions{Deployments: params.DeploymentOptions{VersionBits: map[string]params.VersionBits{"testdummy": o}}}
	}
	got, err := ask(t, newFakeLedger(params.Regtest(always(params.VersionBits{StartTime: params.AlwaysActive, Timeout: params.NoTimeout}))).table(t), "getblocktemplate", segwit)
	if err != nil || !strings.Contains(got, `"version":536870912,"rules":["csv","!segwit","taproot","testdummy"],"vbavailable":{}`) {
		t.Errorf("active: %s, %v", got, err)
	}
	p := params.Regtest(always(params.VersionBits{StartTime: params.AlwaysActive, Timeout: params.NoTimeout}))
	p.Deployments[0].OptionalRule = false
	if _, err := ask(t, newFakeLedger(p).table(t), "getblocktemplate", segwit); err == nil || err.Message != "Support for 'testdummy' rule requires explicit client support" {
		t.Errorf("active, not optional, unknown to the miner: %v", err)
	}
	got, err = ask(t, newFakeLedger(p).table(t), "getblocktemplate", `{"rules":["segwit","testdummy"]}`)
	if err != nil || !strings.Contains(got, `"taproot","!testdummy"]`) {
		t.Errorf("active, not optional, known to the miner: %s, %v", got, err)
	}
}

// A rule that is signalled or locked in sets its bit, unless it is one that the
// miner has to know and does not.
func TestTemplateSignals(t *testing.T) {
	const bit = 1 << 28
	for _, optional := range []bool{true, false} {
		p := params.Regtest(params.RegtestOptions{})
		p.Deployments[0].OptionalRule = optional
		name := "!testdummy"
		if optional {
			name = "testdummy"
		}
		f := newFakeLedger(p)
		tmpl := newTemplates(&ledger{LedgerConfig: LedgerConfig{Blocks: f, Versions: headers.NewVersionBits(p)}, params: p})
		for _, c := range []struct {
			blocks int
			state  headers.State
		}{{0, headers.StateDefined}, {143, headers.StateStarted}, {144, headers.StateLockedIn}} {
			for range c.blocks {
				f.mine(t)
			}
			tip := f.active.Tip()
			if got := tmpl.versionBits.State(tip, 0); got != c.state {
				t.Fatalf("at height %d the state is %v, want %v", tip.Height(), got, c.state)
			}
			offered := c.state != headers.StateDefined
			for _, known := range [][]string{nil, {"testdummy"}} {
				d := tmpl.deployments(tip, known)
				if offered != (len(d.available) == 1) || offered && d.available[0] != (signalled{name, 28}) || d.refuse != "" {
					t.Errorf("%v, optional %v: %+v", c.state, optional, d)
				}
				mayset := optional || known != nil
				if got := d.version(bit) == bit; got != (mayset || !offered) {
					t.Errorf("%v, optional %v, known %v: the bit stays %v", c.state, optional, known, got)
				}
				if got := d.version(0) == bit; got != (mayset && c.state == headers.StateLockedIn) {
					t.Errorf("%v, optional %v, known %v: the bit is set %v", c.state, optional, known, got)
				}
			}
		}
	}
}

// Work that is old is not made anew as long as nothing has changed.
func TestWorkIsNotMadeAnew(t *testing.T) {
	w := newCoinWallet(t, 1)
	tmpl := newTemplates(&ledger{LedgerConfig: LedgerConfig{Blocks: w, Pool: w.pool, Miner: w.miner}, params: w.Params()})
	first, _, err := tmpl.current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	if again, _, err := tmpl.current(t.Context()); err != nil || again != first {
		t.Errorf("made anew: %v", err)
	}
}

// The same work is handed out until the tip moves, or five seconds after the
// pool has changed.
func TestTemplateIsKept(t *testing.T) {
	w := newCoinWallet(t, 3)
	txs := func() string {
		v, _ := ParseAnswer([]byte(w.call("getblocktemplate", segwit)))
		return fmt.Sprint(v.Member("transactions").Len(), " ", v.Member("longpollid").Text()[64:])
	}
	if got := txs(); got != "0 103" {
		t.Errorf("at first: %s", got)
	}
	w.send(w.spend(1000, 1, w.coin()))
	if got := txs(); got != "0 103" {
		t.Errorf("at once: %s", got)
	}
	w.now = w.now.Add(workKept)
	if got := txs(); got != "0 103" {
		t.Errorf("after five seconds: %s", got)
	}
	w.now = w.now.Add(time.Second)
	if got := txs(); got != "1 104" {
		t.Errorf("after six seconds: %s", got)
	}
	w.now = w.now.Add(time.Hour)
	if got := txs(); got != "1 104" {
		t.Errorf("without change: %s", got)
	}
	w.send(w.spend(1000, 1, w.coin()))
	w.mine(1)
	if got := txs(); !strings.HasPrefix(got, "0 ") {
		t.Errorf("on a new tip: %s", got)
	}
}

// A long poll ends with a new tip at once, with a change of the pool after a
// minute, and with the caller.
func TestLongPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeLedger(regtest())
		table := f.table(t)
		longpoll := func(ctx context.Context, id string) <-chan string {
			done := make(chan string, 1)
			args, err := ParseJSON([]byte(`[{"rules":["segwit"],"longpollid":"` + id + `"}]`))
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				var w Writer
				if err := table.Call(ctx, Request{Method: "getblocktemplate"}, args, &w); err != nil {
					done <- "error: " + err.Error()
				} else {
					done <- string(w.Bytes())
				}
			}()
			return done
		}
		id := func() string {
			got, err := ask(t, table, "getblocktemplate", segwit)
			if err != nil {
				t.Fatal(err)
			}
			return strings.Trim(member1(t, got, "longpollid"), `"`)
		}
		start := time.Now()
		done := longpoll(t.Context(), id())
		const idle = 10*time.Minute + 5*time.Second // between two looks
		time.Sleep(idle)
		synctest.Wait()
		select {
		case got := <-done:
			t.Fatalf("nothing changed: %s", got)
		default:
		}
		tip := f.mine(t)
		if got := <-done; !strings.Contains(got, tip.Hash().String()) || time.Since(start) != idle {
			t.Errorf("after %v: %s", time.Since(start), got)
		}
		// An identifier of another count of changes is out of date after a minute.
		start = time.Now()
		<-longpoll(t.Context(), tip.Hash().String()+"99")
		if d := time.Since(start); d != longPollFirst {
			t.Errorf("a changed pool ends the wait after %v", d)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done = longpoll(ctx, id())
		synctest.Wait()
		cancel()
		if got := <-done; !strings.HasPrefix(got, "error: ") {
			t.Errorf("cancelled: %s", got)
		}
	})
}
