package rpc

import (
	"context"

	"grapevine/chain/headers"
	"grapevine/chain/script"
	"grapevine/wire"
)

// seekHint ends every message about a transaction that was not found.
const seekHint = ". Use gettransaction for wallet transactions."

func (l *ledger) getRawTransaction(ctx context.Context, r *Request, w *Writer) error {
	id, err := ParseTxid(r.Arg(0), "parameter 1")
	if err != nil {
		return err
	}
	if id == wire.Txid(l.params.Genesis.Header.MerkleRoot) {
		return Errorf(CodeInvalidAddressOrKey, "The genesis block coinbase is not considered an ordinary transaction and cannot be retrieved")
	}
	verbosity, err := ParseVerbosity(r.Given(1), 0, true)
	if err != nil {
		return err
	}
	if !r.Has(2) {
		return l.findTransaction(ctx, w, id, verbosity)
	}
	hash, err := ParseBlockHash(r.Arg(2), "parameter 3")
	if err != nil {
		return err
	}
	n := l.Blocks.Tree().Lookup(hash)
	if n == nil {
		return Errorf(CodeInvalidAddressOrKey, "Block hash not found")
	}
	if !n.Status().Has(headers.StatusHasData) {
		return Errorf(CodeMisc, "Block not available")
	}
	b, err := l.decodedBlock(n)
	if err != nil {
		return err
	}
	for i := range b.Txs {
		if b.Txs[i].Txid() == id {
			return l.writeTxInBlock(w, txPlace{node: n, block: b, index: i, named: true}, verbosity)
		}
	}
	return Errorf(CodeInvalidAddressOrKey, "No such transaction found in the provided block"+seekHint)
}

// findTransaction answers for a transaction without its block: from the pool,
// then from the index.
func (l *ledger) findTransaction(ctx context.Context, w *Writer, id wire.Txid, verbosity int32) error {
	ready := false
	if l.TxIndex != nil {
		// First the index catches up: a transaction that leaves the pool for a block
		// between the two is found.
		var err error
		if ready, err = l.TxIndex.CatchUp(ctx); err != nil {
			return err
		}
	}
	if tx := l.waiting(id); tx != nil {
		raw := tx.AppendTo(nil)
		if verbosity <= 0 {
			w.Hex(raw)
			return nil
		}
		w.Obj()
		newTxWriter(w, l.params).fields(tx, txDetail{raw: raw})
		w.EndObj()
		return nil
	}
	if l.TxIndex == nil {
		return Errorf(CodeInvalidAddressOrKey, "No such mempool transaction. Use -txindex or provide a block hash to enable blockchain transaction queries"+seekHint)
	}
	found, ok, err := l.TxIndex.Find(id)
	switch {
	case err != nil:
		return err
	case ok:
		return l.writeTxInBlock(w, txPlace{node: found.Node, block: found.Block, index: found.Index}, verbosity)
	case !ready:
		return Errorf(CodeInvalidAddressOrKey, "No such mempool transaction. Blockchain transactions are still in the process of being indexed"+seekHint)
	}
	return Errorf(CodeInvalidAddressOrKey, "No such mempool or blockchain transaction"+seekHint)
}

// txPlace says where a confirmed transaction is.
type txPlace struct {
	node  *headers.Node
	block *wire.Block
	index int
	// named says that the caller named the block.
	named bool
}

// writeTxInBlock writes a transaction of a block: as hex, as an object
// (verbosity 1), or with what it spends (2 and above).
func (l *ledger) writeTxInBlock(w *Writer, at txPlace, verbosity int32) error {
	n, b, i := at.node, at.block, at.index
	start, end := b.TxSpan(i)
	raw := b.Raw()[start:end]
	if verbosity <= 0 {
		w.Hex(raw)
		return nil
	}
	d := txDetail{prevouts: true, raw: raw}
	if verbosity >= 2 && i > 0 && n.Status().Has(headers.StatusHasUndo) {
		u, err := l.Blocks.Undo(n)
		if err != nil || !matches(u, b) {
			l.log.Error("undo data expected on disk cannot be read", "hash", n.Hash().String(), "err", err)
			return errUndoUnreadable
		}
		d.spent = u.Txs[i-1]
	}
	active := l.Blocks.Active()
	w.Obj()
	if at.named {
		w.Key("in_active_chain").Bool(active.Contains(n))
	}
	newTxWriter(w, l.params).fields(&b.Txs[i], d)
	writeTxPlace(w, n, active)
	w.EndObj()
	return nil
}

// writeTxPlace writes which block a transaction is in.
func writeTxPlace(w *Writer, n *headers.Node, active *headers.Chain) {
	w.Key("blockhash").Hash(n.Hash())
	if !active.Contains(n) {
		w.Key("confirmations").Int(0)
		return
	}
	w.Key("confirmations").Int(int64(active.Height()-n.Height()) + 1)
	w.Key("time").Int(n.Time())
	w.Key("blocktime").Int(n.Time())
}

func (l *ledger) decodeRawTransaction(_ context.Context, r *Request, w *Writer) error {
	text, err := r.Str(0)
	if err != nil {
		return err
	}
	forms := bothForms
	if r.Has(1) {
		witness, err := r.Bool(1)
		if err != nil {
			return err
		}
		if forms = legacyForm; witness {
			forms = witnessForm
		}
	}
	tx, ok := decodeTxHex(text, forms)
	if !ok {
		return Errorf(CodeDeserialization, "TX decode failed")
	}
	w.Obj()
	newTxWriter(w, l.params).fields(tx, txDetail{})
	w.EndObj()
	return nil
}

// txForms says which encodings of a transaction may be tried.
type txForms uint8

const (
	witnessForm txForms = 1 << iota // BIP 144
	legacyForm                      // without witness; the only one for no inputs
	bothForms   = witnessForm | legacyForm
)

// decodeTxHex reads a transaction in hex.
//
// The bytes of a transaction without inputs may also be read as one with a
// witness, so both forms are tried. What fills the bytes and has sane scripts
// wins, the witness form first; then what merely fills them.
func decodeTxHex(text string, forms txForms) (*wire.Tx, bool) {
	raw, ok := decodeHex(text)
	if !ok {
		return nil, false
	}
	var extended, legacy *wire.Tx
	if forms&witnessForm != 0 {
		if tx, err := wire.DecodeTx(raw); err == nil {
			if scriptsSane(tx) {
				return tx, true
			}
			extended = tx
		}
	}
	if forms&legacyForm != 0 {
		if tx, err := wire.DecodeTxNoWitness(raw); err == nil {
			if scriptsSane(tx) {
				return tx, true
			}
			legacy = tx
		}
	}
	if extended != nil {
		return extended, true
	}
	return legacy, legacy != nil
}

// scriptsSane reports whether all scripts are made of whole, known operations
// and within the limit of size: random bytes seldom are.
func scriptsSane(tx *wire.Tx) bool {
	if !tx.IsCoinbase() {
		for i := range tx.In {
			if !scriptSane(tx.In[i].ScriptSig) {
				return false
			}
		}
	}
	for i := range tx.Out {
		if !scriptSane(tx.Out[i].PkScript) {
			return false
		}
	}
	return true
}

func scriptSane(s []byte) bool { return len(s) <= script.MaxScriptSize && script.HasValidOps(s) }
