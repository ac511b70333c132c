package bloom

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"grapevine/wire"
)

func TestMurmur(t *testing.T) {
	cases := []struct {
		want, seed uint32
		data       []byte
	}{
		{0x00000000, 0x00000000, nil},
		{0x6a396f08, 0xfba4c795, nil},
		{0x81f16f39, 0xffffffff, nil},
		{0x514e28b7, 0x00000000, []byte{0}},
		{0xea3f0b17, 0xfba4c795, []byte{0}},
		{0xfd6cf10d, 0x00000000, []byte{0xff}},
		{0x16c6b7ab, 0x00000000, []byte{0, 0x11}},
		{0x8eb51c3d, 0x00000000, []byte{0, 0x11, 0x22}},
		{0xb4471bf8, 0x00000000, []byte{0, 0x11, 0x22, 0x33}},
		{0xe2301fa8, 0x00000000, []byte{0, 0x11, 0x22, 0x33, 0x44}},
		{0xfc2e4a15, 0x00000000, []byte{0, 0x11, 0x22, 0x33, 0x44, 0x55}},
		{0xb074502c, 0x00000000, []byte{0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66}},
		{0x8034d2a0, 0x00000000, []byte{0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77}},
		{0xb4698def, 0x00000000, []byte{0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88}},
	}
	for _, c := range cases {
		if got := murmur3(c.seed, c.data); got != c.want {
			t.Errorf("%x with seed %x: %08x; want %08x", c.data, c.seed, got, c.want)
		}
	}
	t.Logf("%d hashes", len(cases))
}

// bare makes a block of so many transactions.
func bare(n int) *wire.Block {
	txs := make([]wire.Tx, n)
	var list []wire.Txid
	for i := range txs {
		txs[i] = wire.Tx{Version: 1, In: []wire.TxIn{{Sequence: uint32(i)}}, Out: []wire.TxOut{{Value: 1}}}
		txs[i].Seal()
		list = append(list, txs[i].Txid())
	}
	level := make([]wire.MerkleRoot, n)
	for i, id := range list {
		level[i] = wire.MerkleRoot(id)
	}
	for len(level) > 1 {
		var up []wire.MerkleRoot
		for i := 0; i < len(level); i += 2 {
			up = append(up, join(level[i], level[min(i+1, len(level)-1)]))
		}
		level = up
	}
	return wire.NewBlock(wire.Header{MerkleRoot: level[0]}, txs)
}

// A proof of any part of any block shows that part, and shows nothing once it was
// changed.
func TestProofs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 7))
	tried, refused := 0, 0
	for _, n := range []int{1, 2, 3, 4, 7, 17, 56, 100, 127, 256, 312, 513, 1000} {
		b := bare(n)
		for share := 1; share <= 4096; share *= 8 {
			var want []int
			i := -1
			m, got := Prove(b, func(*wire.Tx) bool {
				i++
				if r.IntN(share) == 0 {
					want = append(want, i)
					return true
				}
				return false
			})
			if !slices.Equal(got, want) {
				t.Fatalf("%d of %d: %v; want %v", len(want), n, got, want)
			}
			wantExtract(t, m, b, want)
			for range 4 {
				tried++
				broken := *m
				broken.Hashes = slices.Clone(m.Hashes)
				broken.Hashes[r.IntN(len(m.Hashes))][r.IntN(32)] ^= 1 << r.IntN(8)
				if _, err := Extract(&broken); errors.Is(err, ErrProof) {
					refused++
				}
			}
		}
	}
	if tried != refused {
		t.Errorf("%d of %d broken proofs were refused", refused, tried)
	}
}

// What cannot be a proof.
func TestBadProofs(t *testing.T) {
	good := func() *wire.MsgMerkleBlock {
		n := 0
		m, _ := Prove(bare(7), func(*wire.Tx) bool { n++; return n == 7 })
		return m
	}
	if _, err := Extract(good()); err != nil {
		t.Fatal(err)
	}
	cases := map[string]func(m *wire.MsgMerkleBlock){
		"no transactions":       func(m *wire.MsgMerkleBlock) { m.TxCount = 0 },
		"too many transactions": func(m *wire.MsgMerkleBlock) { m.TxCount = 16_667 },
		"more hashes":           func(m *wire.MsgMerkleBlock) { m.Hashes = append(m.Hashes, m.Hashes[0]) },
		"as many as leaves":     func(m *wire.MsgMerkleBlock) { m.Hashes = slices.Repeat(m.Hashes, 8) },
		"fewer hashes":          func(m *wire.MsgMerkleBlock) { m.Hashes = m.Hashes[:2] },
		"no flags":              func(m *wire.MsgMerkleBlock) { m.Flags = nil },
		"more flags":            func(m *wire.MsgMerkleBlock) { m.Flags = append(m.Flags, 0) },
		"all flags":             func(m *wire.MsgMerkleBlock) { m.Flags = []byte{255, 255} },
		"another root":          func(m *wire.MsgMerkleBlock) { m.Header.MerkleRoot[0] ^= 1 },
		"one less":              func(m *wire.MsgMerkleBlock) { m.TxCount-- },
	}
	for name, change := range cases {
		m := good()
		change(m)
		if found, err := Extract(m); !errors.Is(err, ErrProof) {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	// The last of seven leaves stands for two, so that a block with it twice has the same
	// root (CVE-2012-2459).
	seven := bare(7)
	eight := wire.NewBlock(seven.Header, append(slices.Clone(seven.Txs), seven.Txs[6]))
	if m, _ := Prove(eight, func(*wire.Tx) bool { return true }); m.TxCount != 8 {
		t.Fatal("not what was meant")
	} else if found, err := Extract(m); !errors.Is(err, ErrProof) {
		t.Errorf("a doubled leaf: %v, %v", found, err)
	}
	for n, want := range map[int]error{maxTxs: nil, maxTxs + 1: ErrProof} {
		m, _ := Prove(bare(n), func(*wire.Tx) bool { return false })
		if _, err := Extract(m); !errors.Is(err, want) {
			t.Errorf("a block of %d transactions: %v; want %v", n, err, want)
		}
	}
}

func FuzzExtract(f *testing.F) {
	v := load(f)
	for _, name := range []string{"13b8a", "dab0130b"} {
		n := 0
		m, _ := Prove(v.block(f, name), func(*wire.Tx) bool { n++; return n%2 == 1 })
		f.Add(m.AppendPayload(nil))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		msg, err := wire.DecodeMessage("merkleblock", payload)
		if err != nil {
			return
		}
		m := msg.(*wire.MsgMerkleBlock)
		found, err := Extract(m)
		if err == nil && len(found) > len(m.Hashes) {
			t.Fatalf("%d matches of %d hashes", len(found), len(m.Hashes))
		}
		for i, x := range found {
			if i > 0 && found[i-1].Index >= x.Index {
				t.Fatal("out of order")
			}
		}
	})
}

// Whatever a client loads, nothing that it added is missed.
func FuzzFilter(f *testing.F) {
	f.Add([]byte{1, 2, 3}, uint32(5), uint32(7), []byte("element"))
	f.Add([]byte{}, uint32(0), uint32(0), []byte{})
	f.Fuzz(func(t *testing.T, data []byte, funcs, tweak uint32, element []byte) {
		if len(data) > wire.MaxFilterLoad || funcs > wire.MaxFilterHashes {
			return
		}
		filter := New(&wire.MsgFilterLoad{Data: data, HashFuncs: funcs, Tweak: tweak, Flags: wire.BloomUpdateAll})
		if got := filter.Message(); !slices.Equal(got.Data, data) {
			t.Fatalf("%x; want %x", got.Data, data)
		}
		filter.Add(element)
		if !filter.Has(element) {
			t.Fatal("added and not there")
		}
		tx := &wire.Tx{In: []wire.TxIn{{ScriptSig: element}}, Out: []wire.TxOut{{PkScript: data}}}
		filter.Match(tx.Seal())
	})
}

// A filter takes a light client's share of other transactions for its own.
func TestFalsePositives(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	f := ForElements(1000, 0.01, r.Uint32(), 0)
	element := func() []byte {
		b := make([]byte, 20)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	for range 1000 {
		f.Add(element())
	}
	wrong := 0
	for range 20_000 {
		if f.Has(element()) {
			wrong++
		}
	}
	if wrong < 100 || wrong > 300 {
		t.Errorf("%d of 20,000; want about 200", wrong)
	}
}

func BenchmarkMatch(b *testing.B) {
	f := ForElements(1000, 0.0001, 1, 0)
	block := load(b).block(b, "b731f2ee")
	b.ReportAllocs()
	for b.Loop() {
		for i := range block.Txs {
			f.Match(&block.Txs[i])
		}
	}
}
