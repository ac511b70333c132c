package blockstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"grapevine/internal/vfs/crash"
	"grapevine/wire"
)

var (
	testMagic = [4]byte{0xfa, 0xbf, 0xb5, 0xda}
	testKey   = XORKey{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}
)

// smallConfig has small files, so that a few blocks fill several.
func smallConfig(f *crash.FS) Config {
	return Config{
		FS: f, Dir: "/blocks", Magic: testMagic, Rand: bytes.NewReader(testKey[:]),
		MaxFileSize: 8 << 10, BlockChunk: 2 << 10, UndoChunk: 1 << 10, OpenFiles: 3, MinFree: 1, IndexBuffer: 16 << 10,
	}
}

func mustOpen(t testing.TB, cfg Config) *Store {
	t.Helper()
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// testBlock is a header with a parent, followed by bytes that the seed gives.
func testBlock(height int32, prev wire.BlockHash, size int) []byte {
	h := wire.Header{Version: 4, PrevBlock: prev, Time: 1_600_000_000 + uint32(height), Bits: 0x207fffff, Nonce: uint32(height)}
	rng := rand.New(rand.NewPCG(uint64(height), uint64(size)))
	raw := h.AppendTo(nil)
	for len(raw) < size {
		raw = binary.LittleEndian.AppendUint64(raw, rng.Uint64())
	}
	return raw[:size]
}

// testUndo is the undo data that goes with a block.
func testUndo(raw []byte) []byte { return raw[len(raw)/2:] }

func headerOf(t testing.TB, raw []byte) wire.Header {
	t.Helper()
	h, err := wire.DecodeHeader(raw[:wire.HeaderSize])
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func hashOf(raw []byte) wire.BlockHash { return wire.BlockHash(wire.DoubleSHA256(raw[:80])) }

// addBlock appends a block and its undo data, as connecting it does.
func addBlock(s *Store, raw []byte, height int32) (Record, error) {
	h, err := wire.DecodeHeader(raw[:wire.HeaderSize])
	if err != nil {
		return Record{}, err
	}
	pos, err := s.AppendBlock(raw, height, h.Time)
	if err != nil {
		return Record{}, err
	}
	undo, err := s.AppendUndo(pos.File, testUndo(raw), h.PrevBlock)
	if err != nil {
		return Record{}, err
	}
	return Record{Header: h, Height: height, Status: 31, TxCount: uint32(height) + 1,
		File: pos.File, DataPos: pos.Offset, UndoPos: undo}, nil
}

// readBack compares what a record names with what was appended.
func readBack(s *Store, r Record, raw []byte) error {
	got, err := s.ReadBlock(Pos{r.File, r.DataPos}, r.Header.Hash())
	if err != nil {
		return err
	}
	undo, err := s.ReadUndo(r.File, r.UndoPos, r.Header.PrevBlock)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, raw) || !bytes.Equal(undo, testUndo(raw)) {
		return errors.New("other bytes than were appended")
	}
	return nil
}

func wantKind(t testing.TB, err error, kind ErrorKind) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("error %v, not of the kind %q", err, kind)
	}
}

func loadAll(t testing.TB, s *Store) []Record {
	t.Helper()
	var all []Record
	if err := s.LoadIndex(func(r Record) error { all = append(all, r); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}
