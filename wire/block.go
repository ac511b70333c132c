package wire

import "math"

// Block is a header with its transactions, and the bytes that they were read
// from. It is made by [DecodeBlock] or [NewBlock] and must not be changed.
type Block struct {
	Header Header
	Txs    []Tx

	hash     BlockHash
	raw      []byte
	ends     []uint32 // ends[i] is where transaction i ends in raw
	first    int      // where transaction 0 begins
	stripped int
}

// DecodeBlock reads a block that fills buf and takes ownership of buf: it is
// what [Block.Raw] returns and what the scripts alias.
func DecodeBlock(buf []byte) (*Block, error) { return decodeBlock(buf, false) }

// decodeBlock passes over what follows the block if more is set.
func decodeBlock(buf []byte, more bool) (*Block, error) {
	if len(buf) > math.MaxInt32 {
		return nil, fail(ErrTooLarge, "block", 0)
	}
	if len(buf) < HeaderSize {
		return nil, fail(ErrTruncated, "header", 0)
	}
	s := scanner{buf: buf, pos: HeaderSize}
	n, err := s.list("transaction count")
	if err != nil {
		return nil, err
	}
	first := s.pos
	for range n {
		if err := s.tx(true); err != nil {
			return nil, err
		}
	}
	if s.pos != len(buf) {
		if !more {
			return nil, fail(ErrTrailing, "block", s.pos)
		}
		buf = buf[:s.pos:s.pos]
	}

	b := &Block{
		Header:   headerAt(buf),
		Txs:      make([]Tx, n),
		hash:     DoubleSHA256(buf[:HeaderSize]),
		raw:      buf,
		ends:     make([]uint32, n),
		first:    first,
		stripped: first,
	}
	f := newFiller(buf, s.count)
	f.pos = first
	for i := range b.Txs {
		f.tx(&b.Txs[i], true)
		b.ends[i] = uint32(f.pos)
		b.stripped += int(b.Txs[i].baseSize)
	}
	return b, nil
}

// NewBlock builds a block of its own making: it takes ownership of txs, seals
// them and encodes the whole.
func NewBlock(h Header, txs []Tx) *Block {
	size := HeaderSize + CompactSizeLen(uint64(len(txs)))
	stripped := size
	for i := range txs {
		tx := txs[i].Seal()
		size += tx.TotalSize()
		stripped += tx.BaseSize()
	}
	b := &Block{
		Header:   h,
		Txs:      txs,
		hash:     h.Hash(),
		raw:      make([]byte, 0, size),
		ends:     make([]uint32, len(txs)),
		stripped: stripped,
	}
	b.raw = AppendCompactSize(h.AppendTo(b.raw), uint64(len(txs)))
	b.first = len(b.raw)
	for i := range txs {
		b.raw = txs[i].AppendTo(b.raw)
		b.ends[i] = uint32(len(b.raw))
	}
	return b
}

// Hash returns the hash of the header.
func (b *Block) Hash() BlockHash { return b.hash }

// Raw returns the encoded block, which the caller must not write to.
func (b *Block) Raw() []byte { return b.raw }

// TxSpan returns where transaction i lies in [Block.Raw].
func (b *Block) TxSpan(i int) (start, end int) {
	start = b.first
	if i > 0 {
		start = int(b.ends[i-1])
	}
	return start, int(b.ends[i])
}

// AppendNoWitness appends the block without witness to dst.
func (b *Block) AppendNoWitness(dst []byte) []byte {
	dst = append(dst, b.raw[:b.first]...)
	for i := range b.Txs {
		dst = b.Txs[i].AppendNoWitness(dst)
	}
	return dst
}

// TotalSize returns the size in bytes with witness.
func (b *Block) TotalSize() int { return len(b.raw) }

// StrippedSize returns the size in bytes without witness.
func (b *Block) StrippedSize() int { return b.stripped }

// Weight returns the weight of BIP 141.
func (b *Block) Weight() Weight { return weigh(b.stripped, len(b.raw)) }
