package wire_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"grapevine/internal/testdata"
	. "grapevine/wire"
)

// realBlocks are the blocks of the shared folder. The hashes carry their own
// proof (leading zeros), and the merkle root and witness commitment inside a
// block prove the identifiers of its transactions.
var realBlocks = []struct {
	name        string
	hash        string
	txs, inputs int // inputs without the coinbase
	witness     bool
}{
	{"mainnet-300025", "0000000000000000821c4e0acc40f88bedbce3b73ba2358b5ade58a9022cc78c", 461, 1427, false},
	{"mainnet-367891", "000000000000000012ea0ca9579299ec120e3f57e7c309216884872592b29970", 420, 20817, false},
	{"mainnet-413567", "0000000000000000025aff8be8a55df8f89c77296db6198f272d6577325d4069", 1557, 4886, false},
	{"mainnet-426884", "00000000000000000431d0ead6e0bd9f90ff0d469e9b05d51e3d04971f472973", 409, 6031, false},
	{"testnet3-928848", "00000000000001dc1c2cbd9c2419e9fd396449be12176b3b7c78c2784eb2f5e7", 676, 11215, true},
}

func readShared(tb testing.TB, name string) []byte {
	tb.Helper()
	raw, err := os.ReadFile(testdata.Shared(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// foldMerkle is the plain tree of the original protocol.
func foldMerkle(leaves [][32]byte) [32]byte {
	for len(leaves) > 1 {
		if len(leaves)%2 == 1 {
			leaves = append(leaves, leaves[len(leaves)-1])
		}
		var up [][32]byte
		for i := 0; i < len(leaves); i += 2 {
			up = append(up, DoubleSHA256(append(append([]byte{}, leaves[i][:]...), leaves[i+1][:]...)))
		}
		leaves = up
	}
	return leaves[0]
}

func checkMerkle(t *testing.T, b *Block) {
	t.Helper()
	var leaves [][32]byte
	for i := range b.Txs {
		leaves = append(leaves, b.Txs[i].Txid())
	}
	if got := MerkleRoot(foldMerkle(leaves)); got != b.Header.MerkleRoot {
		t.Errorf("block %s: txids give merkle root %s, header has %s", b.Hash(), got, b.Header.MerkleRoot)
	}
}

// checkCommitment proves the wtxids against the commitment of BIP 141 and
// reports whether there is one.
func checkCommitment(t *testing.T, b *Block) bool {
	t.Helper()
	var want []byte
	for _, out := range b.Txs[0].Out {
		if len(out.PkScript) >= 38 && bytes.HasPrefix(out.PkScript, []byte{0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed}) {
			want = out.PkScript[6:38]
		}
	}
	if want == nil {
		return false
	}
	leaves := [][32]byte{{}}
	for i := range b.Txs[1:] {
		leaves = append(leaves, b.Txs[i+1].Wtxid())
	}
	root := foldMerkle(leaves)
	if got := DoubleSHA256(append(root[:], b.Txs[0].In[0].Witness[0]...)); !bytes.Equal(got[:], want) {
		t.Errorf("block %s: wtxids give commitment %x, coinbase has %x", b.Hash(), got, want)
	}
	return true
}

// checkBlock verifies what must hold for every decoded block.
func checkBlock(t *testing.T, b *Block, raw []byte) {
	t.Helper()
	checkMerkle(t, b)
	if &b.Raw()[0] != &raw[0] || len(b.Raw()) != len(raw) {
		t.Error("Raw is not the buffer that was decoded")
	}
	if b.Hash() != b.Header.Hash() {
		t.Error("cached hash differs from the header's")
	}
	pos, stripped := HeaderSize+CompactSizeLen(uint64(len(b.Txs))), 0
	stripped = pos
	for i := range b.Txs {
		tx := &b.Txs[i]
		start, end := b.TxSpan(i)
		if start != pos || end-start != tx.TotalSize() {
			t.Fatalf("tx %d: span %d..%d, want %d bytes from %d", i, start, end, tx.TotalSize(), pos)
		}
		pos = end
		stripped += len(tx.AppendNoWitness(nil))
		open := tx.Clone()
		if !bytes.Equal(open.AppendTo(nil), raw[start:end]) {
			t.Fatalf("tx %d: does not encode to its bytes", i)
		}
		checkSeal(t, open, tx)
	}
	if pos != len(raw) {
		t.Errorf("spans end at %d of %d", pos, len(raw))
	}
	if b.StrippedSize() != stripped || b.TotalSize() != len(raw) || b.Weight() != Weight(3*stripped+len(raw)) {
		t.Errorf("sizes %d/%d/%d, want %d/%d", b.StrippedSize(), b.TotalSize(), b.Weight(), stripped, len(raw))
	}
	built := NewBlock(b.Header, b.Txs)
	if !bytes.Equal(built.Raw(), raw) || built.Hash() != b.Hash() || built.StrippedSize() != stripped {
		t.Error("NewBlock of the parts gives another block")
	}
	if n := len(b.Txs) - 1; n >= 0 {
		s1, e1 := b.TxSpan(n)
		if s2, e2 := built.TxSpan(n); s1 != s2 || e1 != e2 {
			t.Error("NewBlock has other spans")
		}
	}
}

// checkSeal compares what an unsealed transaction computes with what decoding
// or sealing cached.
func checkSeal(t *testing.T, open, sealed *Tx) {
	t.Helper()
	if open.Sealed() || !sealed.Sealed() {
		t.Fatal("wrong sealing")
	}
	for _, tx := range []*Tx{sealed, open.Clone().Seal()} {
		if open.Txid() != tx.Txid() || open.Wtxid() != tx.Wtxid() || open.HasWitness() != tx.HasWitness() ||
			open.BaseSize() != tx.BaseSize() || open.TotalSize() != tx.TotalSize() {
			t.Fatalf("cached values of %s differ from computed ones", open.Txid())
		}
	}
}

func TestDecodeRealBlocks(t *testing.T) {
	for _, c := range realBlocks {
		t.Run(c.name, func(t *testing.T) {
			raw := readShared(t, "blocks/"+c.name+".raw")
			b, err := DecodeBlock(raw)
			if err != nil {
				t.Fatal(err)
			}
			if b.Hash().String() != c.hash || len(b.Txs) != c.txs {
				t.Errorf("hash %s, %d transactions", b.Hash(), len(b.Txs))
			}
			inputs := 0
			for i := range b.Txs {
				if b.Txs[i].IsCoinbase() != (i == 0) {
					t.Errorf("tx %d: coinbase %v", i, i != 0)
				}
				if i > 0 {
					inputs += len(b.Txs[i].In)
				}
			}
			if inputs != c.inputs {
				t.Errorf("%d inputs, want %d", inputs, c.inputs)
			}
			checkBlock(t, b, raw)
			if got := checkCommitment(t, b); got != c.witness {
				t.Errorf("witness commitment found: %v", got)
			}
		})
	}
}

// TestDecodeFirstBlocks reads the first blocks of mainnet from a block file
// (magic, size, block) and proves each against its merkle root and the chain.
func TestDecodeFirstBlocks(t *testing.T) {
	path := testdata.Module(t, "github.com/btcsuite/btcd", "v0.26.2", "blockchain/testdata/blk_0_to_14131.dat")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = 14_132 // with the genesis block
	var prev BlockHash
	blocks, txs := 0, 0
	for pos := 0; pos+8 <= len(file) && binary.LittleEndian.Uint32(file[pos:]) == 0xd9b4bef9; blocks++ {
		size := int(binary.LittleEndian.Uint32(file[pos+4:]))
		raw := file[pos+8 : pos+8+size]
		pos += 8 + size
		b, err := DecodeBlock(raw)
		if err != nil {
			t.Fatalf("block %d: %v", blocks, err)
		}
		if b.Header.PrevBlock != prev {
			t.Fatalf("block %d does not follow %s", blocks, prev)
		}
		checkBlock(t, b, raw)
		prev = b.Hash()
		txs += len(b.Txs)
	}
	if blocks != want {
		t.Fatalf("%d blocks in the file, want %d", blocks, want)
	}
	t.Logf("%d blocks, %d transactions, tip %s", blocks, txs, prev)
}

// TestDecodeBlockAllocs holds the decoder to a number of allocations that does
// not depend on the content.
func TestDecodeBlockAllocs(t *testing.T) {
	for _, c := range realBlocks {
		raw := readShared(t, "blocks/"+c.name+".raw")
		got := testing.AllocsPerRun(3, func() {
			if _, err := DecodeBlock(raw); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%s: %v allocations", c.name, got)
		if got > 40 {
			t.Errorf("%s: %v allocations, at most 40 allowed", c.name, got)
		}
	}
}

// TestDecodedSlicesAreCapped: appending to a script must not overwrite what
// follows it in the buffer, nor growing one list the next one in the slab.
func TestDecodedSlicesAreCapped(t *testing.T) {
	raw := readShared(t, "blocks/testnet3-928848.raw")
	before := sha256.Sum256(raw)
	b, err := DecodeBlock(raw)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b.Txs {
		tx := &b.Txs[i]
		_ = append(tx.In, TxIn{})
		_ = append(tx.Out, TxOut{})
		for j := range tx.In {
			_ = append(tx.In[j].ScriptSig, 0xff)
			_ = append(tx.In[j].Witness, nil)
			for _, item := range tx.In[j].Witness {
				_ = append(item, 0xff)
			}
		}
		for j := range tx.Out {
			_ = append(tx.Out[j].PkScript, 0xff)
		}
	}
	if sha256.Sum256(raw) != before {
		t.Error("an append reached into the buffer")
	}
	checkBlock(t, b, raw)
}

func TestDecodeBlockMalformed(t *testing.T) {
	header := make([]byte, HeaderSize)
	tx := NewBlock(Header{}, []Tx{{In: []TxIn{{}}, Out: []TxOut{{}}}}).Raw()[HeaderSize+1:]
	with := func(parts ...[]byte) []byte { return bytes.Join(append([][]byte{header}, parts...), nil) }
	for _, c := range []struct {
		name string
		raw  []byte
		want ErrorKind
	}{
		{"nothing", nil, ErrTruncated},
		{"short header", header[:79], ErrTruncated},
		{"no count", header, ErrTruncated},
		{"count without bytes", with([]byte{1}), ErrTruncated},
		{"count above the bytes", with([]byte{2}, tx), ErrTruncated},
		{"huge count", with([]byte{254, 0, 0, 0, 2}, tx), ErrTruncated},
		{"count over the limit", with([]byte{254, 1, 0, 0, 2}, tx), ErrTooLarge},
		{"long count", with([]byte{253, 1, 0}, tx), ErrNonCanonical},
		{"cut transaction", with([]byte{1}, tx[:len(tx)-1]), ErrTruncated},
		{"bytes after", with([]byte{1}, tx, []byte{0}), ErrTrailing},
		{"one transaction", with([]byte{1}, tx), ""},
		{"no transaction", with([]byte{0}), ""},
	} {
		t.Run(c.name, func(t *testing.T) { checkKind(t, c.want, decodeErr(DecodeBlock(c.raw))) })
	}
}

func decodeErr[T any](_ T, err error) error { return err }

func checkKind(t *testing.T, want ErrorKind, err error) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("unexpected error: %v", err)
		}
		return
	}
	var e *Error
	if !errors.Is(err, want) || !errors.As(err, &e) || e.What == "" {
		t.Errorf("error %v, want %s", err, want)
	}
}
