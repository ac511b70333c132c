package rpc

import (
	"context"
	"errors"

	"grapevine/chain"
	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/script"
	"grapevine/node/descriptor"
	"grapevine/node/mining"
	"grapevine/wire"
)

func (l *ledger) getNetworkHashPS(_ context.Context, r *Request, w *Writer) error {
	lookup, err := r.Int32(0)
	if err != nil {
		return err
	}
	height, err := r.Int32(1)
	if err != nil {
		return err
	}
	rate, err := l.hashRate(l.Blocks.Active(), lookup, height)
	if err != nil {
		return err
	}
	w.Float(rate)
	return nil
}

// hashRate estimates the hashes a second of the network from the last blocks
// up to a height, -1 for the tip; lookup -1 looks back to the last retarget.
func (l *ledger) hashRate(active *headers.Chain, lookup, height int32) (float64, error) {
	if lookup < -1 || lookup == 0 {
		return 0, Errorf(CodeInvalidParameter, "Invalid nblocks. Must be a positive number or -1.")
	}
	if height < -1 || height > active.Height() {
		return 0, Errorf(CodeInvalidParameter, "Block does not exist at specified height")
	}
	last := active.Tip()
	if height >= 0 {
		last = active.At(height)
	}
	if last.Height() == 0 {
		return 0, nil
	}
	if lookup == -1 {
		lookup = last.Height()%l.params.RetargetInterval() + 1
	}
	lookup = min(lookup, last.Height())
	first, earliest, latest := last, last.Time(), last.Time()
	for range lookup {
		first = first.Parent()
		earliest, latest = min(earliest, first.Time()), max(latest, first.Time())
	}
	if earliest == latest {
		return 0, nil
	}
	work := last.ChainWork().Sub(first.ChainWork())
	return work.Float64() / float64(latest-earliest), nil
}

func (l *ledger) getMiningInfo(_ context.Context, _ *Request, w *Writer) error {
	active := l.Blocks.Active()
	tip := active.Tip()
	st := l.Blocks.Status()
	rate, err := l.hashRate(active, defaultHashRateBlocks, -1)
	if err != nil {
		return err
	}
	w.Obj()
	w.Key("blocks").Int(int64(tip.Height()))
	if weight, txs, ok := l.Miner.LastAssembled(); ok {
		w.Key("currentblockweight").Int(int64(weight))
		w.Key("currentblocktx").Int(int64(txs))
	}
	w.Key("bits").bitsHex(tip.Bits())
	w.Key("difficulty").Float(difficulty(tip.Bits()))
	w.Key("target").target(tip.Bits())
	w.Key("networkhashps").Float(rate)
	pooled := 0
	if l.Pool != nil {
		pooled = l.Pool.Info().Size
	}
	w.Key("pooledtx").Int(int64(pooled))
	w.Key("blockmintxfee").Amount(wire.Amount(l.Miner.MinFeeRate()))
	w.Key("chain").String(l.params.Name)
	next := l.Miner.TemplateOn(tip)
	w.Key("next").Obj()
	w.Key("height").Int(int64(next.Height))
	w.Key("bits").bitsHex(next.Bits)
	w.Key("difficulty").Float(difficulty(next.Bits))
	w.Key("target").target(next.Bits)
	w.EndObj()
	l.signetChallenge(w)
	l.warnings(w, &st)
	w.EndObj()
	return nil
}

// defaultHashRateBlocks is how far back getnetworkhashps looks.
const defaultHashRateBlocks = 120

func (l *ledger) submitBlock(ctx context.Context, r *Request, w *Writer) error {
	text, err := r.Str(0)
	if err != nil {
		return err
	}
	b, ok := decodeBlockHex(text)
	if !ok {
		return Errorf(CodeDeserialization, "Block decode failed")
	}
	if prev := l.Blocks.Tree().Lookup(b.Header.PrevBlock); prev != nil && prev.Height()+1 >= l.params.SegwitHeight {
		b = mining.WithReservedValue(b)
	}
	outcome, err := l.Acceptor.SubmitBlock(ctx, b)
	return writeVerdict(w, outcome, err)
}

// writeVerdict writes what became of a submitted block in the words of BIP 22:
// null for one that is in the active chain now.
func writeVerdict(w *Writer, outcome chain.Outcome, err error) error {
	var broken *consensus.Error
	switch {
	case errors.As(err, &broken):
		w.String(string(broken.Kind))
	case err != nil:
		return Errorf(CodeVerify, "%s", err)
	case outcome == chain.Duplicate || outcome == chain.DuplicateUnjudged:
		w.String("duplicate")
	case outcome == chain.Stored:
		w.String("inconclusive")
	default:
		w.Null()
	}
	return nil
}

// decodeBlockHex reads a block in hex. What follows the block is ignored, as
// other nodes do.
func decodeBlockHex(text string) (*wire.Block, bool) {
	raw, ok := decodeHex(text)
	if !ok {
		return nil, false
	}
	b, err := wire.DecodeBlock(raw)
	var bad *wire.Error
	if errors.As(err, &bad) && bad.Kind == wire.ErrTrailing {
		b, err = wire.DecodeBlock(raw[:bad.Offset])
	}
	return b, err == nil
}

func (l *ledger) submitHeader(ctx context.Context, r *Request, w *Writer) error {
	text, err := r.Str(0)
	if err != nil {
		return err
	}
	raw, ok := decodeHex(text)
	if !ok || len(raw) < wire.HeaderSize {
		return Errorf(CodeDeserialization, "Block header decode failed")
	}
	h, err := wire.DecodeHeader(raw[:wire.HeaderSize])
	if err != nil {
		return Errorf(CodeDeserialization, "Block header decode failed")
	}
	if l.Blocks.Tree().Lookup(h.PrevBlock) == nil {
		return Errorf(CodeVerify, "Must submit previous header (%s) first", h.PrevBlock)
	}
	var broken *consensus.Error
	err = l.Acceptor.SubmitHeader(ctx, h)
	switch {
	case errors.As(err, &broken):
		return Errorf(CodeVerify, "%s", broken.Kind)
	case err != nil:
		return Errorf(CodeVerify, "%s", err)
	}
	w.Null()
	return nil
}

func (l *ledger) generateToAddress(ctx context.Context, r *Request, w *Writer) error {
	count, err := r.Int32(0)
	if err != nil {
		return err
	}
	tries, err := r.Int32(2)
	if err != nil {
		return err
	}
	text, err := r.Str(1)
	if err != nil {
		return err
	}
	addr, err := script.DecodeAddress(text, l.params)
	if err != nil {
		return Errorf(CodeInvalidAddressOrKey, "Error: Invalid address")
	}
	// A negative number of tries reads as one without end.
	return l.generate(ctx, w, count, addr.Script(), uint64(int64(tries)))
}

func (l *ledger) generateToDescriptor(ctx context.Context, r *Request, w *Writer) error {
	count, err := r.Int32(0)
	if err != nil {
		return err
	}
	tries, err := r.Arg(2).Uint64()
	if err != nil {
		return err
	}
	text, err := r.Str(1)
	if err != nil {
		return err
	}
	parsed, err := descriptor.Parse(text, l.params, false)
	if err != nil {
		return Errorf(CodeInvalidAddressOrKey, "%s", err)
	}
	payTo, err := descriptorScript(parsed)
	if err != nil {
		return err
	}
	return l.generate(ctx, w, count, payTo, tries)
}

func (l *ledger) generate(ctx context.Context, w *Writer, count int32, payTo []byte, tries uint64) error {
	hashes, err := l.Miner.Generate(ctx, int(count), payTo, tries)
	if err != nil {
		return miningError(err)
	}
	w.Arr()
	for _, h := range hashes {
		w.Hash(h)
	}
	w.EndArr()
	return nil
}

// miningError puts the errors of a miner into the words that clients know.
func miningError(err error) error {
	var rejected *mining.RejectedError
	if errors.As(err, &rejected) {
		return Errorf(CodeInternal, "ProcessNewBlock, block not accepted")
	}
	return err // a bad template, with its reason
}

// descriptorScript returns the one script that a descriptor stands for.
func descriptorScript(parsed *descriptor.Parsed) ([]byte, error) {
	if len(parsed.Descriptors) > 1 {
		return nil, Errorf(CodeInvalidParameter, "Multipath descriptor not accepted")
	}
	d := parsed.Descriptors[0]
	if d.Ranged() {
		return nil, Errorf(CodeInvalidParameter, "Ranged descriptor not accepted. Maybe pass through deriveaddresses first?")
	}
	scripts, err := d.Expand(0)
	if err != nil {
		return nil, Errorf(CodeInvalidAddressOrKey, "Cannot derive script without private keys")
	}
	// A combination stands for several: the witness form of a compressed key is
	// taken, or the hash of another key.
	switch len(scripts) {
	case 0:
		return nil, Errorf(CodeInvalidAddressOrKey, "Descriptor does not stand for a script")
	case 1:
		return scripts[0], nil
	case 4:
		return scripts[2], nil
	}
	return scripts[1], nil
}

func (l *ledger) generateBlock(ctx context.Context, r *Request, w *Writer) error {
	payTo, err := l.outputScript(r)
	if err != nil {
		return err
	}
	txs, err := l.blockTransactions(r.Arg(1))
	if err != nil {
		return err
	}
	submit, err := r.Bool(2)
	if err != nil {
		return err
	}
	b, err := l.Miner.Block(ctx, payTo, txs)
	if err != nil {
		var bad *mining.TemplateError
		if errors.As(err, &bad) {
			return Errorf(CodeVerify, "%s", bad)
		}
		return err
	}
	if b == nil {
		return Errorf(CodeMisc, "Failed to make block.")
	}
	if submit {
		if _, err := l.Acceptor.SubmitBlock(ctx, b); err != nil {
			return miningError(&mining.RejectedError{Err: err})
		}
	}
	w.Obj()
	w.Key("hash").Hash(b.Hash())
	if !submit {
		w.Key("hex").Hex(b.Raw())
	}
	w.EndObj()
	return nil
}

// outputScript reads an argument that is a descriptor or an address.
func (l *ledger) outputScript(r *Request) ([]byte, error) {
	text, err := r.Str(0)
	if err != nil {
		return nil, err
	}
	if parsed, err := descriptor.Parse(text, l.params, false); err == nil {
		return descriptorScript(parsed)
	}
	addr, err := script.DecodeAddress(text, l.params)
	if err != nil {
		return nil, Errorf(CodeInvalidAddressOrKey, "Error: Invalid address or descriptor")
	}
	return addr.Script(), nil
}

// blockTransactions reads the transactions of a block to be made: in hex, or ids
// of such as wait in the pool.
func (l *ledger) blockTransactions(list Value) ([]*wire.Tx, error) {
	var txs []*wire.Tx
	for i := range list.Len() {
		text, err := list.At(i).Str()
		if err != nil {
			return nil, err
		}
		var tx *wire.Tx
		if id, err := wire.ParseTxid(text); err == nil {
			if tx = l.waiting(id); tx == nil {
				return nil, Errorf(CodeInvalidAddressOrKey, "Transaction %s not in mempool.", text)
			}
		} else if tx, _ = decodeTxHex(text, bothForms); tx == nil {
			return nil, Errorf(CodeDeserialization, "Transaction decode failed for %s. Make sure the tx has at least one input.", text)
		}
		txs = append(txs, tx)
	}
	return txs, nil
}

// waiting returns a transaction of the pool, nil when it is not there.
func (l *ledger) waiting(id wire.Txid) *wire.Tx {
	if l.Pool == nil {
		return nil
	}
	tx, _, _ := l.Pool.Lookup(wire.ByTxid(id))
	return tx
}
