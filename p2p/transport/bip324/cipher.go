package bip324

import (
	"crypto/cipher"
	"encoding/binary"
	"math"

	"golang.org/x/crypto/chacha20"
	"golang.org/x/crypto/chacha20poly1305"
)

// rekeyInterval is how many packets a key is used for.
const rekeyInterval = 224

// lengthCipher encrypts one length after the other with a stream of ChaCha20
// (FSChaCha20 in BIP 324).
type lengthCipher struct {
	stream *chacha20.Cipher
	used   int
	rekeys uint64
}

func newLengthCipher(key *[32]byte) lengthCipher {
	c := lengthCipher{}
	c.start(key)
	return c
}

// start begins a stream under a key.
func (c *lengthCipher) start(key *[32]byte) {
	var nonce [chacha20.NonceSize]byte
	binary.LittleEndian.PutUint64(nonce[4:], c.rekeys)
	stream, err := chacha20.NewUnauthenticatedCipher(key[:], nonce[:])
	if err != nil {
		panic(err) // key and nonce have the right sizes
	}
	c.stream, c.used = stream, 0
}

// crypt encrypts or decrypts a length in place.
func (c *lengthCipher) crypt(length []byte) {
	c.stream.XORKeyStream(length, length)
	if c.used++; c.used < rekeyInterval {
		return
	}
	var key [32]byte
	c.stream.XORKeyStream(key[:], key[:])
	c.rekeys++
	c.start(&key)
}

// packetCipher encrypts one packet after the other (FSChaCha20Poly1305 in BIP
// 324).
type packetCipher struct {
	aead   cipher.AEAD
	nonce  [chacha20poly1305.NonceSize]byte // of the next packet
	used   uint32
	rekeys uint64
}

func newPacketCipher(key *[32]byte) packetCipher {
	c := packetCipher{}
	c.start(key)
	return c
}

func (c *packetCipher) start(key *[32]byte) {
	aead, err := chacha20poly1305.New(key[:])
	if err != nil {
		panic(err) // the key has the right size
	}
	c.aead, c.used = aead, 0
	c.setNonce(0)
}

func (c *packetCipher) setNonce(packet uint32) {
	binary.LittleEndian.PutUint32(c.nonce[:], packet)
	binary.LittleEndian.PutUint64(c.nonce[4:], c.rekeys)
}

// next goes on to the next packet.
func (c *packetCipher) next() {
	if c.used++; c.used < rekeyInterval {
		c.setNonce(c.used)
		return
	}
	// The next key is the stream under a nonce that no packet has.
	c.setNonce(math.MaxUint32)
	var room [32 + chacha20poly1305.Overhead]byte
	key := [32]byte(c.aead.Seal(room[:0], c.nonce[:], room[:32], nil))
	c.rekeys++
	c.start(&key)
}
