package script

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"grapevine/wire"
)

// A tagged hash (BIP 340) starts with the SHA-256 of its tag, twice.
var (
	tagSigHash = tagPrefix("TapSighash")
	tagLeaf    = tagPrefix("TapLeaf")
	tagBranch  = tagPrefix("TapBranch")
)

func tagPrefix(tag string) (p [64]byte) {
	h := sha256.Sum256([]byte(tag))
	copy(p[:32], h[:])
	copy(p[32:], h[:])
	return p
}

// LeafTapscript is the leaf version of tapscript (BIP 342). Others can be
// spent by anyone until a soft fork gives them a meaning.
const LeafTapscript byte = leafTapscript

// TapLeafHash returns the hash of a script in a taproot tree (BIP 341).
func TapLeafHash(version byte, script []byte) [32]byte {
	h := sha256.New()
	h.Write(tagLeaf[:])
	h.Write(wire.AppendCompactSize([]byte{version}, uint64(len(script))))
	h.Write(script)
	var sum [32]byte
	h.Sum(sum[:0])
	return sum
}

// TapBranchHash returns the hash of an inner node; the order of its children
// does not matter.
func TapBranchHash(a, b *[32]byte) [32]byte {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	var buf [128]byte
	copy(buf[:], tagBranch[:])
	copy(buf[64:], a[:])
	copy(buf[96:], b[:])
	return sha256.Sum256(buf[:])
}

// controlRoot climbs from a leaf to the root by the path of a control block,
// whose size has been checked.
func controlRoot(control []byte, leaf [32]byte) [32]byte {
	for path := control[controlBaseSize:]; len(path) > 0; path = path[controlNodeSize:] {
		leaf = TapBranchHash(&leaf, (*[32]byte)(path))
	}
	return leaf
}

// TaprootSpend is what a taproot signature commits to beside the transaction.
// The zero value is a key path spend without annex.
type TaprootSpend struct {
	Annex         []byte    // with its 0x50 in front; nil when there is none
	LeafHash      *[32]byte // the leaf being spent; nil for the key path
	CodeSeparator uint32    // index of the last executed OP_CODESEPARATOR; NoCodeSeparator
}

// NoCodeSeparator is the position when no OP_CODESEPARATOR has run.
const NoCodeSeparator uint32 = 0xffffffff

// TaprootSigHash returns what a taproot or tapscript signature commits to (BIP
// 341, BIP 342). It is not ok for a hash type that is undefined, or that asks
// for an output which does not exist.
func TaprootSigHash(m *Midstates, tx *wire.Tx, in int, hashType HashType, spend *TaprootSpend) (hash [32]byte, ok bool) {
	d := taprootDetail{leaf: spend.LeafHash, codeSeparator: spend.CodeSeparator}
	var annex, single [32]byte
	if spend.Annex != nil {
		annex = sha256.Sum256(appendSized(nil, spend.Annex))
		d.annex = &annex
	}
	if hashType&3 == SigHashSingle && in < len(tx.Out) {
		single = sha256.Sum256(tx.Out[in].AppendTo(nil))
	}
	d.single = &single
	b, ok := m.appendTaproot(nil, tx, in, hashType, &d)
	if !ok {
		return hash, false
	}
	return sha256.Sum256(b), true
}

// taprootDetail is TaprootSpend with everything hashed.
type taprootDetail struct {
	annex         *[32]byte // nil: none
	leaf          *[32]byte // nil: key path
	single        *[32]byte // SHA-256 of the output with the number of the input, if there is one
	codeSeparator uint32
}

func (m *Midstates) appendTaproot(b []byte, tx *wire.Tx, in int, t HashType, d *taprootDetail) ([]byte, bool) {
	if t > 3 && (t < 0x81 || t > 0x83) {
		return b, false
	}
	outputs := t & 3
	if outputs == SigHashSingle && in >= len(tx.Out) {
		return b, false
	}
	shared, spent := &m.shared, &m.taproot
	if !m.hasV1 {
		s, _ := hashShared(tx, nil)
		t, _ := hashSpent(m.spent, nil)
		shared, spent = &s, &t
	}
	b = append(b, tagSigHash[:]...)
	b = append(b, 0, byte(t)) // epoch
	b = binary.LittleEndian.AppendUint32(b, tx.Version)
	b = binary.LittleEndian.AppendUint32(b, tx.LockTime)
	if !t.anyoneCanPay() {
		b = append(b, shared.prevouts[:]...)
		b = append(b, spent.amounts[:]...)
		b = append(b, spent.scripts[:]...)
		b = append(b, shared.sequences[:]...)
	}
	if outputs == SigHashAll || outputs == SigHashDefault {
		b = append(b, shared.outputs[:]...)
	}
	var spendType byte
	if d.leaf != nil {
		spendType = 2
	}
	if d.annex != nil {
		spendType++
	}
	b = append(b, spendType)
	if t.anyoneCanPay() {
		b = appendOutPoint(b, &tx.In[in].PrevOut)
		b = m.spent[in].AppendTo(b)
		b = binary.LittleEndian.AppendUint32(b, tx.In[in].Sequence)
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(in))
	}
	if d.annex != nil {
		b = append(b, d.annex[:]...)
	}
	if outputs == SigHashSingle {
		b = append(b, d.single[:]...)
	}
	if d.leaf != nil {
		b = append(b, d.leaf[:]...)
		b = append(b, 0) // key version
		b = binary.LittleEndian.AppendUint32(b, d.codeSeparator)
	}
	return b, true
}
