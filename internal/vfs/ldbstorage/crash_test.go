package ldbstorage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"

	"grapevine/internal/vfs/crash"
)

// load writes numbered batches, every third one synced, until an error. It
// returns the number of the last batch whose sync was reported.
func load(f *crash.FS, batches int) (synced int, err error) {
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

// TestPowerLoss cuts the power at every sync and at many writes of a run in
// which journals rotate and tables merge, and opens what several kinds of loss
// leave, twice over: also the recovery itself is cut short.
func TestPowerLoss(t *testing.T) {
	const batches = 48
	f := crash.New()
	if _, err := load(f, batches); err != nil {
		t.Fatal(err)
	}
	total := f.Counts()
	points := 0
	for _, kind := range []string{"sync", "write"} {
		cut, step, end := (*crash.FS).CutAtSync, 1, total.Syncs
		if kind == "write" {
			cut, step, end = (*crash.FS).CutAtWrite, 4, total.Writes
		}
		// LevelDB's own goroutine makes the number of calls vary a little.
		for n := 1; n < end+10; n += step {
			f := crash.New()
			cut(f, n)
			synced, err := load(f, batches)
			if err != nil && !errors.Is(err, crash.ErrPowerLost) {
				t.Fatal(kind, n, err)
			}
			for seed := range uint64(4) {
				after := f.Reopen(seed + uint64(n)*100*(seed/2))
				again := after.Reopen(1)
				again.CutAtSync(1 + n%7)
				_ = verify(again, synced) // power goes again while it recovers
				for _, disk := range []*crash.FS{after.Reopen(1), again.Reopen(seed)} {
					if err := verify(disk, synced); err != nil {
						t.Fatalf("%s %d, seed %d: %v", kind, n, seed, err)
					}
				}
			}
			if err != nil {
				points++
			}
		}
	}
	t.Logf("%d points, of %d syncs and %d writes", points, total.Syncs, total.Writes)
	if points < total.Syncs {
		t.Fatal("the power was not cut often enough")
	}
}

// TestFullDisk: an error on the way leaves what was synced.
func TestFullDisk(t *testing.T) {
	f := crash.New()
	f.SetCapacity(20 << 10)
	synced, err := load(f, 1000)
	if err == nil || synced == 0 {
		t.Fatal("the disk never filled", synced)
	}
	f = f.Reopen(1)
	f.SetCapacity(1 << 30)
	if err := verify(f, synced); err != nil {
		t.Fatal(err)
	}
}

// TestFailedSync: once a journal's sync has failed, no later write is reported
// as synced, not even into the next journal.
func TestFailedSync(t *testing.T) {
	f := crash.New()
	s := open(t, f, "/db")
	db, err := leveldb.Open(s, small)
	if err != nil {
		t.Fatal(err)
	}
	armed := true
	f.Inject(func(c crash.Call) error {
		if armed && c.Kind == crash.Sync && strings.HasSuffix(c.Name, ".log") {
			armed = false
			return syscall.EIO
		}
		return nil
	})
	put := func(sync bool) error {
		return db.Put([]byte("k"), make([]byte, 1000), &opt.WriteOptions{Sync: sync})
	}
	if err := put(true); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	for range 20 {
		_ = put(false) // on to the next journal
	}
	if err := put(true); err == nil {
		t.Fatal("a write after the failure counts as synced")
	}
}
