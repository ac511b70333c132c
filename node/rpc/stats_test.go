package rpc

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"grapevine/chain/params"
	"grapevine/chain/utxo"
	"grapevine/wire"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []int64
		want int64
	}{{nil, 0}, {[]int64{7}, 7}, {[]int64{9, 4}, 6}, {[]int64{5, 1, 3}, 3}, {[]int64{4, 1, 3, 2}, 2}} {
		if got := median(c.in); got != c.want {
			t.Errorf("median of %v: got %d, want %d", c.in, got, c.want)
		}
	}
}

func TestFeeRatePercentiles(t *testing.T) {
	flat := func(n int, weight int64) (list []rated, total int64) {
		for i := range n {
			list = append(list, rated{int64(n - i), weight}) // dearest first
			total += weight
		}
		return list, total
	}
	hundred, total := flat(100, 4)
	for _, c := range []struct {
		name  string
		in    []rated
		total int64
		want  [5]int64
	}{
		{"none", nil, 0, [5]int64{}},
		{"one", []rated{{5, 400}}, 400, [5]int64{5, 5, 5, 5, 5}},
		{"hundred equal weights", hundred, total, [5]int64{10, 25, 50, 75, 90}},
		{"one heavy", []rated{{1, 1}, {2, 997}, {3, 2}}, 1000, [5]int64{2, 2, 2, 2, 2}},
		{"weight short of the total", []rated{{1, 10}, {9, 10}}, 1000, [5]int64{9, 9, 9, 9, 9}},
	} {
		if got := feeRatePercentiles(c.in, c.total); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestBlockStatsSelection(t *testing.T) {
	f, _, _ := spendingChain(t)
	table := f.table(t)
	all, err := ask(t, table, "getblockstats", "4")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := ask(t, table, "getblockstats", "4, []"); got != all {
		t.Errorf("an empty list gives %s", got)
	}
	// Each statistic alone is what it is among all.
	for _, field := range statFields() {
		got, err := ask(t, table, "getblockstats", fmt.Sprintf(`4, ["%s"]`, field.name))
		if err != nil || !strings.Contains(all, strings.Trim(got, "{}")) {
			t.Errorf("%s alone: %s %v", field.name, got, err)
		}
	}
	got, err := ask(t, table, "getblockstats", `4, ["txs", "avgfee", "txs"]`)
	if want := `{"avgfee":50000000,"txs":3}`; err != nil || got != want {
		t.Errorf("got %s %v, want %s", got, err, want)
	}
	for _, want := range []string{
		`"ins":2,`, `"outs":5,`, `"maxfee":99990000,`, `"minfee":10000,`, `"totalfee":100000000,`, `"swtxs":1,`,
		`"utxo_size_inc":229,`, `"utxo_size_inc_actual":142}`, `"utxo_increase":3,`, `"utxo_increase_actual":2,`, `"subsidy":5000000000,`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in %s", want, all)
		}
	}
}

// Outputs of the first block, and of a block that repeats an older coinbase, are
// no new coins.
func TestBlockStatsWithoutCoins(t *testing.T) {
	f := newFakeLedger(params.Regtest(params.RegtestOptions{}))
	table := f.table(t)
	n := f.mine(t)
	if got, _ := ask(t, table, "getblockstats", `0, ["outs", "utxo_increase_actual", "utxo_size_inc_actual"]`); got != `{"outs":1,"utxo_increase_actual":0,"utxo_size_inc_actual":0}` {
		t.Errorf("the first block: %s", got)
	}
	stats := `1, ["outs", "utxo_increase_actual"]`
	if got, _ := ask(t, table, "getblockstats", stats); got != `{"outs":2,"utxo_increase_actual":1}` {
		t.Errorf("a block: %s", got)
	}
	f.p.BIP30Repeats = map[int32]wire.BlockHash{1: n.Hash()}
	if got, _ := ask(t, table, "getblockstats", stats); got != `{"outs":2,"utxo_increase_actual":0}` {
		t.Errorf("a repeated coinbase: %s", got)
	}
}

func TestTxOutSetInfo(t *testing.T) {
	f, tip, _ := spendingChain(t)
	f.stats = utxo.Stats{TxOuts: 7, BogoSize: 350, Transactions: 5, DiskSize: 9, TotalAmount: 3 * wire.Coin, Hash: utxo.SetHash{31: 0xab}}
	table := f.table(t)
	hash := "ab" + strings.Repeat("00", 31)
	for _, c := range []struct{ args, part string }{
		{``, `"hash_serialized_3":"` + hash + `",`}, {`"muhash"`, `"muhash":"` + hash + `",`}, {`"none"`, ``}, {`"muhash", null, false`, `"muhash":"` + hash + `",`},
	} {
		want := fmt.Sprintf(`{"height":4,"bestblock":"%s","txouts":7,"bogosize":350,%s"total_amount":3.00000000,"transactions":5,"disk_size":9}`, tip.Hash(), c.part)
		if got, err := ask(t, table, "gettxoutsetinfo", c.args); err != nil || got != want {
			t.Errorf("%s: got %s %v, want %s", c.args, got, err, want)
		}
	}
	f.failOp = errors.New("disk on fire")
	if _, err := ask(t, table, "gettxoutsetinfo", ""); err == nil || err.Code != CodeInternal || err.Message != "Unable to read UTXO set" {
		t.Errorf("failing statistics: %v", err)
	}
}
