package wire

import "encoding/binary"

// MsgTx carries a transaction.
type MsgTx struct {
	Tx        *Tx
	NoWitness bool // encode without witness; never set by decoding
}

// Command implements [Message].
func (*MsgTx) Command() string { return "tx" }

// PayloadSize implements [Message].
func (m *MsgTx) PayloadSize() int {
	if m.NoWitness {
		return m.Tx.BaseSize()
	}
	return m.Tx.TotalSize()
}

// AppendPayload implements [Message].
func (m *MsgTx) AppendPayload(b []byte) []byte {
	if m.NoWitness {
		return m.Tx.AppendNoWitness(b)
	}
	return m.Tx.AppendTo(b)
}

func (m *MsgTx) decode(r *reader) { m.Tx, r.pos, r.err = decodeTx(r.buf, true) }

// MsgBlock carries a block.
type MsgBlock struct {
	Block     *Block
	NoWitness bool // encode without witness; never set by decoding
}

// Command implements [Message].
func (*MsgBlock) Command() string { return "block" }

// PayloadSize implements [Message].
func (m *MsgBlock) PayloadSize() int {
	if m.NoWitness {
		return m.Block.StrippedSize()
	}
	return m.Block.TotalSize()
}

// AppendPayload implements [Message].
func (m *MsgBlock) AppendPayload(b []byte) []byte {
	if m.NoWitness {
		return m.Block.AppendNoWitness(b)
	}
	return append(b, m.Block.Raw()...)
}

func (m *MsgBlock) decode(r *reader) { m.Block, r.err = decodeBlock(r.buf, true) }

// MsgHeaders carries headers, each the child of the one before it.
type MsgHeaders struct{ Headers []Header }

// Command implements [Message].
func (*MsgHeaders) Command() string { return "headers" }

// PayloadSize implements [Message].
func (m *MsgHeaders) PayloadSize() int {
	return CompactSizeLen(uint64(len(m.Headers))) + (HeaderSize+1)*len(m.Headers)
}

// AppendPayload implements [Message].
func (m *MsgHeaders) AppendPayload(b []byte) []byte {
	b = AppendCompactSize(b, uint64(len(m.Headers)))
	for i := range m.Headers {
		b = append(m.Headers[i].AppendTo(b), 0)
	}
	return b
}

// decode passes over the number of transactions that stands behind each
// header, since headers are sent as blocks without any.
func (m *MsgHeaders) decode(r *reader) {
	n := r.claimed(MaxHeaders, HeaderSize+1, "count")
	m.Headers = make([]Header, n)
	for i := range m.Headers {
		m.Headers[i] = r.header("header")
		r.compact("transaction count")
	}
}

// MsgGetHeaders asks for the headers after the first hash of the locator that
// is known, up to Stop or as many as a message holds. With an empty locator it
// asks for Stop alone.
type MsgGetHeaders struct {
	Version uint32 // of the protocol; without effect
	Locator []BlockHash
	Stop    BlockHash // zero: no end
}

// Command implements [Message].
func (*MsgGetHeaders) Command() string { return "getheaders" }

// PayloadSize implements [Message].
func (m *MsgGetHeaders) PayloadSize() int { return locatorSize(m.Locator) }

// AppendPayload implements [Message].
func (m *MsgGetHeaders) AppendPayload(b []byte) []byte {
	return appendLocator(b, m.Version, m.Locator, m.Stop)
}

func (m *MsgGetHeaders) decode(r *reader) { m.Version, m.Locator, m.Stop = r.locator() }

// MsgGetBlocks asks for an inv of the blocks after the first hash of the
// locator that is known.
type MsgGetBlocks struct {
	Version uint32 // of the protocol; without effect
	Locator []BlockHash
	Stop    BlockHash // zero: no end
}

// Command implements [Message].
func (*MsgGetBlocks) Command() string { return "getblocks" }

// PayloadSize implements [Message].
func (m *MsgGetBlocks) PayloadSize() int { return locatorSize(m.Locator) }

// AppendPayload implements [Message].
func (m *MsgGetBlocks) AppendPayload(b []byte) []byte {
	return appendLocator(b, m.Version, m.Locator, m.Stop)
}

func (m *MsgGetBlocks) decode(r *reader) { m.Version, m.Locator, m.Stop = r.locator() }

func locatorSize(list []BlockHash) int {
	return 4 + CompactSizeLen(uint64(len(list))) + 32*len(list) + 32
}

func appendLocator(b []byte, version uint32, list []BlockHash, stop BlockHash) []byte {
	b = binary.LittleEndian.AppendUint32(b, version)
	b = appendHashes(b, list)
	return append(b, stop[:]...)
}

func (r *reader) locator() (version uint32, list []BlockHash, stop BlockHash) {
	version = r.uint32("version")
	list = readHashes[BlockHash](r, MaxLocator, "locator")
	return version, list, r.hash("stop")
}

func appendHashes[H ~[32]byte](b []byte, list []H) []byte {
	b = AppendCompactSize(b, uint64(len(list)))
	for i := range list {
		b = append(b, list[i][:]...)
	}
	return b
}

func readHashes[H ~[32]byte](r *reader, most int, what string) []H {
	n := r.count(most, 32, what)
	list := make([]H, n)
	for i := range list {
		list[i] = r.hash(what)
	}
	return list
}
