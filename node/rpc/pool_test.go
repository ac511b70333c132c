package rpc

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/mempool"
	"grapevine/wire"
)

// coinWallet is a node with a chain on which one key has coins.
type coinWallet struct {
	*realNode
	t    testing.TB
	key  script.Secret
	wif  string
	addr string
	pk   []byte
	// coins are mature coinbases that were not spent yet.
	coins []*wire.Tx
}

// newCoinWallet mines so many mature coins.
func newCoinWallet(t testing.TB, coins int) *coinWallet {
	t.Helper()
	p := params.Regtest(params.RegtestOptions{})
	w := &coinWallet{realNode: newRealNode(t, time.Unix(1_600_000_000, 0)), t: t}
	own := newWallet(p)
	w.key, w.wif, w.pk = own.key, own.wif, own.scriptOf["wpkh"]
	w.addr, _ = script.AddressOf(w.pk, p)
	w.mine(100 + coins)
	for h := range coins {
		w.coins = append(w.coins, &w.blockAt(int32(h + 1)).Txs[0])
	}
	return w
}

// call makes a call that has to succeed.
func (w *coinWallet) call(method, args string) string {
	w.t.Helper()
	got, err := ask(w.t, w.table, method, args)
	if err != nil {
		w.t.Fatalf("%s %.100s: %d %s", method, args, err.Code, err.Message)
	}
	return got
}

// refused makes a call that has to fail.
func (w *coinWallet) refused(method, args string, code Code, message string) {
	w.t.Helper()
	got, err := ask(w.t, w.table, method, args)
	if err == nil || err.Code != code || err.Message != message {
		w.t.Errorf("%s %.100s: got %s %v, want %d %s", method, args, got, err, code, message)
	}
}

func (w *coinWallet) mine(n int) {
	w.t.Helper()
	w.call("generatetoaddress", fmt.Sprintf(`%d, "%s"`, n, w.addr))
}

func (w *coinWallet) blockAt(height int32) *wire.Block {
	w.t.Helper()
	b, err := w.Block(w.Active().At(height))
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *coinWallet) tip() *wire.Block { return w.blockAt(w.Active().Height()) }

// coin takes a mature coin.
func (w *coinWallet) coin() *wire.Tx {
	w.t.Helper()
	c := w.coins[0]
	w.coins = w.coins[1:]
	return c
}

// spend returns a signed transaction that spends the first output of parents and
// pays all but the fee back to the wallet, in equal parts.
func (w *coinWallet) spend(fee wire.Amount, outs int, parents ...*wire.Tx) *wire.Tx {
	w.t.Helper()
	return w.spendOutput(fee, outs, 0, parents...)
}

func (w *coinWallet) spendOutput(fee wire.Amount, outs int, index uint32, parents ...*wire.Tx) *wire.Tx {
	w.t.Helper()
	var total wire.Amount
	tx := &wire.Tx{Version: 2}
	var prev []string
	for _, p := range parents {
		out := p.Out[index]
		total += out.Value
		tx.In = append(tx.In, wire.TxIn{PrevOut: wire.OutPoint{Txid: p.Txid(), Index: index}, Sequence: sequenceReplaceable})
		prev = append(prev, fmt.Sprintf(`{"txid":"%s","vout":%d,"scriptPubKey":"%x","amount":%s}`, p.Txid(), index, out.PkScript, out.Value))
	}
	for range outs {
		tx.Out = append(tx.Out, wire.TxOut{Value: (total - fee) / wire.Amount(outs), PkScript: w.pk})
	}
	return w.sign(tx, prev)
}

// sign has the node sign, with the outputs being spent told to it.
func (w *coinWallet) sign(tx *wire.Tx, prev []string) *wire.Tx {
	w.t.Helper()
	got := w.call("signrawtransactionwithkey", fmt.Sprintf(`"%x", ["%s"], [%s]`, tx.AppendTo(nil), w.wif, strings.Join(prev, ",")))
	text, _ := strings.CutPrefix(got, `{"hex":"`)
	text, complete := strings.CutSuffix(text, `","complete":true}`)
	signed, ok := decodeTxHex(text, bothForms)
	if !complete || !ok {
		w.t.Fatalf("not signed: %s", got)
	}
	return signed
}

func rawOf(tx *wire.Tx) string { return hex.EncodeToString(tx.AppendTo(nil)) }

func (w *coinWallet) send(tx *wire.Tx) {
	w.t.Helper()
	if got := w.call("sendrawtransaction", `"`+rawOf(tx)+`"`); got != `"`+tx.Txid().String()+`"` {
		w.t.Fatalf("sent %s, got %s", tx.Txid(), got)
	}
}

func member1(t testing.TB, answer string, names ...string) string {
	t.Helper()
	v, err := ParseAnswer([]byte(answer))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		v = v.Member(n)
	}
	return string(v.AppendJSON(nil))
}

// A wallet's round: make, sign, send, see it wait, mine, see it confirmed, and
// be told what bitcoind tells about a second spend.
func TestWalletRound(t *testing.T) {
	w := newCoinWallet(t, 2)
	coin := w.coin()
	made := w.call("createrawtransaction", fmt.Sprintf(`[{"txid":"%s","vout":0}], [{"%s":49.999}]`, coin.Txid(), w.addr))
	signed := w.call("signrawtransactionwithkey", fmt.Sprintf(`%s, ["%s"]`, made, w.wif))
	if complete := member1(t, signed, "complete"); complete != "true" {
		t.Fatal(signed)
	}
	raw := member1(t, signed, "hex")
	id := w.call("sendrawtransaction", raw)

	out := id + ", 0"
	spentOut := fmt.Sprintf(`"%s", 0`, coin.Txid())
	if got := w.call("getrawmempool", ""); got != "["+id+"]" {
		t.Errorf("in the pool: %s", got)
	}
	if got := w.call("getrawtransaction", id); got != raw {
		t.Errorf("waiting: %s", got)
	}
	if got := w.call("getrawtransaction", id+", 2"); strings.Contains(got, "confirmations") || strings.Contains(got, `"fee"`) || !strings.HasSuffix(got, `,"hex":`+raw+"}") {
		t.Errorf("waiting, in full: %s", got)
	}
	if got := w.call("gettxout", out); member1(t, got, "confirmations") != "0" || member1(t, got, "coinbase") != "false" || member1(t, got, "value") != "49.99900000" {
		t.Errorf("its output: %s", got)
	}
	if got := w.call("gettxout", out+", false"); got != "null" {
		t.Errorf("its output in the chain: %s", got)
	}
	if got := w.call("gettxout", spentOut); got != "null" {
		t.Errorf("what it spends: %s", got)
	}
	if got := w.call("gettxout", spentOut+", false"); member1(t, got, "confirmations") != "102" {
		t.Errorf("what it spends in the chain: %s", got)
	}
	if got := w.call("getmininginfo", ""); member1(t, got, "pooledtx") != "1" {
		t.Errorf("mining info: %s", got)
	}
	w.mine(1)
	if got := w.call("getrawmempool", ""); got != "[]" {
		t.Errorf("after the block: %s", got)
	}
	if got := w.call("gettxout", out); member1(t, got, "confirmations") != "1" {
		t.Errorf("its output after the block: %s", got)
	}
	if got := w.call("getrawtransaction", id+", 1"); member1(t, got, "confirmations") != "1" || member1(t, got, "blockhash") != `"`+w.tip().Hash().String()+`"` {
		t.Errorf("confirmed: %s", got)
	}
	if fees := w.tip().Txs[0].Out[0].Value - 50*wire.Coin; fees != 100_000 {
		t.Errorf("the miner got %d of the fee of 100,000", fees)
	}
	w.refused("sendrawtransaction", raw, CodeAlreadyInUTXOSet, "Transaction outputs already in utxo set")
	w.refused("sendrawtransaction", `"`+rawOf(w.spend(5000, 1, coin))+`"`, CodeVerify, "bad-txns-inputs-missingorspent")
}

// The codes and words of refusals that clients match on.
func TestSendRefusals(t *testing.T) {
	w := newCoinWallet(t, 4)
	coin := w.coin()
	first := w.spend(1000, 2, coin)
	send := func(tx *wire.Tx, more string) string { return `"` + rawOf(tx) + `"` + more }

	w.refused("sendrawtransaction", `"00"`, CodeDeserialization, "TX decode failed. Make sure the tx has at least one input.")
	w.refused("sendrawtransaction", send(first, ", 1"), CodeInvalidParameter, "Fee rates larger than or equal to 1BTC/kvB are not accepted")
	w.refused("sendrawtransaction", send(first, `, "x"`), CodeType, "Invalid amount")
	w.refused("sendrawtransaction", send(first, ", 0.1, -1"), CodeType, "Amount out of range")
	w.refused("sendrawtransaction", send(first, ", 0.00000001"), CodeVerify, "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)")

	rich := w.spend(wire.Coin, 1, coin)
	w.refused("sendrawtransaction", send(rich, ""), CodeVerify, "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)")

	burn := first.Clone()
	burn.Out[1] = wire.TxOut{Value: 1000, PkScript: []byte{byte(script.OpReturn)}}
	w.refused("sendrawtransaction", send(burn, ""), CodeVerify, "Unspendable output exceeds maximum configured by user (maxburnamount)")
	w.refused("sendrawtransaction", send(burn, ", 0, 0.00000999"), CodeVerify, "Unspendable output exceeds maximum configured by user (maxburnamount)")
	w.refused("sendrawtransaction", send(burn, ", 0, 0.00001"), CodeVerifyRejected,
		"mempool-script-verify-flag-failed (Signature must be zero for failed CHECK(MULTI)SIG operation), input 0 of "+burn.Txid().String()+" (wtxid "+burn.Wtxid().String()+"), spending "+coin.Txid().String()+":0")

	w.refused("sendrawtransaction", send(w.spend(1, 1, coin), ""), CodeVerifyRejected, "min relay fee not met, 1 < 11")
	w.refused("sendrawtransaction", send(&wire.Tx{Version: 9, In: first.In, Out: first.Out}, ""), CodeVerifyRejected, "version")
	w.refused("sendrawtransaction", send(&wire.Tx{Version: 2, In: first.In}, ""), CodeVerifyRejected, "bad-txns-vout-empty")
	immature := &w.tip().Txs[0]
	w.refused("sendrawtransaction", send(w.spend(1000, 1, immature), ""), CodeVerifyRejected, "bad-txns-premature-spend-of-coinbase, tried to spend coinbase at depth 1")
	orphan := w.spend(1000, 1, first)
	w.refused("sendrawtransaction", send(orphan, ""), CodeVerify, "bad-txns-inputs-missingorspent")

	w.send(first)
	w.send(first) // again: no error, as long as it waits
	w.refused("sendrawtransaction", send(w.spend(2000, 1, coin), ""), CodeVerifyRejected, "txn-mempool-conflict")
	w.send(orphan) // its parent is here now
	if got := member1(t, w.call("getmempoolinfo", ""), "unbroadcastcount"); got != "2" {
		t.Errorf("%s transactions that no peer has asked for, want 2", got)
	}
}

func TestTestMempoolAccept(t *testing.T) {
	w := newCoinWallet(t, 4)
	a, coin := w.spend(1410, 1, w.coin()), w.coin()
	b, other := w.spend(2000, 2, coin), w.spend(7000, 1, coin) // at odds with each other
	child := w.spend(1000, 1, a)
	list := func(txs ...*wire.Tx) string {
		var s []string
		for _, tx := range txs {
			s = append(s, `"`+rawOf(tx)+`"`)
		}
		return "[" + strings.Join(s, ",") + "]"
	}
	ids := func(tx *wire.Tx) string { return fmt.Sprintf(`{"txid":"%s","wtxid":"%s"`, tx.Txid(), tx.Wtxid()) }
	accepted := func(tx *wire.Tx, fee wire.Amount, rate string) string {
		return fmt.Sprintf(`%s,"allowed":true,"vsize":%d,"fees":{"base":%s,"effective-feerate":%s,"effective-includes":["%s"]}}`, ids(tx), tx.VSize(), fee, rate, tx.Wtxid())
	}
	unsigned := b.Clone()
	unsigned.In[0].Witness[0][10]++
	pkg := func(what string, txs ...*wire.Tx) string {
		var s []string
		for _, tx := range txs {
			s = append(s, ids(tx)+`,"package-error":"`+what+`"}`)
		}
		return "[" + strings.Join(s, ",") + "]"
	}
	for _, c := range []struct{ name, args, want string }{
		{"one", list(a), "[" + accepted(a, 1410, fmt.Sprintf("%.8f", float64(1410*1000/a.VSize())/1e8)) + "]"},
		{"two", list(a, b), "[" + accepted(a, 1410, "0.00012818") + "," + accepted(b, 2000, "0.00014184") + "]"},
		{"missing", list(child), "[" + ids(child) + `,"allowed":false,"reject-reason":"missing-inputs"}]`},
		{"one of two missing", list(child, b), "[" + ids(child) + `,"allowed":false,"reject-reason":"missing-inputs"},` + ids(b) + "}]"},
		{"the second of two missing", list(b, child), "[" + ids(b) + "}," + ids(child) + `,"allowed":false,"reject-reason":"missing-inputs"}]`},
		{"fee too high", list(a) + ", 0.00001", "[" + ids(a) + `,"allowed":false,"reject-reason":"max-fee-exceeded"}]`},
		{"fee of the first too high", list(a, b) + ", 0.0001", "[" + ids(a) + `,"allowed":false,"reject-reason":"max-fee-exceeded"},` + ids(b) + "}]"},
		{"any fee", list(a) + ", 0", "[" + accepted(a, 1410, "0.00012818") + "]"},
		{"bad signature behind a good one", list(a, unsigned), "[" + accepted(a, 1410, "0.00012818") + "," + ids(unsigned) + `,"allowed":false,"reject-reason":"mempool-script-verify-flag-failed (`},
		{"bad signature before a good one", list(unsigned, a), "," + ids(a) + "}]"},
		{"twice", list(a, a), pkg("package-contains-duplicates", a, a)},
		{"conflict", list(b, other), pkg("conflict-in-package", b, other)},
		{"child first", list(child, a), pkg("package-not-sorted", child, a)},
	} {
		got := w.call("testmempoolaccept", c.args)
		if !strings.Contains(got, c.want) || strings.HasSuffix(c.want, "]") && strings.HasPrefix(c.want, "[") && got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
	w.refused("testmempoolaccept", list(a, child), CodeMisc, "Packages of transactions that depend on each other are not supported yet")
	w.refused("testmempoolaccept", list(slices.Repeat([]*wire.Tx{a}, 26)...), CodeInvalidParameter, "Array must contain between 1 and 25 transactions.")
	w.refused("testmempoolaccept", "[1]", CodeType, "JSON value of type number is not of expected type string")
	if got := w.call("getrawmempool", ""); got != "[]" {
		t.Errorf("something was kept: %s", got)
	}
}

// diamond is a parent, two children, and a grandchild that spends from both, in
// the pool of a wallet.
type diamond struct {
	*coinWallet
	parent, left, right, last *wire.Tx
}

func newDiamond(t *testing.T) diamond {
	w := newCoinWallet(t, 2)
	d := diamond{coinWallet: w, parent: w.spend(1000, 2, w.coin())}
	d.left, d.right = w.spend(3000, 1, d.parent), w.spendOutput(2000, 1, 1, d.parent)
	d.last = w.spend(9000, 1, d.left, d.right)
	for _, tx := range []*wire.Tx{d.parent, d.left, d.right, d.last} {
		w.send(tx)
	}
	return d
}

func idText(tx *wire.Tx) string { return `"` + tx.Txid().String() + `"` }

// listed is the list of the ids in the order of their text, inBytes in that of
// their bytes.
func listed(txs ...*wire.Tx) string {
	var list []string
	for _, tx := range txs {
		list = append(list, idText(tx))
	}
	slices.Sort(list)
	return "[" + strings.Join(list, ",") + "]"
}

func inBytes(txs ...*wire.Tx) string {
	slices.SortFunc(txs, func(a, b *wire.Tx) int { return a.Txid().Compare(b.Txid()) })
	var list []string
	for _, tx := range txs {
		list = append(list, idText(tx))
	}
	return "[" + strings.Join(list, ",") + "]"
}

// idsOf is what listed makes of the ids in an answer, its members or its elements.
func idsOf(answer string) string {
	v, _ := ParseAnswer([]byte(answer))
	var list []string
	for i := range v.Len() {
		if k := v.KeyAt(i); k != "" {
			list = append(list, `"`+k+`"`)
		} else {
			list = append(list, string(v.At(i).AppendJSON(nil)))
		}
	}
	slices.Sort(list)
	return "[" + strings.Join(list, ",") + "]"
}

func TestEntryOfDependentTransactions(t *testing.T) {
	w := newDiamond(t)
	parent, left, right, last := w.parent, w.left, w.right, w.last
	sizes := func(txs ...*wire.Tx) string {
		n := 0
		for _, tx := range txs {
			n += tx.VSize()
		}
		return fmt.Sprint(n)
	}
	entry := w.call("getmempoolentry", idText(left))
	for _, c := range []struct {
		want string
		path []string
	}{
		{listed(parent), []string{"depends"}}, {listed(last), []string{"spentby"}}, {"2", []string{"ancestorcount"}}, {"2", []string{"descendantcount"}},
		{sizes(parent, left), []string{"ancestorsize"}}, {sizes(left, last), []string{"descendantsize"}},
		{"0.00003000", []string{"fees", "base"}}, {"0.00004000", []string{"fees", "ancestor"}}, {"0.00012000", []string{"fees", "descendant"}},
		{"0.00015000", []string{"fees", "chunk"}}, {fmt.Sprint(parent.Weight() + left.Weight() + right.Weight() + last.Weight()), []string{"chunkweight"}},
		{"true", []string{"unbroadcast"}},
	} {
		if got := member1(t, entry, c.path...); got != c.want {
			t.Errorf("%v: got %s, want %s", c.path, got, c.want)
		}
	}
	if got := member1(t, w.call("getmempoolentry", idText(parent)), "spentby"); got != inBytes(left, right) {
		t.Errorf("spent by %s, want %s", got, inBytes(left, right))
	}
}

func TestRelatives(t *testing.T) {
	w := newDiamond(t)
	parent, left, right, last := w.parent, w.left, w.right, w.last
	for _, c := range []struct{ method, args, want string }{
		{"getmempoolancestors", idText(last), listed(parent, left, right)},
		{"getmempoolancestors", idText(last) + ", true", listed(parent, left, right)},
		{"getmempoolancestors", idText(parent), "[]"},
		{"getmempooldescendants", idText(parent), listed(left, right, last)},
		{"getmempooldescendants", idText(left) + ", true", listed(last)},
		{"getrawmempool", "true", listed(parent, left, right, last)},
	} {
		if got := idsOf(w.call(c.method, c.args)); got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.method, c.args, got, c.want)
		}
	}
	if got := w.call("getmempoolancestors", idText(last)); got != inBytes(parent, left, right) {
		t.Errorf("ancestors %s, want %s", got, inBytes(parent, left, right))
	}
	w.refused("getmempoolcluster", id1, CodeInvalidAddressOrKey, "Transaction not in mempool")
	w.refused("getmempoolancestors", id1, CodeInvalidAddressOrKey, "Transaction not in mempool")
	w.refused("getmempooldescendants", id1, CodeInvalidAddressOrKey, "Transaction not in mempool")
	w.refused("getrawmempool", "true, true", CodeInvalidParameter, "Verbose results cannot contain mempool sequence values.")
}

func TestCluster(t *testing.T) {
	w := newDiamond(t)
	parent, left, right, last := w.parent, w.left, w.right, w.last
	whole := fmt.Sprint(parent.Weight() + left.Weight() + right.Weight() + last.Weight())
	cluster := w.call("getmempoolcluster", idText(right))
	if want := `{"clusterweight":` + whole + `,"txcount":4,"chunks":[{"chunkfee":0.00015000,"chunkweight":` + whole + `,"txs":[` + idText(parent); !strings.HasPrefix(cluster, want) || !strings.HasSuffix(cluster, idText(last)+"]}]}") {
		t.Errorf("cluster %s, want %s...", cluster, want)
	}
	if got, want := w.call("getmempoolfeeratediagram", ""), `[{"weight":0,"fee":0.00000000},{"weight":`+whole+`,"fee":0.00015000}]`; got != want {
		t.Errorf("diagram %s, want %s", got, want)
	}
	w.mine(1)
	if b := w.tip(); len(b.Txs) != 5 || b.Txs[0].Out[0].Value != 50*wire.Coin+15000 {
		t.Errorf("the block has %d transactions and pays %d", len(b.Txs), b.Txs[0].Out[0].Value)
	}
}

func TestSpendingTransactions(t *testing.T) {
	w := newDiamond(t)
	parent, left, right, last := w.parent, w.left, w.right, w.last
	op := func(tx *wire.Tx, n int) string { return fmt.Sprintf(`{"txid":%s,"vout":%d}`, idText(tx), n) }
	for _, c := range []struct{ args, want string }{
		{"[" + op(parent, 1) + "," + op(last, 0) + "]", fmt.Sprintf(`[{"txid":%s,"vout":1,"spendingtxid":%s},{"txid":%s,"vout":0}]`, idText(parent), idText(right), idText(last))},
		{"[" + op(left, 0) + `], {"return_spending_tx":true}`, fmt.Sprintf(`[{"txid":%s,"vout":0,"spendingtxid":%s,"spendingtx":"%s"}]`, idText(left), idText(last), rawOf(last))},
		{"[" + op(left, 0) + `], {"mempool_only":false}`, fmt.Sprintf(`[{"txid":%s,"vout":0,"spendingtxid":%s}]`, idText(left), idText(last))},
	} {
		if got := w.call("gettxspendingprevout", c.args); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.args, got, c.want)
		}
	}
	w.refused("gettxspendingprevout", "["+op(last, 0)+`], {"mempool_only":false}`, CodeMisc, "Mempool lacks a relevant spend, and txospenderindex is unavailable.")
	w.refused("gettxspendingprevout", "["+op(last, 0)+`], {"x":1}`, CodeType, "Unexpected key x")
	w.refused("gettxspendingprevout", "["+op(last, -1)+`]`, CodeInvalidParameter, "Invalid parameter, vout cannot be negative")
	w.refused("gettxspendingprevout", `[{"txid":`+idText(last)+`}]`, CodeType, "Missing vout")
	w.refused("gettxspendingprevout", `[{"txid":`+idText(last)+`,"vout":0,"x":1}]`, CodeType, "Unexpected key x")
	w.refused("gettxspendingprevout", `[1]`, CodeType, "JSON value of type number is not of expected type object")
}

// A block of named transactions takes them from the pool, and nothing else;
// their fees stay unclaimed.
func TestGenerateBlockOfThePool(t *testing.T) {
	w := newCoinWallet(t, 3)
	named, given, other := w.spend(1000, 1, w.coin()), w.spend(1000, 1, w.coin()), w.spend(1000, 1, w.coin())
	w.send(named)
	w.send(other)
	args := fmt.Sprintf(`"%s", ["%s", "%s"]`, w.addr, named.Txid(), rawOf(given))
	hash := member1(t, w.call("generateblock", args), "hash")
	b := w.tip()
	if `"`+b.Hash().String()+`"` != hash || len(b.Txs) != 3 || b.Txs[1].Txid() != named.Txid() || b.Txs[2].Txid() != given.Txid() || b.Txs[0].Out[0].Value != 50*wire.Coin {
		t.Errorf("block %s has %d transactions and pays %d", hash, len(b.Txs), b.Txs[0].Out[0].Value)
	}
	if got, want := w.call("getrawmempool", ""), `["`+other.Txid().String()+`"]`; got != want {
		t.Errorf("left in the pool: %s, want %s", got, want)
	}
	w.refused("generateblock", fmt.Sprintf(`"%s", ["%s"]`, w.addr, named.Txid()), CodeInvalidAddressOrKey, "Transaction "+named.Txid().String()+" not in mempool.")
	w.refused("generateblock", fmt.Sprintf(`"%s", ["00"]`, w.addr), CodeDeserialization, "Transaction decode failed for 00. Make sure the tx has at least one input.")
	w.refused("generateblock", fmt.Sprintf(`"%s", ["%s"]`, w.addr, rawOf(given)), CodeVerify, "TestBlockValidity failed: bad-txns-BIP30, tried to overwrite transaction")
}

// After a block is taken back, what it confirmed waits again, and is mined again.
func TestReorganisationReturnsTransactions(t *testing.T) {
	w := newCoinWallet(t, 2)
	tx := w.spend(1000, 1, w.coin())
	w.send(tx)
	w.mine(1)
	id := `"` + tx.Txid().String() + `"`
	w.call("invalidateblock", `"`+w.tip().Hash().String()+`"`)
	if err := w.settled(t.Context()); err != nil { // the node's own chain waits by itself
		t.Fatal(err)
	}
	if got := w.call("getrawmempool", ""); got != "["+id+"]" {
		t.Errorf("after the block was taken back: %s", got)
	}
	if got := member1(t, w.call("getblocktemplate", segwit), "transactions"); !strings.Contains(got, id) {
		t.Errorf("the template lacks it: %s", got)
	}
	w.now = w.now.Add(time.Minute) // another time, another block
	w.mine(1)
	if got := w.call("gettxout", id+", 0"); member1(t, got, "confirmations") != "1" {
		t.Errorf("mined again: %s", got)
	}
}

// staleWaiting is a pool that has not heard of the newest block.
type staleWaiting struct{ Waiting }

func (staleWaiting) Coin(wire.OutPoint) (wire.TxOut, mempool.CoinState) {
	return wire.TxOut{Value: 7}, mempool.CoinCreated
}

// An output that is in the chain already counts as such, whatever the pool
// thinks for a moment.
func TestTxOutOfAStalePool(t *testing.T) {
	f, _, txs := spendingChain(t)
	l := &ledger{LedgerConfig: LedgerConfig{Blocks: f, Coins: f, Pool: staleWaiting{}}}
	for _, c := range []struct {
		op     wire.OutPoint
		height int32
	}{{wire.OutPoint{Txid: txs[0].Txid()}, 4}, {wire.OutPoint{Txid: wire.Txid{1}}, inPool}} {
		if coin, _, err := l.coin(t.Context(), c.op, true); err != nil || coin == nil || coin.Height != c.height {
			t.Errorf("%s: %+v, %v", c.op, coin, err)
		}
	}
}

func TestPriorities(t *testing.T) {
	w := newCoinWallet(t, 2)
	tx := w.spend(1000, 1, w.coin())
	w.send(tx)
	id := `"` + tx.Txid().String() + `"`
	w.call("prioritisetransaction", id+", 0, 500")
	w.call("prioritisetransaction", id+", null, 200")
	w.call("prioritisetransaction", id+", 0.0, -100")
	if got, want := w.call("getprioritisedtransactions", ""), `{`+id+`:{"fee_delta":600,"in_mempool":true,"modified_fee":1600}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := member1(t, w.call("getmempoolentry", id), "fees", "modified"); got != "0.00001600" {
		t.Errorf("modified fee %s", got)
	}
	w.refused("prioritisetransaction", id+`, 0.5, 1`, CodeInvalidParameter, "Priority is no longer supported, dummy argument to prioritisetransaction must be 0.")
	w.call("prioritisetransaction", id+", 0, -600")
	if got := w.call("getprioritisedtransactions", ""); got != "{}" {
		t.Errorf("got %s", got)
	}
}

// Every method of the pool answers what its help text says.
func TestPoolAnswersAreDocumented(t *testing.T) {
	w := newCoinWallet(t, 2)
	parent := w.spend(1000, 1, w.coin())
	child := w.spend(1000, 1, parent)
	w.send(parent)
	w.send(child)
	other := w.spend(1000, 1, w.coin())
	cmds, err := PoolCommands(PoolConfig{Params: w.Params(), Pool: w.pool, Coins: w})
	if err != nil {
		t.Fatal(err)
	}
	table, err := NewTable(cmds)
	if err != nil {
		t.Fatal(err)
	}
	table.SetReady()
	id, op := `"`+parent.Txid().String()+`"`, fmt.Sprintf(`{"txid":"%s","vout":0}`, parent.Txid())
	checkDocumented(t, table, []string{
		"createrawtransaction [" + op + "], {}", `signrawtransactionwithkey "` + rawOf(other) + `", []`,
		`signrawtransactionwithkey "` + unsignedOf(other) + `", []`,
		`testmempoolaccept ["` + rawOf(other) + `"]`, `testmempoolaccept ["` + rawOf(child) + `"]`, `sendrawtransaction "` + rawOf(other) + `"`,
		"prioritisetransaction " + id + ", 0, 5", "getprioritisedtransactions", "getrawmempool", "getrawmempool true", "getrawmempool false, true",
		"getmempoolentry " + id, "getmempoolancestors " + id, "getmempooldescendants " + id + ", true", "getmempoolinfo",
		"getmempoolcluster " + id, "getmempoolfeeratediagram",
		"gettxspendingprevout [" + op + `], {"return_spending_tx":true}`, "estimatesmartfee 6", "getzmqnotifications",
	})
}

func unsignedOf(tx *wire.Tx) string { return hex.EncodeToString(tx.AppendNoWitness(nil)) }

func TestPoolConfigIsComplete(t *testing.T) {
	if _, err := PoolCommands(PoolConfig{}); err == nil || err.Error() != "rpc: PoolConfig.Params is missing" {
		t.Errorf("got %v", err)
	}
}
