package bip324

import (
	"errors"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"
)

// Sizes within a packet.
const (
	// LengthSize is what comes first.
	LengthSize = 3
	// HeaderSize precedes the contents.
	HeaderSize = 1
	// TagSize follows them.
	TagSize = chacha20poly1305.Overhead
	// Expansion is by how much a packet is longer than its contents.
	Expansion = LengthSize + HeaderSize + TagSize
	// MaxContents is the largest length that can be expressed.
	MaxContents = 1<<24 - 1
)

const decoyBit = 0x80

// ErrNotAuthentic: a packet is not what the other end sent, or the other end
// derived other keys.
var ErrNotAuthentic = errors.New("bip324: packet is not authentic")

// Sealer encrypts packets.
type Sealer struct {
	length lengthCipher
	packet packetCipher
}

// Begin appends the room for what precedes the contents, and returns where the
// packet starts. The contents are to be appended behind it; then comes
// [Sealer.Finish].
func (s *Sealer) Begin(b []byte) (out []byte, start int) {
	return append(b, make([]byte, LengthSize+HeaderSize)...), len(b)
}

// Finish encrypts in place the packet that starts there and ends with b, and appends
// its tag. The other end passes over a decoy. Aad is authenticated with it.
// It panics if the contents are longer than MaxContents.
func (s *Sealer) Finish(b []byte, start int, decoy bool, aad []byte) []byte {
	b = slices.Grow(b, TagSize)
	head, body := b[start:start+LengthSize], b[start+LengthSize:]
	n := len(body) - HeaderSize
	if n > MaxContents {
		panic("bip324: packet too long")
	}
	head[0], head[1], head[2] = byte(n), byte(n>>8), byte(n>>16)
	s.length.crypt(head)
	body[0] = 0
	if decoy {
		body[0] = decoyBit
	}
	s.packet.aead.Seal(body[:0], s.packet.nonce[:], body, aad)
	s.packet.next()
	return b[:len(b)+TagSize]
}

// Opener decrypts packets.
type Opener struct {
	length lengthCipher
	packet packetCipher
}

// Length decrypts the length of the next packet's contents. It is to be called
// once a packet. What follows on the wire is [HeaderSize] and [TagSize] longer.
func (o *Opener) Length(in [LengthSize]byte) int {
	o.length.crypt(in[:])
	return int(in[0]) | int(in[1])<<8 | int(in[2])<<16
}

// Open decrypts in place what follows on the length, and returns the contents and
// whether they are a decoy. After an error the stream is lost.
func (o *Opener) Open(body, aad []byte) (contents []byte, decoy bool, err error) {
	plain, err := o.packet.aead.Open(body[:0], o.packet.nonce[:], body, aad)
	o.packet.next()
	if err != nil || len(plain) < HeaderSize {
		return nil, false, ErrNotAuthentic
	}
	return plain[HeaderSize:], plain[0]&decoyBit != 0, nil
}
