package blockstore

import (
	"fmt"
	"strconv"
	"strings"

	"grapevine/internal/vfs"
)

// listFiles returns the blk and rev files of the folder with their sizes.
func (s *Store) listFiles() (map[fileID]int64, error) { return listFiles(s.cfg.FS, s.cfg.Dir) }

func listFiles(fsys vfs.FS, dir string) (map[fileID]int64, error) {
	list, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, ioError(dir, -1, err)
	}
	found := make(map[fileID]int64)
	for _, in := range list {
		for _, k := range [...]kind{blk, rev} {
			if n, ok := blockFileNumber(in.Name, k); ok && !in.Dir {
				found[fileID{k, n}] = in.Size
			}
		}
	}
	return found, nil
}

// checkFiles compares the folder with the index: each file that the index
// names must be there and at least as long. All that fail are named at once.
func (s *Store) checkFiles(infos []FileInfo, found map[fileID]int64) error {
	const most = 10
	var bad []string
	check := func(id fileID, want uint32) {
		size, ok := found[id]
		switch {
		case want == 0:
		case !ok:
			bad = append(bad, id.kind.fileName(id.n)+" is missing")
		case size < int64(want):
			bad = append(bad, fmt.Sprintf("%s has %d of %d bytes", id.kind.fileName(id.n), size, want))
		}
	}
	for n, fi := range infos {
		check(fileID{blk, uint32(n)}, fi.Size)
		check(fileID{rev, uint32(n)}, fi.UndoSize)
	}
	if len(bad) == 0 {
		return nil
	}
	detail := strings.Join(bad[:min(most, len(bad))], ", ")
	if len(bad) > most {
		detail += fmt.Sprintf(" and %d more", len(bad)-most)
	}
	return &Error{Kind: ErrMissing, File: s.cfg.Dir, Offset: -1,
		Detail: detail + "; put them back, or start with -reindex to rebuild from what is there"}
}

// blockFileNumber reads the number out of a file's name.
func blockFileNumber(name string, k kind) (n uint32, ok bool) {
	digits, ok := strings.CutSuffix(strings.TrimPrefix(name, string(k)), ".dat")
	v, err := strconv.ParseUint(digits, 10, 31)
	n = uint32(v)
	return n, ok && err == nil && k.fileName(n) == name
}
