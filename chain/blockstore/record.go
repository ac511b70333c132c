package blockstore

import (
	"encoding/binary"
	"fmt"

	"grapevine/wire"
)

// Record is one header of the block tree and where its data is. What the bits
// of Status mean is the caller's affair.
type Record struct {
	Header  wire.Header
	Height  int32
	Status  uint32
	TxCount uint32 // zero while the block has not been seen
	File    uint32 // number of the file pair; only with DataPos or UndoPos
	DataPos uint32 // of the block's first byte, zero for none
	UndoPos uint32 // of the undo record's first byte, zero for none
}

// Key space, see doc.go.
const (
	prefixRecord = 'b'
	prefixInfo   = 'f'
	prefixFlag   = 'F'

	ownerKey   = "!owner"
	versionKey = "!version"
	lastKey    = "l"

	recordKeySize = 1 + 4 + 32
	recordSize    = wire.HeaderSize + 5*4
)

func appendRecordKey(b []byte, height int32, hash wire.BlockHash) []byte {
	b = append(b, prefixRecord)
	b = binary.BigEndian.AppendUint32(b, uint32(height))
	return append(b, hash[:]...)
}

func (r *Record) appendTo(b []byte) []byte {
	b = r.Header.AppendTo(b)
	for _, v := range [...]uint32{r.Status, r.TxCount, r.File, r.DataPos, r.UndoPos} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

// decodeRecord reads a key and its value. That the header hashes to the key is
// not checked here: LevelDB's checksums cover both, and the caller hashes each
// header anyway.
func decodeRecord(key, value []byte) (Record, error) {
	if len(key) != recordKeySize || key[0] != prefixRecord {
		return Record{}, fmt.Errorf("record key of %d bytes", len(key))
	}
	if len(value) != recordSize {
		return Record{}, fmt.Errorf("record of %d bytes, not %d", len(value), recordSize)
	}
	height := binary.BigEndian.Uint32(key[1:])
	if height > 1<<31-1 {
		return Record{}, fmt.Errorf("record at height %d", height)
	}
	h, err := wire.DecodeHeader(value[:wire.HeaderSize])
	if err != nil {
		return Record{}, err
	}
	le, v := binary.LittleEndian, value[wire.HeaderSize:]
	return Record{
		Header: h, Height: int32(height),
		Status: le.Uint32(v), TxCount: le.Uint32(v[4:]),
		File: le.Uint32(v[8:]), DataPos: le.Uint32(v[12:]), UndoPos: le.Uint32(v[16:]),
	}, nil
}

func infoKey(n uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{prefixInfo}, n)
}

func flagKey(name string) []byte { return append([]byte{prefixFlag}, name...) }
