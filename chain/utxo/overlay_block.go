package utxo

import (
	"fmt"

	"grapevine/chain/consensus"
	"grapevine/chain/script"
	"grapevine/wire"
)

type overlayScratch struct {
	ops   []wire.OutPoint
	found []bool
}

// Connect spends the inputs of a block and creates its outputs at a height.
//
// spent holds the coins of all inputs but the coinbase's, transaction by
// transaction, in order: what the rules, the scripts and the undo data need.
// missing is -1, or the position in spent of the first input whose coin is not
// there (unknown, spent before, or created only later in the block); the
// coins before it are right, so that the caller can judge the transactions
// before it first, and the overlay has to be dropped.
//
// An output that the block itself spends never reaches the set. freshCoinbase
// says that no unspent coin of the coinbase's txid exists: always, but for the
// two blocks that BIP 30 excepts.
func (o *Overlay) Connect(b *wire.Block, height int32, freshCoinbase bool) (spent []consensus.Coin, missing int, err error) {
	inputs, outputs := countCoins(b)
	o.reserve(inputs + outputs)
	spent = make([]consensus.Coin, inputs)
	w := &o.set.work
	w.reset()

	missing = -1
	at := 0
	for i := range b.Txs {
		tx := &b.Txs[i]
		if i > 0 {
			for j := range tx.In {
				if !o.connectInput(&tx.In[j].PrevOut, w, spent, at) && missing < 0 {
					missing = at
				}
				at++
			}
		}
		o.connectOutputs(tx, height, i == 0, i > 0 || freshCoinbase)
	}

	found := o.foundScratch(inputs)
	if err := o.set.resolve(w, spent, found); err != nil {
		return nil, -1, err
	}
	for i := range w.ops {
		if at := int(w.at[i]); !found[at] && (missing < 0 || at < missing) {
			missing = at
		}
	}
	return spent, missing, nil
}

// connectInput spends one coin: of this block, of a layer below, or of the
// set, which is asked later for all of them together. It reports false for a
// coin that is known to be spent.
func (o *Overlay) connectInput(op *wire.OutPoint, w *work, spent []consensus.Coin, at int) bool {
	hash := o.set.hash.outpoint(op)
	if e := o.find(hash, op); e != nil {
		if !e.live() {
			return false
		}
		spent[at] = e.coin()
		e.spend()
		return true
	}
	var e *layerEntry
	if below := o.under(); below != nil {
		e = below.lookup(hash, op)
	}
	switch {
	case e == nil:
		w.push(op, hash, at)
	case !e.live():
		return false
	default:
		spent[at] = e.coin()
	}
	o.insert(hash, op) // spent
	return true
}

func (o *Overlay) connectOutputs(tx *wire.Tx, height int32, coinbase, fresh bool) {
	op := wire.OutPoint{Txid: tx.Txid()}
	state := o.set.hash.txid(&op.Txid)
	for i := range tx.Out {
		out := &tx.Out[i]
		if script.IsUnspendable(out.PkScript) {
			continue
		}
		op.Index = uint32(i)
		o.add(state.index(op.Index), &op, out, height, coinbase, fresh)
	}
}

// Disconnect takes back a block: its outputs are spent and the coins that it
// spent return. undo holds them as Connect returned them, a slice for each
// transaction but the coinbase.
//
// clean is false when the coins were not those that the block leaves, which
// only damage explains; the caller decides. overwritten marks the two blocks
// whose coinbase BIP 30's exceptions overwrote: their outputs may be missing.
func (o *Overlay) Disconnect(b *wire.Block, height int32, undo [][]consensus.Coin, overwritten bool) (clean bool, err error) {
	if len(undo) != len(b.Txs)-1 {
		return false, &Error{Kind: ErrUndo, Detail: fmt.Sprintf("%d transactions for %d", len(undo), len(b.Txs)-1)}
	}
	before, err := o.beforeDisconnect(b)
	if err != nil {
		return false, err
	}
	clean = true
	for i := len(b.Txs) - 1; i >= 0; i-- {
		if !before.takeOutputs(&b.Txs[i], height, i == 0) && !(i == 0 && overwritten) {
			clean = false
		}
		if i == 0 {
			continue
		}
		tx, coins := &b.Txs[i], undo[i-1]
		if len(coins) != len(tx.In) {
			return false, &Error{Kind: ErrUndo, Detail: fmt.Sprintf("%d coins for %d inputs", len(coins), len(tx.In))}
		}
		if !before.returnInputs(tx, coins) {
			clean = false
		}
	}
	return clean, nil
}

// disconnection walks back through a block. exists holds, for each outpoint
// of the block in order, the coin as it was before.
type disconnection struct {
	o      *Overlay
	coins  []consensus.Coin
	found  []bool
	cursor int // counts down through coins
}

// beforeDisconnect resolves every outpoint that a block creates or spends in
// one pass.
func (o *Overlay) beforeDisconnect(b *wire.Block) (*disconnection, error) {
	inputs, outputs := countCoins(b)
	o.reserve(inputs + outputs)
	ops := o.scratch.ops[:0]
	for i := range b.Txs {
		tx := &b.Txs[i]
		if i > 0 {
			for j := range tx.In {
				ops = append(ops, tx.In[j].PrevOut)
			}
		}
		id := tx.Txid()
		for j := range tx.Out {
			if !script.IsUnspendable(tx.Out[j].PkScript) {
				ops = append(ops, wire.OutPoint{Txid: id, Index: uint32(j)})
			}
		}
	}
	o.scratch.ops = ops
	d := &disconnection{o: o, coins: make([]consensus.Coin, len(ops)), found: make([]bool, len(ops)), cursor: len(ops)}
	return d, o.Fetch(ops, d.coins, d.found)
}

// takeOutputs spends the outputs of a transaction, last first, and reports
// whether all were there as the block made them.
func (d *disconnection) takeOutputs(tx *wire.Tx, height int32, coinbase bool) bool {
	clean := true
	for j := len(tx.Out) - 1; j >= 0; j-- {
		out := &tx.Out[j]
		if script.IsUnspendable(out.PkScript) {
			continue
		}
		d.cursor--
		op := &d.o.scratch.ops[d.cursor]
		hash := d.o.set.hash.outpoint(op)
		c, ok := d.coins[d.cursor], d.found[d.cursor]
		if e := d.o.find(hash, op); e != nil { // a later transaction's input returned it
			c, ok = e.coin(), e.live()
		}
		if !ok || c.Height != height || c.Coinbase != coinbase || c.Out.Value != out.Value ||
			string(c.Out.PkScript) != string(out.PkScript) {
			clean = false
		}
		d.o.spend(hash, op)
	}
	return clean
}

// returnInputs brings back what a transaction spent, last first, and reports
// whether none of it was there already.
func (d *disconnection) returnInputs(tx *wire.Tx, coins []consensus.Coin) bool {
	clean := true
	for j := len(tx.In) - 1; j >= 0; j-- {
		d.cursor--
		op := &d.o.scratch.ops[d.cursor]
		hash := d.o.set.hash.outpoint(op)
		there := d.found[d.cursor]
		if e := d.o.find(hash, op); e != nil {
			there = e.live()
		}
		if there {
			clean = false
		}
		c := &coins[j]
		if !script.IsUnspendable(c.Out.PkScript) {
			d.o.add(hash, op, &c.Out, c.Height, c.Coinbase, false)
		}
	}
	return clean
}

// countCoins counts the inputs without the coinbase's, and the outputs.
func countCoins(b *wire.Block) (inputs, outputs int) {
	for i := range b.Txs {
		outputs += len(b.Txs[i].Out)
		if i > 0 {
			inputs += len(b.Txs[i].In)
		}
	}
	return inputs, outputs
}

func (o *Overlay) foundScratch(n int) []bool {
	if cap(o.scratch.found) < n {
		o.scratch.found = make([]bool, n)
	}
	clear(o.scratch.found[:n])
	return o.scratch.found[:n]
}
