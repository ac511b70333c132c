package utxo

import (
	"encoding/binary"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// record is one entry of a table as it lies in the arena:
//
//	0   txid         32
//	32  index         4
//	36  flags and, from bit 8 on, the length of the script
//	--- a tombstone ends here
//	40  value         8
//	48  height        4
//	52  script
//
// Scripts stand as they are and not in the compressed form of the database:
// compressing the keys of early outputs costs a square root each.
type record []byte

const (
	recTomb     = 1 << 0 // spent; what lies below is to be deleted
	recFresh    = 1 << 1 // nothing lies below: when spent, nothing remains
	recCoinbase = 1 << 2

	tombBytes  = 40
	coinHeader = 52
)

func (r record) flags() uint32      { return binary.LittleEndian.Uint32(r[36:]) }
func (r record) tomb() bool         { return r[36]&recTomb != 0 }
func (r record) fresh() bool        { return r[36]&recFresh != 0 }
func (r record) scriptLen() int     { return int(r.flags() >> 8) }
func (r record) script() []byte     { return r[coinHeader : coinHeader+r.scriptLen()] }
func (r record) txid() *[32]byte    { return (*[32]byte)(r) }
func (r record) index() uint32      { return binary.LittleEndian.Uint32(r[32:]) }
func (r record) value() wire.Amount { return wire.Amount(binary.LittleEndian.Uint64(r[40:])) }
func (r record) height() int32      { return int32(binary.LittleEndian.Uint32(r[48:])) }
func (r record) coinbase() bool     { return r[36]&recCoinbase != 0 }

// size is what the record was allocated with.
func (r record) size() int {
	if r.tomb() {
		return tombBytes
	}
	return coinHeader + r.scriptLen()
}

func (r record) outPoint() wire.OutPoint {
	return wire.OutPoint{Txid: wire.Txid(*r.txid()), Index: r.index()}
}

// is compares the whole key.
func (r record) is(op *wire.OutPoint) bool {
	return r.index() == op.Index && *r.txid() == [32]byte(op.Txid)
}

// coin returns the coin; its script aliases the record.
func (r record) coin() consensus.Coin {
	return consensus.Coin{
		Out:      wire.TxOut{Value: r.value(), PkScript: r.script()},
		Height:   r.height(),
		Coinbase: r.coinbase(),
	}
}

func (r record) setKey(op *wire.OutPoint) {
	copy(r, op.Txid[:])
	binary.LittleEndian.PutUint32(r[32:], op.Index)
}

func (r record) setTomb(op *wire.OutPoint) {
	r.setKey(op)
	binary.LittleEndian.PutUint32(r[36:], recTomb)
}

func (r record) setCoin(op *wire.OutPoint, out *wire.TxOut, height int32, coinbase, fresh bool) {
	r.setKey(op)
	flags := uint32(len(out.PkScript)) << 8
	if coinbase {
		flags |= recCoinbase
	}
	if fresh {
		flags |= recFresh
	}
	binary.LittleEndian.PutUint32(r[36:], flags)
	binary.LittleEndian.PutUint64(r[40:], uint64(out.Value))
	binary.LittleEndian.PutUint32(r[48:], uint32(height))
	copy(r[coinHeader:], out.PkScript)
}
