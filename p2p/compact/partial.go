package compact

import (
	"fmt"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// maxBlockSize is the most bytes that the transactions of a block take.
const maxBlockSize = int(wire.MaxBlockWeight)

// Partial is a block that is being put together.
//
// Invariants: a place has a transaction, or is among those asked for; what was
// found takes at most the size of a block; names and table are there until the first
// call of [Partial.Missing].
type Partial struct {
	header wire.Header
	txs    []*wire.Tx // in block order, nil where it is missing
	found  []bool     // something was found for the place, maybe too much
	names  Namer
	table  *table
	left   int // names for which nothing was found
	size   int // encoded bytes of what is there
	sent   int // memory of what was sent whole

	// Prefilled counts what came with the message, FromPool and FromExtra what was found.
	Prefilled, FromPool, FromExtra int
}

// NewPartial begins with a compact block, whose header the caller has checked. The
// Partial holds what the message carries whole.
func NewPartial(m *wire.MsgCmpctBlock) (*Partial, error) {
	n := len(m.ShortIDs) + len(m.Prefilled)
	if n == 0 || n > MaxTxs {
		return nil, invalid(fmt.Sprintf("%d transactions", n))
	}
	p := &Partial{
		header: m.Header, txs: make([]*wire.Tx, n), found: make([]bool, n), left: len(m.ShortIDs), Prefilled: len(m.Prefilled),
		names: NamerOf(&m.Header, m.Nonce), table: newTable(len(m.ShortIDs)),
	}
	next := 0
	for i := range m.Prefilled {
		f := &m.Prefilled[i]
		at := int(f.Index)
		if at < next || at > len(m.ShortIDs)+i {
			return nil, invalid(fmt.Sprintf("transaction at place %d out of order", at))
		}
		p.txs[at], p.found[at] = &f.Tx, true
		p.size += f.Tx.TotalSize()
		p.sent += footprint(&f.Tx)
		next = at + 1
	}
	at := 0
	for _, name := range m.ShortIDs {
		for p.txs[at] != nil {
			at++
		}
		if !p.table.add(name, uint16(at)) {
			return nil, collision("two transactions of one name", nil)
		}
		at++
	}
	return p, p.fits()
}

// Fill takes what it names out of the pool: transactions with their wtxids, any
// number at a time. It reports whether there is more to look for. The slices are not
// kept.
func (p *Partial) Fill(ids []wire.Wtxid, txs []*wire.Tx) (more bool) {
	if p.table == nil || p.left == 0 {
		return false
	}
	for i := range ids {
		at, ok := p.table.find(p.names.Name(ids[i]))
		if !ok {
			continue
		}
		if p.take(at, txs[i]) {
			p.FromPool++
		}
		if p.left == 0 {
			return false
		}
	}
	return true
}

// FillExtra looks among transactions that are not in the pool, or are there too.
func (p *Partial) FillExtra(txs []*wire.Tx) {
	for _, tx := range txs {
		if p.table == nil || p.left == 0 {
			return
		}
		at, ok := p.table.find(p.names.Name(tx.Wtxid()))
		if ok && p.take(at, tx) {
			p.FromExtra++
		}
	}
}

// take fills a place. When another transaction of the same name is there, both are
// doubtful and it is asked for.
func (p *Partial) take(at uint16, tx *wire.Tx) bool {
	have := p.txs[at]
	switch {
	case !p.found[at]:
		if p.size+tx.TotalSize() > maxBlockSize {
			return false // it cannot be part of this block
		}
		p.found[at], p.txs[at] = true, tx
		p.size += tx.TotalSize()
		p.left--
		return true
	case have != nil && have.Wtxid() != tx.Wtxid():
		p.txs[at] = nil
		p.size -= have.TotalSize()
	}
	return false
}

func (p *Partial) fits() error {
	if p.size > maxBlockSize {
		return collision(fmt.Sprintf("%d bytes of transactions", p.size), nil)
	}
	return nil
}

// Header returns the header of the block.
func (p *Partial) Header() wire.Header { return p.header }

// Len returns how many transactions the block has.
func (p *Partial) Len() int { return len(p.txs) }

// Missing returns the places of what was not found. Nothing is sought any more from
// now on.
func (p *Partial) Missing() []uint16 {
	p.table, p.found = nil, nil
	var list []uint16
	for i, tx := range p.txs {
		if tx == nil {
			list = append(list, uint16(i))
		}
	}
	return list
}

// Footprint is the memory, in bytes, that it takes beyond what the pool holds
// anyway, once nothing is sought any more.
func (p *Partial) Footprint() int { return 256 + 14*len(p.txs) + p.sent } // 6 of each name in the message

// Complete puts in what was missing, in order, and returns the block if it is what
// the header commits to, its witnesses too where witness is set. It may be called
// once.
func (p *Partial) Complete(missing []wire.Tx, witness bool) (*wire.Block, error) {
	txs := make([]wire.Tx, len(p.txs))
	next := 0
	for i, tx := range p.txs {
		if tx == nil {
			if next == len(missing) {
				return nil, invalid("fewer transactions than were asked for")
			}
			tx = &missing[next]
			p.size += tx.TotalSize()
			next++
		}
		txs[i] = *tx
	}
	p.txs = nil
	if next != len(missing) {
		return nil, invalid("more transactions than were asked for")
	}
	if err := p.fits(); err != nil {
		return nil, err
	}
	b := wire.NewBlock(p.header, txs)
	if err := consensus.IsBlockMutated(b, witness); err != nil {
		return nil, collision("other transactions", err)
	}
	return b, nil
}

// What the parts of a transaction take besides their encoded bytes.
const (
	txOverhead   = 160
	inOverhead   = 96
	outOverhead  = 32
	itemOverhead = 24
)

// footprint is the memory of a decoded transaction, in bytes.
func footprint(tx *wire.Tx) int {
	n := txOverhead + tx.TotalSize() + inOverhead*len(tx.In) + outOverhead*len(tx.Out)
	for i := range tx.In {
		n += itemOverhead * len(tx.In[i].Witness)
	}
	return n
}
