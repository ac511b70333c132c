package rpc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"grapevine/chain/index"
	"grapevine/wire"
)

// oneTxIndex knows one transaction.
type oneTxIndex struct {
	found index.Found
	ready bool
	fail  error
}

func (x *oneTxIndex) Find(id wire.Txid) (index.Found, bool, error) {
	ok := x.found.Block != nil && x.found.Block.Txs[x.found.Index].Txid() == id
	return x.found, ok, x.fail
}

func (x *oneTxIndex) CatchUp(context.Context) (bool, error) { return x.ready, nil }

// What is not found is explained by why it may not be.
func TestRawTransactionFromIndex(t *testing.T) {
	f, tip, txs := spendingChain(t)
	x := &oneTxIndex{}
	l := &ledger{LedgerConfig: LedgerConfig{Blocks: f, TxIndex: x}, params: f.p}
	table, err := NewTable(l.txCommands())
	if err != nil {
		t.Fatal(err)
	}
	table.SetReady()
	id := fmt.Sprintf(`"%s"`, txs[0].Txid())
	for _, c := range []struct {
		name  string
		ready bool
		want  string
	}{
		{"being built", false, "No such mempool transaction. Blockchain transactions are still in the process of being indexed. Use gettransaction for wallet transactions."},
		{"complete", true, "No such mempool or blockchain transaction. Use gettransaction for wallet transactions."},
	} {
		x.ready = c.ready
		if _, err := ask(t, table, "getrawtransaction", id); err == nil || err.Code != CodeInvalidAddressOrKey || err.Message != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// What is indexed already is found while the rest is not.
	x.found, x.ready = index.Found{Node: tip, Block: f.blocks[tip.Hash()], Index: 1}, false
	got, failed := ask(t, table, "getrawtransaction", id+", 2")
	if failed != nil || strings.Contains(got, "in_active_chain") || !strings.Contains(got, `"fee":`) || !strings.Contains(got, `"confirmations":1`) {
		t.Errorf("found: %s %v", got, failed)
	}
	x.fail = errors.New("disk")
	if _, err := ask(t, table, "getrawtransaction", id); err == nil || err.Message != "disk" {
		t.Errorf("a failure: %v", err)
	}
	l.TxIndex = nil
	if _, err := ask(t, table, "getrawtransaction", id); err == nil || !strings.HasPrefix(err.Message, "No such mempool transaction. Use -txindex or provide a block hash") {
		t.Errorf("without an index: %v", err)
	}
}
