package blockstore

import (
	"bytes"
	"testing"

	"grapevine/wire"
)

func TestSmoke(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{Dir: dir + "/blocks", Magic: [4]byte{1, 2, 3, 4}}
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	raw := bytes.Repeat([]byte{7}, 6000)
	pos, err := s.AppendBlock(raw, 0, 5)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.ReadBlock(pos, wire.BlockHash{})
	if err != nil || !bytes.Equal(got, raw) {
		t.Fatal(err)
	}
	u, err := s.AppendUndo(0, raw[:100], wire.BlockHash{1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	h, _ := wire.DecodeHeader(raw[:80])
	if err := s.WriteIndex([]Record{{Header: h, DataPos: pos.Offset, UndoPos: u}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(cfg); err != nil {
		t.Fatal(err)
	}
	n := 0
	s.LoadIndex(func(r Record) error { n++; return nil })
	un, err := s.ReadUndo(0, u, wire.BlockHash{1})
	if n != 1 || err != nil || !bytes.Equal(un, raw[:100]) {
		t.Fatal(n, err)
	}
	s.Close()
}
