package index

import (
	"encoding/binary"
	"errors"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/util"

	"grapevine/internal/vfs/ldbstorage"
	"grapevine/wire"
)

// The key space; doc.go draws it.
const (
	prefixBlock  = 'B'
	prefixHash   = 'H'
	keyPosition  = "P"
	keyVersion   = "V"
	prefixTx     = 't'
	storeOwner   = "grapevine txindex"
	storeVersion = 1

	txidPart     = 8
	txPrefixSize = 1 + txidPart
	txKeySize    = txPrefixSize + 4 + 2
)

func blockKey(number uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{prefixBlock}, number)
}

func hashKey(h wire.BlockHash) []byte { return append([]byte{prefixHash}, h[:]...) }

func txPrefix(id wire.Txid) []byte { return append([]byte{prefixTx}, id[:txidPart]...) }

func appendTxKey(b []byte, id wire.Txid, number uint32, place uint16) []byte {
	b = append(append(b, prefixTx), id[:txidPart]...)
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint32(b, number), place)
}

// options suit small keys written in the order of hashes, and reads of short
// ranges. Memory: two write buffers and what is written beside them, 32 MiB in
// the worst case, and 4 MiB of cache.
func options() *opt.Options {
	return &opt.Options{
		BlockCacheCapacity:           4 << 20,
		Compression:                  opt.NoCompression, // hashes do not compress
		CompactionTableSize:          8 << 20,
		CompactionTotalSize:          80 << 20,
		DisableSeeksCompaction:       true,
		DisableLargeBatchTransaction: true, // one that cannot begin would keep the write lock
		OpenFilesCacheCapacity:       64,
		WriteBuffer:                  8 << 20,
		DisableBufferPool:            true,
		NoWriteMerge:                 true, // there is one writer
	}
}

func (x *TxIndex) open() (err error) {
	x.files, err = ldbstorage.Open(ldbstorage.Config{FS: x.cfg.FS, Dir: x.cfg.Dir, Owner: storeOwner, AllSynced: true, Logger: x.log})
	if err != nil {
		return x.wrap(err)
	}
	if x.db, err = leveldb.Open(x.files, options()); err != nil {
		return x.wrap(err)
	}
	version, err := x.get([]byte(keyVersion))
	if err != nil {
		return err
	}
	if version == nil {
		b := new(leveldb.Batch)
		b.Put([]byte(keyVersion), binary.BigEndian.AppendUint32(nil, storeVersion))
		return x.write(b)
	}
	if len(version) != 4 || binary.BigEndian.Uint32(version) != storeVersion {
		return &Error{Kind: ErrVersion, Dir: x.cfg.Dir, Detail: wayOut}
	}
	return x.loadNumber()
}

// loadNumber finds the number of the next block.
func (x *TxIndex) loadNumber() error {
	it := x.db.NewIterator(util.BytesPrefix([]byte{prefixBlock}), nil)
	defer it.Release()
	if it.Last() {
		if len(it.Key()) != 5 {
			return x.corrupt("a key of %d bytes", len(it.Key()))
		}
		x.next = binary.BigEndian.Uint32(it.Key()[1:]) + 1
	}
	return x.wrap(it.Error())
}

func (x *TxIndex) close() error {
	var err error
	if x.db != nil {
		err = x.db.Close()
	}
	if x.files != nil {
		err = errors.Join(err, x.files.Close())
	}
	return x.wrap(err)
}

// get reads a record, nil when there is none.
func (x *TxIndex) get(key []byte) ([]byte, error) {
	v, err := x.db.Get(key, nil)
	if errors.Is(err, leveldb.ErrNotFound) {
		return nil, nil
	}
	return v, x.wrap(err)
}

func (x *TxIndex) write(b *leveldb.Batch) error {
	return x.wrap(x.db.Write(b, &opt.WriteOptions{Sync: true}))
}

// hash reads a record that is a block hash; ok is false when there is none.
func (x *TxIndex) hash(key []byte) (h wire.BlockHash, ok bool, err error) {
	v, err := x.get(key)
	if v == nil || err != nil {
		return h, false, err
	}
	if len(v) != len(h) {
		return h, false, x.corrupt("record %q of %d bytes", key, len(v))
	}
	return wire.BlockHash(v), true, nil
}

// entry is where a transaction whose id begins as one that is looked for is.
type entry struct {
	block wire.BlockHash
	place int
}

// entries returns what begins as id does, what was indexed last first.
func (x *TxIndex) entries(id wire.Txid) ([]entry, error) {
	it := x.db.NewIterator(util.BytesPrefix(txPrefix(id)), nil)
	defer it.Release()
	var out []entry
	for ok := it.Last(); ok; ok = it.Prev() {
		key := it.Key()
		if len(key) != txKeySize {
			return nil, x.corrupt("a key of %d bytes", len(key))
		}
		number := binary.BigEndian.Uint32(key[txPrefixSize:])
		h, found, err := x.hash(blockKey(number))
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, x.corrupt("block number %d is missing", number)
		}
		out = append(out, entry{h, int(binary.BigEndian.Uint16(key[txPrefixSize+4:]))})
	}
	return out, x.wrap(it.Error())
}
