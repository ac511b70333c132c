package node

import (
	"context"
	"path/filepath"

	"grapevine/chain"
	"grapevine/chain/index"
	"grapevine/node/rpc"
)

// openTxIndex opens the index of transactions, nil when there is to be none.
func (n *Node) openTxIndex(c *chain.Chain) (*index.TxIndex, error) {
	if !n.cfg.TxIndex {
		return nil, nil
	}
	return index.Open(index.Config{Chain: c, Dir: filepath.Join(n.cfg.NetDir, "indexes", "txindex"), Logger: n.sink.Logger("txindex")})
}

// follow runs the index until ctx ends. The ledger has to run with the context that it returns, which ends after the index: that
// reads the ledger's files. A failure of the index calls end.
func (p *parts) follow(ctx context.Context, end func()) (after context.Context, ended <-chan error) {
	result := make(chan error, 1)
	if p.txs == nil {
		result <- nil
		return ctx, result
	}
	after, done := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer done()
		err := p.txs.Run(ctx)
		end()
		result <- err
	}()
	return after, result
}

// txIndex is what finds transactions for RPC: nil without an index, not an interface that holds nil.
func (p *parts) txIndex() rpc.TxIndex {
	if p.txs == nil {
		return nil
	}
	return p.txs
}

func (p *parts) indexes() []rpc.Index {
	if p.txs == nil {
		return nil
	}
	return []rpc.Index{p.txs}
}
