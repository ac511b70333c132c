package wire

import "encoding/binary"

// MsgFilterLoad sets the bloom filter of a connection (BIP 37).
type MsgFilterLoad struct {
	Data      []byte // at most 36,000 bytes
	HashFuncs uint32 // at most 50
	Tweak     uint32
	Flags     BloomFlags
}

// BloomFlags say when a match adds its outputs to the filter.
type BloomFlags uint8

// The flags of BIP 37; the other bits carry no meaning.
const (
	BloomUpdateNone       BloomFlags = 0
	BloomUpdateAll        BloomFlags = 1
	BloomUpdatePubkeyOnly BloomFlags = 2
	BloomUpdateMask       BloomFlags = 3
)

// Command implements [Message].
func (*MsgFilterLoad) Command() string { return "filterload" }

// PayloadSize implements [Message].
func (m *MsgFilterLoad) PayloadSize() int { return sizedLen(m.Data) + 9 }

// AppendPayload implements [Message].
func (m *MsgFilterLoad) AppendPayload(b []byte) []byte {
	b = appendSized(b, m.Data)
	b = binary.LittleEndian.AppendUint32(b, m.HashFuncs)
	b = binary.LittleEndian.AppendUint32(b, m.Tweak)
	return append(b, byte(m.Flags))
}

func (m *MsgFilterLoad) decode(r *reader) {
	m.Data = r.sized(MaxFilterLoad, "filter")
	m.HashFuncs = r.uint32("hash functions")
	m.Tweak = r.uint32("tweak")
	m.Flags = BloomFlags(r.uint8("flags"))
	if m.HashFuncs > MaxFilterHashes {
		r.fail(ErrLimit, "hash functions")
	}
}

// MsgFilterAdd adds an element to the filter.
type MsgFilterAdd struct{ Data []byte } // at most 520 bytes

// Command implements [Message].
func (*MsgFilterAdd) Command() string { return "filteradd" }

// PayloadSize implements [Message].
func (m *MsgFilterAdd) PayloadSize() int { return sizedLen(m.Data) }

// AppendPayload implements [Message].
func (m *MsgFilterAdd) AppendPayload(b []byte) []byte { return appendSized(b, m.Data) }

func (m *MsgFilterAdd) decode(r *reader) { m.Data = r.sized(MaxFilterAdd, "element") }

// MsgFilterClear removes the filter.
type MsgFilterClear struct{ empty }

// Command implements [Message].
func (*MsgFilterClear) Command() string { return "filterclear" }

// MsgMerkleBlock carries a header with the part of the tree of transactions
// that proves those that matched (BIP 37).
type MsgMerkleBlock struct {
	Header  Header
	TxCount uint32 // of the whole block
	// Hashes are nodes of the tree in depth-first order, each the root of its
	// own part; a leaf is a txid.
	Hashes []MerkleRoot
	Flags  []byte // a bit each visited node, lowest bit first
}

// Command implements [Message].
func (*MsgMerkleBlock) Command() string { return "merkleblock" }

// PayloadSize implements [Message].
func (m *MsgMerkleBlock) PayloadSize() int {
	return HeaderSize + 4 + CompactSizeLen(uint64(len(m.Hashes))) + 32*len(m.Hashes) + sizedLen(m.Flags)
}

// AppendPayload implements [Message].
func (m *MsgMerkleBlock) AppendPayload(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(m.Header.AppendTo(b), m.TxCount)
	return appendSized(appendHashes(b, m.Hashes), m.Flags)
}

func (m *MsgMerkleBlock) decode(r *reader) {
	m.Header = r.header("header")
	m.TxCount = r.uint32("transaction count")
	m.Hashes = readHashes[MerkleRoot](r, MaxSize, "hashes")
	m.Flags = r.sized(MaxSize, "flags")
}
