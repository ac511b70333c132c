package utxo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/filter"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/storage"
	"github.com/syndtr/goleveldb/leveldb/util"

	"grapevine/chain/consensus"
	"grapevine/internal/vfs"
	"grapevine/internal/vfs/ldbstorage"
	"grapevine/wire"
)

// Config says where the coins lie and how much memory they may take. The zero
// value of a field means what its comment says.
type Config struct {
	// FS is where Dir lies; nil is the operating system's file system.
	FS vfs.FS
	// Dir is the directory of the database, made when missing. Required
	// unless Storage is set.
	Dir string
	// Storage is where the database lies instead; it stays open after Close.
	Storage storage.Storage
	// Wipe empties the database first (`-reindex`, `-reindex-chainstate`).
	Wipe bool
	// CacheBytes bounds the memory of the cache and of LevelDB's buffers
	// together (`-dbcache`); 0 means 450 MiB, anything below 4 MiB means that.
	CacheBytes int64
	// Logger receives what happens; nil discards it.
	Logger *slog.Logger
}

const (
	defaultCacheBytes = 450 << 20
	minCacheBytes     = 4 << 20
)

func (c *Config) validate() error {
	if c.Dir == "" && c.Storage == nil {
		return errors.New("utxo: neither a directory nor a storage")
	}
	if c.CacheBytes == 0 {
		c.CacheBytes = defaultCacheBytes
	}
	c.CacheBytes = max(c.CacheBytes, minCacheBytes)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

const (
	// storeOwner names the database as ours, in its directory and in itself.
	storeOwner = "grapevine chainstate"
	// storeVersion is the layout of its keys and values.
	storeVersion = 1
)

// Owned reports whether a folder holds coins of ours. It only reads.
func Owned(fsys vfs.FS, dir string) (bool, error) {
	return ldbstorage.CheckOwner(fsys, dir, storeOwner)
}

// sizing is how a cache budget is divided.
type sizing struct {
	writeBuffer int   // LevelDB keeps two, each with as much again in nodes
	tableSize   int   // of LevelDB's files
	openTables  int   // whose index and filter LevelDB keeps
	tables      int64 // what remains for the two generations together
}

// Index and filter of an open table take about 1/40 of its size: 10 bits a
// key of some 62 bytes with its value, and 45 bytes a block of 4 KiB.
const tableMetaShare = 40

func sizeFor(cache int64) sizing {
	s := sizing{tableSize: 32 << 20, openTables: 500}
	switch {
	case cache < 64<<20:
		s.tableSize, s.openTables = 2<<20, 64
	case cache < 256<<20:
		s.tableSize, s.openTables = 8<<20, 128
	}
	s.writeBuffer = int(min(max(cache/32, 256<<10), 64<<20))
	// Two buffers with their nodes, a batch being built and one in the
	// journal; and a table that a compaction writes.
	s.tables = max(cache-6*int64(s.writeBuffer)-int64(s.tableSize), cache/4)
	return s
}

// options suit sorted batches that each spread over all keys, and reads of
// single keys at random.
//
// A flush makes tables that do not overlap each other, so the usual limits on
// the number of tables in level 0, which count as if all of them did, would
// compact every flush into level 1 by itself and rewrite that each time. With
// these limits three or four flushes go down together: half the bytes written
// and two thirds of the processor time, where it was measured.
func (s sizing) options() opt.Options {
	return opt.Options{
		Compression:                  opt.NoCompression,
		Filter:                       filter.NewBloomFilter(10),
		CompactionTableSize:          s.tableSize,
		CompactionTotalSize:          10 * s.tableSize,
		CompactionL0Trigger:          32,
		WriteL0SlowdownTrigger:       64,
		WriteL0PauseTrigger:          96,
		WriteBuffer:                  s.writeBuffer,
		DisableSeeksCompaction:       true,
		DisableLargeBatchTransaction: true,
		OpenFilesCacheCapacity:       s.openTables,
		DisableBlockCache:            true, // the system's cache holds the blocks
		DisableBufferPool:            true, // it keeps many times what is in use
		NoWriteMerge:                 true, // there is one writer
	}
}

// store is the database below the cache.
type store struct {
	dir    string
	sizing sizing
	db     *leveldb.DB
	files  *ldbstorage.Storage // nil when the storage is the caller's
}

func openStore(cfg *Config) (*store, error) {
	s := &store{dir: cfg.Dir, sizing: sizeFor(cfg.CacheBytes)}
	if err := s.open(cfg); err != nil {
		return nil, errors.Join(dbError(s.dir, err), s.close())
	}
	return s, nil
}

func (s *store) open(cfg *Config) (err error) {
	stor := cfg.Storage
	if stor == nil {
		s.files, err = ldbstorage.Open(ldbstorage.Config{FS: cfg.FS, Dir: cfg.Dir, Owner: storeOwner, AllSynced: true, Logger: cfg.Logger})
		if err != nil {
			return err
		}
		if cfg.Wipe {
			if err := s.files.Wipe(); err != nil {
				return err
			}
		}
		stor = s.files
	}
	o := s.sizing.options()
	if s.db, err = leveldb.Open(stor, &o); err != nil {
		return err
	}
	return s.claim()
}

// claim checks that the database is ours, and makes an empty one so.
func (s *store) claim() error {
	version, err := s.db.Get([]byte(keyVersion), nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		b := new(leveldb.Batch)
		b.Put([]byte(keyOwner), []byte(storeOwner))
		b.Put([]byte(keyVersion), binary.LittleEndian.AppendUint32(nil, storeVersion))
		return s.write(b)
	}
	if err != nil {
		return err
	}
	owner, err := s.db.Get([]byte(keyOwner), nil)
	if err != nil && !errors.Is(err, leveldb.ErrNotFound) {
		return err
	}
	if string(owner) != storeOwner {
		return &Error{Kind: ErrForeign, Dir: s.dir, Detail: foreignHint}
	}
	if len(version) != 4 || binary.LittleEndian.Uint32(version) != storeVersion {
		return &Error{Kind: ErrVersion, Dir: s.dir, Detail: fmt.Sprintf("%x, not %d; %s", version, storeVersion, rebuildHint)}
	}
	return nil
}

// close waits for LevelDB and closes its files.
func (s *store) close() error {
	var err error
	if s.db != nil {
		err = s.db.Close()
	}
	if s.files != nil {
		err = errors.Join(err, s.files.Close())
	}
	return dbError(s.dir, err)
}

// hashes reads a record of n hashes; ok is false when there is none.
func (s *store) hashes(key string, n int) (h [2]wire.BlockHash, ok bool, err error) {
	value, err := s.db.Get([]byte(key), nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		return h, false, nil
	}
	if err != nil {
		return h, false, dbError(s.dir, err)
	}
	if len(value) != n*32 {
		return h, false, s.corrupt(fmt.Sprintf("record %q of %d bytes", key, len(value)), nil)
	}
	for i := range n {
		copy(h[i][:], value[32*i:])
	}
	return h, true, nil
}

// reader is what coins are read from: the database or a snapshot of it.
type reader interface {
	Get(key []byte, ro *opt.ReadOptions) ([]byte, error)
}

// coin reads one coin; its script goes into slab, which is returned grown.
func (s *store) coin(from reader, op *wire.OutPoint, key, slab []byte) (c consensus.Coin, grown []byte, ok bool, err error) {
	value, err := from.Get(key, nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		return c, slab, false, nil
	}
	if err != nil {
		return c, slab, false, dbError(s.dir, err)
	}
	if c, slab, err = DecodeCoin(value, slab); err != nil {
		return c, slab, false, s.corrupt("coin "+op.String(), err)
	}
	return c, slab, true, nil
}

// coinRange is the key range of all coins.
func coinRange() *util.Range {
	return &util.Range{Start: []byte{coinPrefix}, Limit: []byte{coinPrefix + 1}}
}

// metaBytes estimates what LevelDB keeps of its open tables.
func (s *store) metaBytes() int64 {
	var stats leveldb.DBStats
	if err := s.db.Stats(&stats); err != nil {
		return 0
	}
	var tables, size int64
	for i, n := range stats.LevelTablesCounts {
		tables += int64(n)
		size += stats.LevelSizes[i]
	}
	if tables > int64(s.sizing.openTables) {
		size = size / tables * int64(s.sizing.openTables)
	}
	return size / tableMetaShare
}
