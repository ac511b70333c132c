package ldbstorage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/syndtr/goleveldb/leveldb/storage"

	"grapevine/internal/vfs"
)

// LevelDB skips what it cannot read in a journal or a manifest: the end of one
// may be torn after a loss of power, and it takes damage in the middle for the
// same. What it skips there, writes that were reported as done, is gone
// without a word. Where every write is synced before the next begins, the two
// can be told apart: behind a torn write there is no other.

// The format of journals and manifests: blocks with chunks in them, each of a
// masked CRC-32C over kind and payload, the payload's length and the kind.
const (
	journalBlock = 32 << 10
	chunkHeader  = 4 + 2 + 1

	chunkFull  = 1
	chunkFirst = 2
	chunkLast  = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// journalScan is what a file of records holds.
type journalScan struct {
	records int   // that begin in a valid chunk
	broken  int64 // offset of the first chunk that is not valid, -1 for none
	inside  bool  // a record begins behind that
	open    bool  // the last chunk wants another
}

func scanJournal(f vfs.File) (s journalScan, err error) {
	s.broken = -1
	buf := make([]byte, journalBlock)
	for base := int64(0); ; base += journalBlock {
		n, err := f.ReadAt(buf, base)
		if err != nil && !errors.Is(err, io.EOF) {
			return s, err
		}
		s.block(buf[:n], base)
		if n < len(buf) {
			if s.open {
				s.damaged(base + int64(n))
			}
			return s, nil
		}
	}
}

func (s *journalScan) damaged(at int64) {
	if s.broken < 0 {
		s.broken = at
	}
	s.open = false
}

// block goes from chunk to chunk. Behind a chunk with a wrong checksum its
// length leads on; behind a head that cannot be one, the next chunk that is
// valid does, wherever it begins. Zeros are what a crash leaves of sectors
// that were not written: nothing is looked for behind them.
func (s *journalScan) block(b []byte, base int64) {
	lost := false
	for at := 0; at+chunkHeader <= len(b); {
		c := parseChunk(b[at:])
		switch {
		case c.valid:
			s.chunk(c.kind)
			at, lost = at+c.size, false
			continue
		case !lost && c.zero:
			s.damaged(base + int64(at))
			return
		case !lost && c.size > 0:
			s.damaged(base + int64(at))
			at += c.size
			continue
		}
		s.damaged(base + int64(at))
		lost = true
		at++
	}
}

// chunk counts in one that is valid.
func (s *journalScan) chunk(kind byte) {
	switch kind {
	case chunkFull, chunkFirst:
		s.records++
		s.inside = s.inside || s.broken >= 0
		s.open = kind == chunkFirst
	case chunkLast:
		s.open = false
	}
}

type chunk struct {
	kind  byte
	size  int // with its head; 0 where there cannot be one
	valid bool
	zero  bool // nothing but zeros stand where the head should
}

func parseChunk(b []byte) (c chunk) {
	head := b[:chunkHeader]
	size := chunkHeader + int(binary.LittleEndian.Uint16(head[4:]))
	c.kind = head[6]
	if c.kind < chunkFull || c.kind > chunkLast || size > len(b) {
		c.zero = [chunkHeader]byte(head) == [chunkHeader]byte{}
		return c
	}
	c.size = size
	sum := crc32.Checksum(b[6:size], castagnoli)
	c.valid = binary.LittleEndian.Uint32(head) == (sum>>15|sum<<17)+0xa282ead8
	return c
}

// checkRecords finds damage in a journal or manifest that no loss of power has
// done. A journal that LevelDB left for another has no torn end either.
func (s *Storage) checkRecords(fd storage.FileDesc, f vfs.File) error {
	scan, err := scanJournal(f)
	if err != nil || scan.broken < 0 {
		return err
	}
	inside := scan.inside
	if fd.Type == storage.TypeJournal && !inside {
		if inside, err = s.continued(fd); err != nil {
			return err
		}
	}
	if !inside {
		return nil
	}
	return corrupted(fd, fmt.Sprintf("damaged at %d, with records behind it", scan.broken))
}

// continued reports whether a later journal has records.
func (s *Storage) continued(fd storage.FileDesc) (bool, error) {
	list, err := s.List(storage.TypeJournal)
	if err != nil {
		return false, err
	}
	for _, later := range list {
		if later.Num <= fd.Num {
			continue
		}
		f, err := s.fs.OpenFile(s.path(later.String()), os.O_RDONLY)
		if err != nil {
			return false, err
		}
		scan, err := scanJournal(f)
		_ = f.Close() // was only read
		if err != nil || scan.records > 0 {
			return err == nil, err
		}
	}
	return false, nil
}
