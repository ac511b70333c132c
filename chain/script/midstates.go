package script

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"

	"grapevine/wire"
)

// Midstates holds what the signature hashes of one transaction share: the
// outputs that it spends, the five hashes of BIP 341, the three of BIP 143, and
// for legacy hashes the transaction with blank input scripts.
//
// It is written only by [NewMidstates], [Midstates.Reset] and
// [Midstates.Prepare]; between these any number of goroutines may use it. The
// transaction and the spent outputs must not change while it is in use.
type Midstates struct {
	spent []wire.TxOut

	shared    sharedHashes
	segwitV0  segwitHashes
	taproot   taprootHashes
	hasV0     bool
	hasV1     bool
	hasLegacy bool

	// blank is the transaction without witness and with empty input scripts.
	// Input i takes blankInput bytes from inputsAt + i*blankInput on.
	blank    []byte
	inputsAt int
	// prefixes holds the SHA-256 state before input 0, 64, 128, ... of blank, so
	// that the hash for a late input of a large transaction need not go
	// through all inputs before it. Empty for small transactions.
	prefixes []byte

	scratch []byte
	digest  hash.Hash
}

const (
	blankInput   = 41 // outpoint, empty script, sequence
	prefixEvery  = 64
	prefixLeast  = 2 * prefixEvery // fewer inputs than this are hashed from the start
	sha256State  = 108             // size of a marshalled SHA-256 state
	maxKeptBytes = 1 << 20         // scratch memory beyond this is not kept
)

// Single SHA-256, over all inputs or outputs.
type sharedHashes struct{ prevouts, sequences, outputs [32]byte }

// Double SHA-256 of the same.
type segwitHashes struct{ prevouts, sequences, outputs [32]byte }

// Single SHA-256, over what is spent.
type taprootHashes struct{ amounts, scripts [32]byte }

// NewMidstates computes the parts that the inputs of tx are likely to need;
// a hash that needs others computes them itself. spent[i] is the output that
// input i spends; it panics when the numbers differ.
func NewMidstates(tx *wire.Tx, spent []wire.TxOut) *Midstates {
	m := new(Midstates)
	m.Reset(tx, spent)
	return m
}

// Reset makes m that of another transaction and reuses its memory.
func (m *Midstates) Reset(tx *wire.Tx, spent []wire.TxOut) {
	if len(spent) != len(tx.In) {
		panic("script: not one spent output for each input")
	}
	m.spent, m.hasV0, m.hasV1, m.hasLegacy = spent, false, false, false
	var v0, v1, legacy bool
	for i := range tx.In {
		switch {
		case len(tx.In[i].Witness) == 0:
			legacy = true
		case IsP2TR(spent[i].PkScript):
			v1 = true
		default: // version 0, native or wrapped, or some unknown version
			v0 = true
		}
	}
	m.prepare(tx, v0, v1, legacy)
}

// Prepare computes all parts, for signing, when the witness is not there yet.
func (m *Midstates) Prepare(tx *wire.Tx) { m.prepare(tx, true, true, true) }

func (m *Midstates) prepare(tx *wire.Tx, v0, v1, legacy bool) {
	b := m.scratch[:0]
	if v0 || v1 {
		m.shared, b = hashShared(tx, b)
	}
	if v0 {
		m.segwitV0, m.hasV0 = m.shared.double(), true
	}
	if v1 {
		m.taproot, b = hashSpent(m.spent, b)
		m.hasV1 = true
	}
	if legacy {
		m.prepareLegacy(tx)
	}
	m.scratch = keep(b)
}

// keep drops memory that one huge transaction left behind.
func keep(b []byte) []byte {
	if cap(b) > maxKeptBytes {
		return nil
	}
	return b[:0]
}

func hashShared(tx *wire.Tx, b []byte) (s sharedHashes, _ []byte) {
	b = b[:0]
	for i := range tx.In {
		b = appendOutPoint(b, &tx.In[i].PrevOut)
	}
	s.prevouts, b = sha256.Sum256(b), b[:0]
	for i := range tx.In {
		b = binary.LittleEndian.AppendUint32(b, tx.In[i].Sequence)
	}
	s.sequences, b = sha256.Sum256(b), b[:0]
	for i := range tx.Out {
		b = tx.Out[i].AppendTo(b)
	}
	s.outputs = sha256.Sum256(b)
	return s, b
}

func (s *sharedHashes) double() segwitHashes {
	return segwitHashes{sha256.Sum256(s.prevouts[:]), sha256.Sum256(s.sequences[:]), sha256.Sum256(s.outputs[:])}
}

func hashSpent(spent []wire.TxOut, b []byte) (t taprootHashes, _ []byte) {
	b = b[:0]
	for i := range spent {
		b = binary.LittleEndian.AppendUint64(b, uint64(spent[i].Value))
	}
	t.amounts, b = sha256.Sum256(b), b[:0]
	for i := range spent {
		b = appendSized(b, spent[i].PkScript)
	}
	t.scripts = sha256.Sum256(b)
	return t, b
}

func (m *Midstates) prepareLegacy(tx *wire.Tx) {
	b := binary.LittleEndian.AppendUint32(keep(m.blank), tx.Version)
	b = wire.AppendCompactSize(b, uint64(len(tx.In)))
	m.inputsAt = len(b)
	for i := range tx.In {
		b = appendOutPoint(b, &tx.In[i].PrevOut)
		b = append(b, 0)
		b = binary.LittleEndian.AppendUint32(b, tx.In[i].Sequence)
	}
	b = wire.AppendCompactSize(b, uint64(len(tx.Out)))
	for i := range tx.Out {
		b = tx.Out[i].AppendTo(b)
	}
	m.blank = binary.LittleEndian.AppendUint32(b, tx.LockTime)
	m.hasLegacy = true
	m.preparePrefixes(len(tx.In))
}

func (m *Midstates) preparePrefixes(inputs int) {
	m.prefixes = keep(m.prefixes)
	if inputs < prefixLeast {
		return
	}
	if m.digest == nil {
		m.digest = sha256.New()
	}
	m.digest.Reset()
	at := 0
	for i := 0; i < inputs; i += prefixEvery {
		next := m.inputsAt + i*blankInput
		m.digest.Write(m.blank[at:next])
		m.prefixes = saveState(m.digest, m.prefixes)
		at = next
	}
}

// writeLegacy feeds d with the transaction as SIGHASH_ALL signs it, up to the
// hash type: the blank transaction with code as script of input in. scratch is
// memory to work in, returned as it has become.
func (m *Midstates) writeLegacy(d hash.Hash, in int, code, scratch []byte) []byte {
	at, here := 0, m.inputsAt+in*blankInput
	if n := in / prefixEvery; len(m.prefixes) > 0 && n > 0 {
		loadState(d, m.prefixes[n*sha256State:(n+1)*sha256State])
		at = m.inputsAt + n*prefixEvery*blankInput
	} else {
		d.Reset()
	}
	d.Write(m.blank[at : here+36])
	scratch = appendCode(scratch[:0], code)
	d.Write(scratch)
	d.Write(m.blank[here+37:])
	return scratch
}

// saveState and loadState put a hash aside half-way. The standard library
// promises that SHA-256 can do it, so an error is a broken promise.
func saveState(d hash.Hash, b []byte) []byte {
	b, err := d.(encoding.BinaryAppender).AppendBinary(b)
	if err != nil {
		panic("script: " + err.Error())
	}
	return b
}

func loadState(d hash.Hash, state []byte) {
	if err := d.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		panic("script: " + err.Error())
	}
}

func appendOutPoint(b []byte, o *wire.OutPoint) []byte {
	return binary.LittleEndian.AppendUint32(append(b, o.Txid[:]...), o.Index)
}

func appendSized(b, data []byte) []byte {
	return append(wire.AppendCompactSize(b, uint64(len(data))), data...)
}
