package rpc

import (
	"context"
	"encoding/binary"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/internal/u256"
	"grapevine/wire"
)

// difficulty is how much harder a target in compact form is than the first
// target that ever was, computed step by step in doubles: clients compare the
// digits.
func difficulty(bits uint32) float64 {
	shift := int(bits >> 24)
	d := float64(0xffff) / float64(bits&0xffffff)
	for ; shift < 29; shift++ {
		d *= 256
	}
	for ; shift > 29; shift-- {
		d /= 256
	}
	return d
}

// bitsHex writes a 32-bit number as eight hex digits.
func (w *Writer) bitsHex(v uint32) *Writer {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	return w.Hex(b[:])
}

// target writes the target that bits stands for as 64 hex digits.
func (w *Writer) target(bits uint32) *Writer {
	t, _, _ := u256.FromCompact(bits)
	return w.String(t.Hex())
}

func (l *ledger) getBlockCount(_ context.Context, _ *Request, w *Writer) error {
	w.Int(int64(l.Blocks.Active().Height()))
	return nil
}

func (l *ledger) getBestBlockHash(_ context.Context, _ *Request, w *Writer) error {
	w.Hash(l.Blocks.Active().Tip().Hash())
	return nil
}

func (l *ledger) getDifficulty(_ context.Context, _ *Request, w *Writer) error {
	w.Float(difficulty(l.Blocks.Active().Tip().Bits()))
	return nil
}

func (l *ledger) getBlockHash(_ context.Context, r *Request, w *Writer) error {
	height, err := r.Int32(0)
	if err != nil {
		return err
	}
	active := l.Blocks.Active()
	if height < 0 || height > active.Height() {
		return Errorf(CodeInvalidParameter, "Block height out of range")
	}
	w.Hash(active.At(height).Hash())
	return nil
}

func (l *ledger) getBlockHeader(_ context.Context, r *Request, w *Writer) error {
	n, err := l.block(r.Arg(0), "hash")
	if err != nil {
		return err
	}
	verbose, err := r.Bool(1)
	if err != nil {
		return err
	}
	if !verbose {
		h := n.Header()
		w.Hex(h.AppendTo(make([]byte, 0, wire.HeaderSize)))
		return nil
	}
	w.Obj()
	writeHeader(w, n, l.Blocks.Active())
	w.EndObj()
	return nil
}

// writeHeader writes what is known of a block without reading it.
func writeHeader(w *Writer, n *headers.Node, active *headers.Chain) {
	h := n.Header()
	confirmations, next := int64(-1), (*headers.Node)(nil)
	if active.Contains(n) {
		confirmations = int64(active.Height()-n.Height()) + 1
		next = active.Next(n)
	}
	w.Key("hash").Hash(n.Hash())
	w.Key("confirmations").Int(confirmations)
	w.Key("height").Int(int64(n.Height()))
	w.Key("version").Int(int64(h.Version))
	w.Key("versionHex").bitsHex(uint32(h.Version))
	w.Key("merkleroot").Hash(h.MerkleRoot)
	w.Key("time").Uint(uint64(h.Time))
	w.Key("mediantime").Int(n.MedianTimePast())
	w.Key("nonce").Uint(uint64(h.Nonce))
	w.Key("bits").bitsHex(h.Bits)
	w.Key("target").target(h.Bits)
	w.Key("difficulty").Float(difficulty(h.Bits))
	w.Key("chainwork").String(n.ChainWork().Hex())
	w.Key("nTx").Uint(uint64(n.TxCount()))
	if p := n.Parent(); p != nil {
		w.Key("previousblockhash").Hash(p.Hash())
	}
	if next != nil {
		w.Key("nextblockhash").Hash(next.Hash())
	}
}

// block resolves an argument that is a block hash.
func (l *ledger) block(v Value, name string) (*headers.Node, error) {
	hash, err := ParseBlockHash(v, name)
	if err != nil {
		return nil, err
	}
	return l.lookup(hash)
}

func (l *ledger) lookup(hash wire.BlockHash) (*headers.Node, error) {
	if n := l.Blocks.Tree().Lookup(hash); n != nil {
		return n, nil
	}
	return nil, errBlockNotFound
}

var errBlockNotFound = &Error{Code: CodeInvalidAddressOrKey, Message: "Block not found"}

// rawBlock reads a block, or says why it cannot be had.
func (l *ledger) rawBlock(n *headers.Node) ([]byte, error) {
	if !n.Status().Has(headers.StatusHasData) {
		return nil, Errorf(CodeMisc, "Block not available (not fully downloaded)")
	}
	raw, err := l.Blocks.RawBlock(n)
	if err != nil {
		l.log.Error("block expected on disk cannot be read", "hash", n.Hash().String(), "err", err)
		return nil, Errorf(CodeMisc, "Block not found on disk")
	}
	return raw, nil
}

// decodedBlock is [ledger.rawBlock] with the transactions parsed.
func (l *ledger) decodedBlock(n *headers.Node) (*wire.Block, error) {
	raw, err := l.rawBlock(n)
	if err != nil {
		return nil, err
	}
	b, err := wire.DecodeBlock(raw)
	if err != nil {
		l.log.Error("block on disk is damaged", "hash", n.Hash().String(), "err", err)
		return nil, Errorf(CodeMisc, "Block not found on disk")
	}
	return b, nil
}

func (l *ledger) getBlock(ctx context.Context, r *Request, w *Writer) error {
	hash, err := ParseBlockHash(r.Arg(0), "blockhash")
	if err != nil {
		return err
	}
	verbosity, err := ParseVerbosity(r.Given(1), 1, true)
	if err != nil {
		return err
	}
	n, err := l.lookup(hash)
	if err != nil {
		return err
	}
	if verbosity <= 0 {
		raw, err := l.rawBlock(n)
		if err != nil {
			return err
		}
		w.Hex(raw)
		return nil
	}
	b, err := l.decodedBlock(n)
	if err != nil {
		return err
	}
	return l.writeBlock(ctx, w, n, b, verbosity)
}

// writeBlock writes a block at verbosity 1 (transaction ids), 2 (transactions)
// or 3 and above (with the outputs that they spend).
func (l *ledger) writeBlock(ctx context.Context, w *Writer, n *headers.Node, b *wire.Block, verbosity int32) error {
	w.Obj()
	writeHeader(w, n, l.Blocks.Active())
	w.Key("strippedsize").Int(int64(b.StrippedSize()))
	w.Key("size").Int(int64(b.TotalSize()))
	w.Key("weight").Int(int64(b.Weight()))
	writeCoinbaseSummary(w, &b.Txs[0])
	w.Key("tx")
	if verbosity == 1 {
		w.Arr()
		for i := range b.Txs {
			w.Hash(b.Txs[i].Txid())
		}
		w.EndArr()
	} else if err := l.writeBlockTxs(ctx, w, n, b, verbosity >= 3); err != nil {
		return err
	}
	w.EndObj()
	return nil
}

func writeCoinbaseSummary(w *Writer, cb *wire.Tx) {
	in := &cb.In[0]
	w.Key("coinbase_tx").Obj()
	w.Key("version").Uint(uint64(cb.Version))
	w.Key("locktime").Uint(uint64(cb.LockTime))
	w.Key("sequence").Uint(uint64(in.Sequence))
	w.Key("coinbase").Hex(in.ScriptSig)
	if len(in.Witness) > 0 {
		w.Key("witness").Hex(in.Witness[0])
	}
	w.EndObj()
}

func (l *ledger) writeBlockTxs(ctx context.Context, w *Writer, n *headers.Node, b *wire.Block, prevouts bool) error {
	var undo [][]consensus.Coin
	if n.Status().Has(headers.StatusHasUndo) && n.Height() > 0 {
		u, err := l.Blocks.Undo(n)
		if err != nil || !matches(u, b) {
			l.log.Error("undo data expected on disk cannot be read", "hash", n.Hash().String(), "err", err)
			return errUndoUnreadable
		}
		undo = u.Txs
	}
	// The answer is about six bytes of text a byte of block: growing the buffer
	// once instead of a dozen times.
	w.grow(b.TotalSize() * 6)
	t := newTxWriter(w, l.params).remember()
	w.Arr()
	for i := range b.Txs {
		if err := ctx.Err(); err != nil {
			return err
		}
		tx := &b.Txs[i]
		start, end := b.TxSpan(i)
		d := txDetail{prevouts: prevouts, raw: b.Raw()[start:end]}
		if i > 0 && undo != nil {
			d.spent = undo[i-1]
		}
		w.Obj()
		t.fields(tx, d)
		w.EndObj()
	}
	w.EndArr()
	return nil
}

var errUndoUnreadable = &Error{Code: CodeInternal, Message: "Undo data expected but can't be read. This could be due to disk corruption or a conflict with a pruning event."}

// grow makes room for n more bytes.
func (w *Writer) grow(n int) {
	if cap(w.buf)-len(w.buf) < n {
		w.buf = append(make([]byte, 0, len(w.buf)+n), w.buf...)
	}
}
