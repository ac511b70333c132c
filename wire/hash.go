package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// BlockHash is the double SHA-256 of a header. Like all identifiers here it
// holds the bytes in the order of the hash function; the textual form shows
// them reversed, as a little-endian number.
type BlockHash [32]byte

// Txid is the double SHA-256 of a transaction without its witness.
type Txid [32]byte

// Wtxid is the double SHA-256 of a transaction with its witness (BIP 141).
type Wtxid [32]byte

// MerkleRoot is the root of a block's tree of transaction identifiers.
type MerkleRoot [32]byte

// String returns the hash as 64 hexadecimal digits, last byte first.
func (h BlockHash) String() string { return reversedHex(h) }

// IsZero reports whether all bytes are zero.
func (h BlockHash) IsZero() bool { return h == BlockHash{} }

// Compare orders hashes by their bytes.
func (h BlockHash) Compare(o BlockHash) int { return bytes.Compare(h[:], o[:]) }

// String returns the identifier as 64 hexadecimal digits, last byte first.
func (h Txid) String() string { return reversedHex(h) }

// IsZero reports whether all bytes are zero.
func (h Txid) IsZero() bool { return h == Txid{} }

// Compare orders identifiers by their bytes.
func (h Txid) Compare(o Txid) int { return bytes.Compare(h[:], o[:]) }

// String returns the identifier as 64 hexadecimal digits, last byte first.
func (h Wtxid) String() string { return reversedHex(h) }

// IsZero reports whether all bytes are zero.
func (h Wtxid) IsZero() bool { return h == Wtxid{} }

// Compare orders identifiers by their bytes.
func (h Wtxid) Compare(o Wtxid) int { return bytes.Compare(h[:], o[:]) }

// String returns the root as 64 hexadecimal digits, last byte first.
func (h MerkleRoot) String() string { return reversedHex(h) }

// IsZero reports whether all bytes are zero.
func (h MerkleRoot) IsZero() bool { return h == MerkleRoot{} }

// ParseBlockHash reads exactly 64 hexadecimal digits, last byte first.
func ParseBlockHash(s string) (BlockHash, error) { return parseHash[BlockHash](s, "block hash") }

// ParseTxid reads exactly 64 hexadecimal digits, last byte first.
func ParseTxid(s string) (Txid, error) { return parseHash[Txid](s, "txid") }

// ParseWtxid reads exactly 64 hexadecimal digits, last byte first.
func ParseWtxid(s string) (Wtxid, error) { return parseHash[Wtxid](s, "wtxid") }

// ParseMerkleRoot reads exactly 64 hexadecimal digits, last byte first.
func ParseMerkleRoot(s string) (MerkleRoot, error) { return parseHash[MerkleRoot](s, "merkle root") }

// DoubleSHA256 returns SHA-256 of SHA-256 of b.
func DoubleSHA256(b []byte) [32]byte {
	first := sha256.Sum256(b)
	return sha256.Sum256(first[:])
}

func reversedHex(h [32]byte) string {
	for i, j := 0, len(h)-1; i < j; i, j = i+1, j-1 {
		h[i], h[j] = h[j], h[i]
	}
	return hex.EncodeToString(h[:])
}

func parseHash[H ~[32]byte](s, what string) (H, error) {
	var h [32]byte
	if len(s) != 2*len(h) {
		return H{}, fail(ErrBadHash, what, 0)
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return H{}, fail(ErrBadHash, what, 0)
	}
	for i, j := 0, len(h)-1; i < j; i, j = i+1, j-1 {
		h[i], h[j] = h[j], h[i]
	}
	return H(h), nil
}
