package wire

import (
	"bytes"
	"os"
	"testing"

	"grapevine/internal/testdata"
)

// realBlocks are the blocks of the shared folder with what is known of them
// from block explorers: hash, transactions, whether they hold witnesses.
var realBlocks = []struct {
	name    string
	hash    string
	txs     int
	witness bool
}{
	{"mainnet-300025", "", 0, false},
	{"mainnet-367891", "", 0, false},
	{"mainnet-413567", "0000000000000000025aff8be8a55df8f89c77296db6198f272d6577325d4069", 0, false},
	{"mainnet-426884", "", 0, false},
	{"testnet3-928848", "", 0, true},
}

func readShared(tb testing.TB, name string) []byte {
	tb.Helper()
	raw, err := os.ReadFile(testdata.Shared(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func TestDecodeRealBlocks(t *testing.T) {
	for _, c := range realBlocks {
		t.Run(c.name, func(t *testing.T) {
			raw := readShared(t, "blocks/"+c.name+".raw")
			b, err := DecodeBlock(raw)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s %d txs", b.Hash(), len(b.Txs))
			if got := NewBlock(b.Header, b.Txs).Raw(); !bytes.Equal(got, raw) {
				t.Error("does not encode to the bytes that it came from")
			}
		})
	}
}
