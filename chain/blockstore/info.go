package blockstore

import (
	"encoding/binary"
	"fmt"
)

// FileInfo is what is known of one pair of block file and undo file. The zero
// value is a file that holds nothing, or one that was pruned.
type FileInfo struct {
	Blocks      uint32 // number of blocks
	Size        uint32 // bytes used in the block file
	UndoSize    uint32 // bytes used in the undo file
	HeightFirst int32  // lowest height
	HeightLast  int32  // highest height
	TimeFirst   uint32 // earliest header time
	TimeLast    uint32 // latest header time
}

// add counts a block in.
func (fi *FileInfo) add(height int32, time uint32) {
	if fi.Blocks == 0 {
		fi.HeightFirst, fi.HeightLast = height, height
		fi.TimeFirst, fi.TimeLast = time, time
	}
	fi.Blocks++
	fi.HeightFirst, fi.HeightLast = min(fi.HeightFirst, height), max(fi.HeightLast, height)
	fi.TimeFirst, fi.TimeLast = min(fi.TimeFirst, time), max(fi.TimeLast, time)
}

const infoSize = 28

func (fi FileInfo) appendTo(b []byte) []byte {
	for _, v := range [...]uint32{fi.Blocks, fi.Size, fi.UndoSize,
		uint32(fi.HeightFirst), uint32(fi.HeightLast), fi.TimeFirst, fi.TimeLast} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

func decodeInfo(b []byte) (FileInfo, error) {
	if len(b) != infoSize {
		return FileInfo{}, fmt.Errorf("file info of %d bytes, not %d", len(b), infoSize)
	}
	le := binary.LittleEndian
	return FileInfo{
		Blocks: le.Uint32(b), Size: le.Uint32(b[4:]), UndoSize: le.Uint32(b[8:]),
		HeightFirst: int32(le.Uint32(b[12:])), HeightLast: int32(le.Uint32(b[16:])),
		TimeFirst: le.Uint32(b[20:]), TimeLast: le.Uint32(b[24:]),
	}, nil
}
