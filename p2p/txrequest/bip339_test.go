package txrequest

import "testing"

// BIP 339, Specification: "After a node has received a wtxidrelay message from a peer,
// the node SHOULD use a MSG_WTX getdata message to request any announced
// transactions. A node MAY still request transactions from that peer using MSG_TX
// getdata messages, such as for transactions not recently announced by that peer
// (like the parents of recently announced transactions)."
func TestAsksByTheNameThatWasAnnounced(t *testing.T) {
	b := newBench(t, 1)
	b.Announce(1, wtx(7), true, at(0))
	b.Announce(1, tx(8), true, at(0)) // the parent of an orphan
	b.asks(1, at(0), wtx(7), tx(8))
}

// Both names of a transaction without witness are the same bytes: it is asked for
// once, by the name of the peer that is asked.
func TestBothNamesOfOneHash(t *testing.T) {
	b := newBench(t, 1)
	b.Announce(1, tx(7), true, at(0))
	b.Announce(2, wtx(7), false, at(0))
	b.asks(1, at(0), tx(7))
	b.asks(2, at(0))
	b.Requested(1, wtx(7), at(60)) // either name will do for what follows
	b.Response(1, wtx(7))
	b.asks(2, at(1), wtx(7))
}
