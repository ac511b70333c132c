package wire

import "encoding/binary"

// ShortID is the six bytes by which a compact block names a transaction.
type ShortID uint64

// shortIDSize is the length of an encoded ShortID.
const shortIDSize = 6

// maxBlockTxs is how many transactions a compact block can number: the count
// fits 16 bits.
const maxBlockTxs = 0xffff

// MsgCmpctBlock carries a block with most transactions named only (BIP 152,
// version 2). Those that are not prefilled stand in ShortIDs, in block order.
type MsgCmpctBlock struct {
	Header    Header
	Nonce     uint64 // salts the short identifiers, with the header
	ShortIDs  []ShortID
	Prefilled []PrefilledTx // ascending by Index
}

// PrefilledTx is a transaction that a compact block carries whole.
type PrefilledTx struct {
	Index uint16 // in the block
	Tx    Tx
}

// minTxSize is the length of the smallest encoded transaction.
const minTxSize = 10

// Command implements [Message].
func (*MsgCmpctBlock) Command() string { return "cmpctblock" }

// PayloadSize implements [Message].
func (m *MsgCmpctBlock) PayloadSize() int {
	n := HeaderSize + 8
	n += CompactSizeLen(uint64(len(m.ShortIDs))) + shortIDSize*len(m.ShortIDs)
	n += CompactSizeLen(uint64(len(m.Prefilled)))
	next := 0
	for i := range m.Prefilled {
		p := &m.Prefilled[i]
		n += CompactSizeLen(uint64(int(p.Index)-next)) + p.Tx.TotalSize()
		next = int(p.Index) + 1
	}
	return n
}

// AppendPayload implements [Message].
func (m *MsgCmpctBlock) AppendPayload(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(m.Header.AppendTo(b), m.Nonce)
	b = AppendCompactSize(b, uint64(len(m.ShortIDs)))
	for _, id := range m.ShortIDs {
		b = binary.LittleEndian.AppendUint32(b, uint32(id))
		b = binary.LittleEndian.AppendUint16(b, uint16(id>>32))
	}
	b = AppendCompactSize(b, uint64(len(m.Prefilled)))
	next := 0
	for i := range m.Prefilled {
		p := &m.Prefilled[i]
		b = AppendCompactSize(b, uint64(int(p.Index)-next))
		b = p.Tx.AppendTo(b)
		next = int(p.Index) + 1
	}
	return b
}

// decode yields blocks that fit together only: there is a header and at least
// one transaction, no prefilled one is empty, and each stands at a place that
// the short identifiers and the prefilled ones before it reach.
func (m *MsgCmpctBlock) decode(r *reader) {
	m.Header = r.header("header")
	m.Nonce = r.uint64("nonce")
	m.ShortIDs = r.shortIDs()
	n := r.count(maxBlockTxs, 1+minTxSize, "prefilled transactions")
	if len(m.ShortIDs)+n > maxBlockTxs {
		r.fail(ErrLimit, "transactions")
	}
	if m.Header.Bits == 0 || len(m.ShortIDs)+n == 0 {
		r.fail(ErrBadValue, "header without block")
	}
	m.Prefilled = r.prefilled(n, len(m.ShortIDs))
}

func (r *reader) shortIDs() []ShortID {
	n := r.count(maxBlockTxs, shortIDSize, "short identifiers")
	list := make([]ShortID, n)
	for i := range list {
		b := r.next(shortIDSize, "short identifier")
		list[i] = ShortID(binary.LittleEndian.Uint32(b)) | ShortID(binary.LittleEndian.Uint16(b[4:]))<<32
	}
	return list
}

func (r *reader) prefilled(n, shortIDs int) []PrefilledTx {
	s := scanner{buf: r.buf, pos: r.pos}
	next := 0
	for i := range n {
		gap, err := s.list("prefilled index")
		if gap+next > shortIDs+i {
			err = fail(ErrBadIndex, "prefilled index", s.pos)
		}
		next += gap + 1
		before := s.count.ins
		if err == nil {
			err = s.tx(true)
		}
		if err == nil && s.count.ins == before { // without inputs nothing has outputs
			err = fail(ErrBadValue, "empty transaction", s.pos)
		}
		if err != nil {
			r.stop(err)
			return nil
		}
	}
	list := make([]PrefilledTx, n)
	f := newFiller(r.buf, s.count)
	f.pos = r.pos
	next = 0
	for i := range list {
		next += f.compact()
		list[i].Index = uint16(next)
		f.tx(&list[i].Tx, true)
		next++
	}
	r.pos = f.pos
	return list
}

// MsgGetBlockTxn asks for transactions of a block by their places in it.
type MsgGetBlockTxn struct {
	Block   BlockHash
	Indexes []uint16 // ascending
}

// Command implements [Message].
func (*MsgGetBlockTxn) Command() string { return "getblocktxn" }

// PayloadSize implements [Message].
func (m *MsgGetBlockTxn) PayloadSize() int {
	n := 32 + CompactSizeLen(uint64(len(m.Indexes)))
	next := 0
	for _, index := range m.Indexes {
		n += CompactSizeLen(uint64(int(index) - next))
		next = int(index) + 1
	}
	return n
}

// AppendPayload implements [Message].
func (m *MsgGetBlockTxn) AppendPayload(b []byte) []byte {
	b = append(b, m.Block[:]...)
	b = AppendCompactSize(b, uint64(len(m.Indexes)))
	next := 0
	for _, index := range m.Indexes {
		b = AppendCompactSize(b, uint64(int(index)-next))
		next = int(index) + 1
	}
	return b
}

func (m *MsgGetBlockTxn) decode(r *reader) {
	m.Block = r.hash("block")
	n := r.count(maxBlockTxs+1, 1, "indexes")
	m.Indexes = make([]uint16, n)
	next := uint64(0)
	for i := range m.Indexes {
		next += r.compact("index")
		if next > 0xffff {
			r.fail(ErrBadIndex, "index")
		}
		m.Indexes[i] = uint16(next)
		next++
	}
}

// MsgBlockTxn answers a getblocktxn, in its order.
type MsgBlockTxn struct {
	Block BlockHash
	Txs   []Tx
}

// Command implements [Message].
func (*MsgBlockTxn) Command() string { return "blocktxn" }

// PayloadSize implements [Message].
func (m *MsgBlockTxn) PayloadSize() int {
	n := 32 + CompactSizeLen(uint64(len(m.Txs)))
	for i := range m.Txs {
		n += m.Txs[i].TotalSize()
	}
	return n
}

// AppendPayload implements [Message].
func (m *MsgBlockTxn) AppendPayload(b []byte) []byte {
	b = AppendCompactSize(append(b, m.Block[:]...), uint64(len(m.Txs)))
	for i := range m.Txs {
		b = m.Txs[i].AppendTo(b)
	}
	return b
}

func (m *MsgBlockTxn) decode(r *reader) {
	m.Block = r.hash("block")
	n := r.count(maxBlockTxs+1, minTxSize, "transactions")
	s := scanner{buf: r.buf, pos: r.pos}
	for range n {
		if err := s.tx(true); err != nil {
			r.stop(err)
			return
		}
	}
	m.Txs = make([]Tx, n)
	f := newFiller(r.buf, s.count)
	f.pos = r.pos
	for i := range m.Txs {
		f.tx(&m.Txs[i], true)
	}
	r.pos = f.pos
}
