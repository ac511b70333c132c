package blockstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"grapevine/internal/vfs/crash"
	"grapevine/wire"
)

// fill appends the blocks that the index does not hold yet, indexing every
// three, and returns how many records were acknowledged.
func fill(cfg Config, blocks [][]byte) (acked int, err error) {
	s, err := Open(cfg)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	known, err := verifyStore(s, blocks)
	if err != nil {
		return 0, err
	}
	acked = len(known)
	var fresh []Record
	for i := acked; i < len(blocks); i++ {
		r, err := addBlock(s, blocks[i], int32(i))
		if err != nil {
			return acked, err
		}
		fresh = append(fresh, r)
		if i%3 == 2 || i == len(blocks)-1 {
			if err := s.Sync(); err != nil {
				return acked, err
			}
			if err := s.WriteIndex(fresh); err != nil {
				return acked, err
			}
			acked, fresh = i+1, nil
		}
	}
	return acked, nil
}

// verifyStore checks that the index holds a prefix of the blocks and that the
// files hold all that it names.
func verifyStore(s *Store, blocks [][]byte) (known []Record, err error) {
	err = s.LoadIndex(func(r Record) error {
		if int(r.Height) != len(known) || r.Header.Hash() != hashOf(blocks[r.Height]) {
			return fmt.Errorf("record %d at height %d", len(known), r.Height)
		}
		known = append(known, r)
		return readBack(s, r, blocks[r.Height])
	})
	if err != nil {
		return nil, err
	}
	n := uint32(0)
	for i := range s.Files() {
		n += s.FileInfo(uint32(i)).Blocks
	}
	if int(n) != len(known) {
		return nil, fmt.Errorf("file infos count %d blocks, the index %d", n, len(known))
	}
	return known, nil
}

// TestPowerLoss cuts the power at every sync and every write, reopens what
// several kinds of loss leave, cuts it again on the way on, and expects what
// was acknowledged, and in the end everything.
func TestPowerLoss(t *testing.T) {
	blocks := chainOf(20)
	f := crash.New()
	if _, err := fill(smallConfig(f), blocks); err != nil {
		t.Fatal(err)
	}
	total := f.Counts()
	points, step := 0, 1
	if testing.Short() {
		step = 5
	}
	for _, kind := range []string{"sync", "write"} {
		cut, end := (*crash.FS).CutAtSync, total.Syncs
		if kind == "write" {
			cut, end = (*crash.FS).CutAtWrite, total.Writes
		}
		for n := 1; n <= end; n += step {
			f := crash.New()
			cut(f, n)
			acked, err := fill(smallConfig(f), blocks)
			if err != nil && !errors.Is(err, crash.ErrPowerLost) {
				t.Fatal(kind, n, err)
			}
			if err != nil {
				points++
			}
			for seed := range uint64(4) {
				after := f.Reopen(seed + seed/2*uint64(n)*10)
				after.CutAtSync(1 + n%9)
				again, err := fill(smallConfig(after), blocks)
				if err != nil && !errors.Is(err, crash.ErrPowerLost) {
					t.Fatal(kind, n, seed, err)
				}
				last := after.Reopen(seed)
				s, err := Open(smallConfig(last))
				if err != nil {
					t.Fatal(kind, n, seed, err)
				}
				known, err := verifyStore(s, blocks)
				if err != nil || len(known) < max(acked, again) {
					t.Fatal(kind, n, seed, "known", len(known), "of", acked, again, err)
				}
				_ = s.Close()
				if all, err := fill(smallConfig(last), blocks); err != nil || all != len(blocks) {
					t.Fatal(kind, n, seed, all, err)
				}
			}
		}
	}
	t.Logf("%d cuts, of %d syncs and %d writes", points, total.Syncs, total.Writes)
	if points*step < (total.Syncs+total.Writes)*9/10 {
		t.Fatal("the power was not cut often enough")
	}
}

// TestKill: a killed process leaves everything that it wrote, and the next one
// overwrites what the index does not name.
func TestKill(t *testing.T) {
	blocks, f := chainOf(12), crash.New()
	s := mustOpen(t, smallConfig(f))
	for i, raw := range blocks[:8] {
		if _, err := addBlock(s, raw, int32(i)); err != nil {
			t.Fatal(err)
		}
	}
	f = f.Reopen(1)
	if in, err := f.Stat("/blocks/blk00000.dat"); err != nil || in.Size == 0 {
		t.Fatal("nothing was left behind", in, err)
	}
	s = mustOpen(t, smallConfig(f))
	if s.SizeOnDisk() != 0 || len(loadAll(t, s)) != 0 {
		t.Fatal("leftovers count")
	}
	before, err := f.Stat("/blocks/blk00000.dat")
	if _, aerr := addBlock(s, blocks[0], 0); err != nil || aerr != nil {
		t.Fatal(err, aerr)
	}
	after, err := f.Stat("/blocks/blk00000.dat")
	if err != nil || after.Size >= before.Size || after.Size != int64(s.cfg.BlockChunk) {
		t.Fatal("a file that the index does not know was not made anew:", before, after, err)
	}
	_ = s.Close()
	if n, err := fill(smallConfig(f), blocks); err != nil || n != len(blocks) {
		t.Fatal(n, err)
	}
}

// rescan is what a caller does after -reindex: it reads all files in place and
// registers what the index does not hold.
func rescan(s *Store, blocks [][]byte) error {
	have := make(map[wire.BlockHash]bool)
	if err := s.LoadIndex(func(r Record) error { have[r.Header.Hash()] = true; return nil }); err != nil {
		return err
	}
	files, err := s.BlockFiles()
	if err != nil {
		return err
	}
	for n := range files {
		var fresh []Record
		err := s.ScanFile(context.Background(), n, func(raw []byte, pos Pos) error {
			i := slices.IndexFunc(blocks, func(b []byte) bool { return hashOf(b) == hashOf(raw) })
			if i < 0 || have[hashOf(raw)] {
				return nil
			}
			h, err := wire.DecodeHeader(raw[:80])
			if err != nil {
				return err
			}
			have[hashOf(raw)] = true
			if err := s.RegisterBlock(pos, len(raw), int32(i), h.Time); err != nil {
				return err
			}
			undo, err := s.AppendUndo(pos.File, testUndo(raw), h.PrevBlock)
			fresh = append(fresh, Record{Header: h, Height: int32(i), File: pos.File, DataPos: pos.Offset, UndoPos: undo})
			return err
		})
		if err != nil {
			return err
		}
		if err := s.Sync(); err != nil {
			return err
		}
		if err := s.WriteIndex(fresh); err != nil {
			return err
		}
	}
	return s.EndReindex()
}

// TestReindexCut cuts the power at every sync of a reindex. The next start,
// without the option, has the old index or goes on with the reindex.
func TestReindexCut(t *testing.T) {
	blocks := chainOf(20)
	prepare := func() (*crash.FS, crash.Counts) {
		f := crash.New()
		if _, err := fill(smallConfig(f), blocks); err != nil {
			t.Fatal(err)
		}
		return f, f.Counts()
	}
	reindex := func(f *crash.FS) error {
		cfg := smallConfig(f)
		cfg.Reindex = true
		s, err := Open(cfg)
		if err != nil {
			return err
		}
		defer s.Close()
		if !s.Reindexing() {
			return errors.New("the flag is not set")
		}
		return rescan(s, blocks)
	}
	f, before := prepare()
	if err := reindex(f); err != nil {
		t.Fatal(err)
	}
	total := f.Counts()
	resumed, untouched := 0, 0
	for n := before.Syncs + 1; n <= total.Syncs; n++ {
		f, _ := prepare()
		f.CutAtSync(n)
		if err := reindex(f); err != nil && !errors.Is(err, crash.ErrPowerLost) {
			t.Fatal(n, err)
		}
		for seed := range uint64(6) {
			after := f.Reopen(seed)
			s, err := Open(smallConfig(after))
			if err != nil {
				t.Fatal(n, seed, err)
			}
			if s.Reindexing() {
				resumed++
				if _, err := s.AppendBlock(blocks[0], 0, 0); !errors.Is(err, ErrReindexing) {
					t.Fatal("a block was appended during a reindex:", err)
				}
				if err := rescan(s, blocks); err != nil {
					t.Fatal(n, seed, err)
				}
			} else {
				untouched++
			}
			if known, err := verifyStore(s, blocks); err != nil || len(known) != len(blocks) {
				t.Fatal(n, seed, len(known), err)
			}
			_ = s.Close()
			s = mustOpen(t, smallConfig(after.Reopen(0)))
			if s.Reindexing() {
				t.Fatal("the flag came back")
			}
			if known, err := verifyStore(s, blocks); err != nil || len(known) != len(blocks) {
				t.Fatal(n, seed, len(known), err)
			}
			if _, err := s.AppendBlock(blocks[0], 20, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	if resumed == 0 || untouched == 0 {
		t.Fatal(resumed, untouched)
	}
}

// TestReindexTakesOver: block files without an index, the key file included, can
// be taken over.
func TestReindexTakesOver(t *testing.T) {
	blocks, f := chainOf(20), crash.New()
	if _, err := fill(smallConfig(f), blocks); err != nil {
		t.Fatal(err)
	}
	list, err := f.ReadDir("/blocks/index")
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range list {
		if err := f.Remove("/blocks/index/" + in.Name); err != nil {
			t.Fatal(err)
		}
	}
	_, err = Open(smallConfig(f))
	wantKind(t, err, ErrUnindexed)
	cfg := smallConfig(f)
	cfg.Reindex = true
	s := mustOpen(t, cfg)
	found, err := s.listFiles()
	if err != nil {
		t.Fatal(err)
	}
	for id := range found {
		if id.kind == rev {
			t.Fatal("undo data of before the reindex is left:", id)
		}
	}
	if err := rescan(s, blocks); err != nil {
		t.Fatal(err)
	}
	if known, err := verifyStore(s, blocks); err != nil || len(known) != len(blocks) {
		t.Fatal(len(known), err)
	}
}

// TestReindexStopsAtGap: what stands behind a missing file is not reached, and
// is overwritten when its number comes.
func TestReindexStopsAtGap(t *testing.T) {
	blocks, f := chainOf(30), crash.New()
	if _, err := fill(smallConfig(f), blocks); err != nil {
		t.Fatal(err)
	}
	if err := f.Remove("/blocks/blk00001.dat"); err != nil {
		t.Fatal(err)
	}
	cfg := smallConfig(f)
	cfg.Reindex = true
	s := mustOpen(t, cfg)
	if err := rescan(s, blocks); err != nil {
		t.Fatal(err)
	}
	first := len(loadAll(t, s))
	if s.Files() != 1 || first == 0 || first == len(blocks) {
		t.Fatal(s.Files(), first)
	}
	_ = s.Close()
	if n, err := fill(smallConfig(f), blocks); err != nil || n != len(blocks) {
		t.Fatal(n, err)
	}
}

// TestPrune: a pruned pair is gone after the next index write, whenever the
// power goes, and nothing else is.
func TestPrune(t *testing.T) {
	blocks := chainOf(30)
	prune := func(f *crash.FS) error {
		s, err := Open(smallConfig(f))
		if err != nil {
			return err
		}
		defer s.Close()
		var changed []Record
		err = s.LoadIndex(func(r Record) error {
			if r.File == 1 {
				r.File, r.DataPos, r.UndoPos = 0, 0, 0
				changed = append(changed, r)
			}
			return nil
		})
		return errors.Join(err, s.PruneFile(1), s.Sync(), s.WriteIndex(changed))
	}
	for n := 0; n < 60; n++ {
		f := crash.New()
		if _, err := fill(smallConfig(f), blocks); err != nil {
			t.Fatal(err)
		}
		f = f.Reopen(1)
		if n > 0 {
			f.CutAtWrite(n)
		}
		err := prune(f)
		if (n == 0) != (err == nil) && !errors.Is(err, crash.ErrPowerLost) && n < 10 {
			t.Fatal(n, err)
		}
		for seed := range uint64(5) {
			after := f.Reopen(seed)
			s := mustOpen(t, smallConfig(after))
			pruned := s.FileInfo(1) == FileInfo{}
			if err == nil && !pruned {
				t.Fatal("an acknowledged pruning came undone")
			}
			for _, r := range loadAll(t, s) {
				switch {
				case r.DataPos != 0:
					if err := readBack(s, r, blocks[r.Height]); err != nil {
						t.Fatal(n, seed, err)
					}
				case !pruned:
					t.Fatal("a record lost its data, but the file was not pruned")
				}
			}
			on, ferr := s.Flag(PrunedFlag)
			if on != pruned || ferr != nil {
				t.Fatal(on, pruned, ferr)
			}
			found, ferr := s.listFiles()
			if _, there := found[fileID{blk, 1}]; ferr != nil || there == pruned {
				t.Fatal(n, seed, "file there:", there, "pruned:", pruned, ferr)
			}
			if _, err := s.AppendBlock(blocks[0], 30, 0); err != nil {
				t.Fatal(err)
			}
			if err := s.PruneFile(uint32(s.Files() - 1)); err == nil {
				t.Fatal("the file in use was pruned")
			}
		}
	}
}

// TestLargeBatch: a batch that LevelDB does not put through its journal, since
// it is larger than the buffer, is written whole or not at all.
func TestLargeBatch(t *testing.T) {
	batch := func(from, to int32) (records []Record) {
		for h := from; h < to; h++ {
			records = append(records, Record{Header: wire.Header{Nonce: uint32(h)}, Height: h})
		}
		return records
	}
	points := 0
	for n := 1; ; n++ {
		f := crash.New()
		var acked, captured atomic.Int32 // read by LevelDB's goroutines
		f.Inject(func(c crash.Call) error {
			if c.Kind == crash.Sync && c.N == n {
				captured.Store(acked.Load())
			}
			return nil
		})
		f.CaptureAtSync(n)
		s := mustOpen(t, smallConfig(f))
		for _, end := range []int32{5, 300, 305, 600} {
			if err := s.WriteIndex(batch(acked.Load(), end)); err != nil {
				t.Fatal(err)
			}
			acked.Store(end)
		}
		if f.Captured() == nil {
			break
		}
		points++
		for seed := range uint64(4) {
			s := mustOpen(t, smallConfig(f.Captured().Reopen(seed)))
			got := len(loadAll(t, s))
			if !slices.Contains([]int{0, 5, 300, 305, 600}, got) || got < int(captured.Load()) {
				t.Fatal(n, seed, got, "records of", captured.Load())
			}
		}
		_ = s.Close()
	}
	if points < 10 {
		t.Fatal(points)
	}
}
