package ldbstorage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/storage"

	"grapevine/internal/vfs/crash"
)

// load writes numbered batches, every third one synced, until an error. It
// returns the number of the last batch whose sync was reported, and keeps it
// in progress, unless that is nil.
func load(f *crash.FS, batches int, progress *atomic.Int64) (synced int, err error) {
	s, err := Open(Config{FS: f, Dir: "/db", Owner: owner})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	db, err := leveldb.Open(s, small)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	for i := 1; i <= batches; i++ {
		b := new(leveldb.Batch)
		for k := range 8 { // all the same eight keys, so that tables merge
			b.Put([]byte{'k', byte(k)}, value(i))
		}
		b.Put(binary.BigEndian.AppendUint16([]byte{'n'}, uint16(i)), value(i))
		sync := i%3 == 0
		if err := db.Write(b, &opt.WriteOptions{Sync: sync}); err != nil {
			return synced, err
		}
		if sync {
			synced = i
			if progress != nil {
				progress.Store(int64(i))
			}
		}
	}
	return synced, nil
}

func value(i int) []byte { return bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 100) }

// verify opens the database after the crash: each synced batch is there, and
// no batch is there in part.
func verify(f *crash.FS, synced int) error {
	s, err := Open(Config{FS: f, Dir: "/db", Owner: owner})
	if err != nil {
		return err
	}
	defer s.Close()
	db, err := leveldb.Open(s, small)
	if err != nil {
		return err
	}
	defer db.Close()
	first, err := db.Get([]byte{'k', 0}, nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		first = nil
	} else if err != nil {
		return err
	}
	for k := range 8 {
		v, err := db.Get([]byte{'k', byte(k)}, nil)
		if err != nil && !errors.Is(err, leveldb.ErrNotFound) {
			return err
		}
		if !bytes.Equal(v, first) {
			return errors.New("part of a batch")
		}
	}
	newest := 0
	if first != nil {
		newest = int(first[0]) | int(first[1])<<8
	}
	if newest < synced {
		return errors.New("a synced batch is gone")
	}
	for i := 1; i <= synced; i++ {
		v, err := db.Get(binary.BigEndian.AppendUint16([]byte{'n'}, uint16(i)), nil)
		if err != nil || !bytes.Equal(v, value(i)) {
			return errors.Join(errors.New("an earlier synced batch is gone"), err)
		}
	}
	return nil
}

const batches = 48

// aftermath opens what several kinds of loss leave, also when the power goes
// again during the recovery.
func aftermath(t *testing.T, what string, n int, f *crash.FS, synced int) {
	t.Helper()
	for seed := range uint64(4) {
		after := f.Reopen(seed + uint64(n)*100*(seed/2))
		again := after.Reopen(1)
		again.CaptureAtSync(1 + n%7)
		if err := verify(again, synced); err != nil {
			t.Fatalf("%s %d, seed %d: %v", what, n, seed, err)
		}
		if cut := again.Captured(); cut != nil {
			if err := verify(cut.Reopen(seed), synced); err != nil {
				t.Fatalf("%s %d, seed %d, cut again: %v", what, n, seed, err)
			}
		}
	}
}

// TestPowerLoss looks at the disk of every sync of a run in which journals
// rotate and tables merge.
func TestPowerLoss(t *testing.T) {
	points, step := 0, 1
	if testing.Short() {
		step = 5
	}
	for n := 1; ; n += step {
		f := crash.New()
		var progress atomic.Int64
		synced := 0
		f.Inject(func(c crash.Call) error {
			if c.Kind == crash.Sync && c.N == n {
				synced = int(progress.Load())
			}
			return nil
		})
		f.CaptureAtSync(n)
		if _, err := load(f, batches, &progress); err != nil {
			t.Fatal(err)
		}
		if f.Captured() == nil {
			break
		}
		points++
		aftermath(t, "sync", n, f.Captured(), synced)
	}
	t.Log(points, "points")
	if points*step < 2*batches {
		t.Fatal("the disk was looked at only", points, "times")
	}
}

// TestPowerLossErrors cuts the power, so that LevelDB also sees every call
// fail from then on.
func TestPowerLossErrors(t *testing.T) {
	if raceEnabled {
		// When a compaction fails, goleveldb sends on a channel that the
		// waiting writer closes, and recovers from it (cAuto.ack).
		t.Skip("goleveldb's way of handing on an error is a race by design")
	}
	f := crash.New()
	if _, err := load(f, batches, nil); err != nil {
		t.Fatal(err)
	}
	total, points := f.Counts(), 0
	for _, c := range []struct {
		kind      string
		cut       func(*crash.FS, int)
		step, end int
	}{{"sync", (*crash.FS).CutAtSync, 3, total.Syncs}, {"write", (*crash.FS).CutAtWrite, 3, total.Writes}} {
		for n := 1; n < c.end; n += c.step {
			f := crash.New()
			c.cut(f, n)
			synced, err := load(f, batches, nil)
			if err != nil && !errors.Is(err, crash.ErrPowerLost) {
				t.Fatal(c.kind, n, err)
			}
			if err != nil {
				points++
			}
			aftermath(t, c.kind, n, f, synced)
		}
	}
	t.Logf("%d points, of %d syncs and %d writes", points, total.Syncs, total.Writes)
	if points < total.Syncs/3 {
		t.Fatal("the power was not cut often enough")
	}
}

// TestErrors fails each sync and each write once, and lets the program close
// the database as if nothing else were wrong.
func TestErrors(t *testing.T) {
	if raceEnabled {
		t.Skip("see TestPowerLossErrors")
	}
	for _, kind := range []crash.Kind{crash.Sync, crash.Write} {
		failed := 0
		for n := 1; n < 150; n += 2 {
			f := crash.New()
			f.Inject(func(c crash.Call) error {
				if c.Kind == kind && c.N == n {
					return syscall.EIO
				}
				return nil
			})
			synced, err := load(f, batches, nil)
			if err != nil {
				failed++
			}
			for seed := range uint64(2) {
				if err := verify(f.Reopen(seed), synced); err != nil {
					t.Fatal(kind, n, seed, err)
				}
			}
		}
		if failed < 10 {
			t.Fatal("only", failed, "errors were seen")
		}
	}
}

// TestFullDisk: an error on the way leaves what was synced.
func TestFullDisk(t *testing.T) {
	f := crash.New()
	f.SetCapacity(20 << 10)
	synced, err := load(f, 1000, nil)
	if err == nil || synced == 0 {
		t.Fatal("the disk never filled", synced)
	}
	f = f.Reopen(1)
	f.SetCapacity(1 << 30)
	if err := verify(f, synced); err != nil {
		t.Fatal(err)
	}
}

// TestFailedSync: once a journal's sync has failed, none succeeds, not even of
// the next journal, since a closed one may have lost writes.
func TestFailedSync(t *testing.T) {
	f := crash.New()
	s := open(t, f, "/db")
	journal := func(num int64) storage.Writer {
		w, err := s.Create(storage.FileDesc{Type: storage.TypeJournal, Num: num})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("record")); err != nil {
			t.Fatal(err)
		}
		return w
	}
	first := journal(1)
	second := journal(2)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	f.Inject(func(c crash.Call) error {
		if c.Kind == crash.Sync && c.Name == "/db/000001.log" {
			return syscall.EIO
		}
		return nil
	})
	for _, w := range []storage.Writer{second, second, journal(3)} {
		if err := w.Sync(); !errors.Is(err, syscall.EIO) {
			t.Fatal("a sync after the failure counts:", err)
		}
	}
	table, err := s.Create(storage.FileDesc{Type: storage.TypeTable, Num: 4})
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Sync(); err != nil {
		t.Fatal("tables do not depend on journals:", err)
	}
}
