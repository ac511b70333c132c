package wire

import "strconv"

// OutPoint names an output of a transaction.
type OutPoint struct {
	Txid  Txid
	Index uint32
}

// nullIndex marks, with a zero txid, the input of a coinbase.
const nullIndex = 0xffffffff

// IsNull reports whether this is the prevout of a coinbase input.
func (o OutPoint) IsNull() bool { return o.Index == nullIndex && o.Txid.IsZero() }

// String returns "txid:index".
func (o OutPoint) String() string {
	return o.Txid.String() + ":" + strconv.FormatUint(uint64(o.Index), 10)
}

// TxIn spends an output.
type TxIn struct {
	PrevOut   OutPoint
	ScriptSig []byte
	Sequence  uint32
	Witness   [][]byte // nil when the input has none
}

// TxOut creates an output.
type TxOut struct {
	Value    Amount
	PkScript []byte
}

// Tx is a transaction. One that was decoded, or sealed with [Tx.Seal], carries
// its identifiers and sizes and must not be changed any more; one that is
// being built computes them at each call.
type Tx struct {
	Version  uint32
	In       []TxIn
	Out      []TxOut
	LockTime uint32

	sealed    bool
	witness   bool
	baseSize  uint32
	totalSize uint32
	txid      Txid
	wtxid     Wtxid
}

// Seal computes and keeps identifiers and sizes, and returns the transaction
// itself. It must not run beside other uses of the same transaction.
func (tx *Tx) Seal() *Tx {
	if tx.sealed {
		return tx
	}
	tx.witness = tx.HasWitness()
	tx.baseSize, tx.totalSize = uint32(tx.BaseSize()), uint32(tx.TotalSize())
	tx.txid, tx.wtxid = tx.Txid(), tx.Wtxid()
	tx.sealed = true
	return tx
}

// Clone returns an unsealed copy that shares no memory with the original.
func (tx *Tx) Clone() *Tx {
	c := &Tx{Version: tx.Version, LockTime: tx.LockTime}
	c.In = make([]TxIn, len(tx.In))
	for i := range tx.In {
		in := tx.In[i]
		in.ScriptSig = cloneBytes(in.ScriptSig)
		if in.Witness != nil {
			items := make([][]byte, len(in.Witness))
			for j, item := range in.Witness {
				items[j] = cloneBytes(item)
			}
			in.Witness = items
		}
		c.In[i] = in
	}
	c.Out = make([]TxOut, len(tx.Out))
	for i, out := range tx.Out {
		out.PkScript = cloneBytes(out.PkScript)
		c.Out[i] = out
	}
	return c
}

// Txid returns the hash without witness.
func (tx *Tx) Txid() Txid {
	if tx.sealed {
		return tx.txid
	}
	return DoubleSHA256(tx.AppendNoWitness(make([]byte, 0, tx.BaseSize())))
}

// Wtxid returns the hash with witness; without a witness it equals the txid.
func (tx *Tx) Wtxid() Wtxid {
	if tx.sealed {
		return tx.wtxid
	}
	return DoubleSHA256(tx.AppendTo(make([]byte, 0, tx.TotalSize())))
}

// HasWitness reports whether any input has a witness item.
func (tx *Tx) HasWitness() bool {
	if tx.sealed {
		return tx.witness
	}
	for i := range tx.In {
		if len(tx.In[i].Witness) > 0 {
			return true
		}
	}
	return false
}

// IsCoinbase reports whether the only input spends the null outpoint.
func (tx *Tx) IsCoinbase() bool {
	return len(tx.In) == 1 && tx.In[0].PrevOut.IsNull()
}

// BaseSize returns the size in bytes without witness.
func (tx *Tx) BaseSize() int {
	if tx.sealed {
		return int(tx.baseSize)
	}
	n := 8 + CompactSizeLen(uint64(len(tx.In))) + CompactSizeLen(uint64(len(tx.Out)))
	for i := range tx.In {
		n += 40 + sizedLen(tx.In[i].ScriptSig)
	}
	for i := range tx.Out {
		n += 8 + sizedLen(tx.Out[i].PkScript)
	}
	return n
}

// TotalSize returns the size in bytes with witness.
func (tx *Tx) TotalSize() int {
	if tx.sealed {
		return int(tx.totalSize)
	}
	n := tx.BaseSize()
	if !tx.HasWitness() {
		return n
	}
	n += 2
	for i := range tx.In {
		n += CompactSizeLen(uint64(len(tx.In[i].Witness)))
		for _, item := range tx.In[i].Witness {
			n += sizedLen(item)
		}
	}
	return n
}

// Weight returns the weight of BIP 141.
func (tx *Tx) Weight() Weight { return weigh(tx.BaseSize(), tx.TotalSize()) }

// VSize returns the weight in virtual bytes, rounded up.
func (tx *Tx) VSize() int {
	return int((tx.Weight() + WitnessScaleFactor - 1) / WitnessScaleFactor)
}

func sizedLen(b []byte) int { return CompactSizeLen(uint64(len(b))) + len(b) }

// cloneBytes keeps the difference between nil and empty.
func cloneBytes(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}
