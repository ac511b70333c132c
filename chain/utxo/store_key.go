package utxo

import (
	"encoding/binary"

	"grapevine/wire"
)

// The keys of the database; package documentation draws them.
const (
	coinPrefix = 'c'
	keyBest    = "B"
	keyHeads   = "H"
	keyOwner   = "O"
	keyVersion = "V"
)

// maxKey is the longest key of a coin.
const maxKey = 1 + 32 + 5

// longIndex is the first byte of an index of more than one byte, less one:
// 248 announces one byte, 251 four.
const longIndex = 247

// appendKey appends the key of a coin. Keys ascend as (txid, index) does: an
// index below 248 is one byte, a larger one is preceded by its length.
func appendKey(b []byte, op *wire.OutPoint) []byte {
	b = append(b, coinPrefix)
	b = append(b, op.Txid[:]...)
	switch i := op.Index; {
	case i <= longIndex:
		return append(b, byte(i))
	case i < 1<<8:
		return append(b, longIndex+1, byte(i))
	case i < 1<<16:
		return append(b, longIndex+2, byte(i>>8), byte(i))
	case i < 1<<24:
		return append(b, longIndex+3, byte(i>>16), byte(i>>8), byte(i))
	default:
		b = append(b, longIndex+4)
		return binary.BigEndian.AppendUint32(b, i)
	}
}

// parseKey is the reverse; it accepts what appendKey writes and nothing else.
func parseKey(b []byte) (wire.OutPoint, bool) {
	if len(b) < 34 || len(b) > maxKey || b[0] != coinPrefix {
		return wire.OutPoint{}, false
	}
	op := wire.OutPoint{Txid: wire.Txid(b[1:33])}
	tail := b[33:]
	if tail[0] <= longIndex {
		op.Index = uint32(tail[0])
		return op, len(tail) == 1
	}
	n := int(tail[0]) - longIndex
	if n > 4 || len(tail) != 1+n {
		return wire.OutPoint{}, false
	}
	for _, c := range tail[1:] {
		op.Index = op.Index<<8 | uint32(c)
	}
	if n == 1 {
		return op, op.Index > longIndex
	}
	return op, op.Index >= 1<<(8*(n-1))
}
