package blockstore

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"grapevine/internal/testdata"
	"grapevine/internal/vfs"
	"grapevine/internal/vfs/crash"
	"grapevine/wire"
)

// TestCoreFile appends mainnet's first blocks and compares the block file with
// the one that Bitcoin Core wrote, the zeros reserved at its end included.
func TestCoreFile(t *testing.T) {
	name := testdata.Module(t, "github.com/btcsuite/btcd", "v0.26.2", "blockchain/testdata/blk_0_to_14131.dat")
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	magic := [4]byte(want[:4])
	s := mustOpen(t, Config{Dir: filepath.Join(t.TempDir(), "blocks"), Magic: magic, Plain: true})
	defer s.Close()
	src, err := OpenSource(vfs.OS(), name)
	if err != nil {
		t.Fatal(err)
	}
	height := int32(0)
	err = src.Scan(context.Background(), 0, magic, func(raw []byte, at SourcePos) error {
		pos, err := s.AppendBlock(raw, height, headerOf(t, raw).Time)
		if err == nil && int64(pos.Offset) != at.Offset {
			err = fmt.Errorf("height %d at %d, not %d", height, pos.Offset, at.Offset)
		}
		height++
		return err
	})
	if err != nil || height != 14132 {
		t.Fatal(height, err)
	}
	got, err := os.ReadFile(filepath.Join(s.cfg.Dir, "blk00000.dat"))
	if err != nil || !bytes.Equal(got, want) {
		t.Fatal("the file differs from Bitcoin Core's", len(got), len(want), err)
	}
	fi := s.FileInfo(0)
	want0 := FileInfo{Blocks: 14132, Size: fi.Size, HeightFirst: 0, HeightLast: 14131, TimeFirst: 1231006505, TimeLast: fi.TimeLast}
	if fi != want0 {
		t.Fatal(fi)
	}
}

// TestGoldenFiles pins the bytes of the files: magic, length, data, checksum,
// each combined with the key from the file's start on.
func TestGoldenFiles(t *testing.T) {
	f := crash.New()
	s := mustOpen(t, smallConfig(f))
	raw := testBlock(1, wire.BlockHash{9}, 83)
	for range 2 {
		if _, err := addBlock(s, raw, 1); err != nil {
			t.Fatal(err)
		}
	}
	checksum := wire.DoubleSHA256(append(append([]byte{9}, make([]byte, 31)...), testUndo(raw)...))
	blkRecord := append([]byte{0xfa, 0xbf, 0xb5, 0xda, 83, 0, 0, 0}, raw...)
	revRecord := append([]byte{0xfa, 0xbf, 0xb5, 0xda, 42, 0, 0, 0}, testUndo(raw)...)
	revRecord = append(revRecord, checksum[:]...)
	for name, c := range map[string]struct {
		plain []byte
		size  int
	}{
		"blk00000.dat": {append(blkRecord, blkRecord...), 2 << 10},
		"rev00000.dat": {append(revRecord, revRecord...), 1 << 10},
	} {
		want := make([]byte, c.size) // what is reserved is zero on the disk
		for i, b := range c.plain {
			want[i] = b ^ testKey[i%8]
		}
		got, err := vfs.ReadFile(f, "/blocks/"+name, 1<<20)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s: %v\n%x\n%x", name, err, got, want)
		}
	}
	if got, err := vfs.ReadFile(f, "/blocks/xor.dat", 100); err != nil || !bytes.Equal(got, testKey[:]) {
		t.Fatalf("xor.dat: %x %v", got, err)
	}
	if in, err := f.Stat("/blocks/.lock"); err != nil || in.Size != 0 {
		t.Fatal(in, err)
	}
}

// TestGoldenIndex pins the key space that doc.go draws.
func TestGoldenIndex(t *testing.T) {
	s := mustOpen(t, smallConfig(crash.New()))
	genesis := testBlock(0, wire.BlockHash{}, 80)
	a, err := addBlock(s, genesis, 0)
	if err != nil {
		t.Fatal(err)
	}
	b := Record{Header: headerOf(t, testBlock(0x01020304, hashOf(genesis), 80)), Height: 0x01020304, Status: 0x11121314}
	for _, step := range []error{s.Sync(), s.WriteIndex([]Record{b, a}), s.SetFlag("one", true), s.SetFlag("two", false)} {
		if step != nil {
			t.Fatal(step)
		}
	}
	var got strings.Builder
	it := s.index.db.NewIterator(nil, nil)
	for it.Next() {
		fmt.Fprintf(&got, "%s %s\n", hex.EncodeToString(it.Key()), hex.EncodeToString(it.Value()))
	}
	it.Release()
	hashA, hashB := a.Header.Hash(), b.Header.Hash()
	want := hexOf("!owner") + " " + hexOf("grapevine block index") + "\n" +
		hexOf("!version") + " 01000000\n" +
		hexOf("Fone") + " 01\n" +
		hexOf("Ftwo") + " 00\n" +
		// 'b', height, hash: header, status, txcount, file, datapos, undopos
		"62" + "00000000" + hex.EncodeToString(hashA[:]) + " " + hex.EncodeToString(a.Header.AppendTo(nil)) +
		"1f000000" + "01000000" + "00000000" + "08000000" + "08000000" + "\n" +
		"62" + "01020304" + hex.EncodeToString(hashB[:]) + " " + hex.EncodeToString(b.Header.AppendTo(nil)) +
		"14131211" + "00000000" + "00000000" + "00000000" + "00000000" + "\n" +
		// 'f', number: blocks, size, undo size, heights, times
		"66" + "00000000" + " " + "01000000" + "58000000" + "50000000" + "00000000" + "00000000" + "00105e5f" + "00105e5f" + "\n" +
		hexOf("l") + " 00000000\n"
	if got.String() != want {
		t.Fatalf("the index holds\n%s\nnot\n%s", got.String(), want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func hexOf(s string) string { return hex.EncodeToString([]byte(s)) }
