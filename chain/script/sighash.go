package script

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"grapevine/wire"
)

// HashType says what a signature commits to. In signatures it is one byte;
// legacy hashes hash four, and the vectors use all of them.
type HashType uint32

// Parts of a hash type. Legacy and segwit v0 look at the low five bits and at
// SigHashAnyoneCanPay, whatever else is set, and take unknown values as
// SigHashAll. Taproot knows 0x00 to 0x03 and 0x81 to 0x83 only.
const (
	SigHashDefault      HashType = 0 // taproot: as SigHashAll, and the byte is left out
	SigHashAll          HashType = 1
	SigHashNone         HashType = 2
	SigHashSingle       HashType = 3
	SigHashAnyoneCanPay HashType = 0x80
)

func (t HashType) anyoneCanPay() bool { return t&SigHashAnyoneCanPay != 0 }
func (t HashType) none() bool         { return t&0x1f == SigHashNone }
func (t HashType) single() bool       { return t&0x1f == SigHashSingle }

// class numbers the six kinds of content that a pre-taproot hash type selects.
func (t HashType) class() int {
	c := 0
	switch {
	case t.none():
		c = 1
	case t.single():
		c = 2
	}
	if t.anyoneCanPay() {
		c += 3
	}
	return c
}

// singleBug is what SIGHASH_SINGLE signs in legacy scripts when there is no
// output with the number of the input: the number one. Whoever signs it signs
// every transaction; it cannot be mended.
var singleBug = [32]byte{1}

// LegacySigHash returns what a signature in a legacy or P2SH script commits
// to. scriptCode is the script from the last OP_CODESEPARATOR on, with the
// signature itself deleted from it. in must be an input of tx.
func LegacySigHash(tx *wire.Tx, in int, scriptCode []byte, hashType HashType) [32]byte {
	if hashType.single() && in >= len(tx.Out) {
		return singleBug
	}
	b := appendLegacy(nil, tx, in, scriptCode, hashType)
	b = binary.LittleEndian.AppendUint32(b, uint32(hashType))
	return wire.DoubleSHA256(b)
}

// appendLegacy appends the transaction as a legacy signature sees it, up to
// the hash type.
func appendLegacy(b []byte, tx *wire.Tx, in int, code []byte, t HashType) []byte {
	b = binary.LittleEndian.AppendUint32(b, tx.Version)
	if t.anyoneCanPay() {
		b = appendSignedInput(append(b, 1), &tx.In[in], code)
	} else {
		b = wire.AppendCompactSize(b, uint64(len(tx.In)))
		for i := range tx.In {
			if i == in {
				b = appendSignedInput(b, &tx.In[i], code)
				continue
			}
			sequence := tx.In[i].Sequence
			if t.none() || t.single() {
				sequence = 0
			}
			b = append(appendOutPoint(b, &tx.In[i].PrevOut), 0)
			b = binary.LittleEndian.AppendUint32(b, sequence)
		}
	}
	switch {
	case t.none():
		b = append(b, 0)
	case t.single():
		b = wire.AppendCompactSize(b, uint64(in)+1)
		for range in {
			b = append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0) // value -1, no script
		}
		b = tx.Out[in].AppendTo(b)
	default:
		b = wire.AppendCompactSize(b, uint64(len(tx.Out)))
		for i := range tx.Out {
			b = tx.Out[i].AppendTo(b)
		}
	}
	return binary.LittleEndian.AppendUint32(b, tx.LockTime)
}

func appendSignedInput(b []byte, in *wire.TxIn, code []byte) []byte {
	b = appendCode(appendOutPoint(b, &in.PrevOut), code)
	return binary.LittleEndian.AppendUint32(b, in.Sequence)
}

// appendCode appends a script with its length, leaving out OP_CODESEPARATORs.
// When a push reaches past the end, what follows its length is left out, while
// the length in front counts it: no valid script gets that far, but the hash
// is defined.
func appendCode(b, code []byte) []byte {
	if bytes.IndexByte(code, byte(OpCodeSeparator)) < 0 && wholeOps(code) {
		return appendSized(b, code)
	}
	separators := 0
	for pos := 0; pos < len(code); {
		op, _, next, ok := readOp(code, pos)
		if !ok {
			break
		}
		if op == OpCodeSeparator {
			separators++
		}
		pos = next
	}
	b = wire.AppendCompactSize(b, uint64(len(code)-separators))
	for pos := 0; pos < len(code); {
		op, _, next, ok := readOp(code, pos)
		if op != OpCodeSeparator {
			b = append(b, code[pos:next]...)
		}
		if !ok {
			break
		}
		pos = next
	}
	return b
}

func wholeOps(code []byte) bool {
	for pos := 0; pos < len(code); {
		_, _, next, ok := readOp(code, pos)
		if !ok {
			return false
		}
		pos = next
	}
	return true
}

// WitnessV0SigHash returns what a signature in a segwit v0 script commits to
// (BIP 143). amount is the value of the output being spent.
func WitnessV0SigHash(m *Midstates, tx *wire.Tx, in int, scriptCode []byte, amount wire.Amount, hashType HashType) [32]byte {
	var single [32]byte
	if hashType.single() && in < len(tx.Out) {
		single = sha256.Sum256(tx.Out[in].AppendTo(nil))
	}
	b := m.appendWitnessV0(nil, tx, in, scriptCode, amount, hashType, &single)
	b = binary.LittleEndian.AppendUint32(b, uint32(hashType))
	return wire.DoubleSHA256(b)
}

// appendWitnessV0 appends the preimage of BIP 143 up to the hash type. single
// is the SHA-256 of the output with the number of the input, used when the
// hash type asks for it and there is one.
func (m *Midstates) appendWitnessV0(b []byte, tx *wire.Tx, in int, code []byte, amount wire.Amount, t HashType, single *[32]byte) []byte {
	h := &m.segwitV0
	if !m.hasV0 {
		shared, _ := hashShared(tx, nil)
		local := shared.double()
		h = &local
	}
	var zero, outputs [32]byte
	prevouts, sequences := &h.prevouts, &h.sequences
	if t.anyoneCanPay() {
		prevouts = &zero
	}
	if t.anyoneCanPay() || t.none() || t.single() {
		sequences = &zero
	}
	switch {
	case t.single() && in < len(tx.Out):
		outputs = sha256.Sum256(single[:])
	case !t.single() && !t.none():
		outputs = h.outputs
	}
	b = binary.LittleEndian.AppendUint32(b, tx.Version)
	b = append(b, prevouts[:]...)
	b = append(b, sequences[:]...)
	b = appendOutPoint(b, &tx.In[in].PrevOut)
	b = appendSized(b, code)
	b = binary.LittleEndian.AppendUint64(b, uint64(amount))
	b = binary.LittleEndian.AppendUint32(b, tx.In[in].Sequence)
	b = append(b, outputs[:]...)
	return binary.LittleEndian.AppendUint32(b, tx.LockTime)
}
