package chain

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/syndtr/goleveldb/leveldb"

	"grapevine/chain/blockstore"
	"grapevine/chain/headers"
	"grapevine/internal/vfs"
	"grapevine/internal/vfs/crash"
	"grapevine/internal/vfs/ldbstorage"
)

// flip damages one byte of a file.
func flip(t *testing.T, disk *crash.FS, name string, at int64) {
	t.Helper()
	f, err := disk.OpenFile(name, os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatalf("%s at %d: %v", name, at, err)
	}
	b[0] ^= 0x55
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
}

// places says where the blocks of a finished story lie.
func (s *story) places(t *testing.T, whole *crash.FS) (at func(height int32) *headers.Node) {
	t.Helper()
	c, err := Open(s.config(whole.Reopen(1)))
	if err != nil {
		t.Fatal(err)
	}
	tip := c.tip()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return tip.Ancestor
}

func blockFile(n *headers.Node) string {
	return fmt.Sprintf("%s/blocks/blk%05d.dat", storyDir, n.File())
}
func undoFile(n *headers.Node) string {
	return fmt.Sprintf("%s/blocks/rev%05d.dat", storyDir, n.File())
}

// A damaged or missing file stops the ledger with an error that names the way
// out, and the way out leads out.
func TestDamagedFiles(t *testing.T) {
	notShort(t)
	s := newStory(t, 8)
	whole := s.whole(t)
	at := s.places(t, whole)
	tip, old := at(s.winner.Height), at(105)
	for _, c := range []struct {
		name   string
		damage func(disk *crash.FS)
		says   string // in the error
		late   bool   // found when the coins are rebuilt, and not before
	}{
		{"newest block", func(disk *crash.FS) { flip(t, disk, blockFile(tip), int64(tip.DataPos())+200) }, blockFile(tip)[len(storyDir)+8:], false},
		{"length of the newest block", func(disk *crash.FS) { flip(t, disk, blockFile(tip), int64(tip.DataPos())-3) }, blockFile(tip), false},
		{"old block", func(disk *crash.FS) { flip(t, disk, blockFile(old), int64(old.DataPos())+200) }, blockFile(old)[len(storyDir)+8:], true},
		{"magic of an old block", func(disk *crash.FS) { flip(t, disk, blockFile(old), int64(old.DataPos())-8) }, blockFile(old), true},
		{"undo data", func(disk *crash.FS) { flip(t, disk, undoFile(tip), int64(tip.UndoPos())+20) }, undoFile(tip), false},
		{"missing block file", func(disk *crash.FS) { remove(t, disk, blockFile(old)) }, "is missing", false},
		{"missing undo file", func(disk *crash.FS) { remove(t, disk, undoFile(old)) }, "is missing", false},
		{"short block file", func(disk *crash.FS) { shorten(t, disk, blockFile(tip), int64(tip.DataPos())+5) }, " bytes", false},
		{"empty undo file", func(disk *crash.FS) { shorten(t, disk, undoFile(tip), 0) }, " bytes", false},
		{"missing manifest", func(disk *crash.FS) { removeLike(t, disk, storyDir+"/blocks/index", "MANIFEST") }, "MANIFEST", false},
		{"missing manifest of the coins", func(disk *crash.FS) { removeLike(t, disk, storyDir+"/chainstate", "MANIFEST") }, "MANIFEST", false},
		{"missing name of the coins", func(disk *crash.FS) { removeLike(t, disk, storyDir+"/chainstate", "CURRENT") }, "CURRENT", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk := whole.Reopen(1)
			c.damage(disk)
			cfg := s.config(disk)
			cfg.ReindexChainstate = c.late
			l := s.live(t, cfg, c.name)
			if l.err == nil || !named(l.err) || !strings.Contains(l.err.Error(), c.says) {
				t.Fatalf("%v; want %q in it", l.err, c.says)
			}
			s.recover(t, disk, l.err)
		})
	}
}

// Without its journal the database of coins is what it was when its last table
// was written, and the blocks since then are connected again.
func TestMissingJournal(t *testing.T) {
	s := newStory(t, 11)
	disk := s.whole(t).Reopen(1)
	for _, name := range list(t, disk, storyDir+"/chainstate") {
		if strings.HasSuffix(name, ".log") {
			remove(t, disk, storyDir+"/chainstate/"+name)
		}
	}
	if l := s.live(t, s.config(disk), "no journal"); l.err != nil {
		t.Fatal(l.err)
	}
}

// recover does what an error says, and ends at the end of the story.
func (s *story) recover(t *testing.T, disk *crash.FS, err error) {
	t.Helper()
	cfg := s.config(disk)
	cfg.ReindexChainstate = strings.Contains(err.Error(), "-reindex-chainstate")
	cfg.Reindex = !cfg.ReindexChainstate
	if !strings.Contains(err.Error(), "-reindex") {
		t.Fatalf("no way out: %v", err)
	}
	if l := s.live(t, cfg, "way out"); l.err != nil {
		t.Fatalf("after %v: the way out: %v", err, l.err)
	}
	if l := s.live(t, s.config(disk), "afterwards"); l.err != nil || l.before != s.winner.Tip.Hash() {
		t.Fatalf("after %v: the next start: %v, at height %d", err, l.err, s.heights[l.before])
	}
}

func remove(t *testing.T, disk *crash.FS, name string) {
	t.Helper()
	if err := disk.Remove(name); err != nil {
		t.Fatal(err)
	}
}

func shorten(t *testing.T, disk *crash.FS, name string, size int64) {
	t.Helper()
	f, err := disk.OpenFile(name, os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
}

// removeLike removes the files of a folder whose names begin so.
func removeLike(t *testing.T, disk *crash.FS, dir, prefix string) {
	t.Helper()
	n := 0
	for _, name := range list(t, disk, dir) {
		if strings.HasPrefix(name, prefix) {
			remove(t, disk, dir+"/"+name)
			n++
		}
	}
	if n == 0 {
		t.Fatalf("%s has no %s", dir, prefix)
	}
}

func removeAll(t *testing.T, disk *crash.FS, dir string) {
	t.Helper()
	removeLike(t, disk, dir, "")
	remove(t, disk, dir)
}

func list(t *testing.T, disk *crash.FS, dir string) (names []string) {
	t.Helper()
	infos, err := disk.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range infos {
		names = append(names, in.Name)
	}
	return names
}

// A byte that changed in a database is found, or matters to nothing: no start
// shows other coins than the model's, and each error names the way out.
func TestDamagedDatabases(t *testing.T) {
	notShort(t)
	damagedDatabases(t, 3)
}

func TestDamagedDatabasesLong(t *testing.T) {
	if !long() {
		t.Skip("set GRAPEVINE_LONG=1")
	}
	damagedDatabases(t, 60)
}

func damagedDatabases(t *testing.T, perFile int64) {
	s := newStory(t, 9)
	whole := s.whole(t)
	for _, dir := range []string{storyDir + "/chainstate", storyDir + "/blocks/index"} {
		found, tries := 0, 0
		infos, err := whole.Reopen(1).ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range infos {
			for n := range min(perFile, in.Size) {
				disk := whole.Reopen(1)
				at := in.Size * (2*n + 1) / (2 * min(perFile, in.Size))
				if strings.HasPrefix(in.Name, "MANIFEST") && at >= lastRecord(t, disk, dir+"/"+in.Name) {
					continue // nobody can tell it from one that a crash has torn
				}
				tries++
				flip(t, disk, dir+"/"+in.Name, at)
				what := fmt.Sprintf("%s/%s at %d", dir, in.Name, at)
				l := s.live(t, s.config(disk), what)
				if l.err == nil {
					continue
				}
				found++
				if !named(l.err) {
					t.Errorf("%s: %v", what, l.err)
				}
				if in.Name == "OWNER" { // another program's, for all we know: hands off
					continue
				}
				s.recover(t, disk, l.err)
			}
		}
		t.Logf("%s: %d damaged bytes in %d files, %d noticed", dir, tries, len(infos), found)
		if found*2 < tries {
			t.Error("hardly any damage was noticed")
		}
	}
}

// lastRecord returns where the last record of a short manifest begins.
func lastRecord(t *testing.T, disk *crash.FS, name string) (at int64) {
	t.Helper()
	b, err := vfs.ReadFile(disk, name, 32<<10)
	if err != nil {
		t.Fatal(err)
	}
	for next := 0; next+7 <= len(b); next += 7 + int(binary.LittleEndian.Uint16(b[next+4:])) {
		at = int64(next)
	}
	return at
}

// A coin that is not one, under a checksum that fits, stops the ledger when it
// is looked at.
func TestDamagedCoin(t *testing.T) {
	s := newStory(t, 10)
	whole := s.whole(t)
	disk := whole.Reopen(1)
	spoilt := 0
	editDatabase(t, disk, storyDir+"/chainstate", "grapevine chainstate", func(db *leveldb.DB, key, value []byte) {
		if key[0] == 'c' {
			spoilt++
			if err := db.Put(key, value[:1], nil); err != nil {
				t.Fatal(err)
			}
		}
	})
	l := s.live(t, s.config(disk), "coins")
	if spoilt == 0 || !named(l.err) || !strings.Contains(l.err.Error(), "-reindex-chainstate") {
		t.Fatalf("%d coins spoilt: %v", spoilt, l.err)
	}
	s.recover(t, disk, l.err)
}

// editDatabase calls fn with every record of a database.
func editDatabase(t *testing.T, disk *crash.FS, dir, owner string, fn func(db *leveldb.DB, key, value []byte)) {
	t.Helper()
	files, err := ldbstorage.Open(ldbstorage.Config{FS: disk, Dir: dir, Owner: owner})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	db, err := leveldb.Open(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	it := db.NewIterator(nil, nil)
	defer it.Release()
	for it.Next() {
		fn(db, it.Key(), it.Value())
	}
	if err := it.Error(); err != nil {
		t.Fatal(err)
	}
}

// Block files whose index is gone, or lost its records, are indexed anew by the
// next start, where they are ours. The files stay as they are.
func TestLostIndex(t *testing.T) {
	s := newStory(t, 10)
	whole := s.whole(t)
	first := blockFile(s.places(t, whole)(0))
	index, coins := storyDir+"/blocks/index", storyDir+"/chainstate"
	empty := func(disk *crash.FS) {
		fresh, err := blockstore.Open(blockstore.Config{FS: disk, Dir: "/fresh", IndexDir: index})
		if err != nil {
			t.Fatal(err)
		}
		if err := fresh.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name    string
		damage  func(disk *crash.FS)
		foreign bool
	}{
		{name: "no index", damage: func(*crash.FS) {}},
		{name: "empty index", damage: empty},
		{name: "empty index and no coins", damage: func(disk *crash.FS) { empty(disk); removeAll(t, disk, coins) }},
		{name: "neither index nor coins", damage: func(disk *crash.FS) { removeAll(t, disk, coins) }, foreign: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			disk := whole.Reopen(1)
			before := contents(t, disk, first)
			removeAll(t, disk, index)
			tc.damage(disk)
			l := s.live(t, s.config(disk), tc.name)
			if !bytes.HasPrefix(contents(t, disk, first), before) {
				t.Fatalf("%s changed", first)
			}
			if tc.foreign {
				// Nothing says whose they are.
				if !errors.Is(l.err, blockstore.ErrUnindexed) || !strings.Contains(l.err.Error(), "-reindex") {
					t.Fatal(l.err)
				}
				s.recover(t, disk, l.err)
				return
			}
			if l.err != nil || l.rebuilt != s.winner.Tip.Hash() {
				t.Fatalf("rebuilt to height %d: %v", s.heights[l.rebuilt], l.err)
			}
			if l = s.live(t, s.config(disk), "afterwards"); l.err != nil || l.before != s.winner.Tip.Hash() {
				t.Fatalf("the next start: %v, at height %d", l.err, s.heights[l.before])
			}
		})
	}
}

func contents(t *testing.T, disk *crash.FS, name string) []byte {
	t.Helper()
	f, err := disk.OpenFile(name, os.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return b
}

// A reindex with another key than the files were written with finds nothing
// in them, and leaves them as they are.
func TestReindexWithoutKeyKeepsBlocks(t *testing.T) {
	s := newStory(t, 11)
	whole := s.whole(t)
	first := blockFile(s.places(t, whole)(0))
	disk := whole.Reopen(1)
	before := contents(t, disk, first)
	flip(t, disk, storyDir+"/blocks/xor.dat", 3)
	cfg := s.config(disk)
	cfg.Reindex = true
	for _, what := range []string{"reindex", "start after it"} {
		l := s.live(t, cfg, what)
		if l.err == nil || !strings.Contains(l.err.Error(), "xor.dat") {
			t.Fatalf("%s: %v", what, l.err)
		}
		if !bytes.Equal(contents(t, disk, first), before) {
			t.Fatalf("%s changed %s", what, first)
		}
		cfg = s.config(disk)
	}
	flip(t, disk, storyDir+"/blocks/xor.dat", 3)
	s.recover(t, disk, errors.New("-reindex"))
}
