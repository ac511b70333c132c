package wire

import (
	"encoding/binary"
	"strconv"
)

// InvType says what the hash of an [Inv] names, and in which form it is meant.
type InvType uint32

// Announcements use InvTx, InvBlock and InvWtx; the others are forms in which
// getdata asks for things.
const (
	InvTx            InvType = 1 // by txid; asked for: without witness
	InvBlock         InvType = 2 // asked for: without witness
	InvFilteredBlock InvType = 3 // merkleblock (BIP 37)
	InvCmpctBlock    InvType = 4 // cmpctblock (BIP 152)
	InvWtx           InvType = 5 // by wtxid (BIP 339)

	// invWitness is added to ask for the form with witness (BIP 144).
	invWitness InvType = 1 << 30

	InvWitnessTx    = InvTx | invWitness
	InvWitnessBlock = InvBlock | invWitness
)

// String returns the name as in log lines, such as "witness-block".
func (t InvType) String() string {
	switch t {
	case InvTx:
		return "tx"
	case InvBlock:
		return "block"
	case InvFilteredBlock:
		return "merkleblock"
	case InvCmpctBlock:
		return "cmpctblock"
	case InvWtx:
		return "wtx"
	case InvWitnessTx:
		return "witness-tx"
	case InvWitnessBlock:
		return "witness-block"
	default:
		return "0x" + strconv.FormatUint(uint64(t), 16)
	}
}

// Inv names a block or a transaction in inv, getdata and notfound. It is
// comparable; the zero value names nothing.
type Inv struct {
	Type InvType
	hash [32]byte
}

// invSize is the length of an encoded Inv.
const invSize = 36

// InvOfBlock announces a block.
func InvOfBlock(h BlockHash) Inv { return Inv{Type: InvBlock, hash: h} }

// InvOfTx announces a transaction by the identifier that names it, or asks for
// it by wtxid.
func InvOfTx(id GenTxid) Inv {
	if id.witness {
		return Inv{Type: InvWtx, hash: id.hash}
	}
	return Inv{Type: InvTx, hash: id.hash}
}

// WithWitness asks for the form with witness, where there are two forms.
func (v Inv) WithWitness() Inv {
	if v.Type == InvTx || v.Type == InvBlock {
		v.Type |= invWitness
	}
	return v
}

// As returns the same hash under another type.
func (v Inv) As(t InvType) Inv { return Inv{Type: t, hash: v.hash} }

// IsTx reports whether a transaction is named, in any form.
func (v Inv) IsTx() bool {
	return v.Type == InvTx || v.Type == InvWtx || v.Type == InvWitnessTx
}

// IsBlock reports whether a block is named, in any form.
func (v Inv) IsBlock() bool {
	switch v.Type {
	case InvBlock, InvFilteredBlock, InvCmpctBlock, InvWitnessBlock:
		return true
	default:
		return false
	}
}

// BlockHash returns the block that is named; ok is [Inv.IsBlock].
func (v Inv) BlockHash() (h BlockHash, ok bool) {
	if !v.IsBlock() {
		return BlockHash{}, false
	}
	return v.hash, true
}

// GenTxid returns the transaction that is named; ok is [Inv.IsTx].
func (v Inv) GenTxid() (id GenTxid, ok bool) {
	if !v.IsTx() {
		return GenTxid{}, false
	}
	return GenTxid{hash: v.hash, witness: v.Type == InvWtx}, true
}

// String returns the type and the hash.
func (v Inv) String() string { return v.Type.String() + " " + reversedHex(v.hash) }

func (v *Inv) appendTo(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(v.Type))
	return append(b, v.hash[:]...)
}
