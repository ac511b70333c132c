package headersync

import (
	"slices"

	"grapevine/chain/headers"
	"grapevine/internal/u256"
	"grapevine/wire"
)

// staleLimit is how old, in seconds of time and of work, a block beside the active chain may be
// for us to admit that we have it: a month. Who asks for older ones wants to know
// whether we are the node that it met under another address.
const staleLimit = 30 * 24 * 60 * 60

// maxInvBlocks is how many blocks answer a getblocks.
const maxInvBlocks = 500

// Servable reports whether a peer that asks for the block, or its header, is to
// be given it: it is in the active chain, or beside it, valid, and recent.
func Servable(v View, n *headers.Node) bool {
	if v.Active().Contains(n) {
		return true
	}
	if s := n.Status(); s.Invalid() || !s.Has(headers.StatusValidScripts) {
		return false
	}
	best := v.BestHeader()
	return best.Time()-n.Time() < staleLimit &&
		headers.BlockProofEquivalentTime(best, n, best, v.Tree().Params()) < staleLimit
}

// Answer returns the headers that answer a getheaders, and the block that the
// peer will then know to be ours: the last that is sent, or the tip when it has
// all. ok is false when there is to be no answer. A chain of less than minWork
// is not shown, as it would be of no use to the peer: the answer is empty.
func Answer(v View, minWork u256.Int, locator []wire.BlockHash, stop wire.BlockHash) (list []wire.Header, shown *headers.Node, ok bool) {
	active := v.Active()
	if active.Tip() == nil || active.Tip().ChainWork().Cmp(minWork) < 0 {
		return nil, nil, true
	}
	var at *headers.Node
	if len(locator) == 0 {
		at = v.Tree().Lookup(stop)
		if at == nil || !Servable(v, at) {
			return nil, nil, false
		}
	} else {
		at = active.Next(active.LocatorFork(v.Tree(), locator))
	}
	if at != nil {
		list = make([]wire.Header, 0, min(int(max(active.Height()-at.Height(), 0))+1, wire.MaxHeaders))
	}
	for ; at != nil; at = active.Next(at) {
		list = append(list, at.Header())
		if len(list) == wire.MaxHeaders || at.Hash() == stop {
			return list, at, true
		}
	}
	return list, active.Tip(), true
}

// AnswerBlocks returns the blocks to announce for a getblocks: what follows on
// the locator in the active chain, up to and without stop, at most 500. When
// there are more, next is the last of the list: once the peer asks for it, it is
// to be told of the tip, so that it goes on asking.
func AnswerBlocks(v View, locator []wire.BlockHash, stop wire.BlockHash) (list []*headers.Node, next *headers.Node) {
	active := v.Active()
	for at := active.Next(active.LocatorFork(v.Tree(), locator)); at != nil; at = active.Next(at) {
		if at.Hash() == stop {
			break
		}
		if list == nil {
			list = slices.Grow(list, min(int(active.Height()-at.Height())+1, maxInvBlocks))
		}
		list = append(list, at)
		if len(list) == maxInvBlocks {
			return list, at
		}
	}
	return list, nil
}
