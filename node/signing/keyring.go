package signing

import (
	"crypto/sha256"

	"grapevine/chain/script"
	"grapevine/chain/sigverify"
)

// Keyring holds the private keys and the scripts of one call. The zero value is
// empty.
type Keyring struct {
	keys    map[[20]byte]signer // by the hash of the public key in its own form
	taproot map[[32]byte]signer // by output key: the key itself, or tweaked without scripts
	scripts map[[20]byte][]byte // by HASH160, for P2SH
	inner   map[[32]byte][]byte // by SHA-256, for P2WSH
}

// signer is a key as it is used for one form of output.
type signer struct {
	secret script.Secret
	pub    []byte
	// tweaked says that the output key is this one tweaked as by BIP 86.
	tweaked bool
}

// AddKey adds a key, which must be within the group order as those of
// [script.DecodeSecret] are.
func (k *Keyring) AddKey(secret script.Secret) {
	if k.keys == nil {
		k.keys = map[[20]byte]signer{}
		k.taproot = map[[32]byte]signer{}
	}
	s := signer{secret: secret, pub: secret.PubKey()}
	k.keys[script.Hash160(s.pub)] = s
	if !secret.Compressed {
		return // taproot keys are never meant by this format
	}
	x := s.pub[1:33]
	k.taproot[[32]byte(x)] = s
	if out, _, ok := sigverify.TaprootOutputKey(x, nil); ok {
		if _, named := k.taproot[out]; !named {
			s.tweaked = true
			k.taproot[out] = s
		}
	}
}

// AddScript adds a script that outputs may name by its hash.
func (k *Keyring) AddScript(s []byte) {
	if k.scripts == nil {
		k.scripts = map[[20]byte][]byte{}
		k.inner = map[[32]byte][]byte{}
	}
	k.scripts[script.Hash160(s)] = s
	k.inner[sha256.Sum256(s)] = s
}
