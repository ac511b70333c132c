package ldbstorage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/syndtr/goleveldb/leveldb/storage"

	"grapevine/internal/vfs"
)

const (
	ownerName   = "OWNER"
	ownerTmp    = "OWNER.tmp"
	lockName    = "LOCK"
	currentName = "CURRENT"
	currentTmp  = "CURRENT.tmp"
	// metaLimit bounds OWNER and CURRENT; both are one short line.
	metaLimit = 4096
)

// ErrForeign: the directory holds a database that the owner did not make. It
// has not been changed.
var ErrForeign = errors.New("a database of another program")

var errInUse = errors.New("leveldb: the manifest is in use")

// Config says where the database is and whose.
type Config struct {
	FS  vfs.FS // nil is the machine's own
	Dir string // made, with its parents, when missing
	// Owner is one line that no other program and no other kind of database
	// uses, such as "grapevine chainstate".
	Owner string
	// AllSynced says that each write to the database is synced before the next
	// begins. Damage in the middle of a journal is reported then, which LevelDB
	// would take for the traces of a crash and pass over.
	AllSynced bool
	Logger    *slog.Logger // LevelDB's own messages, at debug level; nil for none
}

// Storage implements goleveldb's storage.Storage.
type Storage struct {
	fs     vfs.FS
	dir    string
	log    *slog.Logger
	lock   io.Closer
	synced bool // Config.AllSynced

	mu     sync.Mutex
	held   bool // LevelDB's own lock within the process
	closed bool
	// Journals that LevelDB has closed with unsynced writes in them, oldest
	// first. At most as many as it has in memory and not yet in tables: two.
	unsynced []*writer
	// Set once a journal could not be synced: from then on none is, since
	// what its writes hold may be gone whatever a later sync says.
	broken error
}

var _ storage.Storage = (*Storage)(nil)

// Open checks the owner, takes the lock and returns the storage. The caller
// closes it after the database. Errors: [ErrForeign], vfs.ErrLocked, and those
// of the file system.
func Open(cfg Config) (*Storage, error) {
	fsys := cfg.FS
	if fsys == nil {
		fsys = vfs.OS()
	}
	if cfg.Owner == "" || strings.ContainsAny(cfg.Owner, "\r\n") {
		return nil, errors.New("ldbstorage: owner must be one line")
	}
	owned, err := CheckOwner(fsys, cfg.Dir, cfg.Owner)
	if err != nil {
		return nil, err
	}
	if err := vfs.MkdirAllSync(fsys, cfg.Dir); err != nil {
		return nil, err
	}
	lock, err := fsys.Lock(filepath.Join(cfg.Dir, lockName))
	if err != nil {
		return nil, err
	}
	if !owned {
		err = vfs.WriteFileSync(fsys, filepath.Join(cfg.Dir, ownerName),
			filepath.Join(cfg.Dir, ownerTmp), []byte(cfg.Owner+"\n"))
		if err != nil {
			_ = lock.Close()
			return nil, err
		}
	}
	return &Storage{fs: fsys, dir: cfg.Dir, log: cfg.Logger, lock: lock, synced: cfg.AllSynced}, nil
}

// CheckOwner reports whether dir carries the owner's name; [ErrForeign] when it
// carries another or a database without a name. It only reads.
func CheckOwner(fsys vfs.FS, dir, owner string) (owned bool, err error) {
	list, err := fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var stranger string
	for _, in := range list {
		switch in.Name {
		case ownerName:
			got, err := vfs.ReadFile(fsys, filepath.Join(dir, ownerName), metaLimit)
			if err != nil {
				return false, err
			}
			if string(got) != owner+"\n" {
				return false, fmt.Errorf("%s: %w (its OWNER says %q, not %q)",
					dir, ErrForeign, strings.TrimSpace(string(got)), owner)
			}
			return true, nil
		case ownerTmp, lockName:
		default:
			stranger = in.Name
		}
	}
	if stranger != "" {
		return false, fmt.Errorf("%s: %w (it has no OWNER, but a file %s)", dir, ErrForeign, stranger)
	}
	return false, nil
}

// Wipe removes every file of the database except OWNER and LOCK, so that the
// next open makes an empty one. It is refused for a foreign database, and safe
// to repeat after a crash in the middle.
func (s *Storage) Wipe() error {
	list, err := s.fs.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, in := range list {
		if in.Dir || in.Name == ownerName || in.Name == lockName {
			continue
		}
		if err := s.fs.Remove(s.path(in.Name)); err != nil {
			return err
		}
	}
	return s.fs.SyncDir(s.dir)
}

func (s *Storage) path(name string) string { return filepath.Join(s.dir, name) }

// Lock implements storage.Storage.
func (s *Storage) Lock() (storage.Locker, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, storage.ErrClosed
	case s.held:
		return nil, storage.ErrLocked
	}
	s.held = true
	return &locker{s: s}, nil
}

type locker struct {
	s    *Storage
	once sync.Once
}

func (l *locker) Unlock() {
	l.once.Do(func() {
		l.s.mu.Lock()
		defer l.s.mu.Unlock()
		l.s.held = false
	})
}

// Log implements storage.Storage.
func (s *Storage) Log(msg string) {
	if s.log != nil {
		s.log.LogAttrs(context.Background(), slog.LevelDebug, msg, slog.String("db", s.dir))
	}
}

// Close releases the lock. Files still open stay usable until closed.
func (s *Storage) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return storage.ErrClosed
	}
	s.closed = true
	left := s.unsynced
	s.unsynced = nil
	s.mu.Unlock()
	for _, w := range left {
		_ = w.f.Close() // nobody asked for their sync
	}
	return s.lock.Close()
}

func (s *Storage) check(fd storage.FileDesc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return storage.ErrClosed
	}
	if !storage.FileDescOk(fd) {
		return storage.ErrInvalidFile
	}
	return nil
}

// SetMeta implements storage.Storage: CURRENT is replaced in one step and on
// the disk when this returns.
func (s *Storage) SetMeta(fd storage.FileDesc) error {
	if err := s.check(fd); err != nil {
		return err
	}
	return vfs.WriteFileSync(s.fs, s.path(currentName), s.path(currentTmp), []byte(fd.String()+"\n"))
}

// GetMeta implements storage.Storage. See the package comment for what counts
// as corruption.
func (s *Storage) GetMeta() (storage.FileDesc, error) {
	none := storage.FileDesc{}
	b, err := vfs.ReadFile(s.fs, s.path(currentName), metaLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return none, s.clearStillborn()
	}
	if err != nil {
		return none, err
	}
	name, ok := strings.CutSuffix(string(b), "\n")
	fd, parsed := parseName(name)
	if !ok || !parsed || fd.Type != storage.TypeManifest {
		return none, corrupted(none, fmt.Sprintf("CURRENT holds %q", b))
	}
	found, err := vfs.Exists(s.fs, s.path(name))
	if err != nil {
		return none, err
	}
	if !found {
		return none, corrupted(fd, "CURRENT names it, but it is missing")
	}
	return fd, nil
}

// clearStillborn removes the manifest of a creation that was cut short, since
// LevelDB refuses to create a database beside one, and returns os.ErrNotExist.
// Anything that may hold data is corruption.
func (s *Storage) clearStillborn() error {
	left, err := s.List(storage.TypeAll)
	if err != nil {
		return err
	}
	for _, fd := range left {
		if fd.Type == storage.TypeTable || fd.Type == storage.TypeJournal {
			return corrupted(fd, "it is there, but CURRENT is missing")
		}
	}
	for _, fd := range left {
		if err := s.fs.Remove(s.path(fd.String())); err != nil {
			return err
		}
	}
	return os.ErrNotExist
}

func corrupted(fd storage.FileDesc, detail string) error {
	return &storage.ErrCorrupted{Fd: fd, Err: errors.New("leveldb: " + detail)}
}

// List implements storage.Storage.
func (s *Storage) List(ft storage.FileType) ([]storage.FileDesc, error) {
	list, err := s.fs.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	var fds []storage.FileDesc
	for _, in := range list {
		if fd, ok := parseName(in.Name); ok && fd.Type&ft != 0 {
			fds = append(fds, fd)
		}
	}
	return fds, nil
}

// Remove implements storage.Storage. The removal is not synced: a file that
// comes back after a crash is one that LevelDB removes again.
func (s *Storage) Remove(fd storage.FileDesc) error {
	if err := s.check(fd); err != nil {
		return err
	}
	if fd.Type == storage.TypeManifest {
		// LevelDB removes a manifest that SetMeta failed for. When it failed
		// after the rename, CURRENT names the manifest all the same.
		if now, err := s.GetMeta(); err == nil && now == fd {
			return errInUse
		}
	}
	s.forget(fd)
	return s.fs.Remove(s.path(fd.String()))
}

// Rename implements storage.Storage.
func (s *Storage) Rename(oldfd, newfd storage.FileDesc) error {
	if err := s.check(oldfd); err != nil {
		return err
	}
	if err := s.check(newfd); err != nil {
		return err
	}
	if oldfd == newfd {
		return nil
	}
	if err := s.fs.Rename(s.path(oldfd.String()), s.path(newfd.String())); err != nil {
		return err
	}
	return s.fs.SyncDir(s.dir)
}
