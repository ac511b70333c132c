package wire

import "encoding/binary"

// HeaderSize is the length of an encoded header.
const HeaderSize = 80

// Header is the part of a block that is hashed for proof of work.
type Header struct {
	Version    int32
	PrevBlock  BlockHash
	MerkleRoot MerkleRoot
	Time       uint32 // seconds since 1970
	Bits       uint32 // the target in compact form
	Nonce      uint32
}

// DecodeHeader reads exactly 80 bytes. The header does not alias them.
func DecodeHeader(buf []byte) (Header, error) {
	switch {
	case len(buf) < HeaderSize:
		return Header{}, fail(ErrTruncated, "header", 0)
	case len(buf) > HeaderSize:
		return Header{}, fail(ErrTrailing, "header", HeaderSize)
	}
	return headerAt(buf), nil
}

// headerAt reads the header that fills the first 80 bytes of b.
func headerAt(b []byte) (h Header) {
	b = b[:HeaderSize]
	h.Version = int32(binary.LittleEndian.Uint32(b))
	copy(h.PrevBlock[:], b[4:])
	copy(h.MerkleRoot[:], b[36:])
	h.Time = binary.LittleEndian.Uint32(b[68:])
	h.Bits = binary.LittleEndian.Uint32(b[72:])
	h.Nonce = binary.LittleEndian.Uint32(b[76:])
	return h
}

// AppendTo appends the 80 bytes of the header to b.
func (h *Header) AppendTo(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(h.Version))
	b = append(b, h.PrevBlock[:]...)
	b = append(b, h.MerkleRoot[:]...)
	b = binary.LittleEndian.AppendUint32(b, h.Time)
	b = binary.LittleEndian.AppendUint32(b, h.Bits)
	return binary.LittleEndian.AppendUint32(b, h.Nonce)
}

// Hash computes the block hash; it is not cached.
func (h *Header) Hash() BlockHash {
	var buf [HeaderSize]byte
	return DoubleSHA256(h.AppendTo(buf[:0]))
}
