package wire

import "encoding/binary"

// FilterType is a kind of compact block filter.
type FilterType uint8

// FilterBasic is the one kind that exists (BIP 158).
const FilterBasic FilterType = 0

// FilterHash is the double SHA-256 of a filter.
type FilterHash [32]byte

// FilterHeader is the double SHA-256 of a filter hash and the header before
// it; zero stands before the first block (BIP 157).
type FilterHeader [32]byte

// FilterHashOf hashes an encoded filter.
func FilterHashOf(filter []byte) FilterHash { return DoubleSHA256(filter) }

// Header returns the header of the filter with this hash that follows prev.
func (h FilterHash) Header(prev FilterHeader) FilterHeader {
	var both [64]byte
	copy(both[:], h[:])
	copy(both[32:], prev[:])
	return DoubleSHA256(both[:])
}

// String returns the hash as 64 hexadecimal digits, last byte first.
func (h FilterHash) String() string { return reversedHex(h) }

// String returns the header as 64 hexadecimal digits, last byte first.
func (h FilterHeader) String() string { return reversedHex(h) }

// MsgGetCFilters asks for the filters of the blocks from a height up to Stop,
// 1,000 at most (BIP 157).
type MsgGetCFilters struct {
	Type  FilterType
	Start uint32
	Stop  BlockHash
}

// MsgGetCFHeaders asks for the hashes of the filters of the blocks from a
// height up to Stop, 2,000 at most.
type MsgGetCFHeaders struct {
	Type  FilterType
	Start uint32
	Stop  BlockHash
}

// MsgGetCFCheckpt asks for every 1,000th filter header up to Stop.
type MsgGetCFCheckpt struct {
	Type FilterType
	Stop BlockHash
}

// MsgCFilter carries the filter of one block.
type MsgCFilter struct {
	Type  FilterType
	Block BlockHash
	Data  []byte
}

// MsgCFHeaders carries filter hashes and the header that they follow.
type MsgCFHeaders struct {
	Type   FilterType
	Stop   BlockHash
	Prev   FilterHeader
	Hashes []FilterHash
}

// MsgCFCheckpt carries every 1,000th filter header. Only the payload bounds
// its length.
type MsgCFCheckpt struct {
	Type    FilterType
	Stop    BlockHash
	Headers []FilterHeader
}

// Command implements [Message].
func (*MsgGetCFilters) Command() string { return "getcfilters" }

// PayloadSize implements [Message].
func (*MsgGetCFilters) PayloadSize() int { return 37 }

// AppendPayload implements [Message].
func (m *MsgGetCFilters) AppendPayload(b []byte) []byte {
	return appendRange(b, m.Type, m.Start, m.Stop)
}

func (m *MsgGetCFilters) decode(r *reader) { m.Type, m.Start, m.Stop = r.filterRange() }

// Command implements [Message].
func (*MsgGetCFHeaders) Command() string { return "getcfheaders" }

// PayloadSize implements [Message].
func (*MsgGetCFHeaders) PayloadSize() int { return 37 }

// AppendPayload implements [Message].
func (m *MsgGetCFHeaders) AppendPayload(b []byte) []byte {
	return appendRange(b, m.Type, m.Start, m.Stop)
}

func (m *MsgGetCFHeaders) decode(r *reader) { m.Type, m.Start, m.Stop = r.filterRange() }

// Command implements [Message].
func (*MsgGetCFCheckpt) Command() string { return "getcfcheckpt" }

// PayloadSize implements [Message].
func (*MsgGetCFCheckpt) PayloadSize() int { return 33 }

// AppendPayload implements [Message].
func (m *MsgGetCFCheckpt) AppendPayload(b []byte) []byte {
	return append(append(b, byte(m.Type)), m.Stop[:]...)
}

func (m *MsgGetCFCheckpt) decode(r *reader) {
	m.Type = FilterType(r.uint8("type"))
	m.Stop = r.hash("stop")
}

// Command implements [Message].
func (*MsgCFilter) Command() string { return "cfilter" }

// PayloadSize implements [Message].
func (m *MsgCFilter) PayloadSize() int { return 33 + sizedLen(m.Data) }

// AppendPayload implements [Message].
func (m *MsgCFilter) AppendPayload(b []byte) []byte {
	return appendSized(append(append(b, byte(m.Type)), m.Block[:]...), m.Data)
}

func (m *MsgCFilter) decode(r *reader) {
	m.Type = FilterType(r.uint8("type"))
	m.Block = r.hash("block")
	m.Data = r.sized(MaxSize, "filter")
}

// Command implements [Message].
func (*MsgCFHeaders) Command() string { return "cfheaders" }

// PayloadSize implements [Message].
func (m *MsgCFHeaders) PayloadSize() int {
	return 65 + CompactSizeLen(uint64(len(m.Hashes))) + 32*len(m.Hashes)
}

// AppendPayload implements [Message].
func (m *MsgCFHeaders) AppendPayload(b []byte) []byte {
	b = append(append(b, byte(m.Type)), m.Stop[:]...)
	return appendHashes(append(b, m.Prev[:]...), m.Hashes)
}

func (m *MsgCFHeaders) decode(r *reader) {
	m.Type = FilterType(r.uint8("type"))
	m.Stop = r.hash("stop")
	m.Prev = r.hash("previous header")
	m.Hashes = readHashes[FilterHash](r, MaxCFHeaders, "filter hashes")
}

// Command implements [Message].
func (*MsgCFCheckpt) Command() string { return "cfcheckpt" }

// PayloadSize implements [Message].
func (m *MsgCFCheckpt) PayloadSize() int {
	return 33 + CompactSizeLen(uint64(len(m.Headers))) + 32*len(m.Headers)
}

// AppendPayload implements [Message].
func (m *MsgCFCheckpt) AppendPayload(b []byte) []byte {
	return appendHashes(append(append(b, byte(m.Type)), m.Stop[:]...), m.Headers)
}

func (m *MsgCFCheckpt) decode(r *reader) {
	m.Type = FilterType(r.uint8("type"))
	m.Stop = r.hash("stop")
	m.Headers = readHashes[FilterHeader](r, MaxSize, "filter headers")
}

func appendRange(b []byte, t FilterType, start uint32, stop BlockHash) []byte {
	b = binary.LittleEndian.AppendUint32(append(b, byte(t)), start)
	return append(b, stop[:]...)
}

func (r *reader) filterRange() (t FilterType, start uint32, stop BlockHash) {
	t = FilterType(r.uint8("type"))
	start = r.uint32("start height")
	return t, start, r.hash("stop")
}
