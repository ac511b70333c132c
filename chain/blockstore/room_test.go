package blockstore

import (
	"bytes"
	"testing"

	"grapevine/internal/vfs/crash"
)

// A block that is read has room behind it, and nothing of what follows on disk.
func TestBlocksHaveRoomBehindThem(t *testing.T) {
	s := mustOpen(t, smallConfig(crash.New()))
	for _, size := range []int{200, 6000} {
		raw := testBlock(0, [32]byte{}, size)
		pos, err := s.AppendBlock(raw, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.AppendBlock(raw, 0, 0); err != nil {
			t.Fatal(err)
		}
		got, err := s.ReadBlock(pos, hashOf(raw))
		if err != nil || !bytes.Equal(got, raw) || cap(got)-len(got) < tailRoom {
			t.Errorf("%d bytes with room for %d, %v", len(got), cap(got)-len(got), err)
		}
		if behind := got[len(got) : len(got)+tailRoom]; !bytes.Equal(behind, make([]byte, tailRoom)) {
			t.Errorf("behind it is %x", behind)
		}
	}
}
