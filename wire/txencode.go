package wire

import "encoding/binary"

// AppendTo appends the transaction to b in the form of BIP 144: with marker,
// flag and witness when there is one, else in the original form.
func (tx *Tx) AppendTo(b []byte) []byte { return tx.append(b, tx.HasWitness()) }

// AppendNoWitness appends the original form, the one that the txid hashes.
func (tx *Tx) AppendNoWitness(b []byte) []byte { return tx.append(b, false) }

func (tx *Tx) append(b []byte, witness bool) []byte {
	b = binary.LittleEndian.AppendUint32(b, tx.Version)
	if witness {
		b = append(b, 0, flagWitness)
	}
	b = AppendCompactSize(b, uint64(len(tx.In)))
	for i := range tx.In {
		in := &tx.In[i]
		b = append(b, in.PrevOut.Txid[:]...)
		b = binary.LittleEndian.AppendUint32(b, in.PrevOut.Index)
		b = appendSized(b, in.ScriptSig)
		b = binary.LittleEndian.AppendUint32(b, in.Sequence)
	}
	b = AppendCompactSize(b, uint64(len(tx.Out)))
	for i := range tx.Out {
		b = tx.Out[i].AppendTo(b)
	}
	if witness {
		for i := range tx.In {
			b = AppendCompactSize(b, uint64(len(tx.In[i].Witness)))
			for _, item := range tx.In[i].Witness {
				b = appendSized(b, item)
			}
		}
	}
	return binary.LittleEndian.AppendUint32(b, tx.LockTime)
}

// AppendTo appends value and script to b.
func (out *TxOut) AppendTo(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(out.Value))
	return appendSized(b, out.PkScript)
}

func appendSized(b, data []byte) []byte {
	return append(AppendCompactSize(b, uint64(len(data))), data...)
}
