package rpc

import (
	"bytes"
	"hash/maphash"

	"grapevine/chain/consensus"
	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/node/descriptor"
	"grapevine/wire"
)

// txWriter writes transactions and scripts as JSON for one call: straight from
// the decoded block into the answer's buffer, no tree between.
//
// Rendering a script costs an address checksum and a descriptor checksum, and
// blocks repeat scripts (an address is paid and spends, a service pays itself
// change), so the fragments already in the buffer are remembered in a small
// direct-mapped table and copied. A collision only costs rendering again.
type txWriter struct {
	w      *Writer
	params *params.Params
	seen   []seenScript // nil: do not remember
	seed   maphash.Seed
}

// seenScript says where in the buffer the fields of a script stand.
type seenScript struct {
	script     []byte
	start, end int
}

// seenScripts is the size of the table, a power of two: 4096 entries of 40
// bytes are 160 KiB a call, against answers of some megabytes.
const seenScripts = 4096

func newTxWriter(w *Writer, p *params.Params) *txWriter { return &txWriter{w: w, params: p} }

// remember turns the table on: worth it from a block's worth of scripts on.
func (t *txWriter) remember() *txWriter {
	t.seen = make([]seenScript, seenScripts)
	t.seed = maphash.MakeSeed()
	return t
}

// txDetail says what [txWriter.fields] adds to the bare transaction.
type txDetail struct {
	// spent are the coins that the inputs spend, nil when unknown or when the
	// transaction is a coinbase: with them the fee is known.
	spent []consensus.Coin
	// prevouts writes each spent coin beside its input.
	prevouts bool
	// raw is the encoded transaction, written as "hex"; nil leaves it out.
	raw []byte
}

// fields writes the members of a transaction into an open object.
func (t *txWriter) fields(tx *wire.Tx, d txDetail) {
	w := t.w
	w.Key("txid").Hash(tx.Txid())
	w.Key("hash").Hash(tx.Wtxid())
	w.Key("version").Uint(uint64(tx.Version))
	w.Key("size").Int(int64(tx.TotalSize()))
	w.Key("vsize").Int(int64(tx.VSize()))
	w.Key("weight").Int(int64(tx.Weight()))
	w.Key("locktime").Uint(uint64(tx.LockTime))

	coinbase := tx.IsCoinbase()
	w.Key("vin").Arr()
	var in, out wire.Amount
	for i := range tx.In {
		var coin *consensus.Coin
		if d.spent != nil {
			coin = &d.spent[i]
			in += coin.Out.Value
		}
		t.input(&tx.In[i], coinbase, coin, d.prevouts)
	}
	w.EndArr()

	w.Key("vout").Arr()
	for i := range tx.Out {
		o := &tx.Out[i]
		out += o.Value
		w.Obj()
		w.Key("value").Amount(o.Value)
		w.Key("n").Int(int64(i))
		w.Key("scriptPubKey").Obj()
		t.script(o.PkScript)
		w.EndObj().EndObj()
	}
	w.EndArr()

	if d.spent != nil {
		w.Key("fee").Amount(in - out)
	}
	if d.raw != nil {
		w.Key("hex").Hex(d.raw)
	}
}

func (t *txWriter) input(in *wire.TxIn, coinbase bool, coin *consensus.Coin, prevout bool) {
	w := t.w
	w.Obj()
	if coinbase {
		w.Key("coinbase").Hex(in.ScriptSig)
	} else {
		w.Key("txid").Hash(in.PrevOut.Txid)
		w.Key("vout").Uint(uint64(in.PrevOut.Index))
		w.Key("scriptSig").Obj().Key("asm")
		t.asm(in.ScriptSig, true)
		w.Key("hex").Hex(in.ScriptSig).EndObj()
	}
	if len(in.Witness) > 0 {
		w.Key("txinwitness").Arr()
		for _, item := range in.Witness {
			w.Hex(item)
		}
		w.EndArr()
	}
	if coin != nil && prevout {
		w.Key("prevout").Obj()
		w.Key("generated").Bool(coin.Coinbase)
		w.Key("height").Int(int64(coin.Height))
		w.Key("value").Amount(coin.Out.Value)
		w.Key("scriptPubKey").Obj()
		t.script(coin.Out.PkScript)
		w.EndObj().EndObj()
	}
	w.Key("sequence").Uint(uint64(in.Sequence)).EndObj()
}

// script writes the members of an output script into an open object.
func (t *txWriter) script(pk []byte) {
	if t.seen == nil {
		t.scriptFields(pk, true)
		return
	}
	slot := &t.seen[maphash.Bytes(t.seed, pk)%seenScripts]
	w := t.w
	if slot.end > 0 && bytes.Equal(slot.script, pk) {
		w.buf = append(w.buf, w.buf[slot.start:slot.end]...)
		w.comma = true
		return
	}
	start := len(w.buf)
	t.scriptFields(pk, true)
	*slot = seenScript{script: pk, start: start, end: len(w.buf)}
}

// scriptFields writes asm, desc, hex, address and type. Scripts that are known
// otherwise let the descriptor see through a hash of them.
func (t *txWriter) scriptFields(pk []byte, withHex bool, known ...[]byte) {
	w := t.w
	kind := script.TypeOf(pk)
	addr, _ := script.AddressOf(pk, t.params)
	w.Key("asm")
	t.asm(pk, false)
	w.Key("desc").String(t.descriptor(pk, kind, addr, known))
	if withHex {
		w.Key("hex").Hex(pk)
	}
	if addr != "" {
		w.Key("address").String(addr)
	}
	w.Key("type").String(kind.String())
}

// descriptor infers the descriptor of a script. For hashes with nothing known
// behind them, which most scripts are, that is the address, and it is at hand.
func (t *txWriter) descriptor(pk []byte, kind script.Type, addr string, known [][]byte) string {
	switch kind {
	case script.PubKeyHash, script.ScriptHash, script.WitnessV0KeyHash, script.WitnessV0ScriptHash:
		if len(known) > 0 {
			break
		}
		desc := "addr(" + addr + ")"
		sum, _ := descriptor.Checksum(desc)
		return desc + "#" + sum
	}
	return descriptor.Infer(pk, t.params, known...)
}

// asm writes a script in words. Opcode names and hex need no escaping.
func (t *txWriter) asm(s []byte, sighash bool) {
	w := t.w
	w.sep()
	w.buf = append(w.buf, '"')
	w.buf = script.AppendAsm(w.buf, s, sighash)
	w.buf = append(w.buf, '"')
}
