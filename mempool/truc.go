package mempool

import (
	"fmt"

	"grapevine/mempool/graph"
	"grapevine/wire"
)

// A transaction of version 3 asks to be kept in a small family, so that whoever
// shares it cannot burden it with descendants (BIP 431): a parent and a child,
// both of that version, the child small.
const (
	trucVersion       = 3
	trucMaxVSize      = 10_000
	trucChildMaxVSize = 1_000
	trucFamily        = 2 // a transaction with its ancestors, or its descendants
)

// checkTruc checks the rules of version 3 for a transaction with these parents
// in the pool.
func (s *state) checkTruc(tx *wire.Tx, vsize int, parents []*graph.Node) error {
	for _, n := range parents {
		if p := n.Of.(*entry); (p.tx.Version == trucVersion) != (tx.Version == trucVersion) {
			return trucVersions(tx, p.tx)
		}
	}
	switch {
	case tx.Version != trucVersion:
		return nil
	case vsize > trucMaxVSize:
		return truc("version=3 %s is too big: %d > %d virtual bytes", named(tx), vsize, trucMaxVSize)
	case len(parents) == 0:
		return nil
	case len(parents)+1 > trucFamily || len(parents[0].Ancestors())+1 > trucFamily:
		return truc("%s would have too many ancestors", named(tx))
	case vsize > trucChildMaxVSize:
		return truc("version=3 child %s is too big: %d > %d virtual bytes", named(tx), vsize, trucChildMaxVSize)
	case len(parents[0].Descendants())+1 > trucFamily:
		return truc("%s would exceed descendant count limit", named(parents[0].Of.(*entry).tx))
	}
	return nil
}

func truc(format string, args ...any) error {
	return refuse(ErrTruc, CausePolicy, fmt.Sprintf(format, args...))
}

func named(tx *wire.Tx) string { return fmt.Sprintf("tx %s (wtxid=%s)", tx.Txid(), tx.Wtxid()) }
