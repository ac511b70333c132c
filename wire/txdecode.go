package wire

import (
	"encoding/binary"
	"math"
)

// flagWitness is the only known bit of the flag byte of BIP 144.
const flagWitness = 1

// DecodeTx reads a transaction that fills buf, in the form of BIP 144. The
// transaction takes ownership of buf: its scripts alias it.
func DecodeTx(buf []byte) (*Tx, error) { return decodeWholeTx(buf, true) }

// DecodeTxNoWitness is [DecodeTx] in the original form only: an empty list of
// inputs is an empty list and not the marker of a witness. It is how
// transactions without inputs are read while they are being built.
func DecodeTxNoWitness(buf []byte) (*Tx, error) { return decodeWholeTx(buf, false) }

func decodeWholeTx(buf []byte, allowWitness bool) (*Tx, error) {
	tx, n, err := decodeTx(buf, allowWitness)
	if err != nil {
		return nil, err
	}
	if n != len(buf) {
		return nil, fail(ErrTrailing, "transaction", n)
	}
	return tx, nil
}

// DecodeTxPrefix reads a transaction from the front of buf and returns it with
// the number of bytes that it takes.
func DecodeTxPrefix(buf []byte) (*Tx, int, error) { return decodeTx(buf, true) }

func decodeTx(buf []byte, allowWitness bool) (*Tx, int, error) {
	if len(buf) > math.MaxInt32 {
		return nil, 0, fail(ErrTooLarge, "transaction", 0)
	}
	s := scanner{buf: buf}
	if err := s.tx(allowWitness); err != nil {
		return nil, 0, err
	}
	f := newFiller(buf, s.count)
	tx := new(Tx)
	f.tx(tx, allowWitness)
	return tx, f.pos, nil
}

// counts is what the first pass learns.
type counts struct{ ins, outs, items int }

// scanner is the first pass: it checks the structure and counts. It does all
// the checks; [filler] relies on them.
type scanner struct {
	buf   []byte
	pos   int
	count counts
}

// tx walks over one transaction.
//
// An empty list of inputs is where BIP 144 hides its marker: the byte after it
// holds the flags. Zero there ends the transaction with neither inputs nor
// outputs, which is how a transaction with outputs but no inputs comes to be
// unreadable in this form.
func (s *scanner) tx(allowWitness bool) error {
	if err := s.skip(4, "transaction version"); err != nil {
		return err
	}
	ins, err := s.inputs()
	if err != nil {
		return err
	}
	var flags byte
	if ins == 0 && allowWitness {
		if err := s.skip(1, "transaction flags"); err != nil {
			return err
		}
		if flags = s.buf[s.pos-1]; flags == 0 {
			return s.skip(4, "lock time")
		}
		if ins, err = s.inputs(); err != nil {
			return err
		}
	}
	if err := s.outputs(); err != nil {
		return err
	}
	if flags&flagWitness != 0 {
		if err := s.witnesses(ins); err != nil {
			return err
		}
	}
	if flags&^flagWitness != 0 {
		return fail(ErrUnknownTxData, "transaction flags", s.pos)
	}
	return s.skip(4, "lock time")
}

func (s *scanner) inputs() (int, error) {
	n, err := s.list("input count")
	if err != nil {
		return 0, err
	}
	for range n {
		if err := s.skip(36, "outpoint"); err != nil {
			return 0, err
		}
		if err := s.sized("input script"); err != nil {
			return 0, err
		}
		if err := s.skip(4, "sequence"); err != nil {
			return 0, err
		}
	}
	s.count.ins += n
	return n, nil
}

func (s *scanner) outputs() error {
	n, err := s.list("output count")
	if err != nil {
		return err
	}
	for range n {
		if err := s.skip(8, "output value"); err != nil {
			return err
		}
		if err := s.sized("output script"); err != nil {
			return err
		}
	}
	s.count.outs += n
	return nil
}

func (s *scanner) witnesses(ins int) error {
	before := s.count.items
	for range ins {
		n, err := s.list("witness item count")
		if err != nil {
			return err
		}
		for range n {
			if err := s.sized("witness item"); err != nil {
				return err
			}
		}
		s.count.items += n
	}
	if s.count.items == before {
		return fail(ErrSuperfluousWitness, "witness", s.pos)
	}
	return nil
}

// list reads the count of a list. It may claim anything: walking the list ends
// where the bytes do, and only then is memory taken.
func (s *scanner) list(what string) (int, error) {
	n, size, kind := compactAt(s.buf, s.pos)
	if kind != "" {
		return 0, fail(kind, what, s.pos)
	}
	s.pos += size
	return int(n), nil
}

// sized skips a byte string with its length before it.
func (s *scanner) sized(what string) error {
	n, size, kind := compactAt(s.buf, s.pos)
	if kind != "" {
		return fail(kind, what, s.pos)
	}
	if int(n) > len(s.buf)-s.pos-size {
		return fail(ErrTruncated, what, s.pos)
	}
	s.pos += size + int(n)
	return nil
}

func (s *scanner) skip(n int, what string) error {
	if n > len(s.buf)-s.pos {
		return fail(ErrTruncated, what, s.pos)
	}
	s.pos += n
	return nil
}

// filler is the second pass over bytes that [scanner] has accepted: it hands
// out parts of the slabs and hashes.
type filler struct {
	buf   []byte
	pos   int
	ins   []TxIn
	outs  []TxOut
	items [][]byte
	hash  hasher
}

func newFiller(buf []byte, c counts) filler {
	return filler{
		buf:   buf,
		ins:   make([]TxIn, c.ins),
		outs:  make([]TxOut, c.outs),
		items: make([][]byte, c.items),
	}
}

// tx reads the transaction at pos, seals it and moves pos behind it.
func (f *filler) tx(tx *Tx, allowWitness bool) {
	start := f.pos
	tx.Version = f.uint32()
	body := f.pos // the lists, as the txid hashes them
	tx.In = f.inputs()
	bare := false
	if len(tx.In) == 0 && allowWitness {
		tx.witness = f.buf[f.pos] != 0
		bare = !tx.witness
		f.pos++
		if tx.witness {
			body = f.pos
			tx.In = f.inputs()
		}
	}
	if !bare {
		tx.Out = f.outputs()
	}
	bodyEnd := f.pos
	if tx.witness {
		for i := range tx.In {
			tx.In[i].Witness = f.stack()
		}
	}
	tx.LockTime = f.uint32()

	tx.sealed = true
	tx.totalSize = uint32(f.pos - start)
	tx.baseSize = uint32(8 + bodyEnd - body)
	whole := f.buf[start:f.pos]
	if !tx.witness {
		tx.txid = DoubleSHA256(whole)
		tx.wtxid = Wtxid(tx.txid)
		return
	}
	tx.txid = f.hash.joined(whole[:4], f.buf[body:bodyEnd], whole[len(whole)-4:])
	tx.wtxid = DoubleSHA256(whole)
}

func (f *filler) inputs() []TxIn {
	n := f.compact()
	list := f.ins[:n:n]
	f.ins = f.ins[n:]
	for i := range list {
		in := &list[i]
		copy(in.PrevOut.Txid[:], f.buf[f.pos:])
		in.PrevOut.Index = binary.LittleEndian.Uint32(f.buf[f.pos+32:])
		f.pos += 36
		in.ScriptSig = f.sized()
		in.Sequence = f.uint32()
	}
	return list
}

func (f *filler) outputs() []TxOut {
	n := f.compact()
	list := f.outs[:n:n]
	f.outs = f.outs[n:]
	for i := range list {
		list[i].Value = Amount(binary.LittleEndian.Uint64(f.buf[f.pos:]))
		f.pos += 8
		list[i].PkScript = f.sized()
	}
	return list
}

func (f *filler) stack() [][]byte {
	n := f.compact()
	if n == 0 {
		return nil
	}
	list := f.items[:n:n]
	f.items = f.items[n:]
	for i := range list {
		list[i] = f.sized()
	}
	return list
}

// sized returns a byte string whose capacity ends with it, so that an append
// by its holder cannot reach into what follows.
func (f *filler) sized() []byte {
	n := f.compact()
	end := f.pos + n
	b := f.buf[f.pos:end:end]
	f.pos = end
	return b
}

func (f *filler) compact() int {
	n, size, _ := compactAt(f.buf, f.pos)
	f.pos += size
	return int(n)
}

func (f *filler) uint32() uint32 {
	n := binary.LittleEndian.Uint32(f.buf[f.pos:])
	f.pos += 4
	return n
}
