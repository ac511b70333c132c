package blockstore

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"syscall"

	"grapevine/wire"
)

// AppendBlock writes a block behind the last one, into a new file when it does
// not fit, and returns its place. raw is not kept. An error leaves nothing
// behind that is counted: the next append begins at the same byte.
//
// Of the owner's goroutine. Errors: [ErrDiskFull], [ErrIO], [ErrTooLarge],
// [ErrReindexing], [ErrClosed].
func (s *Store) AppendBlock(raw []byte, height int32, time uint32) (Pos, error) {
	if err := s.ledger.usable(); err != nil {
		return Pos{}, err
	}
	if s.index.reindexing.Load() {
		return Pos{}, &Error{Kind: ErrReindexing, Offset: -1, Detail: "no block is appended until all files have been read"}
	}
	if len(raw) < minBlockSize || len(raw) > MaxBlockSize {
		return Pos{}, &Error{Kind: ErrTooLarge, Offset: -1,
			Detail: fmt.Sprintf("block of %d bytes, not %d to %d", len(raw), minBlockSize, MaxBlockSize)}
	}
	size := uint32(len(raw) + HeaderSize)
	n, at, err := s.room(size)
	if err != nil {
		return Pos{}, err
	}
	h, err := s.write(fileID{blk, n}, at, s.record(at, raw, nil), s.cfg.BlockChunk)
	if err != nil {
		return Pos{}, err
	}
	s.written(h, at == 0, func(fi *FileInfo) {
		fi.add(height, time)
		fi.Size += size
	})
	return Pos{File: n, Offset: at + HeaderSize}, nil
}

// room picks the file and offset for size bytes, leaving a file that is full.
func (s *Store) room(size uint32) (n, at uint32, err error) {
	limit := s.cfg.MaxFileSize
	if size >= limit {
		limit = size + 1 // a file of its own, with small files for tests
	}
	n, fi := s.ledger.last()
	if uint64(fi.Size)+uint64(size) < uint64(limit) {
		return n, fi.Size, nil
	}
	s.cfg.Logger.Debug("leaving block file", "file", n, "blocks", fi.Blocks, "size", fi.Size)
	return n + 1, 0, s.finalise(n, fi)
}

// finalise cuts off what was reserved behind the last record of a file pair.
// The next Sync covers it; undo records may still follow.
func (s *Store) finalise(n uint32, fi FileInfo) error {
	if err := s.cut(fileID{blk, n}, fi.Size); err != nil {
		return err
	}
	if fi.UndoSize == 0 {
		return nil
	}
	return s.cut(fileID{rev, n}, fi.UndoSize)
}

func (s *Store) cut(id fileID, size uint32) error {
	h, err := s.files.acquire(id, false)
	if err != nil {
		return err
	}
	if err := h.Truncate(int64(size)); err != nil {
		s.files.release(h)
		return ioError(s.files.path(id), int64(size), err)
	}
	s.written(h, false, func(*FileInfo) {})
	return nil
}

// written counts in what has been written through h, whose reference goes to
// the next Sync.
func (s *Store) written(h *handle, created bool, change func(*FileInfo)) {
	if !s.ledger.update(h.id.n, h, created, change) {
		s.files.release(h)
	}
}

// AppendUndo writes the undo data of a block into the undo file that belongs
// to the block's file, and returns the offset of its first byte. undo is not
// kept. prevHash is the block's parent; it goes into the checksum.
//
// Of the owner's goroutine. Errors as for [Store.AppendBlock].
func (s *Store) AppendUndo(file uint32, undo []byte, prevHash wire.BlockHash) (uint32, error) {
	if err := s.ledger.usable(); err != nil {
		return 0, err
	}
	id := fileID{rev, file}
	if int(file) >= s.ledger.count() {
		return 0, &Error{Kind: ErrMissing, File: s.files.path(id), Offset: -1, Detail: "undo data for a file without blocks"}
	}
	at := s.ledger.info(file).UndoSize
	if uint64(at)+uint64(len(undo))+undoOverhead > math.MaxUint32 {
		return 0, &Error{Kind: ErrTooLarge, File: s.files.path(id), Offset: int64(at),
			Detail: fmt.Sprintf("undo data of %d bytes", len(undo))}
	}
	sum := undoChecksum(prevHash, undo)
	chunk := s.cfg.UndoChunk
	if last, _ := s.ledger.last(); file != last {
		chunk = 0 // the file pair is full: reserve nothing behind it
	}
	h, err := s.write(id, at, s.record(at, undo, sum[:]), chunk)
	if err != nil {
		return 0, err
	}
	size := uint32(len(undo) + undoOverhead)
	s.written(h, at == 0, func(fi *FileInfo) { fi.UndoSize += size })
	return at + HeaderSize, nil
}

// undoChecksum is the double SHA-256 of the parent's hash and the undo data.
func undoChecksum(prevHash wire.BlockHash, undo []byte) [32]byte {
	d := sha256.New()
	d.Write(prevHash[:])
	d.Write(undo)
	var sum [32]byte
	return sha256.Sum256(d.Sum(sum[:0]))
}

// scratchKeep is the largest buffer that is kept between records: a block's.
const scratchKeep = MaxBlockSize + undoOverhead

// record builds in the scratch buffer what stands on the disk at an offset:
// magic, length, data and trailer, obscured.
func (s *Store) record(at uint32, data, trailer []byte) []byte {
	size := HeaderSize + len(data) + len(trailer)
	b := s.scratch
	if cap(b) < size {
		b = make([]byte, min(size+size/4, max(size, scratchKeep)))
		if cap(b) <= scratchKeep {
			s.scratch = b
		}
	}
	b = b[:size]
	copy(b, s.cfg.Magic[:])
	binary.LittleEndian.PutUint32(b[4:], uint32(len(data)))
	s.key.Apply(b[:HeaderSize], b[:HeaderSize], int64(at))
	rest, off := b[HeaderSize:], int64(at)+HeaderSize
	s.key.Apply(rest[:len(data)], data, off)
	s.key.Apply(rest[len(data):], trailer, off+int64(len(data)))
	return b
}

// write puts rec at an offset, reserving space by the chunk ahead of it; a
// chunk of zero reserves none. At offset zero the file is made anew: the index
// knows of nothing in it. The caller releases the handle.
func (s *Store) write(id fileID, at uint32, rec []byte, chunk uint32) (*handle, error) {
	h, err := s.files.acquire(id, at == 0)
	if err != nil {
		return nil, err
	}
	if at == 0 {
		err = h.Truncate(0)
	}
	if err == nil {
		err = s.reserve(h, int64(at), int64(at)+int64(len(rec)), int64(chunk))
	}
	if err == nil {
		_, err = h.WriteAt(rec, int64(at))
	}
	if err != nil {
		s.files.release(h)
		return nil, ioError(s.files.path(id), int64(at), err)
	}
	return h, nil
}

// reserve makes room up to the end of the chunk that end falls into, unless it
// was made when the chunk began.
func (s *Store) reserve(h *handle, at, end, chunk int64) error {
	if chunk == 0 {
		return nil
	}
	before, after := (at+chunk-1)/chunk, (end+chunk-1)/chunk
	if after == before {
		return nil
	}
	more := after*chunk - at
	free, err := s.cfg.FS.Free(s.cfg.Dir)
	if err != nil {
		return err
	}
	if free < uint64(more)+s.cfg.MinFree {
		return fmt.Errorf("%w: %d bytes free, %d wanted besides a reserve of %d",
			syscall.ENOSPC, free, more, s.cfg.MinFree)
	}
	return h.Allocate(at, more)
}
