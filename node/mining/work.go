package mining

import (
	"context"

	"grapevine/chain/consensus"
	"grapevine/mempool"
	"grapevine/wire"
)

const (
	// reservedWeight is what a template sets aside, unless [Config.Reserved] says otherwise, for the header, the count of
	// transactions and the coinbase.
	reservedWeight wire.Weight = 8000
	// reservedSigOps is what it sets aside for the outputs of the coinbase: of
	// the 80,000 that a block may hold, as many as a hundred legacy ones cost.
	reservedSigOps = 400
)

// Work is a template with the transactions chosen for it, valid when it was
// made. It is not changed afterwards.
type Work struct {
	Template
	mempool.Selection
	// Commitment is the output script that commits to the witnesses of the
	// transactions (BIP 141), with a reserved value of zeros.
	Commitment []byte
}

// Work chooses transactions for a block on the tip and has the chain judge the
// block that they make.
func (m *Miner) Work(ctx context.Context) (*Work, error) {
	for {
		w := &Work{Template: m.TemplateOn(m.cfg.Chain.Active().Tip())}
		if m.cfg.Pool != nil {
			w.Selection = m.cfg.Pool.Select(m.cfg.MaxWeight-m.cfg.Reserved, consensus.MaxBlockSigOpsCost-reservedSigOps, m.cfg.MinFeeRate)
			if w.Selection.Tip != w.Prev {
				// The pool is behind the chain, or ahead of what was read above.
				if err := m.cfg.Settled(ctx); err != nil {
					return nil, err
				}
				continue
			}
		}
		b := w.Block(anyoneCanSpend, 0)
		w.Commitment = b.Txs[0].Out[consensus.WitnessCommitmentIndex(&b.Txs[0])].PkScript
		err := m.cfg.Chain.CheckTemplate(ctx, b)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case m.cfg.Chain.Active().Tip() != w.Prev:
			continue // the verdict is about another tip
		case err != nil:
			return nil, &TemplateError{err}
		}
		m.last.Store(&assembled{weight: m.cfg.Reserved + w.Weight, txs: len(w.Txs)})
		return w, nil
	}
}

// anyoneCanSpend stands for the output that a miner will choose.
var anyoneCanSpend = []byte{0x51}

// Block returns the block of the work without its nonce; see
// [Template.Assemble].
func (w *Work) Block(payTo []byte, extraNonce uint64) *wire.Block {
	txs := make([]*wire.Tx, len(w.Txs))
	for i := range w.Txs {
		txs[i] = w.Txs[i].Tx
	}
	return w.Assemble(payTo, txs, w.Fees, extraNonce)
}

// Reward is what the coinbase may claim.
func (w *Work) Reward() wire.Amount { return w.Subsidy + w.Fees }
