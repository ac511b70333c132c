package blockstore

import (
	"bytes"
	"errors"
	"testing"

	"grapevine/internal/vfs"
	"grapevine/internal/vfs/crash"
	"grapevine/wire"
)

func FuzzRecord(f *testing.F) {
	r := Record{Header: wire.Header{Version: 1}, Height: 5, Status: 6, TxCount: 7, File: 8, DataPos: 9, UndoPos: 10}
	f.Add(appendRecordKey(nil, 5, r.Header.Hash()), r.appendTo(nil))
	f.Add([]byte{prefixRecord}, []byte{})
	f.Add(appendRecordKey(nil, -1, wire.BlockHash{}), make([]byte, recordSize))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		r, err := decodeRecord(key, value)
		if err != nil {
			return
		}
		if !bytes.Equal(r.appendTo(nil), value) || !bytes.Equal(appendRecordKey(nil, r.Height, wire.BlockHash(key[5:])), key) {
			t.Fatal("not the same when encoded again")
		}
		if r.Height < 0 {
			t.Fatal("negative height")
		}
	})
}

func FuzzFileInfo(f *testing.F) {
	f.Add(FileInfo{1, 2, 3, 4, 5, 6, 7}.appendTo(nil))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if fi, err := decodeInfo(b); err == nil && !bytes.Equal(fi.appendTo(nil), b) {
			t.Fatal("not the same when encoded again")
		}
	})
}

func FuzzScan(f *testing.F) {
	raw := testBlock(0, wire.BlockHash{}, 100)
	f.Add(append(entry(raw), entry(raw)...), uint64(0))
	f.Add(append([]byte{0xfa, 0xbf}, entry(raw)...), uint64(0x0102030405060708))
	f.Add(entry(raw)[:90], uint64(1))
	f.Fuzz(func(t *testing.T, data []byte, k uint64) {
		var key XORKey
		for i := range key {
			key[i] = byte(k >> (8 * i))
		}
		if !sameFound(scanAll(t, data, key), scanNaive(data)) {
			t.Fatal("differs from the naive scan")
		}
	})
}

// sized is a file of which only reading matters.
type sized struct{ *bytes.Reader }

func (s sized) Size() (int64, error) { return s.Reader.Size(), nil }

func FuzzReadRecord(f *testing.F) {
	raw := testBlock(0, wire.BlockHash{}, 5000)
	f.Add(entry(raw), uint32(8), uint8(0))
	f.Add(entry(raw), uint32(8), uint8(32))
	f.Add(append(entry(raw[:90]), make([]byte, 32)...), uint32(8), uint8(32))
	f.Fuzz(func(t *testing.T, data []byte, offset uint32, extra uint8) {
		if offset < HeaderSize {
			return
		}
		rec, err := readRecord(sized{bytes.NewReader(data)}, XORKey{}, testMagic, int64(offset), int(extra), MaxBlockSize)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(rec, data[offset:int(offset)+len(rec)]) || len(rec) < int(extra) {
			t.Fatal("other bytes")
		}
	})
}

func FuzzKeyFile(f *testing.F) {
	f.Add([]byte("12345678"))
	f.Add([]byte("\x0812345678"))
	f.Fuzz(func(t *testing.T, b []byte) {
		disk := crash.New()
		if err := vfs.WriteFileSync(disk, "/xor.dat", "/t", b); err != nil {
			t.Fatal(err)
		}
		key, found, err := readKey(disk, "/")
		if len(b) == 8 && (err != nil || !found || !bytes.Equal(key[:], b)) || len(b) != 8 && !errors.Is(err, ErrKey) && !errors.Is(err, ErrIO) {
			t.Fatal(key, found, err)
		}
	})
}

// TestReadAllocates: a record that claims more than the file holds costs
// nothing.
func TestReadAllocates(t *testing.T) {
	data := append(append([]byte{}, testMagic[:]...), 0xff, 0xff, 0xff, 0xff)
	s := sized{bytes.NewReader(append(data, make([]byte, 100)...))}
	n := allocated(func() {
		if _, err := readRecord(s, XORKey{}, testMagic, 8, 32, 1<<32-1); err == nil {
			t.Fatal("read beyond the file")
		}
	})
	if n > 64<<10 {
		t.Fatal(n, "bytes")
	}
}
