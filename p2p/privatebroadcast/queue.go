package privatebroadcast

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

const (
	// PerTx is how many connections a transaction is sent over at first.
	PerTx = 3
	// MaxOpen bounds the connections that are open or being made.
	MaxOpen = 64
	// MaxTxs bounds the transactions.
	MaxTxs = 10_000
	// MaxSends bounds the attempts that are remembered of one transaction.
	MaxSends = 1000
	// Lifetime is how long a connection has to take its transaction.
	Lifetime = 3 * time.Minute

	staleUnsent = 5 * time.Minute // since it was added
	staleSent   = time.Minute     // since it was last confirmed
	staleRound  = 2 * time.Minute // between looks for stale ones; up to half as much is added
)

// ErrFull: there are [MaxTxs] transactions already.
var ErrFull = errors.New("privatebroadcast: too many transactions")

// Config configures a [Queue].
type Config struct {
	// Rand draws pauses. Nil means a fixed sequence: for tests only.
	Rand *rand.Rand
	// MaxTxs bounds the transactions; 0 means the constant.
	MaxTxs int
}

// Broadcast describes a transaction that is being sent.
type Broadcast struct {
	Tx    *wire.Tx
	Added time.Time
	Sends []Send // oldest first
}

// Send is an attempt.
type Send struct {
	Addr      wire.NetAddr
	Sent      time.Time
	Confirmed time.Time // zero when it was not
}

// Queue holds transactions to be sent. [New] makes one.
type Queue struct {
	rand  *rand.Rand
	limit int

	txs     []*item // in the order in which they were added
	conns   map[peer.ID]*conn
	wanted  int // connections that are to be opened
	dialled int // that are being opened
	pause   time.Time
	look    time.Time // for stale ones; zero while there are no transactions
}

// item is a transaction.
type item struct {
	Broadcast
	picked, confirmed         int
	lastPicked, lastConfirmed time.Time
}

// conn is an open connection.
type conn struct {
	of        *item // nil before one was picked
	at        time.Time
	confirmed bool
}

// New returns an empty queue.
func New(cfg Config) *Queue {
	if cfg.Rand == nil {
		cfg.Rand = rand.New(rand.NewPCG(0, 0))
	}
	if cfg.MaxTxs == 0 {
		cfg.MaxTxs = MaxTxs
	}
	return &Queue{rand: cfg.Rand, limit: cfg.MaxTxs, conns: make(map[peer.ID]*conn)}
}

// Add begins to send a transaction. One that is being sent is left as it is.
func (q *Queue) Add(now time.Time, tx *wire.Tx) error {
	if q.index(tx.Wtxid()) >= 0 {
		return nil
	}
	if len(q.txs) >= q.limit {
		return ErrFull
	}
	q.txs = append(q.txs, &item{Broadcast: Broadcast{Tx: tx, Added: now}})
	q.wanted += PerTx
	if q.look.IsZero() {
		q.look = q.later(now)
	}
	return nil
}

func (q *Queue) later(now time.Time) time.Time {
	return now.Add(staleRound + time.Duration(q.rand.Int64N(int64(staleRound/2))))
}

func (q *Queue) index(wtxid wire.Wtxid) int {
	return slices.IndexFunc(q.txs, func(i *item) bool { return i.Tx.Wtxid() == wtxid })
}

// Returned reports whether a transaction was being sent, and ends that: the network has
// it, as a peer brought it.
func (q *Queue) Returned(tx *wire.Tx) bool {
	if len(q.txs) == 0 {
		return false
	}
	return q.end(q.index(tx.Wtxid()))
}

// Abort ends the sending of the transactions with this txid or wtxid, and returns them.
func (q *Queue) Abort(id [32]byte) (ended []*wire.Tx) {
	for n := len(q.txs) - 1; n >= 0; n-- {
		if tx := q.txs[n].Tx; [32]byte(tx.Txid()) == id || [32]byte(tx.Wtxid()) == id {
			q.end(n)
			ended = append(ended, tx)
		}
	}
	slices.Reverse(ended)
	return ended
}

// GiveUp ends the sending of a stale transaction that is not good any more.
func (q *Queue) GiveUp(tx *wire.Tx) { q.drop(q.index(tx.Wtxid())) }

// end forgets a transaction and the connections that are not needed any more.
func (q *Queue) end(n int) bool {
	if n < 0 {
		return false
	}
	if q.txs[n].confirmed < PerTx {
		q.wanted = max(0, q.wanted-(PerTx-q.txs[n].confirmed))
	}
	q.drop(n)
	return true
}

func (q *Queue) drop(n int) {
	if n < 0 {
		return
	}
	q.txs = slices.Delete(q.txs, n, n+1)
	if len(q.txs) == 0 {
		q.look = time.Time{}
	}
}

// Again has a stale transaction sent once more, unless it has ended meanwhile.
func (q *Queue) Again(tx *wire.Tx) {
	if q.index(tx.Wtxid()) >= 0 {
		q.wanted++
	}
}

// Stale returns, when it is time to look, what should have come back by now.
func (q *Queue) Stale(now time.Time) (list []*wire.Tx) {
	if q.look.IsZero() || now.Before(q.look) {
		return nil
	}
	q.look = q.later(now)
	for _, i := range q.txs {
		since, wait := i.Added, staleUnsent
		if i.confirmed > 0 {
			since, wait = i.lastConfirmed, staleSent
		}
		if now.Sub(since) > wait {
			list = append(list, i.Tx)
		}
	}
	return list
}

// Pending reports whether anything is being sent.
func (q *Queue) Pending() bool { return len(q.txs) > 0 }

// Broadcasts describes all transactions, in the order in which they were added.
func (q *Queue) Broadcasts() []Broadcast {
	out := make([]Broadcast, len(q.txs))
	for n, i := range q.txs {
		out[n] = i.Broadcast
		out[n].Sends = slices.Clone(i.Sends)
	}
	return out
}

// Next returns when there is something to do by itself: to open a connection, or to look
// for what is stale.
func (q *Queue) Next() (at time.Time, ok bool) {
	at, ok = q.look, !q.look.IsZero()
	if q.open() && (!ok || q.pause.Before(at)) {
		return q.pause, true
	}
	return at, ok
}
