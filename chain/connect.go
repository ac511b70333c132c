package chain

import (
	"fmt"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/chain/utxo"
	"grapevine/wire"
)

// scriptMode says how the scripts of a block are treated.
type scriptMode uint8

const (
	scriptsAuto   scriptMode = iota // skipped below the assumed-valid block
	scriptsAlways                   // checked
	scriptsKeep                     // checked, and what holds goes into the cache
)

type connectOptions struct {
	below   *utxo.Overlay
	scripts scriptMode
}

// connect builds the step that connects b as n on top of opts.below. The
// rules that need the coins are checked here, scripts by the step's job.
func (c *Chain) connect(n *headers.Node, b *wire.Block, opts connectOptions) (*step, error) {
	if opts.scripts == scriptsAuto && c.skipScripts(n) {
		return c.connectBlock(n.Parent(), n, b, opts.below, false, false)
	}
	return c.connectBlock(n.Parent(), n, b, opts.below, true, opts.scripts == scriptsKeep)
}

// connectOn is connect for a block that has no node, a template on prev.
func (c *Chain) connectOn(prev *headers.Node, b *wire.Block, opts connectOptions) (*step, error) {
	return c.connectBlock(prev, nil, b, opts.below, true, opts.scripts == scriptsKeep)
}

func (c *Chain) connectBlock(prev, n *headers.Node, b *wire.Block, below *utxo.Overlay,
	verify, keep bool) (*step, error) {
	height := prev.Height() + 1
	flags := consensus.ScriptFlagsAt(height, b.Hash(), c.params)
	overlay := utxo.NewOverlay(below, c.coins)
	if err := c.checkOverwrite(prev, b, overlay); err != nil {
		return nil, err
	}
	// The coinbases of the two known repeats overwrite; everything else was
	// checked, or cannot overwrite.
	flat, missing, err := overlay.Connect(b, height, !consensus.IsBIP30Repeat(height, b.Hash(), c.params))
	if err != nil {
		return nil, err
	}
	spends := cut(b, flat, missing)
	r := blockRules{c: c, prev: prev, height: height, flags: flags, spends: spends}
	if err := r.check(b); err != nil {
		return nil, err
	}
	s := &step{node: n, overlay: overlay, txs: len(b.Txs), bytes: len(b.Raw())}
	s.job = &scriptJob{
		block: b, spent: spends.outs, flags: flags, verify: verify, store: keep,
		finish: func() { s.undo = utxo.AppendBlockUndo(nil, &utxo.BlockUndo{Txs: spends.coins[1:]}) },
	}
	return s, nil
}

// checkOverwrite is BIP 30: no transaction may overwrite one that has unspent
// outputs. The two blocks of mainnet that did are known by height and hash.
func (c *Chain) checkOverwrite(prev *headers.Node, b *wire.Block, overlay *utxo.Overlay) error {
	height := prev.Height() + 1
	var at34 wire.BlockHash
	if a := prev.Ancestor(c.params.BIP34Height); a != nil {
		at34 = a.Hash()
	}
	if !consensus.EnforcesBIP30(height, b.Hash(), at34, c.params) {
		return nil
	}
	n := 0
	for i := range b.Txs {
		n += len(b.Txs[i].Out)
	}
	ops := make([]wire.OutPoint, 0, n)
	for i := range b.Txs {
		txid := b.Txs[i].Txid()
		for o := range b.Txs[i].Out {
			ops = append(ops, wire.OutPoint{Txid: txid, Index: uint32(o)})
		}
	}
	found := make([]bool, len(ops))
	if err := overlay.Fetch(ops, make([]consensus.Coin, len(ops)), found); err != nil {
		return err
	}
	for _, have := range found {
		if have {
			return invalid(consensus.ErrBIP30, consensus.ResultConsensus, "tried to overwrite transaction")
		}
	}
	return nil
}

// spends are the coins that a block spends, flat in the order of its inputs
// and cut by transaction (the coinbase first, with none).
type spends struct {
	coins [][]consensus.Coin
	outs  [][]wire.TxOut
	// missing is the first transaction with an input that has no coin, or -1.
	missing int
}

// cut slices what [utxo.Overlay.Connect] returned by transaction.
func cut(b *wire.Block, flat []consensus.Coin, missing int) *spends {
	s := &spends{
		coins:   make([][]consensus.Coin, len(b.Txs)),
		outs:    make([][]wire.TxOut, len(b.Txs)),
		missing: -1,
	}
	outs := make([]wire.TxOut, len(flat))
	k := 0
	for i := 1; i < len(b.Txs); i++ {
		from := k
		k += len(b.Txs[i].In)
		s.coins[i] = flat[from:k:k]
		s.outs[i] = outs[from:k:k]
		if from <= missing && missing < k {
			s.missing = i
		}
	}
	for i := range flat {
		outs[i] = flat[i].Out
	}
	return s
}

func spendable(tx *wire.Tx, index uint32) bool {
	return uint64(index) < uint64(len(tx.Out)) && !script.IsUnspendable(tx.Out[index].PkScript)
}

// blockRules checks what a block does with the coins that it spends.
type blockRules struct {
	c      *Chain
	prev   *headers.Node
	height int32
	flags  script.Flags
	spends *spends

	fees   wire.Amount
	sigops int64
}

func (r *blockRules) check(b *wire.Block) error {
	for i := range b.Txs {
		tx := &b.Txs[i]
		if i > 0 {
			if err := r.inputs(tx, i); err != nil {
				return err
			}
		}
		r.sigops += consensus.TxSigOpCost(tx, r.spends.outs[i], r.flags)
		if r.sigops > consensus.MaxBlockSigOpsCost {
			return invalid(consensus.ErrBlockSigOps, consensus.ResultConsensus, "too many sigops")
		}
	}
	var paid wire.Amount
	for i := range b.Txs[0].Out {
		paid += b.Txs[0].Out[i].Value
	}
	if limit := r.fees + consensus.Subsidy(r.height, r.c.params); paid > limit {
		return invalid(consensus.ErrCoinbaseAmount, consensus.ResultConsensus,
			"coinbase pays too much (actual=%d vs limit=%d)", int64(paid), int64(limit))
	}
	return nil
}

// inputs checks what one transaction spends.
func (r *blockRules) inputs(tx *wire.Tx, i int) error {
	if i == r.spends.missing {
		return r.invalidTx(tx, consensus.MissingInputs())
	}
	coins := r.spends.coins[i]
	fee, err := consensus.CheckTxInputs(tx, coins, r.height)
	if err != nil {
		return r.invalidTx(tx, err)
	}
	if r.fees += fee; !r.fees.InRange() {
		return invalid(consensus.ErrAccumulatedFees, consensus.ResultConsensus, "accumulated fee in the block out of range")
	}
	if r.height >= r.c.params.CSVHeight && !r.sequenceLocksPass(tx, coins) {
		return invalid(consensus.ErrTxNonFinal, consensus.ResultConsensus, "contains a non-BIP68-final transaction %s", tx.Txid())
	}
	return nil
}

func (r *blockRules) invalidTx(tx *wire.Tx, err error) error {
	return consensus.WithDetail(err, consensus.ResultConsensus, fmt.Sprintf(" in transaction %s", tx.Txid()))
}

// sequenceLocksPass applies BIP 68.
func (r *blockRules) sequenceLocksPass(tx *wire.Tx, coins []consensus.Coin) bool {
	lock := consensus.SequenceLocks(tx, coins, func(height int32) int64 {
		return r.prev.Ancestor(max(height-1, 0)).MedianTimePast()
	})
	return lock.Passes(r.height, r.prev.MedianTimePast())
}

// disconnectBlock takes the effects of a block off an overlay. It reports
// whether the coins were what the block had left.
//
// The coinbases of blocks 91722 and 91812 were overwritten by those of the
// BIP 30 repeats, so that disconnecting the repeats has already removed them.
func disconnectBlock(overlay *utxo.Overlay, b *wire.Block, undo *utxo.BlockUndo, n *headers.Node, p *params.Params) (clean bool, err error) {
	overwritten := consensus.IsBIP30Overwritten(n.Height(), n.Hash(), p)
	clean, err = overlay.Disconnect(b, n.Height(), undo.Txs, overwritten)
	if err != nil {
		return false, fmt.Errorf("%w: block %s: %w", ErrCorrupt, n.Hash(), err)
	}
	return clean, nil
}
