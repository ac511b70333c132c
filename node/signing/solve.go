package signing

import (
	"bytes"
	"crypto/sha256"

	"grapevine/chain/script"
)

// where says which rules a script runs under.
type where uint8

const (
	inLegacy where = iota
	inWitnessV0
)

// produce returns the input script and witness that solve the output, as far as
// the keys go: what is missing of a multisig stays empty, so that the next
// signer finds the rest.
func (in *input) produce() (scriptSig []byte, witness [][]byte) {
	stack, kind, solved := in.solve(in.out.PkScript, inLegacy)
	var redeem []byte
	if solved && kind == script.ScriptHash {
		redeem = stack[0]
		stack, kind, solved = in.solve(redeem, inLegacy)
		solved = solved && kind != script.ScriptHash
	}
	switch {
	case solved && kind == script.WitnessV0KeyHash:
		witness, _, _ = in.solve(script.AddressOfKeyHash([20]byte(stack[0])).Script(), inWitnessV0)
		stack = nil
	case solved && kind == script.WitnessV0ScriptHash:
		code := stack[0]
		witness, _, _ = in.solve(code, inWitnessV0)
		witness = append(witness, code)
		stack = nil
	case kind == script.WitnessV1Taproot && redeem == nil:
		if witness = in.tx.In[in.index].Witness; solved {
			witness = stack
		}
		stack = nil
	}
	if redeem != nil {
		stack = append(stack, redeem)
	}
	return pushAll(stack), witness
}

// solve returns the items that a script wants on the stack; for a script that
// names another one by its hash, that other script or the hash. Without a
// solution the items may hold part of one.
func (in *input) solve(pk []byte, at where) (stack [][]byte, kind script.Type, ok bool) {
	kind, parts := script.Classify(pk)
	switch kind {
	case script.PubKey:
		if sig, ok := in.signatureBy(parts[0], pk, at); ok {
			return [][]byte{sig}, kind, true
		}
	case script.PubKeyHash:
		key, ok := in.keys.keys[[20]byte(parts[0])]
		if !ok {
			break
		}
		if sig, ok := in.signatureBy(key.pub, pk, at); ok {
			return [][]byte{sig, key.pub}, kind, true
		}
	case script.MultiSig:
		stack, ok = in.solveMultiSig(int(parts[0][0]), parts[1:len(parts)-1], pk, at)
		return stack, kind, ok
	case script.ScriptHash:
		if code := in.codeOf([20]byte(parts[0])); code != nil {
			return [][]byte{code}, kind, true
		}
	case script.WitnessV0KeyHash:
		return [][]byte{parts[0]}, kind, true
	case script.WitnessV0ScriptHash:
		if code := in.witnessCodeOf([32]byte(parts[0])); code != nil {
			return [][]byte{code}, kind, true
		}
	case script.WitnessV1Taproot:
		if sig, ok := in.keyPath([32]byte(parts[0])); ok {
			return [][]byte{sig}, kind, true
		}
	case script.Anchor:
		return nil, kind, true
	}
	return nil, kind, false
}

// solveMultiSig puts as many signatures as are wanted in the order of the keys,
// behind the empty item that OP_CHECKMULTISIG takes (BIP 147).
func (in *input) solveMultiSig(required int, keys [][]byte, code []byte, at where) ([][]byte, bool) {
	stack := make([][]byte, 1, required+1)
	for _, key := range keys {
		if len(stack) == required+1 {
			break
		}
		if sig, ok := in.signatureBy(key, code, at); ok {
			stack = append(stack, sig)
		}
	}
	solved := len(stack) == required+1
	for len(stack) < required+1 {
		stack = append(stack, nil)
	}
	return stack, solved
}

// signatureBy returns the signature of a public key, as it stands in a script:
// the one that the input carries, or a new one.
func (in *input) signatureBy(pub, code []byte, at where) ([]byte, bool) {
	id := script.Hash160(pub)
	if sig, ok := in.old.signatures[id]; ok {
		return sig, true
	}
	key, ok := in.keys.keys[id]
	if !ok || at == inWitnessV0 && (!key.secret.Compressed || !in.out.Value.InRange()) {
		return nil, false
	}
	hashType := in.hashType
	if hashType == script.SigHashDefault {
		hashType = script.SigHashAll
	}
	hash := in.sigHash(code, at, hashType)
	return append(signECDSA(&key.secret.Key, &hash), byte(hashType)), true
}

// sigHash returns what a signature commits to. The last answer is kept: all keys
// of a multisig sign the same, and a legacy hash covers the whole transaction.
func (in *input) sigHash(code []byte, at where, hashType script.HashType) [32]byte {
	if k := &in.kept; k.hashType == hashType && k.at == at && k.code != nil && bytes.Equal(k.code, code) {
		return k.hash
	}
	var hash [32]byte
	if at == inWitnessV0 {
		hash = script.WitnessV0SigHash(in.midstates, in.tx, in.index, code, in.out.Value, hashType)
	} else {
		hash = script.LegacySigHash(in.tx, in.index, code, hashType)
	}
	in.kept = keptHash{code, at, hashType, hash}
	return hash
}

// keptHash is a signature hash with what it was computed from.
type keptHash struct {
	code     []byte
	at       where
	hashType script.HashType
	hash     [32]byte
}

// keyPath signs for a taproot output key (BIP 341).
func (in *input) keyPath(output [32]byte) ([]byte, bool) {
	key, ok := in.keys.taproot[output]
	if !ok || !in.allKnown {
		return nil, false
	}
	hash, ok := script.TaprootSigHash(in.midstates, in.tx, in.index, in.hashType, &script.TaprootSpend{})
	if !ok {
		return nil, false
	}
	sig, ok := signSchnorr(&key.secret.Key, &hash, key.tweaked, nil)
	if ok && in.hashType != script.SigHashDefault {
		sig = append(sig, byte(in.hashType))
	}
	return sig, ok
}

// codeOf finds the script of a HASH160: among those handed over, then in what
// the input carries.
func (in *input) codeOf(hash [20]byte) []byte {
	if code, ok := in.keys.scripts[hash]; ok {
		return code
	}
	for _, code := range [][]byte{in.old.redeem, in.old.witness} {
		if code != nil && script.Hash160(code) == hash {
			return code
		}
	}
	return nil
}

func (in *input) witnessCodeOf(hash [32]byte) []byte {
	if code, ok := in.keys.inner[hash]; ok {
		return code
	}
	if code := in.old.witness; code != nil && sha256.Sum256(code) == hash {
		return code
	}
	return nil
}

// pushAll returns a script that pushes the items in the shortest way.
func pushAll(items [][]byte) []byte {
	var s []byte
	for _, item := range items {
		switch {
		case len(item) == 1 && item[0] >= 1 && item[0] <= 16:
			s = script.AppendInt(s, int64(item[0]))
		case len(item) == 1 && item[0] == 0x81:
			s = script.AppendInt(s, -1)
		default:
			s = script.AppendPush(s, item)
		}
	}
	return s
}
