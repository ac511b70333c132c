package orphanage

import (
	"cmp"
	"slices"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

const (
	// MaxWeight is the most that an orphan may weigh: more is not standard.
	MaxWeight wire.Weight = 400_000
	// PeerWeight is what all orphans may weigh for each peer that announced any.
	PeerWeight wire.Weight = 404_000
	// MaxLatency is the latency score that all orphans may have.
	MaxLatency = 3000
)

// Config configures an [Orphanage].
type Config struct {
	PeerWeight wire.Weight // zero means the constant
	MaxLatency int         // zero means the constant
}

// Orphanage keeps transactions whose parents are missing. [New] makes one.
type Orphanage struct {
	peerWeight wire.Weight
	maxLatency int

	orphans  map[wire.Wtxid]*orphan
	spenders map[wire.OutPoint]*spend // the last orphan that spends it; others behind
	peers    map[peer.ID]*account

	sequence      uint64      // of the last announcement
	announcements int         // of all peers
	weight        wire.Weight // of all orphans, each once
	inputs        int         // latency of their inputs
}

// orphan is a transaction with those who announced it.
type orphan struct {
	tx         *wire.Tx
	wtxid      wire.Wtxid
	weight     wire.Weight     // or more, see usage
	sequence   uint64          // of its first announcement
	announcers []*announcement // in the order in which they announced
	spends     []spend
}

// inputs is the part of the latency score that counts once.
func (o *orphan) inputs() int { return len(o.spends) / 10 }

// spend is an input of an orphan, in the list of those that spend the same.
type spend struct {
	by         *orphan
	out        wire.OutPoint
	prev, next *spend
}

// announcement is an orphan that a peer has announced, in the peer's list.
type announcement struct {
	orphan     *orphan
	owner      *account
	sequence   uint64
	prev, next *announcement
}

// account is what a peer has announced.
type account struct {
	id            peer.ID
	oldest        *announcement
	newest        *announcement
	announcements int
	weight        wire.Weight
	latency       int
}

// New returns an empty orphanage.
func New(cfg Config) *Orphanage {
	o := &Orphanage{
		peerWeight: cmp.Or(cfg.PeerWeight, PeerWeight),
		maxLatency: cmp.Or(cfg.MaxLatency, MaxLatency),
		orphans:    make(map[wire.Wtxid]*orphan),
		spenders:   make(map[wire.OutPoint]*spend),
		peers:      make(map[peer.ID]*account),
	}
	return o
}

// Add keeps a transaction that a peer sent, or adds the peer to those who
// announced it. It reports whether the transaction was not here before and was
// kept.
func (o *Orphanage) Add(tx *wire.Tx, p peer.ID) bool {
	wtxid := tx.Wtxid()
	if _, there := o.orphans[wtxid]; there {
		o.AddAnnouncer(wtxid, p)
		return false
	}
	weight := usage(tx)
	if weight > MaxWeight {
		return false
	}
	child := &orphan{tx: tx, wtxid: wtxid, weight: weight, sequence: o.sequence + 1}
	o.link(child)
	o.announce(child, p)
	o.trim()
	return o.Has(wire.ByWtxid(wtxid))
}

// AddAnnouncer adds a peer to those who announced an orphan. It reports false and
// changes nothing when the orphan is not here or the peer has announced it.
func (o *Orphanage) AddAnnouncer(wtxid wire.Wtxid, p peer.ID) bool {
	child, there := o.orphans[wtxid]
	if !there || child.announcedBy(p) {
		return false
	}
	o.announce(child, p)
	o.trim()
	return true
}

// Has reports whether an orphan has this wtxid. A txid is taken for the wtxid that
// it is of a transaction without witness: to find an orphan by the txid of one with
// a witness would let a spoilt witness keep the right one from being asked for.
func (o *Orphanage) Has(id wire.GenTxid) bool {
	_, there := o.orphans[id.Hash()]
	return there
}

// Lookup returns an orphan by its wtxid.
func (o *Orphanage) Lookup(wtxid wire.Wtxid) (*wire.Tx, bool) {
	child, there := o.orphans[wtxid]
	if !there {
		return nil, false
	}
	return child.tx, true
}

// Announced reports whether a peer has announced an orphan.
func (o *Orphanage) Announced(wtxid wire.Wtxid, p peer.ID) bool {
	child, there := o.orphans[wtxid]
	return there && child.announcedBy(p)
}

// Announcers appends to dst the peers that have announced an orphan, in the order
// in which they did.
func (o *Orphanage) Announcers(dst []peer.ID, wtxid wire.Wtxid) []peer.ID {
	if child, there := o.orphans[wtxid]; there {
		for _, a := range child.announcers {
			dst = append(dst, a.owner.id)
		}
	}
	return dst
}

// Children returns the orphans that spend an output of a transaction, oldest first.
// They stay until they are erased: the caller submits them again and erases those
// that are taken or refused for another reason.
func (o *Orphanage) Children(parent *wire.Tx) []*wire.Tx {
	if len(o.orphans) == 0 {
		return nil
	}
	var found []*orphan
	out := wire.OutPoint{Txid: parent.Txid()}
	for n := range parent.Out {
		out.Index = uint32(n)
		found = o.spendersOf(found, out)
	}
	slices.SortFunc(found, func(a, b *orphan) int { return cmp.Compare(a.sequence, b.sequence) })
	found = slices.Compact(found)
	children := make([]*wire.Tx, len(found))
	for n, child := range found {
		children[n] = child.tx
	}
	return children
}

// ChildrenFrom returns the orphans that spend an output of a transaction and that a
// peer has announced, the last announced first. Those of other peers do not count,
// so that nobody can hide a good child behind many bad ones of his own.
func (o *Orphanage) ChildrenFrom(parent *wire.Tx, p peer.ID) []*wire.Tx {
	if o.peers[p] == nil {
		return nil
	}
	var found []*announcement
	out := wire.OutPoint{Txid: parent.Txid()}
	for n := range parent.Out {
		out.Index = uint32(n)
		for s := o.spenders[out]; s != nil; s = s.next {
			if i := s.by.announcedAt(p); i >= 0 {
				found = append(found, s.by.announcers[i])
			}
		}
	}
	slices.SortFunc(found, func(a, b *announcement) int { return cmp.Compare(b.sequence, a.sequence) })
	found = slices.Compact(found)
	children := make([]*wire.Tx, len(found))
	for n, a := range found {
		children[n] = a.orphan.tx
	}
	return children
}

// Erase removes an orphan that is not one any more, or never will be good. It
// reports whether it was here.
func (o *Orphanage) Erase(wtxid wire.Wtxid) bool {
	child, there := o.orphans[wtxid]
	if there {
		o.remove(child)
		o.trim() // the bound on weight falls with the number of peers
	}
	return there
}

// Disconnect removes what only this peer has announced.
func (o *Orphanage) Disconnect(p peer.ID) {
	who, there := o.peers[p]
	if !there {
		return
	}
	for who.oldest != nil {
		o.withdraw(who.oldest)
	}
	o.trim()
}

// ForBlock removes the orphans that a block has included or contradicted: all that
// spend what it spends. It returns how many they were.
func (o *Orphanage) ForBlock(b *wire.Block) int {
	if len(o.orphans) == 0 {
		return 0
	}
	before := len(o.orphans)
	for n := range b.Txs {
		for i := range b.Txs[n].In {
			for s := o.spenders[b.Txs[n].In[i].PrevOut]; s != nil; s = o.spenders[b.Txs[n].In[i].PrevOut] {
				o.remove(s.by)
			}
		}
	}
	erased := before - len(o.orphans)
	o.trim()
	return erased
}

// Count returns how many orphans there are, and how many announcements of them.
func (o *Orphanage) Count() (orphans, announcements int) { return len(o.orphans), o.announcements }

// Weight returns what all orphans weigh, each once.
func (o *Orphanage) Weight() wire.Weight { return o.weight }

// Latency returns the latency score of all orphans.
func (o *Orphanage) Latency() int { return o.announcements + o.inputs }

// entryBytes is what an announcement of an orphan, and ten inputs, take besides the
// transaction.
const entryBytes = 512

// Footprint returns the bytes that the orphans of a peer take at most, also where
// others have announced them too.
func (o *Orphanage) Footprint(p peer.ID) int {
	_, weight, latency := o.Usage(p)
	return 2*int(weight) + latency*entryBytes
}

// Usage returns what counts against a peer: the number, the weight and the latency
// score of the orphans that it has announced.
func (o *Orphanage) Usage(p peer.ID) (announcements int, weight wire.Weight, latency int) {
	if who, there := o.peers[p]; there {
		return who.announcements, who.weight, who.latency
	}
	return 0, 0, 0
}
