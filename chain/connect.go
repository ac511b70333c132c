package chain

import (
	"fmt"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/params"
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

func (c *Chain) connectBlock(prev, n *headers.Node, b *wire.Block, below *utxo.Overlay, verify, keep bool) (*step, error) {
	overlay := utxo.NewOverlay(below, c.coins)
	r := c.rulesAfter(prev, b.Hash())
	spends, err := r.apply(b, overlay)
	if err != nil {
		return nil, err
	}
	s := &step{node: n, overlay: overlay, bytes: len(b.Raw())}
	s.job = &scriptJob{
		block: b, spent: spends.outs, flags: r.flags, verify: verify, store: keep,
		finish: func() { s.undo = utxo.AppendBlockUndo(nil, &utxo.BlockUndo{Txs: spends.coins[1:]}) },
	}
	return s, nil
}

// rulesAfter gathers the rules that depend on where a block stands.
func (c *Chain) rulesAfter(prev *headers.Node, hash wire.BlockHash) *blockRules {
	r := &blockRules{
		params: c.params, height: prev.Height() + 1, hash: hash, prevMTP: prev.MedianTimePast(),
		mtpBefore: func(height int32) int64 { return prev.Ancestor(max(height-1, 0)).MedianTimePast() },
	}
	r.flags = consensus.ScriptFlagsAt(r.height, hash, c.params)
	if a := prev.Ancestor(c.params.BIP34Height); a != nil {
		r.at34 = a.Hash()
	}
	return r
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
