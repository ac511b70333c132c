package script

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"

	"grapevine/wire"
)

// sigHashes computes the signature hashes of one input and remembers what a
// script that checks many signatures would have hashed again and again.
type sigHashes struct {
	result  [32]byte // handed out by pointer; on the heap with the engine
	scratch []byte

	// States of ECDSA hashes before the hash type, for each class of hash types,
	// and the script code they are for. Legacy and segwit v0 share them, as one
	// input never uses both with the same code.
	states [6]codeState
	// once: no other check follows, so there is nothing to remember.
	once bool

	single     [32]byte // SHA-256 of the output with the number of the input
	haveSingle bool
}

type codeState struct {
	version sigVersion
	code    []byte // nil: empty entry
	state   []byte
}

func (h *sigHashes) reset() {
	for i := range h.states {
		h.states[i].code = nil
	}
	h.haveSingle, h.once = false, false
	h.scratch = keep(h.scratch)
}

// ecdsaHash returns the hash that a legacy or segwit v0 signature signs. It is
// overwritten by the next one.
func (e *engine) ecdsaHash(code []byte, t HashType) *[32]byte {
	h := &e.hashes
	if e.version == versionLegacy && t.single() && e.in >= len(e.tx.Out) {
		h.result = singleBug
		return &h.result
	}
	entry := &h.states[t.class()]
	remembered := entry.code != nil && entry.version == e.version && bytes.Equal(entry.code, code)
	streamed := e.version == versionLegacy && e.m.hasLegacy && t.class() == 0
	if h.once && !remembered && !streamed {
		e.preimage(code, t)
		h.scratch = binary.LittleEndian.AppendUint32(h.scratch, uint32(t))
		h.result = wire.DoubleSHA256(h.scratch)
		return &h.result
	}
	switch {
	case remembered:
		loadState(e.digest, entry.state)
	case streamed:
		h.scratch = e.m.writeLegacy(e.digest, e.in, code, h.scratch)
	default:
		e.preimage(code, t)
		e.digest.Reset()
		e.digest.Write(h.scratch)
	}
	if !h.once && !remembered {
		entry.version, entry.code = e.version, code
		entry.state = saveState(e.digest, entry.state[:0])
	}
	h.scratch = binary.LittleEndian.AppendUint32(h.scratch[:0], uint32(t))
	e.digest.Write(h.scratch)
	e.digest.Sum(e.sum[:0])
	h.result = sha256.Sum256(e.sum[:])
	return &h.result
}

// preimage puts everything that is hashed but the hash type into the scratch
// memory.
func (e *engine) preimage(code []byte, t HashType) {
	h := &e.hashes
	if e.version == versionLegacy {
		h.scratch = appendLegacy(h.scratch[:0], e.tx, e.in, code, t)
		return
	}
	amount := e.m.spent[e.in].Value
	single := e.singleOutput(t.single())
	h.scratch = e.m.appendWitnessV0(h.scratch[:0], e.tx, e.in, code, amount, t, single)
}

// singleOutput hashes the output with the number of the input, once an input:
// an attacker could have it hashed for each of thousands of signatures else.
func (e *engine) singleOutput(needed bool) *[32]byte {
	h := &e.hashes
	if needed && !h.haveSingle && e.in < len(e.tx.Out) {
		h.scratch = e.tx.Out[e.in].AppendTo(h.scratch[:0])
		h.single, h.haveSingle = sha256.Sum256(h.scratch), true
	}
	return &h.single
}

// schnorrHash returns what a taproot signature signs, the key path's when leaf
// is nil. It is overwritten by the next one.
func (e *engine) schnorrHash(t HashType, leaf *[32]byte) (*[32]byte, bool) {
	h := &e.hashes
	d := taprootDetail{leaf: leaf, codeSeparator: e.tap.codeSeparator, single: e.singleOutput(t&3 == SigHashSingle)}
	if e.tap.hasAnnex {
		d.annex = &e.tap.annex
	}
	b, ok := e.m.appendTaproot(h.scratch[:0], e.tx, e.in, t, &d)
	h.scratch = b
	if !ok {
		return nil, false
	}
	h.result = sha256.Sum256(b)
	return &h.result, true
}

// digestOf hashes up to three parts with SHA-256 without joining them.
func (e *engine) digestOf(a, b, c []byte) [32]byte {
	e.digest.Reset()
	e.digest.Write(a)
	e.digest.Write(b)
	e.digest.Write(c)
	e.digest.Sum(e.sum[:0])
	return e.sum
}

// leafHash is [TapLeafHash] without allocation.
func (e *engine) leafHash(version byte, script []byte) [32]byte {
	e.hashes.scratch = wire.AppendCompactSize(append(e.hashes.scratch[:0], version), uint64(len(script)))
	return e.digestOf(tagLeaf[:], e.hashes.scratch, script)
}

func (e *engine) annexHash(annex []byte) [32]byte {
	e.hashes.scratch = wire.AppendCompactSize(e.hashes.scratch[:0], uint64(len(annex)))
	return e.digestOf(e.hashes.scratch, annex, nil)
}

// hash160 puts RIPEMD-160 of SHA-256 of b into the first 20 bytes of e.sum.
func (e *engine) hash160(b []byte) []byte {
	e.sum = sha256.Sum256(b)
	return e.ripemd160(e.sum[:])
}

func (e *engine) ripemd160(b []byte) []byte {
	e.ripemd.Reset()
	e.ripemd.Write(b)
	return e.ripemd.Sum(e.sum[:0])
}

// opHash: bytes -- hash
func opHash(e *engine, op Opcode) ErrorKind {
	if len(e.stack) < 1 {
		return ErrStack
	}
	item := e.top(1)
	var out []byte
	switch op {
	case OpRipeMD160:
		out = e.ripemd160(item)
	case OpHash160:
		out = e.hash160(item)
	case OpSHA1:
		sum := sha1.Sum(item)
		out = e.sum[:copy(e.sum[:], sum[:])]
	case OpSHA256:
		e.sum = sha256.Sum256(item)
		out = e.sum[:]
	case OpHash256:
		e.sum = wire.DoubleSHA256(item)
		out = e.sum[:]
	}
	e.drop(1)
	e.push(e.arenaCopy(out))
	return noError
}
