package mempool

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"grapevine/internal/testdata"
	"grapevine/wire"
)

// The pool answers as Bitcoin Core did when it was given the same chain and
// transactions: sizes, fees, memory, order.
func TestGoldenPool(t *testing.T) {
	w := open(t, nil)
	w.clock.now = time.Unix(1296779202, 0)
	for _, b := range goldenBlocks(t) {
		w.extend(b)
	}
	var want struct {
		Size, Usage int
		Bytes       int64
		Unbroadcast int `json:"unbroadcastcount"`
	}
	var order []string
	unmarshal(t, goldenAnswers(t, "getmempoolinfo")[1], &want)
	unmarshal(t, goldenAnswers(t, "getrawmempool")[1], &order)
	if w.Tip().Height() != 147 || want.Size == 0 || len(order) != want.Size {
		t.Fatalf("tip at %d, %d transactions, %d in order", w.Tip().Height(), want.Size, len(order))
	}
	txs := goldenTxs(t)[:want.Size]
	for i, tx := range txs {
		checked, err := w.Check(t.Context(), tx)
		if err != nil {
			t.Fatalf("transaction %d: %v", i, err)
		}
		took, err := w.Submit(t.Context(), tx, SubmitOptions{Local: true})
		if err != nil || took != checked {
			t.Fatalf("transaction %d: %+v, %v; checked as %+v", i, took, err, checked)
		}
	}
	w.refused(txs[0], ErrInPool)
	info := w.Info()
	if info.Size != want.Size || int(info.Usage) != want.Usage || info.Bytes != want.Bytes || info.Unbroadcast != want.Unbroadcast {
		t.Errorf("info %+v; want %+v", info, want)
	}
	list, next := w.Txids()
	for i, id := range list {
		if id.String() != order[i] {
			t.Errorf("%s at place %d; want %s", id, i, order[i])
		}
	}
	if int(next) != want.Size+1 {
		t.Errorf("next event %d; want %d", next, want.Size+1)
	}
}

func unmarshal(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func goldenTxs(t *testing.T) []*wire.Tx {
	data, err := os.ReadFile(testdata.Shared(t, "golden/regtest.pool.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var txs []*wire.Tx
	for line := range strings.Lines(string(data)) {
		raw, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		tx, err := wire.DecodeTx(raw)
		if err != nil {
			t.Fatal(err)
		}
		txs = append(txs, tx)
	}
	return txs
}

func goldenBlocks(t *testing.T) []*wire.Block {
	data, err := os.ReadFile(testdata.Shared(t, "golden/regtest.blk"))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []*wire.Block
	for len(data) >= 8 {
		n := int(data[4]) | int(data[5])<<8 | int(data[6])<<16 | int(data[7])<<24
		b, err := wire.DecodeBlock(slices.Clone(data[8 : 8+n]))
		if err != nil {
			t.Fatal(err)
		}
		if b.Header.PrevBlock != (wire.BlockHash{}) {
			blocks = append(blocks, b)
		}
		data = data[8+n:]
	}
	return blocks
}

// goldenAnswers returns the results of a method, in order.
func goldenAnswers(t *testing.T, method string) []json.RawMessage {
	f, err := os.Open(testdata.Shared(t, "golden/rpc.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []json.RawMessage
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		if len(line) > 0 {
			var call struct {
				Method string
				Result json.RawMessage
			}
			if err := json.Unmarshal(line, &call); err != nil {
				t.Fatal(err)
			}
			if call.Method == method {
				list = append(list, call.Result)
			}
		}
		if errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
