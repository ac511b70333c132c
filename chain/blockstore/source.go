package blockstore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"grapevine/internal/vfs"
	"grapevine/wire"
)

// Source is somebody else's blocks, read where they are: one file of records,
// or a blocks folder as Bitcoin Core writes it. Nothing in it is locked or
// changed. Safe for concurrent use.
type Source struct {
	fs    vfs.FS
	files []SourceFile
	key   XORKey
}

// SourceFile is one file of a source.
type SourceFile struct {
	Path string
	Size int64 // when the source was opened
}

// SourcePos is the place of a block in a source.
type SourcePos struct {
	File   int   // index in Files
	Offset int64 // of the block's first byte
}

// OpenSource takes a file or a folder, as -loadblock does. A file named like
// a block file is read with the xor.dat beside it, any other one as it is.
//
// Errors: [ErrMissing], [ErrKey], [ErrIO].
func OpenSource(fsys vfs.FS, path string) (*Source, error) {
	in, err := fsys.Stat(path)
	if err != nil {
		return nil, ioError(path, -1, err)
	}
	if in.Dir {
		return OpenCoreBlocksDir(fsys, path)
	}
	s := &Source{fs: fsys, files: []SourceFile{{Path: path, Size: in.Size}}}
	if _, ok := blockFileNumber(filepath.Base(path), blk); ok {
		if s.key, _, err = readKey(fsys, filepath.Dir(path)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// OpenCoreBlocksDir takes a folder with blk?????.dat and, from release 28 on,
// xor.dat. The blocks in it are in the order in which they arrived.
func OpenCoreBlocksDir(fsys vfs.FS, dir string) (*Source, error) {
	found, err := listFiles(fsys, dir)
	if err != nil {
		return nil, err
	}
	s := &Source{fs: fsys}
	var numbers []uint32
	for id := range found {
		if id.kind == blk {
			numbers = append(numbers, id.n)
		}
	}
	if len(numbers) == 0 {
		return nil, &Error{Kind: ErrMissing, File: dir, Offset: -1, Detail: "no blk?????.dat in this folder"}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		s.files = append(s.files, SourceFile{Path: filepath.Join(dir, blk.fileName(n)), Size: found[fileID{blk, n}]})
	}
	s.key, _, err = readKey(fsys, dir)
	return s, err
}

// Files lists the files in the order of their numbers.
func (s *Source) Files() []SourceFile { return slices.Clone(s.files) }

// Scan reads the i-th file from end to end, see [Scan].
func (s *Source) Scan(ctx context.Context, i int, magic [4]byte, fn func(raw []byte, pos SourcePos) error) error {
	f, err := s.open(i)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return ioError(s.files[i].Path, -1, err)
	}
	return named(s.files[i].Path, Scan(ctx, f, size, magic, s.key, func(raw []byte, offset int64) error {
		return fn(raw, SourcePos{File: i, Offset: offset})
	}))
}

// ReadBlock returns the block at a place that a scan gave, in a new buffer. Its
// header must hash to expect.
func (s *Source) ReadBlock(pos SourcePos, magic [4]byte, expect wire.BlockHash) ([]byte, error) {
	f, err := s.open(pos.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	name := s.files[pos.File].Path
	raw, err := readRecord(f, s.key, magic, pos.Offset, 0, MaxBlockSize)
	if err != nil {
		return nil, recordError(name, pos.Offset, err)
	}
	if len(raw) < minBlockSize || wire.BlockHash(wire.DoubleSHA256(raw[:minBlockSize])) != expect {
		return nil, corrupt(name, pos.Offset, "not block %v", expect)
	}
	return raw, nil
}

func (s *Source) open(i int) (vfs.File, error) {
	if i < 0 || i >= len(s.files) {
		return nil, errors.New("blockstore: no such source file")
	}
	f, err := s.fs.OpenFile(s.files[i].Path, os.O_RDONLY)
	if err != nil {
		return nil, ioError(s.files[i].Path, -1, err)
	}
	return f, nil
}
