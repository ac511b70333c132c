package txannounce

import "testing"

// BIP 339, Specification: "After a node has received a wtxidrelay message from a peer,
// the node MUST use the MSG_WTX inv type when announcing transactions to that
// peer."
func TestTellsByTheNameAgreedOn(t *testing.T) {
	b := newBench(t, 1)
	b.AddPeer(1, Options{Wtxid: true})
	b.AddPeer(2, Options{})
	b.AddPeer(3, Options{Inbound: true, Wtxid: true})
	tx := b.pool.make(1000)
	b.add(tx)
	told := b.drain()
	b.tells(1, told[1], byWtxid(tx))
	b.tells(2, told[2], byTxid(tx))
	b.tells(3, told[3], byWtxid(tx))
	b.Remind(tx.Txid(), tx.Wtxid())
	if _, ok := b.Next(); ok {
		t.Error("a transaction that was announced waits again")
	}
}

// BIP 339, Motivation: a witness that was changed on the way changes the wtxid and
// not the txid. A transaction that comes back with another witness is another
// announcement to those who are told wtxids, and none to the others.
func TestAnotherWitness(t *testing.T) {
	b := newBench(t, 1)
	b.AddPeer(1, Options{Wtxid: true})
	b.AddPeer(2, Options{})
	tx := b.pool.make(1000)
	b.add(tx)
	other := tx.Clone()
	other.In[0].Witness = [][]byte{{2}}
	other.Seal()
	delete(b.pool.entries, tx.Wtxid())
	b.pool.entries[other.Wtxid()] = pooled{tx: other, rate: 1000}
	b.add(other)
	told := b.drain()
	b.tells(1, told[1], byWtxid(other))
	b.tells(2, told[2], byTxid(other))
}

// The witness that left the pool does not hide the transaction from its children.
func TestAnotherWitnessHasChildren(t *testing.T) {
	b := newBench(t, 1)
	b.AddPeer(1, Options{Wtxid: true})
	tx := b.pool.make(1000)
	b.add(tx)
	other := tx.Clone()
	other.In[0].Witness = [][]byte{{2}}
	other.Seal()
	delete(b.pool.entries, tx.Wtxid())
	b.pool.entries[other.Wtxid()] = pooled{tx: other, rate: 1000}
	child := b.pool.make(5000, other)
	b.add(other, child)
	b.tells(1, b.drain()[1], byWtxid(other, child))
}
