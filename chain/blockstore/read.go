package blockstore

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"grapevine/wire"
)

// firstRead is what one call takes in before the length of a record is known.
// A short record is whole then; of a long one nothing is read twice.
const firstRead = 4096

// tailRoom is free behind what is read, so that a block can be framed and encrypted
// for a peer where it lies.
const tailRoom = 64

var firstBuffers = sync.Pool{New: func() any { return new([firstRead]byte) }}

// ReadBlock returns the bytes of the block at pos in a new buffer that belongs
// to the caller, with 64 bytes of room behind them. With expect other than zero the header must hash to it.
//
// Any goroutine. Errors: [ErrMissing], [ErrCorrupt], [ErrIO].
func (s *Store) ReadBlock(pos Pos, expect wire.BlockHash) ([]byte, error) {
	id := fileID{blk, pos.File}
	raw, err := s.read(id, pos.Offset, 0, MaxBlockSize)
	if err != nil {
		return nil, err
	}
	if len(raw) < minBlockSize {
		return nil, corrupt(s.files.path(id), int64(pos.Offset), "block of %d bytes", len(raw))
	}
	if !expect.IsZero() {
		if got := wire.BlockHash(wire.DoubleSHA256(raw[:minBlockSize])); got != expect {
			return nil, corrupt(s.files.path(id), int64(pos.Offset), "block %v, not %v", got, expect)
		}
	}
	return raw, nil
}

// ReadUndo returns the undo data at an offset of a file, in a new buffer, after
// comparing its checksum. Any goroutine. Errors as for [Store.ReadBlock].
func (s *Store) ReadUndo(file, offset uint32, prevHash wire.BlockHash) ([]byte, error) {
	id := fileID{rev, file}
	rec, err := s.read(id, offset, 32, 1<<32-1)
	if err != nil {
		return nil, err
	}
	undo, sum := rec[:len(rec)-32], rec[len(rec)-32:]
	if undoChecksum(prevHash, undo) != [32]byte(sum) {
		return nil, corrupt(s.files.path(id), int64(offset), "undo checksum mismatch")
	}
	return undo[:len(undo):len(undo)], nil
}

// read returns the record at offset and extra bytes behind it.
func (s *Store) read(id fileID, offset uint32, extra int, limit uint32) ([]byte, error) {
	if offset < HeaderSize {
		return nil, corrupt(s.files.path(id), int64(offset), "no record can be there")
	}
	h, err := s.files.acquire(id, false)
	if err != nil {
		return nil, err
	}
	defer s.files.release(h)
	rec, err := readRecord(h, s.key, s.cfg.Magic, int64(offset), extra, limit)
	if err != nil {
		return nil, recordError(s.files.path(id), int64(offset), err)
	}
	return rec, nil
}

// recordError names the file of an error of readRecord.
func recordError(file string, offset int64, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.File, e.Offset = file, offset
		return e
	}
	return ioError(file, offset, err)
}

// sizer is a file whose length can be asked.
type sizer interface {
	io.ReaderAt
	Size() (int64, error)
}

// readRecord reads the record whose data begins at offset, and extra bytes
// behind it, into a new buffer. Nothing longer than the file is allocated.
func readRecord(f sizer, key XORKey, magic [4]byte, offset int64, extra int, limit uint32) ([]byte, error) {
	first := firstBuffers.Get().(*[firstRead]byte)
	defer firstBuffers.Put(first)
	start := offset - HeaderSize
	n, err := f.ReadAt(first[:], start)
	if n < HeaderSize {
		if err == nil || errors.Is(err, io.EOF) {
			return nil, corrupt("", 0, "the file ends before the record")
		}
		return nil, err
	}
	var head [HeaderSize]byte
	key.Apply(head[:], first[:HeaderSize], start)
	if [4]byte(head[:4]) != magic {
		return nil, corrupt("", 0, "network magic %x, not %x (is xor.dat the one that the file was written with?)", head[:4], magic)
	}
	size := binary.LittleEndian.Uint32(head[4:])
	if size > limit {
		return nil, corrupt("", 0, "record of %d bytes", size)
	}
	total := int64(size) + int64(extra)
	if have := int64(n - HeaderSize); total > have {
		end, err := f.Size()
		if err != nil {
			return nil, err
		}
		if offset+total > end {
			return nil, corrupt("", 0, "record of %d bytes goes beyond the file's end", size)
		}
	}
	rec := make([]byte, total, total+tailRoom)
	got := copy(rec, first[HeaderSize:n])
	if got < len(rec) {
		if m, err := f.ReadAt(rec[got:], offset+int64(got)); m < len(rec)-got {
			return nil, err
		}
	}
	key.Apply(rec, rec, offset)
	return rec, nil
}
