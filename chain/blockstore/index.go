package blockstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/util"

	"grapevine/internal/vfs/ldbstorage"
)

const (
	// indexOwner marks the index as this program's, as a file beside the
	// tables and as a key in them.
	indexOwner   = "grapevine block index"
	indexVersion = 1

	reindexFlag = "reindexing"
	// PrunedFlag is the flag that is set once a file has been pruned.
	PrunedFlag = "prunedblockfiles"
)

// index is the LevelDB database of headers, file infos and flags.
type index struct {
	dir        string
	buffer     int
	storage    *ldbstorage.Storage
	db         *leveldb.DB
	reindexing atomic.Bool // the flag of that name
}

// checkOwner refuses an index that another program made, and block files that
// have none. It reads only.
func (s *Store) checkOwner(wipe bool) error {
	owned, err := ldbstorage.CheckOwner(s.cfg.FS, s.cfg.IndexDir, indexOwner)
	if errors.Is(err, ldbstorage.ErrForeign) {
		return &Error{Kind: ErrForeign, File: s.cfg.IndexDir, Offset: -1, Err: err,
			Detail: "nothing was changed; to read these blocks, start with a datadir of its own and -loadblock=" + s.cfg.Dir}
	}
	if err != nil {
		return ioError(s.cfg.IndexDir, -1, err)
	}
	if owned || wipe {
		return nil
	}
	return s.checkUnindexed()
}

// checkUnindexed refuses block files beside an index that is new. In a folder
// of ours the index is on the disk before the first block file, so the files
// are somebody's, and would be overwritten.
func (s *Store) checkUnindexed() error {
	found, err := s.listFiles()
	if err != nil {
		return err
	}
	for id, size := range found {
		if id.kind == blk && size > 0 {
			return &Error{Kind: ErrUnindexed, File: s.files.path(id), Offset: -1,
				Detail: "start with -reindex to take the files over, or read them from elsewhere with -loadblock"}
		}
	}
	return nil
}

// options suit a database that is read from end to end at the start, and then
// only written: no filter, hardly a cache, large blocks, and no compression,
// since headers do not compress.
func options(buffer int) *opt.Options {
	return &opt.Options{
		BlockCacheCapacity:     1 << 20,
		BlockSize:              16 << 10,
		Compression:            opt.NoCompression,
		CompactionTableSize:    8 << 20,
		DisableSeeksCompaction: true,
		// A transaction that cannot begin, for want of space or of a working
		// disk, keeps LevelDB's write lock, and Close waits for that for ever.
		DisableLargeBatchTransaction: true,
		OpenFilesCacheCapacity:       32,
		WriteBuffer:                  buffer,
		DisableBufferPool:            true,
	}
}

func openIndexStorage(cfg *Config) (*index, error) {
	st, err := ldbstorage.Open(ldbstorage.Config{FS: cfg.FS, Dir: cfg.IndexDir, Owner: indexOwner, AllSynced: true, Logger: cfg.Logger})
	if err != nil {
		return nil, ioError(cfg.IndexDir, -1, err)
	}
	return &index{dir: cfg.IndexDir, buffer: cfg.IndexBuffer, storage: st}, nil
}

// openDB opens the database; fresh reports that it holds nothing yet.
func (x *index) openDB() (fresh bool, err error) {
	if x.db, err = leveldb.Open(x.storage, options(x.buffer)); err != nil {
		return false, dbError(x.dir, err)
	}
	v, err := x.db.Get([]byte(versionKey), nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, dbError(x.dir, err)
	}
	owner, err := x.db.Get([]byte(ownerKey), nil)
	if err != nil || string(owner) != indexOwner {
		return false, &Error{Kind: ErrForeign, File: x.dir, Offset: -1, Detail: fmt.Sprintf("owner %q", owner), Err: err}
	}
	if len(v) != 4 || binary.LittleEndian.Uint32(v) != indexVersion {
		return false, &Error{Kind: ErrVersion, File: x.dir, Offset: -1,
			Detail: fmt.Sprintf("version %x, not %d; %s", v, indexVersion, reindexHint)}
	}
	on, err := x.flag(reindexFlag)
	x.reindexing.Store(on)
	return false, err
}

// found writes what makes an empty database ours.
func (x *index) found(reindexing bool) error {
	b := new(leveldb.Batch)
	b.Put([]byte(ownerKey), []byte(indexOwner))
	b.Put([]byte(versionKey), binary.LittleEndian.AppendUint32(nil, indexVersion))
	if reindexing {
		b.Put(flagKey(reindexFlag), []byte{1})
	}
	if err := x.db.Write(b, &opt.WriteOptions{Sync: true}); err != nil {
		return dbError(x.dir, err)
	}
	x.reindexing.Store(reindexing)
	return nil
}

func (x *index) close() error {
	var err error
	if x.db != nil {
		err = x.db.Close()
	}
	if serr := x.storage.Close(); err == nil {
		err = serr
	}
	if err != nil {
		return dbError(x.dir, err)
	}
	return nil
}

func (x *index) flag(name string) (bool, error) {
	v, err := x.db.Get(flagKey(name), nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, dbError(x.dir, err)
	}
	return len(v) == 1 && v[0] == 1, nil
}

// infos reads what is known of the files, in the order of their numbers.
func (x *index) infos() ([]FileInfo, error) {
	last, err := x.db.Get([]byte(lastKey), nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, dbError(x.dir, err)
	}
	if len(last) != 4 {
		return nil, corrupt(x.dir, -1, "last file of %d bytes; %s", len(last), reindexHint)
	}
	want := uint64(binary.LittleEndian.Uint32(last)) + 1
	var infos []FileInfo
	it := x.db.NewIterator(util.BytesPrefix([]byte{prefixInfo}), nil)
	defer it.Release()
	for it.Next() {
		key := it.Key()
		fi, err := decodeInfo(it.Value())
		if err != nil || len(key) != 5 || binary.BigEndian.Uint32(key[1:]) != uint32(len(infos)) {
			return nil, corrupt(x.dir, -1, "key %x: %v; %s", key, err, reindexHint)
		}
		infos = append(infos, fi)
	}
	if err := it.Error(); err != nil {
		return nil, dbError(x.dir, err)
	}
	if uint64(len(infos)) != want {
		return nil, corrupt(x.dir, -1, "%d files known, not %d; %s", len(infos), want, reindexHint)
	}
	return infos, nil
}

// LoadIndex calls fn with every record, lowest height first; at one height in
// the order of the hashes. It stops at the first error of fn and returns it.
// Any goroutine; records written meanwhile are not seen.
func (s *Store) LoadIndex(fn func(Record) error) error {
	x, written := s.index, s.ledger.indexed()
	it := x.db.NewIterator(util.BytesPrefix([]byte{prefixRecord}), &opt.ReadOptions{DontFillCache: true})
	defer it.Release()
	for it.Next() {
		r, err := decodeRecord(it.Key(), it.Value())
		if err != nil {
			return corrupt(x.dir, -1, "key %x: %v; %s", it.Key(), err, reindexHint)
		}
		if err := r.check(written); err != nil {
			return corrupt(x.dir, -1, "key %x: %v; %s", it.Key(), err, reindexHint)
		}
		if err := fn(r); err != nil {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return dbError(x.dir, err)
	}
	return nil
}

// WriteIndex puts the records into the index in one synced step, together with
// the infos of all files as of the last Sync. A record may name only bytes that
// this Sync covered ([ErrUnsynced]). Files pruned before that Sync are deleted
// afterwards. After an error the store takes no more writes.
//
// Any goroutine. The step is all or nothing, whatever the number of records.
func (s *Store) WriteIndex(records []Record) error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	job, err := s.ledger.beginIndex()
	if err != nil {
		return err
	}
	b := leveldb.MakeBatch(len(records)*(recordKeySize+recordSize+8) + 1024)
	var key [recordKeySize]byte
	var value [recordSize]byte
	for i := range records {
		r := &records[i]
		if err := r.check(job.synced); err != nil {
			return err
		}
		b.Put(appendRecordKey(key[:0], r.Height, r.Header.Hash()), r.appendTo(value[:0]))
	}
	for _, n := range slices.Sorted(maps.Keys(job.changed)) {
		b.Put(infoKey(n), job.changed[n].appendTo(nil))
	}
	if len(job.synced) > 0 {
		b.Put([]byte(lastKey), binary.LittleEndian.AppendUint32(nil, uint32(len(job.synced)-1)))
	}
	if len(job.pruned) > 0 {
		b.Put(flagKey(PrunedFlag), []byte{1})
	}
	if err := s.index.db.Write(b, &opt.WriteOptions{Sync: true}); err != nil {
		err = dbError(s.index.dir, err)
		s.ledger.fail(err)
		return err
	}
	s.ledger.endIndex(job)
	s.unlink(job.pruned)
	return nil
}

// check refuses what the files cannot hold on the disk yet.
func (r *Record) check(synced []FileInfo) error {
	if r.Height < 0 {
		return &Error{Kind: ErrCorrupt, Offset: -1, Detail: fmt.Sprintf("record at height %d", r.Height)}
	}
	if r.DataPos == 0 && r.UndoPos == 0 {
		return nil
	}
	if int(r.File) < len(synced) && r.DataPos < max(1, synced[r.File].Size) && r.UndoPos < max(1, synced[r.File].UndoSize) {
		return nil
	}
	return &Error{Kind: ErrUnsynced, File: blk.fileName(r.File), Offset: int64(r.DataPos),
		Detail: fmt.Sprintf("height %d, undo at %d", r.Height, r.UndoPos)}
}

// Flag reads a named switch that outlives the program; absent is false.
func (s *Store) Flag(name string) (bool, error) { return s.index.flag(name) }

// SetFlag writes a named switch and syncs it. Any goroutine. The name
// "reindexing" belongs to the store, see [Store.EndReindex].
func (s *Store) SetFlag(name string, on bool) error {
	if name == reindexFlag {
		return errors.New("blockstore: the reindexing flag is set by Reindex and cleared by EndReindex")
	}
	return s.setFlag(name, on)
}

func (s *Store) setFlag(name string, on bool) error {
	if err := s.ledger.usable(); err != nil {
		return err
	}
	v := []byte{0}
	if on {
		v[0] = 1
	}
	if err := s.index.db.Put(flagKey(name), v, &opt.WriteOptions{Sync: true}); err != nil {
		err = dbError(s.index.dir, err)
		s.ledger.fail(err)
		return err
	}
	return nil
}
