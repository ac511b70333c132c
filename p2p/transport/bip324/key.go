package bip324

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ellswift"
)

// PublicKeySize is what a key takes on the wire, TerminatorSize what ends the
// garbage behind it.
const (
	PublicKeySize  = 64
	TerminatorSize = 16
)

// PublicKey is a public key in the encoding of ElligatorSwift, in which any bytes
// are a key, and each key has very many encodings.
type PublicKey [PublicKeySize]byte

// Key is one end's secret of one connection.
type Key struct {
	secret *btcec.PrivateKey
	public PublicKey
}

// NewKey makes a key. It takes a tenth of a millisecond or two.
func NewKey() (*Key, error) {
	secret, public, err := ellswift.EllswiftCreate()
	if err != nil {
		return nil, fmt.Errorf("bip324: no key: %w", err)
	}
	return &Key{secret: secret, public: public}, nil
}

// Public returns what the other end has to be sent.
func (k *Key) Public() PublicKey { return k.public }

// Session is what both ends derive from their keys.
type Session struct {
	// ID is the same at both ends, and tells nothing of the keys.
	ID [32]byte
	// SendTerminator ends our garbage, ReceiveTerminator theirs.
	SendTerminator, ReceiveTerminator [TerminatorSize]byte

	Send    *Sealer
	Receive *Opener
}

// secrets are all that is derived, before it is known who we are.
type secrets struct {
	initiatorL, initiatorP, responderL, responderP [32]byte
	terminators, id                                [32]byte
}

// Session derives the session with the other end. Initiator is the end that made the
// connection. The network's magic goes in, so that nodes of two networks do not
// understand each other.
func (k *Key) Session(theirs PublicKey, initiator bool, magic [4]byte) (*Session, error) {
	shared, err := ellswift.V2Ecdh(k.secret, theirs, k.public, initiator)
	if err != nil {
		return nil, fmt.Errorf("bip324: no shared secret: %w", err) // there is one for any bytes
	}
	m, err := derive(*shared, magic)
	if err != nil {
		return nil, err
	}
	send, receive := [2]*[32]byte{&m.initiatorL, &m.initiatorP}, [2]*[32]byte{&m.responderL, &m.responderP}
	ours, its := m.terminators[:TerminatorSize], m.terminators[TerminatorSize:]
	if !initiator {
		send, receive = receive, send
		ours, its = its, ours
	}
	return &Session{
		ID: m.id, SendTerminator: [TerminatorSize]byte(ours), ReceiveTerminator: [TerminatorSize]byte(its),
		Send: &Sealer{newLengthCipher(send[0]), newPacketCipher(send[1])}, Receive: &Opener{newLengthCipher(receive[0]), newPacketCipher(receive[1])},
	}, nil
}

// derive expands the shared secret (BIP 324, "Keys and session ID derivation").
func derive(shared [32]byte, magic [4]byte) (*secrets, error) {
	prk, err := hkdf.Extract(sha256.New, shared[:], append([]byte("bitcoin_v2_shared_secret"), magic[:]...))
	if err != nil {
		return nil, fmt.Errorf("bip324: %w", err)
	}
	m := new(secrets)
	for _, s := range []struct {
		info string
		out  *[32]byte
	}{
		{"initiator_L", &m.initiatorL}, {"initiator_P", &m.initiatorP}, {"responder_L", &m.responderL}, {"responder_P", &m.responderP},
		{"garbage_terminators", &m.terminators}, {"session_id", &m.id},
	} {
		okm, err := hkdf.Expand(sha256.New, prk, s.info, len(s.out))
		if err != nil {
			return nil, fmt.Errorf("bip324: %w", err)
		}
		*s.out = [32]byte(okm)
	}
	return m, nil
}
