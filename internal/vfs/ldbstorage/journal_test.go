package ldbstorage

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/storage"

	"grapevine/internal/vfs"
	"grapevine/internal/vfs/crash"
)

const journalDir = "/db"

// journalDisk is a disk with a database of some writes, all of them in one
// journal, and that journal's name.
func journalDisk(t *testing.T) (disk *crash.FS, journal string) {
	t.Helper()
	disk = crash.New()
	err := withSynced(disk, func(db *leveldb.DB) error {
		for i := range 40 {
			value := bytes.Repeat([]byte{byte(i)}, 3000)
			if err := db.Put(fmt.Appendf(nil, "key %02d", i), value, &opt.WriteOptions{Sync: true}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	infos, err := disk.ReadDir(journalDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range infos {
		if fd, ok := parseName(in.Name); ok && fd.Type == storage.TypeJournal {
			return disk, journalDir + "/" + in.Name
		}
	}
	t.Fatal("no journal")
	return nil, ""
}

func withSynced(disk vfs.FS, fn func(*leveldb.DB) error) error {
	s, err := Open(Config{FS: disk, Dir: journalDir, Owner: "test", AllSynced: true})
	if err != nil {
		return err
	}
	defer s.Close()
	db, err := leveldb.Open(s, nil)
	if err != nil {
		return err
	}
	return errors.Join(fn(db), db.Close())
}

func countKeys(disk vfs.FS) (n int, err error) {
	err = withSynced(disk, func(db *leveldb.DB) error {
		it := db.NewIterator(nil, nil)
		defer it.Release()
		for it.Next() {
			n++
		}
		return it.Error()
	})
	return n, err
}

func edit(t *testing.T, disk *crash.FS, name string, change func(b []byte) []byte) {
	t.Helper()
	b, err := vfs.ReadFile(disk, name, 1<<20)
	if err == nil {
		err = vfs.WriteFileSync(disk, name, name+".tmp", change(b))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Damage with records behind it is reported, wherever in a chunk it is; what
// looks like a torn end is taken for one.
func TestDamagedJournal(t *testing.T) {
	disk, journal := journalDisk(t)
	info, err := disk.Stat(journal)
	if err != nil {
		t.Fatal(err)
	}
	size := int(info.Size)
	const record = 3000 + 30
	for at := 0; at < size-2*record; at += 1 + at%7*200 {
		disk := disk.Reopen(1)
		edit(t, disk, journal, func(b []byte) []byte { b[at] ^= 1 << (at % 8); return b })
		n, err := countKeys(disk)
		var bad *storage.ErrCorrupted
		if !errors.As(err, &bad) && n != 40 { // the ends of blocks are padding
			t.Errorf("byte %d: %d keys, %v", at, n, err)
		}
	}
	for _, left := range []int{size - 1, size - 5, size - record + 20, size - record/2, size / 2, 3, 0} {
		disk := disk.Reopen(1)
		edit(t, disk, journal, func(b []byte) []byte { return b[:left] })
		n, err := countKeys(disk)
		if err != nil || n == 40 || n < 40*(left-record)/size {
			t.Errorf("cut to %d of %d: %d keys, %v", left, size, n, err)
		}
	}
	for _, from := range []int{size - 4, size - 700, size - 2000} {
		disk := disk.Reopen(1)
		edit(t, disk, journal, func(b []byte) []byte { clear(b[from:]); return b })
		if n, err := countKeys(disk); err != nil || n != 39 {
			t.Errorf("zeros from %d of %d: %d keys, %v", from, size, n, err)
		}
	}
}

// A journal that another follows was complete.
func TestDamagedEndOfOldJournal(t *testing.T) {
	disk, journal := journalDisk(t)
	b, err := vfs.ReadFile(disk, journal, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	edit(t, disk, journal, func(b []byte) []byte { return b[:len(b)-1] })
	next := journalDir + "/000900.log"
	for _, c := range []struct {
		name    string
		content []byte
		refused bool
	}{{"empty", nil, false}, {"torn", b[:100], false}, {"with a record", b[:20000], true}} {
		disk := disk.Reopen(1)
		if err := vfs.WriteFileSync(disk, next, next+".tmp", c.content); err != nil {
			t.Fatal(err)
		}
		_, err := countKeys(disk)
		var bad *storage.ErrCorrupted
		if errors.As(err, &bad) != c.refused || err != nil && !c.refused {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func FuzzScanJournal(f *testing.F) {
	f.Add([]byte{}, uint16(0))
	f.Add(bytes.Repeat([]byte{1, 0}, 40000), uint16(9))
	f.Fuzz(func(t *testing.T, b []byte, at uint16) {
		disk := crash.New()
		file, err := disk.OpenFile("/x", os.O_RDWR|os.O_CREATE)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.WriteAt(b, int64(at)); err != nil {
			t.Fatal(err)
		}
		s, err := scanJournal(file)
		if err != nil || s.broken > int64(len(b))+int64(at) || s.inside && (s.broken < 0 || s.records == 0) {
			t.Fatalf("%+v %v", s, err)
		}
	})
}
