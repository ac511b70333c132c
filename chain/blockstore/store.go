package blockstore

import (
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"sync"

	"grapevine/internal/vfs"
)

const (
	// HeaderSize is what precedes each record: network magic and length.
	HeaderSize = 8
	// undoOverhead is what an undo record takes besides its bytes.
	undoOverhead = HeaderSize + 32
	// MaxBlockSize is the longest block that the rules allow, in bytes.
	MaxBlockSize = 4_000_000
	// minBlockSize is a header alone; anything shorter is not a block.
	minBlockSize = 80

	defaultMaxFile   = 128 << 20
	defaultBlkChunk  = 16 << 20
	defaultUndoChunk = 1 << 20
	defaultOpenFiles = 32
	defaultBuffer    = 4 << 20
	defaultMinFree   = 50 << 20

	lockName = ".lock"
)

// Config says where the files are and how they are written. FS, Dir and Magic
// are enough.
type Config struct {
	FS       vfs.FS  // nil is the machine's own
	Dir      string  // the blocks folder, made when missing
	IndexDir string  // of the LevelDB index; empty is "index" inside Dir
	Magic    [4]byte // of the network, before every record

	// Plain asks for files without an XOR key (-blocksxor=0). A folder that
	// was written with a key refuses it.
	Plain bool
	// Reindex drops index and undo files and sets the flag that
	// [Store.Reindexing] reports.
	Reindex bool

	MaxFileSize uint32 // of a block file; zero is 128 MiB
	BlockChunk  uint32 // block files grow by this; zero is 16 MiB
	UndoChunk   uint32 // undo files grow by this; zero is 1 MiB
	OpenFiles   int    // that stay open when idle; zero is 32
	IndexBuffer int    // bytes of the index that are collected in memory; zero is 4 MiB
	// MinFree is how many bytes of the disk stay free for the databases when
	// files grow; zero is 50 MiB, as much as Bitcoin Core leaves.
	MinFree uint64

	Rand   io.Reader    // of the XOR key; nil is crypto/rand
	Logger *slog.Logger // nil for none
}

func (c *Config) validate() error {
	if c.Dir == "" {
		return errors.New("blockstore: no directory")
	}
	if c.FS == nil {
		c.FS = vfs.OS()
	}
	if c.IndexDir == "" {
		c.IndexDir = filepath.Join(c.Dir, "index")
	}
	c.MaxFileSize = orDefault(c.MaxFileSize, defaultMaxFile)
	c.BlockChunk = orDefault(c.BlockChunk, defaultBlkChunk)
	c.UndoChunk = orDefault(c.UndoChunk, defaultUndoChunk)
	c.OpenFiles = orDefault(c.OpenFiles, defaultOpenFiles)
	c.IndexBuffer = orDefault(c.IndexBuffer, defaultBuffer)
	if c.MinFree == 0 {
		c.MinFree = defaultMinFree
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

func orDefault[T int | uint32](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// Pos is the place of a block: the file's number and the offset of the
// block's first byte, after magic and length. The zero value is no place.
type Pos struct {
	File   uint32
	Offset uint32
}

// Store is the blocks folder of one node. See the package comment for which
// goroutine may call what.
type Store struct {
	cfg   Config
	key   XORKey
	lock  io.Closer
	files *handles
	index *index

	// Of the goroutine that appends.
	scratch []byte // a record on its way to the disk

	syncing sync.Mutex // held across the I/O of Sync, WriteIndex and Close
	ledger  ledger
}

// Open locks the folder, checks whose it is, makes what is missing, reads the
// index and compares it with the files. Before the checks have passed it
// changes nothing but the lock file.
//
// Errors: [ErrLocked], [ErrForeign], [ErrVersion], [ErrKey], [ErrUnindexed],
// [ErrMissing] (all files, by name), [ErrCorrupt], [ErrDiskFull], [ErrIO].
func Open(cfg Config) (*Store, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if err := vfs.MkdirAllSync(cfg.FS, cfg.Dir); err != nil {
		return nil, ioError(cfg.Dir, -1, err)
	}
	lockPath := filepath.Join(cfg.Dir, lockName)
	lock, err := cfg.FS.Lock(lockPath)
	if err != nil {
		return nil, ioError(lockPath, -1, err)
	}
	s := &Store{cfg: cfg, lock: lock, files: newHandles(cfg.FS, cfg.Dir, cfg.OpenFiles)}
	if err := s.open(); err != nil {
		if s.index != nil {
			_ = s.index.close()
		}
		_ = lock.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) open() error {
	wipe, err := s.wipePending()
	if err != nil {
		return err
	}
	if err := s.checkOwner(wipe); err != nil {
		return err
	}
	if s.key, err = initKey(s.cfg.FS, s.cfg.Dir, s.cfg.Plain, s.cfg.Rand); err != nil {
		return err
	}
	s.cfg.Logger.Info("Using obfuscation key for blocksdir *.dat files",
		"dir", s.cfg.Dir, "key", s.key.String())
	if wipe {
		err = s.startReindex()
	} else {
		err = s.openIndex()
	}
	if err != nil {
		return err
	}
	infos, err := s.index.infos()
	if err != nil {
		return err
	}
	s.ledger.load(infos)
	found, err := s.listFiles()
	if err != nil {
		return err
	}
	if err := s.checkFiles(infos, found); err != nil {
		return err
	}
	return s.removePruned(infos, found)
}

// Close releases files, index and lock. It syncs nothing: what Sync and
// WriteIndex did not cover may be gone. No other call may be under way.
func (s *Store) Close() error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	dirty, ok := s.ledger.close()
	if !ok {
		return &Error{Kind: ErrClosed, Offset: -1}
	}
	for h := range dirty {
		s.files.release(h)
	}
	s.files.closeAll()
	err := s.index.close()
	if cerr := s.lock.Close(); err == nil && cerr != nil {
		err = ioError(filepath.Join(s.cfg.Dir, lockName), -1, cerr)
	}
	return err
}

// Key is the folder's XOR key.
func (s *Store) Key() XORKey { return s.key }

// Files is the number of file pairs known, pruned ones included.
func (s *Store) Files() int { return s.ledger.count() }

// FileInfo describes the n-th file pair as appended so far; zero beyond.
func (s *Store) FileInfo(n uint32) FileInfo { return s.ledger.info(n) }

// SizeOnDisk is the number of bytes of all blocks and undo records.
func (s *Store) SizeOnDisk() uint64 { return s.ledger.size() }
