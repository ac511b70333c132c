package headers

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"testing"

	"grapevine/chain/params"
	"grapevine/internal/testdata"
	"grapevine/wire"
)

// The figures of Bitcoin Core's tests: the last block of a period, the first
// one's time, and what follows.
func TestRetargetVectors(t *testing.T) {
	p := params.Mainnet()
	cases := []struct {
		name        string
		first, last uint32 // times
		height      int32  // of the last
		bits, want  uint32
		beyond      int // a step of the bits that no times can give; 0 for none
	}{
		{"no bound applies", 1261130161, 1262152739, 32255, 0x1d00ffff, 0x1d00d86a, 0},
		{"limit of the network", 1231006505, 1233061996, 2015, 0x1d00ffff, 0x1d00ffff, 0},
		{"a quarter at least", 1279008237, 1279297671, 68543, 0x1c05a3f4, 0x1c0168fd, -1},
		{"four times at most", 1263163443, 1269211443, 46367, 0x1c387f6f, 0x1d00e1fd, 1},
	}
	for _, c := range cases {
		first := &Node{time: c.first, bits: c.bits}
		last := &Node{time: c.last, bits: c.bits, height: c.height}
		if got := retarget(last, first, p); got != c.want {
			t.Errorf("%s: %08x, want %08x", c.name, got, c.want)
		}
		if !PermittedDifficultyTransition(c.height+1, c.bits, c.want, p) {
			t.Errorf("%s: not permitted", c.name)
		}
		if c.beyond != 0 && PermittedDifficultyTransition(c.height+1, c.bits, uint32(int(c.want)+c.beyond), p) {
			t.Errorf("%s: one more is permitted", c.name)
		}
	}
}

func TestPermittedDifficultyTransition(t *testing.T) {
	p := params.Mainnet()
	cases := []struct {
		name     string
		p        *params.Params
		height   int32
		old, new uint32
		want     bool
	}{
		{"the same inside a period", p, 100, 0x1c05a3f4, 0x1c05a3f4, true},
		{"another inside a period", p, 100, 0x1c05a3f4, 0x1c05a3f5, false},
		{"another at its start", p, 2016, 0x1c05a3f4, 0x1c05a3f5, true},
		{"above the limit", p, 2016, 0x1d00ffff, 0x1d01ffff, false},
		{"anything on testnet", params.Testnet3(), 100, 0x1c05a3f4, 0x1d00ffff, true},
	}
	for _, c := range cases {
		if got := PermittedDifficultyTransition(c.height, c.old, c.new, c.p); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// A chain of real difficulty 1 whose blocks came every two minutes: mainnet's
// only retarget by a factor of four that has a vector.
func TestAlternateMainnet(t *testing.T) {
	raw, err := os.ReadFile(testdata.Shared(t, "vectors/core/mainnet_alt.json"))
	if err != nil {
		t.Fatal(err)
	}
	var alt struct{ Timestamps, Nonces []uint32 }
	if err := json.Unmarshal(raw, &alt); err != nil {
		t.Fatal(err)
	}
	if len(alt.Timestamps) != 2016 || len(alt.Nonces) != 2016 {
		t.Fatalf("%d times, %d nonces", len(alt.Timestamps), len(alt.Nonces))
	}
	p := params.Mainnet()
	tree := NewTree(p)
	tip := tree.Genesis()
	for i := range alt.Timestamps {
		h := wire.Header{
			Version:    0x20000000,
			PrevBlock:  tip.Hash(),
			MerkleRoot: wire.MerkleRoot(altCoinbase(tip.Height() + 1).Txid()),
			Time:       alt.Timestamps[i],
			Bits:       NextWorkRequired(tip, alt.Timestamps[i], p),
			Nonce:      alt.Nonces[i],
		}
		if !p.CheckProofOfWork(h.Hash(), h.Bits) {
			t.Fatalf("block %d has no proof of work at %08x", i+1, h.Bits)
		}
		tip = tree.Insert(h, tip)
	}
	if tip.Bits() != 0x1c3fffc0 || tip.Parent().Bits() != 0x1d00ffff {
		t.Errorf("bits %08x, before %08x", tip.Bits(), tip.Parent().Bits())
	}
	t.Logf("%d headers", tip.Height())
}

// altCoinbase is the only transaction of a block of the alternate chain.
func altCoinbase(height int32) *wire.Tx {
	script := []byte{byte(0x50 + height), 0}
	if height > 16 {
		script = []byte{1, byte(height)}
		if height > 127 {
			script = []byte{2, byte(height), byte(height >> 8)}
		}
	}
	return &wire.Tx{
		Version: 2,
		In:      []wire.TxIn{{PrevOut: wire.OutPoint{Index: 0xffffffff}, ScriptSig: script, Sequence: 0xffffffff}},
		Out: []wire.TxOut{{Value: 50 * wire.Coin, PkScript: []byte{
			0x76, 0xa9, 0x14, 0xea, 0xdb, 0xac, 0x7f, 0x36, 0xc3, 0x7e, 0x39, 0x36, 0x11,
			0x68, 0xb7, 0xaa, 0xee, 0x3c, 0xb2, 0x4a, 0x25, 0x31, 0x2d, 0x88, 0xac,
		}}},
	}
}

// The headers of mainnet's first blocks: their bits are what the rule gives, and
// their work is what explorers show.
func TestFirstHeadersOfMainnet(t *testing.T) {
	p := params.Mainnet()
	raw, err := os.ReadFile(testdata.Module(t, "github.com/btcsuite/btcd", "v0.26.2", "blockchain/testdata/blk_0_to_14131.dat"))
	if err != nil {
		t.Fatal(err)
	}
	tree := NewTree(p)
	tip := tree.Genesis()
	for len(raw) >= 8 && bytes.Equal(raw[:4], p.Magic[:]) {
		size := binary.LittleEndian.Uint32(raw[4:])
		h, err := wire.DecodeHeader(raw[8 : 8+wire.HeaderSize])
		if err != nil {
			t.Fatal(err)
		}
		raw = raw[8+size:]
		if h.Hash() == p.GenesisHash {
			continue
		}
		if bits := NextWorkRequired(tip, h.Time, p); bits != h.Bits {
			t.Fatalf("%d: %08x, not %08x", tip.Height()+1, bits, h.Bits)
		}
		if int64(h.Time) <= tip.MedianTimePast() || !p.CheckProofOfWork(h.Hash(), h.Bits) {
			t.Fatalf("%d does not fit", tip.Height()+1)
		}
		tip = tree.Insert(h, tip)
	}
	if tip.Height() != 14131 || tip != tree.Best() {
		t.Fatalf("ended at %d", tip.Height())
	}
	// Difficulty was 1 all the way: 14,132 times the proof of one block.
	if got, want := tip.ChainWork(), BlockProof(0x1d00ffff).Mul64(14132); got != want {
		t.Errorf("work %s, want %s", got, want)
	}
}

// testnet builds a chain on a network that allows minimum difficulty: n blocks
// at real bits, the given times apart.
func testnet(p *params.Params, n int, bits uint32, spacing uint32) (*Tree, *Node) {
	tree := NewTree(p)
	at := tree.Genesis()
	for range n {
		at = tree.Insert(wire.Header{Version: 4, PrevBlock: at.Hash(), Time: uint32(at.Time()) + spacing, Bits: bits}, at)
	}
	return tree, at
}

func TestTwentyMinuteRule(t *testing.T) {
	p := params.Testnet3()
	const real, limit = 0x1c05a3f4, 0x1d00ffff
	tree, tip := testnet(p, 100, real, 600)
	now := uint32(tip.Time())
	want := func(name string, tip *Node, time, bits uint32) {
		t.Helper()
		if got := NextWorkRequired(tip, time, p); got != bits {
			t.Errorf("%s: %08x, want %08x", name, got, bits)
		}
	}
	want("soon", tip, now+1, real)
	want("after twenty minutes", tip, now+1200, real)
	want("a second later", tip, now+1201, limit)

	// After blocks at minimum difficulty the real one comes back.
	easy := tip
	for i := range uint32(3) {
		easy = tree.Insert(wire.Header{Version: 4, PrevBlock: easy.Hash(), Time: now + 1300*(i+1), Bits: limit}, easy)
	}
	want("after easy blocks", easy, uint32(easy.Time())+1, real)
	want("late after easy blocks", easy, uint32(easy.Time())+1201, limit)

	// The search stops at the first block of the period, whatever its bits.
	_, first := testnet(p, 2016, limit, 600)
	want("only easy blocks", first, uint32(first.Time())+1, limit)
	tree, at := testnet(p, 2015, real, 600)
	for range 3 {
		at = tree.Insert(wire.Header{Version: 4, PrevBlock: at.Hash(), Time: uint32(at.Time()) + 1300, Bits: limit}, at)
	}
	want("easy blocks since the period began", at, uint32(at.Time())+1, limit)
	main := params.Mainnet()
	if got := NextWorkRequired(tip, now+100_000, main); got != real {
		t.Errorf("mainnet lets late blocks be easy: %08x", got)
	}
}

// A period that ends in an easy block: testnet3 retargets from that, testnet4
// from the first block of the period (BIP 94).
func TestRetargetAfterEasyBlock(t *testing.T) {
	const real, limit = 0x1c05a3f4, 0x1d00ffff
	for _, c := range []struct {
		p    *params.Params
		want uint32
	}{
		{params.Testnet3(), limit},
		{params.Testnet4(), real},
	} {
		// Blocks 1 to 2015 make the first period real in all but genesis; the
		// second period is the one at issue.
		tree, at := testnet(c.p, 2*2016-2, real, 600)
		// The timespan of the period comes out at exactly two weeks, from the
		// first block to the last, so that nothing is scaled.
		first := at.Ancestor(2016)
		last := tree.Insert(wire.Header{
			Version: 4, PrevBlock: at.Hash(), Bits: limit,
			Time: uint32(first.Time() + c.p.TargetTimespan),
		}, at)
		if (last.Height()+1)%2016 != 0 {
			t.Fatalf("height %d", last.Height())
		}
		if got := NextWorkRequired(last, uint32(last.Time())+1, c.p); got != c.want {
			t.Errorf("%s: %08x, want %08x", c.p.Name, got, c.want)
		}
		// A late first block gets no exception.
		if got := NextWorkRequired(last, uint32(last.Time())+10_000, c.p); got != c.want {
			t.Errorf("%s, late: %08x, want %08x", c.p.Name, got, c.want)
		}
	}
}

func TestRegtestNeverRetargets(t *testing.T) {
	p := regtest()
	tree, tip := testnet(p, 143, 0x207fffff, 1)
	if got := NextWorkRequired(tip, uint32(tip.Time())+1, p); got != 0x207fffff {
		t.Errorf("%08x", got)
	}
	// The bits of the last block, even when another rule has made them harder.
	hard := tree.Insert(wire.Header{Version: 4, PrevBlock: tip.Parent().Hash(), Time: 5, Bits: 0x1f00ffff}, tip.Parent())
	if got := NextWorkRequired(hard, 6, p); got != 0x1f00ffff {
		t.Errorf("%08x", got)
	}
}
