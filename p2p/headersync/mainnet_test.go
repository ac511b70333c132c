package headersync

import (
	"encoding/binary"
	"os"
	"testing"
	"time"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/internal/testdata"
	"grapevine/wire"
)

// The first 14,131 headers of mainnet pass twice, its difficulty being watched, and
// with a bit more of work asked for than they have none is kept.
func TestMainnetInTwoPasses(t *testing.T) {
	raw, err := os.ReadFile(testdata.Module(t, "github.com/btcsuite/btcd", "v0.26.2", "blockchain/testdata/blk_0_to_14131.dat"))
	if err != nil {
		t.Fatal(err)
	}
	var chain []wire.Header
	for len(raw) > 8 {
		size := binary.LittleEndian.Uint32(raw[4:])
		if size == 0 {
			break // the file is filled up with zeros
		}
		h, err := wire.DecodeHeader(raw[8 : 8+wire.HeaderSize])
		if err != nil {
			t.Fatal(err)
		}
		chain, raw = append(chain, h), raw[8+size:]
	}
	chain = chain[1:] // without genesis
	if len(chain) != 14_131 {
		t.Fatalf("%d headers", len(chain))
	}
	work := headers.BlockProof(chain[0].Bits).Mul64(14_132)
	for _, c := range []struct {
		blocks uint64
		kept   int
	}{{12_000, 14_131}, {14_132, 14_131}, {14_133, 0}} {
		v := viewOf(params.Mainnet())
		b := &bench{t: t, v: v, s: New(Config{MinWork: headers.BlockProof(chain[0].Bits).Mul64(c.blocks), Rand: newRand()}, v), now: time.Unix(1_790_000_000, 0)}
		b.s.AddPeer(1, inbound)
		requests := b.serve(b.next(), chain)
		if got := v.tree.Len() - 1; got != c.kept {
			t.Errorf("with the work of %d blocks asked for, %d headers are kept", c.blocks, got)
		}
		t.Logf("with the work of %d blocks asked for, of %v there: %d requests", c.blocks, work, requests)
	}
}
