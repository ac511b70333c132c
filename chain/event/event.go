package event

import "grapevine/wire"

// Kind says what an [Event] reports.
type Kind uint8

const (
	// TipMoved: the coins and the active chain are now at Hash.
	TipMoved Kind = iota + 1
	// HeaderTip: the best known header is Hash. It is another one than before, or other
	// headers than before are marked as invalid; no block was connected.
	HeaderTip
)

// String returns the name of the kind in lower case.
func (k Kind) String() string {
	switch k {
	case TipMoved:
		return "tip"
	case HeaderTip:
		return "header"
	default:
		return "unknown"
	}
}

// Event is one thing that happened, as of after it was committed.
type Event struct {
	// Seq is the position in the order of all events of this run, from 1 on.
	Seq uint64
	// Kind says which of the fields below carry a meaning.
	Kind Kind
	// Height and Hash name the new tip, or the new best header.
	Height int32
	Hash   wire.BlockHash
	// OldHeight and OldHash name the tip before; for TipMoved only.
	OldHeight int32
	OldHash   wire.BlockHash
	// ForkHeight is the height of the last block that both tips share. It is
	// OldHeight when the chain was only extended. For TipMoved only.
	ForkHeight int32
}

// Reorg reports whether blocks left the active chain.
func (e Event) Reorg() bool { return e.Kind == TipMoved && e.ForkHeight < e.OldHeight }
