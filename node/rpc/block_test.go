package rpc

import (
	"fmt"
	"strings"
	"testing"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/wire"
)

// spend builds a transaction that spends an output to several amounts, the rest
// being its fee.
func spend(op wire.OutPoint, witness bool, values ...wire.Amount) *wire.Tx {
	tx := &wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: op, Sequence: 0xfffffffd}}}
	if witness {
		tx.In[0].Witness = [][]byte{{1, 2, 3}, {}}
	} else {
		tx.In[0].ScriptSig = []byte{0x51}
	}
	for i, v := range values {
		tx.Out = append(tx.Out, wire.TxOut{Value: v, PkScript: append([]byte{0x00, 0x14}, strings.Repeat(string(rune('a'+i)), 20)...)})
	}
	return tx.Seal()
}

// spendingChain is a fake of four blocks, the last of which has two spends.
func spendingChain(t testing.TB) (*fakeLedger, *headers.Node, []*wire.Tx) {
	t.Helper()
	f := newFakeLedger(params.Regtest(params.RegtestOptions{}))
	var last *headers.Node
	for range 3 {
		last = f.mine(t)
	}
	cb := f.blocks[last.Hash()].Txs[0].Txid()
	one := spend(wire.OutPoint{Txid: cb}, true, 20*wire.Coin, 30*wire.Coin-10_000)
	two := spend(wire.OutPoint{Txid: one.Txid(), Index: 1}, false, 29*wire.Coin)
	return f, f.mine(t, one, two), []*wire.Tx{one, two}
}

func TestBlockErrors(t *testing.T) {
	f, tip, _ := spendingChain(t)
	table := f.table(t)
	known := `"` + tip.Hash().String() + `"`
	unknown := `"` + strings.Repeat("11", 32) + `"`
	headerOnly := f.tree.Insert(wire.Header{PrevBlock: tip.Hash(), Bits: tip.Bits(), Time: 7}, tip)
	gone := f.active.At(2)
	delete(f.blocks, gone.Hash())
	quoted := func(n *headers.Node) string { return `"` + n.Hash().String() + `"` }
	for _, c := range []struct {
		method, args string
		code         Code
		message      string
	}{
		{"getblockhash", "-1", -8, "Block height out of range"},
		{"getblockhash", "5", -8, "Block height out of range"},
		{"getblockhash", "1.5", -1, "JSON integer out of range"},
		{"getblock", `"x"`, -8, "blockhash must be of length 64 (not 1, for 'x')"},
		{"getblock", unknown, -5, "Block not found"},
		{"getblock", known + `, "x"`, -3, "JSON value of type string is not of expected type number"},
		{"getblock", unknown + `, "x"`, -3, "JSON value of type string is not of expected type number"},
		{"getblock", quoted(headerOnly), -1, "Block not available (not fully downloaded)"},
		{"getblock", quoted(gone) + ", 0", -1, "Block not found on disk"},
		{"getblockheader", `"` + strings.Repeat("z", 64) + `"`, -8, "hash must be hexadecimal string (not '" + strings.Repeat("z", 64) + "')"},
		{"getblockheader", unknown, -5, "Block not found"},
		{"getblockstats", "9", -8, "Target block height 9 after current tip 4"},
		{"getblockstats", "-2", -8, "Target block height -2 is negative"},
		{"getblockstats", unknown, -5, "Block not found"},
		{"getblockstats", quoted(headerOnly), -1, "Block not available (not fully downloaded)"},
		{"getblockstats", `4, ["txs", "nothing"]`, -8, "Invalid selected statistic 'nothing'"},
		{"getblockstats", `4, [1]`, -3, "JSON value of type number is not of expected type string"},
		{"getchaintxstats", "4", -8, "Invalid block count: should be between 0 and the block's height - 1"},
		{"getchaintxstats", "1, " + unknown, -5, "Block not found"},
		{"getchaintxstats", "1, " + quoted(headerOnly), -8, "Block is not in main chain"},
		{"getdeploymentinfo", unknown, -5, "Block not found"},
		{"getrawtransaction", unknown, -5, "No such mempool transaction. Use -txindex or provide a block hash to enable blockchain transaction queries. Use gettransaction for wallet transactions."},
		{"getrawtransaction", unknown + ", 1, " + known, -5, "No such transaction found in the provided block. Use gettransaction for wallet transactions."},
		{"getrawtransaction", unknown + ", 1, " + unknown, -5, "Block hash not found"},
		{"getrawtransaction", unknown + ", 1, " + quoted(headerOnly), -1, "Block not available"},
		{"getrawtransaction", `"` + f.p.Genesis.Header.MerkleRoot.String() + `"`, -5, "The genesis block coinbase is not considered an ordinary transaction and cannot be retrieved"},
		{"gettxoutsetinfo", `"wrong"`, -8, "'wrong' is not a valid hash_type"},
		{"gettxoutsetinfo", `"none", 3`, -8, "Querying specific block heights requires coinstatsindex"},
	} {
		_, err := ask(t, table, c.method, c.args)
		if err == nil || err.Code != c.code || err.Message != c.message {
			t.Errorf("%s %s: got %+v, want %d %s", c.method, c.args, err, c.code, c.message)
		}
	}
}

func TestBlockHeader(t *testing.T) {
	f, tip, _ := spendingChain(t)
	table := f.table(t)
	side := f.tree.Insert(wire.Header{PrevBlock: f.active.At(2).Hash(), Bits: tip.Bits(), Time: 7, Version: -1}, f.active.At(2))
	for _, c := range []struct {
		n             *headers.Node
		confirmations int
		next          *headers.Node
	}{{tip, 1, nil}, {f.active.At(3), 2, tip}, {f.active.At(0), 5, f.active.At(1)}, {side, -1, nil}} {
		got, err := ask(t, table, "getblockheader", `"`+c.n.Hash().String()+`"`)
		if err != nil || !strings.HasPrefix(got, fmt.Sprintf(`{"hash":"%s","confirmations":%d,"height":%d,`, c.n.Hash(), c.confirmations, c.n.Height())) {
			t.Errorf("height %d: %s %v", c.n.Height(), got, err)
		}
		next := ""
		if c.next != nil {
			next = `,"nextblockhash":"` + c.next.Hash().String() + `"`
		}
		if prev := c.n.Parent(); prev != nil && !strings.HasSuffix(got, `,"previousblockhash":"`+prev.Hash().String()+`"`+next+"}") {
			t.Errorf("height %d: %s", c.n.Height(), got)
		}
	}
	if got, _ := ask(t, table, "getblockheader", `"`+side.Hash().String()+`"`); !strings.Contains(got, `"version":-1,"versionHex":"ffffffff"`) || !strings.Contains(got, `"nTx":0,`) {
		t.Errorf("a header alone: %s", got)
	}
}

func TestBlockVerbosity(t *testing.T) {
	f, tip, txs := spendingChain(t)
	table := f.table(t)
	hash := `"` + tip.Hash().String() + `"`
	raw := fmt.Sprintf(`"%x"`, f.blocks[tip.Hash()].Raw())
	for _, args := range []string{hash + ", 0", hash + ", false", hash + ", -4"} {
		if got, _ := ask(t, table, "getblock", args); got != raw {
			t.Errorf("getblock %s: got %.60s", args, got)
		}
	}
	ids, _ := ask(t, table, "getblock", hash)
	for _, args := range []string{hash + ", 1", hash + ", true", hash + ", null"} {
		if got, _ := ask(t, table, "getblock", args); got != ids {
			t.Errorf("getblock %s differs from verbosity 1", args)
		}
	}
	if want := fmt.Sprintf(`"tx":["%s","%s","%s"]}`, f.blocks[tip.Hash()].Txs[0].Txid(), txs[0].Txid(), txs[1].Txid()); !strings.HasSuffix(ids, want) {
		t.Errorf("getblock verbosity 1 ends in %s", ids[max(0, len(ids)-300):])
	}
	two, _ := ask(t, table, "getblock", hash+", 2")
	three, _ := ask(t, table, "getblock", hash+", 3")
	for _, c := range []struct {
		text  string
		part  string
		count int
	}{
		{two, `"fee":0.00010000`, 1}, {two, `"fee":0.99990000`, 1}, {two, `"prevout"`, 0},
		{three, `"fee":0.00010000`, 1}, {three, `"prevout":{"generated":true,"height":3,"value":50.00000000,`, 1},
		{three, `"prevout":{"generated":false,"height":4,"value":29.99990000,`, 1},
		{three, `"txinwitness":["010203",""]`, 1}, {three, `"scriptSig":{"asm":"1","hex":"51"}`, 1},
		{three, fmt.Sprintf(`"hex":"%x"}`, txs[1].AppendTo(nil)), 1},
	} {
		if n := strings.Count(c.text, c.part); n != c.count {
			t.Errorf("%s occurs %d times, want %d, in %s", c.part, n, c.count, c.text)
		}
	}
}

// Without undo data fees and spent outputs are left out; damaged ones are an error.
func TestBlockUndo(t *testing.T) {
	f, tip, _ := spendingChain(t)
	table := f.table(t)
	hash := `"` + tip.Hash().String() + `", 3`
	u := f.undo[tip.Hash()]
	u.Txs[1] = append(u.Txs[1], u.Txs[1][0])
	if _, err := ask(t, table, "getblock", hash); err == nil || err.Code != CodeInternal {
		t.Errorf("undo data with a coin too many: %v", err)
	}
	if _, err := ask(t, table, "getblockstats", "4"); err == nil || err.Message != "Can't read undo data from disk" {
		t.Errorf("statistics with a coin too many: %v", err)
	}
	u.Txs = u.Txs[:1]
	if _, err := ask(t, table, "getblock", hash); err == nil || err.Code != CodeInternal {
		t.Errorf("undo data of a transaction too few: %v", err)
	}
	tip.ClearStatus(headers.StatusHasUndo)
	got, err := ask(t, table, "getblock", hash)
	if err != nil || strings.Contains(got, `"fee"`) || strings.Contains(got, `"prevout"`) {
		t.Errorf("without undo data: %v, %s", err, got)
	}
	if _, err := ask(t, table, "getblockstats", "4"); err == nil || err.Message != "Undo data not available" {
		t.Errorf("statistics without undo data: %v", err)
	}
}

func TestDifficulty(t *testing.T) {
	for _, c := range []struct {
		bits uint32
		want string
	}{
		{0x1d00ffff, "1"}, {0x1b0404cb, "16307.42093852398"}, {0x207fffff, "4.656542373906925e-10"},
		{0x170331db, "88104191118793.16"},
	} {
		var w Writer
		if got := string(w.Float(difficulty(c.bits)).Bytes()); got != c.want {
			t.Errorf("difficulty of %08x: got %s, want %s", c.bits, got, c.want)
		}
	}
}

func TestChainTips(t *testing.T) {
	f, tip, _ := spendingChain(t)
	table := f.table(t)
	at := func(parent *headers.Node, nonce uint32) *headers.Node {
		return f.tree.Insert(wire.Header{PrevBlock: parent.Hash(), Bits: parent.Bits(), Time: uint32(parent.Time()) + 1, Nonce: nonce}, parent)
	}
	one := f.active.At(1)
	headersOnly := at(at(one, 1), 1)
	bad := at(one, 2)
	bad.AddStatus(headers.StatusFailed)
	worse := at(bad, 1)
	worse.AddStatus(headers.StatusFailedChild)
	stored := at(one, 3)
	f.store(stored, f.blocks[one.Hash()])
	fork := at(f.active.At(2), 4)
	f.store(fork, f.blocks[one.Hash()])
	fork.AddStatus(headers.StatusValidScripts)
	got, err := ask(t, table, "getchaintips", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		n      *headers.Node
		branch int
		status string
	}{{tip, 0, "active"}, {headersOnly, 2, "headers-only"}, {worse, 2, "invalid"}, {stored, 1, "valid-headers"}, {fork, 1, "valid-fork"}} {
		want := fmt.Sprintf(`{"height":%d,"hash":"%s","branchlen":%d,"status":"%s"}`, c.n.Height(), c.n.Hash(), c.branch, c.status)
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if n := strings.Count(got, `"height"`); n != 5 {
		t.Errorf("%d tips, want 5: %s", n, got)
	}
}
