package node

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// coinbaseOf returns the id of the first transaction of a block.
func (r *running) coinbaseOf(block string) string {
	r.t.Helper()
	var b struct{ Tx []string }
	if err := json.Unmarshal([]byte(r.result("getblock", block)), &b); err != nil || len(b.Tx) == 0 {
		r.t.Fatalf("block %s: %v", block, err)
	}
	return b.Tx[0]
}

// mine makes blocks that pay to a descriptor and returns their hashes.
func (r *running) mine(n int, to string) (hashes []string) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(r.result("generatetodescriptor", n, to)), &hashes); err != nil {
		r.t.Fatal(err)
	}
	return hashes
}

// wantTx looks a transaction up by its id alone.
func (r *running) wantTx(id, block string, confirmations int) {
	r.t.Helper()
	var tx struct {
		BlockHash     string
		Confirmations int
	}
	if err := json.Unmarshal([]byte(r.result("getrawtransaction", id, 1)), &tx); err != nil || tx.BlockHash != block || tx.Confirmations != confirmations {
		r.t.Errorf("transaction %s: %+v, %v; want %d confirmations in %s", id, tx, err, confirmations, block)
	}
}

// TestTxIndex: an index that is switched on late is built, follows the chain without being waited for, and is there after a restart,
// after a time without it, and when the chain is read anew.
func TestTxIndex(t *testing.T) {
	dir := t.TempDir()
	r := start(t, "-regtest", "-datadir="+dir)
	r.until(0)
	early := r.mine(3, "raw(51)")
	id := r.coinbaseOf(early[0])
	if _, failure := r.ask("getrawtransaction", id); !strings.Contains(failure, "Use -txindex or provide a block hash") {
		t.Error(failure)
	}
	if got := r.result("getindexinfo"); got != "{}" {
		t.Error(got)
	}
	restart := func(height int, args ...string) {
		t.Helper()
		r.stop()
		if err := r.ended(); err != nil {
			t.Fatal(err)
		}
		r = start(t, append([]string{"-regtest", "-datadir=" + dir}, args...)...)
		r.until(height)
	}
	synced := func() {
		t.Helper()
		await(t, "the index is built", func() (bool, string) {
			info := r.result("getindexinfo", "txindex")
			return strings.HasPrefix(info, `{"txindex":{"synced":true,`), info
		})
	}
	restart(3, "-txindex")
	synced()
	r.wantTx(id, early[0], 3)
	for range 3 {
		b := r.mine(1, "raw(51)")
		r.wantTx(r.coinbaseOf(b[0]), b[0], 1) // at once: the call waits for the index
	}
	stale := r.mine(2, "raw(51)")
	staleID := r.coinbaseOf(stale[1])
	r.wantTx(staleID, stale[1], 1)
	r.result("invalidateblock", stale[0])
	r.wantTx(staleID, stale[1], 0)
	fresh := r.mine(3, "raw(52)") // else they would be the same
	r.wantTx(r.coinbaseOf(fresh[2]), fresh[2], 1)

	restart(9) // without it
	later := r.mine(2, "raw(51)")
	restart(11, "-txindex")
	synced()
	r.wantTx(r.coinbaseOf(later[0]), later[0], 2)
	r.wantTx(r.coinbaseOf(fresh[0]), fresh[0], 5)

	restart(11, "-txindex", "-reindex")
	synced()
	r.wantTx(id, early[0], 11)
	r.wantTx(r.coinbaseOf(later[1]), later[1], 1)

	restart(11) // a new index, while the chain is read anew
	if err := os.RemoveAll(filepath.Join(dir, "regtest", "indexes")); err != nil {
		t.Fatal(err)
	}
	restart(11, "-txindex", "-reindex")
	synced()
	r.wantTx(id, early[0], 11)
	r.stop()
	if err := r.ended(); err != nil {
		t.Fatal(err)
	}

	current := filepath.Join(dir, "regtest", "indexes", "txindex", "CURRENT")
	if err := os.WriteFile(current, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	r = start(t, "-regtest", "-datadir="+dir, "-txindex")
	if err := r.ended(); err == nil || !strings.Contains(err.Error(), "index is damaged") || !strings.Contains(err.Error(), "built anew") {
		t.Errorf("a damaged index: %v", err)
	}
}
