package addrman

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strconv"

	"github.com/syndtr/goleveldb/leveldb"
	lerrors "github.com/syndtr/goleveldb/leveldb/errors"
	"github.com/syndtr/goleveldb/leveldb/opt"

	"grapevine/internal/netgroup"
	"grapevine/internal/vfs"
	"grapevine/internal/vfs/ldbstorage"
)

// store is the database.
type store struct {
	files *ldbstorage.Storage
	db    *leveldb.DB
}

// options suit eight megabytes at most that are read once. Memory: two write buffers
// and a cache, 3 MiB.
func options() *opt.Options {
	return &opt.Options{
		BlockCacheCapacity:           1 << 20,
		Compression:                  opt.NoCompression,
		CompactionTableSize:          2 << 20,
		DisableSeeksCompaction:       true,
		DisableLargeBatchTransaction: true, // one that cannot begin would keep the write lock
		DisableBufferPool:            true,
		NoWriteMerge:                 true, // there is one writer
		OpenFilesCacheCapacity:       16,
		WriteBuffer:                  1 << 20,
	}
}

// openStore opens the database as it is.
func openStore(fsys vfs.FS, dir string, log *slog.Logger) (*store, error) {
	files, err := ldbstorage.Open(ldbstorage.Config{FS: fsys, Dir: dir, Owner: storeOwner, AllSynced: true, Logger: log})
	if err != nil {
		return nil, &Error{Kind: ErrStorage, Err: err}
	}
	db, err := leveldb.Open(files, options())
	if err != nil {
		_ = files.Close()
		return nil, &Error{Kind: ErrStorage, Err: err}
	}
	return &store{files: files, db: db}, nil
}

func (s *store) close() error {
	if err := errors.Join(s.db.Close(), s.files.Close()); err != nil {
		return &Error{Kind: ErrStorage, Err: err}
	}
	return nil
}

func (s *store) write(b *leveldb.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	if err := s.db.Write(b, &opt.WriteOptions{Sync: true}); err != nil {
		return &Error{Kind: ErrStorage, Err: err}
	}
	return nil
}

// header is what a store says of itself.
type header struct {
	made   bool // it has a header
	secret Key
	mapped netgroup.Version
}

func (h *header) put(b *leveldb.Batch) {
	b.Put([]byte(keySecret), h.secret[:])
	b.Put([]byte(keyMap), h.mapped[:])
	b.Put([]byte(keyVersion), binary.BigEndian.AppendUint32(nil, storeVersion))
}

// header reads the header. Its records are written together with the first places.
func (s *store) header() (h header, err error) {
	version, err := s.record(keyVersion, 4)
	if err != nil || version == nil {
		return h, err
	}
	if n := binary.BigEndian.Uint32(version); n != storeVersion {
		return h, &Error{Kind: ErrVersion, Detail: strconv.FormatUint(uint64(n), 10)}
	}
	secret, err := s.record(keySecret, len(h.secret))
	if err != nil {
		return h, err
	}
	mapped, err := s.record(keyMap, len(h.mapped))
	if err != nil {
		return h, err
	}
	if secret == nil || mapped == nil {
		return h, damaged("half a header")
	}
	return header{true, Key(secret), netgroup.Version(mapped)}, nil
}

// record reads a record of the header, nil when there is none.
func (s *store) record(key string, size int) ([]byte, error) {
	v, err := s.db.Get([]byte(key), nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{Kind: ErrStorage, Err: err}
	}
	if len(v) != size {
		return nil, damaged("record %s of %d bytes", key, len(v))
	}
	return v, nil
}

// each calls fn for each place that is stored, in order. The bytes are fn's for the
// call only.
func (s *store) each(fn func(p place, record []byte) error) error {
	it := s.db.NewIterator(nil, nil)
	defer it.Release()
	for it.Next() {
		if len(it.Key()) == 1 {
			continue // the header
		}
		p, err := parsePlaceKey(it.Key())
		if err != nil {
			return err
		}
		if err := fn(p, it.Value()); err != nil {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return &Error{Kind: ErrStorage, Err: err}
	}
	return nil
}

// rescuable reports whether a store that gives this error is to be set aside. A disk
// that is full or forbids access would take no new one either, and a store that
// another process uses is not damaged.
func rescuable(err error) bool {
	return !errors.Is(err, vfs.ErrLocked) && !errors.Is(err, fs.ErrPermission) && !vfs.IsDiskFull(err)
}

// corrupted reports whether an error says that what is stored is damaged, and not
// that it cannot be read at present.
func corrupted(err error) bool {
	return lerrors.IsCorrupted(unwrapStorage(err)) || errors.Is(err, ErrDamaged) || errors.Is(err, ldbstorage.ErrForeign)
}

func unwrapStorage(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Err != nil {
		return e.Err
	}
	return err
}

// maxAside is how many damaged stores may lie beside the one in use.
const maxAside = 1000

// setAside renames the directory of a store and returns its new name.
func setAside(fsys vfs.FS, dir string) (string, error) {
	for n := 1; n <= maxAside; n++ {
		name := dir + ".damaged-" + strconv.Itoa(n)
		there, err := vfs.Exists(fsys, name)
		if err != nil {
			return "", &Error{Kind: ErrStorage, Err: err}
		}
		if there {
			continue
		}
		if err := fsys.Rename(dir, name); err != nil {
			return "", &Error{Kind: ErrStorage, Err: err}
		}
		return name, fsys.SyncDir(filepath.Dir(name))
	}
	return "", &Error{Kind: ErrStorage, Detail: "too many damaged stores beside " + dir}
}
