package blockstore

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"grapevine/internal/vfs/crash"
	"grapevine/wire"
)

// nth fails the n-th call of a kind on a block, undo or index file.
func nth(kind crash.Kind, n int, err error) func(crash.Call) error {
	return func(c crash.Call) error {
		if c.Kind != kind {
			return nil
		}
		if n--; n == 0 {
			return err
		}
		return nil
	}
}

// TestWriteErrors fails each write and each sync of a run once. The run stops
// with a named error, and the next start has what was acknowledged.
func TestWriteErrors(t *testing.T) {
	blocks := chainOf(15)
	f := crash.New()
	if _, err := fill(smallConfig(f), blocks); err != nil {
		t.Fatal(err)
	}
	total := f.Counts()
	for _, c := range []struct {
		kind  crash.Kind
		calls int
		cause error
		want  ErrorKind
	}{
		{crash.Write, total.Writes, syscall.ENOSPC, ErrDiskFull},
		{crash.Write, total.Writes, syscall.EIO, ErrIO},
		{crash.Sync, total.Syncs, syscall.EIO, ErrIO},
	} {
		failed := 0
		for n := 1; n <= c.calls; n++ {
			f := crash.New()
			f.Inject(nth(c.kind, n, c.cause))
			acked, err := fill(smallConfig(f), blocks)
			if err != nil {
				failed++
				wantKind(t, err, c.want)
				if !errors.Is(err, c.cause) || !strings.Contains(err.Error(), "/blocks") {
					t.Fatal("the error names no cause or no file:", err)
				}
			}
			for seed := range uint64(3) {
				after := f.Reopen(seed)
				s := mustOpen(t, smallConfig(after))
				known, err := verifyStore(s, blocks)
				if err != nil || len(known) < acked {
					t.Fatal(c.kind, n, seed, len(known), acked, err)
				}
				_ = s.Close()
				if all, err := fill(smallConfig(after), blocks); err != nil || all != len(blocks) {
					t.Fatal(all, err)
				}
			}
		}
		if failed < c.calls/2 {
			t.Fatal("only", failed, "of", c.calls, "errors were seen")
		}
	}
}

// TestAppendAfterError: a failed append is not counted, and the next one
// stands where it would have stood.
func TestAppendAfterError(t *testing.T) {
	blocks, f := chainOf(30), crash.New()
	s := mustOpen(t, smallConfig(f))
	var records []Record
	for i, raw := range blocks {
		size := s.SizeOnDisk()
		f.Inject(nth(crash.Write, 1, syscall.ENOSPC))
		_, err := addBlock(s, raw, int32(i))
		wantKind(t, err, ErrDiskFull)
		f.Inject(nil)
		if s.SizeOnDisk() != size {
			t.Fatal("a failed append counts")
		}
		r, err := addBlock(s, raw, int32(i))
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	if err := errors.Join(s.Sync(), s.WriteIndex(records), s.Close()); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, smallConfig(f.Reopen(0)))
	if known, err := verifyStore(s, blocks); err != nil || !slices.Equal(known, records) {
		t.Fatal(err)
	}
}

// TestDiskFills: the store stops before the disk is full to the last byte.
func TestDiskFills(t *testing.T) {
	blocks, f := chainOf(60), crash.New()
	f.SetCapacity(64 << 10)
	cfg := smallConfig(f)
	cfg.MinFree = 10 << 10
	acked, err := fill(cfg, blocks)
	wantKind(t, err, ErrDiskFull)
	if !strings.Contains(err.Error(), "bytes free") || acked == 0 || f.Used() > 54<<10 {
		t.Fatal(err, acked, f.Used())
	}
	f.SetCapacity(1 << 30)
	if n, err := fill(cfg, blocks); err != nil || n != len(blocks) {
		t.Fatal(n, err)
	}
}

// TestFailedSyncIsFinal: after a failed sync nothing is acknowledged any more.
func TestFailedSyncIsFinal(t *testing.T) {
	f := crash.New()
	s := mustOpen(t, smallConfig(f))
	r, err := addBlock(s, testBlock(0, wire.BlockHash{}, 400), 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Inject(nth(crash.Sync, 1, syscall.EIO))
	wantKind(t, s.Sync(), ErrIO)
	f.Inject(nil)
	wantKind(t, s.Sync(), ErrIO)
	wantKind(t, s.WriteIndex([]Record{r}), ErrIO)
	_, err = addBlock(s, testBlock(0, wire.BlockHash{}, 400), 0)
	wantKind(t, err, ErrIO)
	wantKind(t, s.SetFlag("x", true), ErrIO)
	if err := readBack(s, r, testBlock(0, wire.BlockHash{}, 400)); err != nil {
		t.Fatal("reading must go on:", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestReadErrors: damage is reported with file and offset, never returned.
func TestReadErrors(t *testing.T) {
	f := crash.New()
	s := mustOpen(t, smallConfig(f))
	raw := testBlock(0, wire.BlockHash{}, 6000)
	r, err := addBlock(s, raw, 0)
	if err != nil {
		t.Fatal(err)
	}
	hash, pos := r.Header.Hash(), Pos{r.File, r.DataPos}
	poke := func(k kind, off int64, b ...byte) {
		h, err := s.files.acquire(fileID{k, 0}, false)
		if err != nil {
			t.Fatal(err)
		}
		defer s.files.release(h)
		s.key.Apply(b, b, off)
		if _, err := h.WriteAt(b, off); err != nil {
			t.Fatal(err)
		}
	}
	read := func() error { _, err := s.ReadBlock(pos, hash); return err }
	undo := func() error { _, err := s.ReadUndo(0, r.UndoPos, wire.BlockHash{}); return err }
	expect := func(what string, err error, kind ErrorKind, text string) {
		t.Helper()
		if !errors.Is(err, kind) || !strings.Contains(err.Error(), text) {
			t.Fatalf("%s: %v", what, err)
		}
	}
	_, err = s.ReadBlock(Pos{0, 7}, hash)
	expect("inside the first header", err, ErrCorrupt, "blk00000.dat at 7")
	_, err = s.ReadBlock(Pos{0, 1 << 30}, hash)
	expect("beyond the end", err, ErrCorrupt, "the file ends")
	_, err = s.ReadBlock(Pos{5, 8}, hash)
	expect("no file", err, ErrMissing, "blk00005.dat")
	_, err = s.ReadBlock(pos, wire.BlockHash{1})
	expect("other hash", err, ErrCorrupt, "blk00000.dat at 8: block "+hash.String())
	_, err = s.ReadUndo(0, r.UndoPos, wire.BlockHash{1})
	expect("other parent", err, ErrCorrupt, "checksum")
	poke(blk, 8+3, 0xff)
	expect("header bit", read(), ErrCorrupt, "not "+hash.String())
	poke(blk, 8+3, raw[3])
	poke(rev, 8+100, 0xff)
	expect("undo byte", undo(), ErrCorrupt, "rev00000.dat at 8: undo checksum mismatch")
	poke(blk, 4, 0xff, 0xff, 0xff, 0xff)
	expect("length", read(), ErrCorrupt, "record of 4294967295 bytes")
	poke(blk, 4, 0, 0, 0x30, 0)
	expect("length beyond the file", read(), ErrCorrupt, "beyond the file's end")
	poke(blk, 4, 79, 0, 0, 0)
	expect("shorter than a header", read(), ErrCorrupt, "block of 79 bytes")
	poke(rev, 4, 0xff, 0xff, 0xff, 0xff)
	expect("undo length", undo(), ErrCorrupt, "beyond the file's end")
	poke(blk, 0, 1)
	expect("magic", read(), ErrCorrupt, "network magic 01bfb5da")
	for n := 1; n <= 2; n++ {
		poke(blk, 0, append(testMagic[:], 0x70, 0x17, 0, 0)...)
		f.Inject(nth(crash.Read, n, syscall.EIO))
		expect("unreadable", read(), ErrIO, "blk00000.dat at 8")
		f.Inject(nil)
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
}

// An index batch larger than LevelDB's buffer that fails at any write leaves a
// store that can be closed.
func TestCloseAfterFailedBatch(t *testing.T) {
	records := make([]Record, 400) // 64 KiB, four times the buffer
	for i := range records {
		records[i] = Record{Height: int32(i + 1)}
	}
	for n := 1; ; n++ {
		disk := crash.New()
		s := mustOpen(t, smallConfig(disk))
		if err := s.WriteIndex(records[:2]); err != nil {
			t.Fatal(err)
		}
		disk.Inject(nth(crash.Write, n, syscall.EIO))
		err := s.WriteIndex(records)
		disk.Inject(nil)
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		select {
		case <-closed:
		case <-time.After(time.Minute):
			t.Fatalf("write %d failed with %v: the store does not close", n, err)
		}
		if err == nil {
			if n == 1 {
				t.Error("no write failed")
			}
			return
		}
	}
}
