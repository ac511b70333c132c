package compact

import (
	"crypto/sha256"
	"encoding/binary"

	"grapevine/internal/siphash"
	"grapevine/wire"
)

// Version is what sendcmpct offers: names by wtxid.
const Version = 2

// Namer names transactions as one compact block does.
type Namer struct{ key siphash.Key }

// NamerOf returns the names that a compact block of this header and nonce uses.
func NamerOf(h *wire.Header, nonce uint64) Namer {
	var buf [wire.HeaderSize + 8]byte
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64(h.AppendTo(buf[:0]), nonce))
	return Namer{siphash.Key{K0: binary.LittleEndian.Uint64(sum[:]), K1: binary.LittleEndian.Uint64(sum[8:])}}
}

// nameMask leaves the six bytes of a name.
const nameMask = 1<<48 - 1

// Name returns the name of a transaction.
func (n Namer) Name(id wire.Wtxid) wire.ShortID {
	return wire.ShortID(n.key.Hash((*[32]byte)(&id)) & nameMask)
}

// MaxTxs is how many transactions a compact block can number.
const MaxTxs = 0xffff

// Build makes a compact block with the coinbase whole, which no pool can have.
// The nonce should be random. The message shares the block's memory. It returns nil for
// a block that cannot be sent so: without transactions, or with more than [MaxTxs].
func Build(b *wire.Block, nonce uint64) *wire.MsgCmpctBlock {
	if len(b.Txs) == 0 || len(b.Txs) > MaxTxs {
		return nil
	}
	names := NamerOf(&b.Header, nonce)
	m := &wire.MsgCmpctBlock{
		Header: b.Header, Nonce: nonce,
		ShortIDs: make([]wire.ShortID, len(b.Txs)-1), Prefilled: []wire.PrefilledTx{{Index: 0, Tx: b.Txs[0]}},
	}
	for i := range m.ShortIDs {
		m.ShortIDs[i] = names.Name(b.Txs[i+1].Wtxid())
	}
	return m
}

// Pick answers a getblocktxn: the transactions of a block at these places. ok is
// false when the block has no such place.
func Pick(b *wire.Block, indexes []uint16) (m *wire.MsgBlockTxn, ok bool) {
	if len(indexes) > len(b.Txs) { // each is asked for once
		return nil, false
	}
	m = &wire.MsgBlockTxn{Block: b.Hash(), Txs: make([]wire.Tx, len(indexes))}
	for i, at := range indexes {
		if int(at) >= len(b.Txs) {
			return nil, false
		}
		m.Txs[i] = b.Txs[at]
	}
	return m, true
}
