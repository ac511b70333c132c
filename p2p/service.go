package p2p

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Owners judge and keep what peers bring. All methods may be called from any
// goroutine. Those that submit return once readers see the result.
type Owners interface {
	// SubmitHeaders returns the last header that is in the tree now, and the error
	// of the first that was refused.
	SubmitHeaders(ctx context.Context, list []wire.Header) (*headers.Node, error)
	// SubmitBlock stores a block. Fresh is false for one that was here before.
	SubmitBlock(ctx context.Context, b *wire.Block, requested bool) (fresh bool, err error)
	// SubmitTxs offers transactions to the pool, in their order, and returns a
	// verdict on each.
	SubmitTxs(ctx context.Context, txs []*wire.Tx) []TxVerdict
	// SubmitPackage offers a parent and a child that may pay for both, and returns a
	// verdict on each, or none when they are refused unseen. err is nil when the
	// pool has both.
	SubmitPackage(ctx context.Context, parent, child *wire.Tx) (verdicts []TxVerdict, err error)
	// WatchEarly has fn told of blocks that follow on the tip and are worth passing on,
	// before they are connected, until stop is called. It is waited for, so it must be
	// quick.
	WatchEarly(fn func(n *headers.Node, b *wire.Block)) (stop func())
	// CheckTx returns what the pool would say of a transaction, and whether that
	// is no verdict but a failure.
	CheckTx(ctx context.Context, tx *wire.Tx) (err error, failure bool)
	// RawBlock returns a block as it is stored; the caller owns the bytes.
	RawBlock(n *headers.Node) ([]byte, error)
	// Events is the ring of the chain; TakenIn waits until the pool has taken one
	// of its events in.
	Events() *event.Ring
	TakenIn(ctx context.Context, seq uint64) error
	// WatchPool calls fn for every transaction that enters the pool, in order,
	// until ctx ends.
	WatchPool(ctx context.Context, fn func(txid wire.Txid, wtxid wire.Wtxid)) error
	// TxServed notes that a peer asked for a transaction of the pool.
	TxServed(txid wire.Txid)
}

// Config says what a [Service] runs.
type Config struct {
	// Core says how it decides; its Logger is used by the service too.
	Core CoreConfig
	// Owners are required.
	Owners Owners
	// Listeners accept inbound connections; the service closes them.
	Listeners []Listener
	// Dial makes outbound connections, each to d.Target, which has a port; nil
	// means TCP. An error that wraps [ErrProxy] says nothing about the target. See
	// [PeerAddresser] for connections that do not lead where they seem to.
	Dial func(ctx context.Context, d Dial) (net.Conn, error)
	// Whitelist returns what the operator grants to an address, for connections that
	// it makes (inbound) or that we make; nil grants nothing.
	Whitelist func(a wire.NetworkAddress, inbound bool) peer.Permissions
	// V2 lets peers that connect to us choose the encrypted transport (BIP 324,
	// -v2transport). What we begin with is for the core to say, in [Dial].
	V2 bool
	// UploadRate and DownloadRate bound the bytes a second of all connections
	// together (-maxuploadrate, -maxdownloadrate); 0 means no limit.
	UploadRate, DownloadRate int64
	// CJDNS takes addresses of fc00::/8 for those of that network
	// (-cjdnsreachable).
	CJDNS bool
	// DialTimeout bounds one attempt; 0 means 5 s (-timeout).
	DialTimeout time.Duration
	// ReceiveBuffer is how many bytes of a peer's messages may wait to be dealt
	// with before it is no longer read from; 0 means 5 MB (-maxreceivebuffer).
	ReceiveBuffer int
	// MaxTxSize is how many bytes of a transaction are looked at; 0 means 400,000,
	// which is what the largest that is standard can take.
	MaxTxSize int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

const (
	defaultDialTimeout   = 5 * time.Second
	defaultReceiveBuffer = 5_000_000
	defaultMaxTxSize     = 400_000
	// eventQueue lets readers go on while the core works; when it is full they
	// wait, and so do their peers.
	eventQueue = 256
	// serveWorkers read blocks for peers.
	serveWorkers = 2
)

// Service runs one [Core] on sockets. All methods but [Service.Run] may be
// called from any goroutine while Run runs.
type Service struct {
	cfg    Config
	log    *slog.Logger
	core   *Core
	events chan Event
	done   chan struct{} // closed when the core is stepped no more
	nextID atomic.Int64
	totals counters
	// up and down are the limits that all connections share.
	up, down *rateLimit
	large    *semaphore.Weighted // see credit.go
	// inbound counts those that were accepted and of which something is left.
	inbound atomic.Int64

	// conns are the live connections; the core's goroutine adds and removes.
	mu    sync.Mutex
	conns map[peer.ID]*connection

	headers queue[SubmitHeaders]
	txs     queue[SubmitTx]
	packs   queue[SubmitPackage]
	blocks  queue[ServeBlock]
}

// New returns a service that speaks to nobody yet.
func New(cfg Config) (*Service, error) {
	if cfg.Owners == nil {
		return nil, errors.New("p2p: owners are required")
	}
	core, err := NewCore(cfg.Core)
	if err != nil {
		return nil, err
	}
	if cfg.DialTimeout == 0 {
		cfg.DialTimeout = defaultDialTimeout
	}
	if cfg.ReceiveBuffer == 0 {
		cfg.ReceiveBuffer = defaultReceiveBuffer
	}
	if cfg.MaxTxSize == 0 {
		cfg.MaxTxSize = defaultMaxTxSize
	}
	if cfg.Dial == nil {
		cfg.Dial = func(ctx context.Context, d Dial) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", d.Target)
		}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{
		up: newRateLimit(cfg.UploadRate), down: newRateLimit(cfg.DownloadRate),
		cfg: cfg, log: core.log, core: core, events: make(chan Event, eventQueue), done: make(chan struct{}), conns: map[peer.ID]*connection{},
		large: semaphore.NewWeighted(largeRoom), headers: newQueue[SubmitHeaders](), txs: newQueue[SubmitTx](), packs: newQueue[SubmitPackage](), blocks: newQueue[ServeBlock](),
	}, nil
}

// Run speaks with peers until ctx ends: nil then. It returns when every
// connection is closed. It may be called once.
func (s *Service) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	var conns sync.WaitGroup // connections and single jobs, which end with ctx
	for _, l := range s.cfg.Listeners {
		group.Go(func() error { return s.accept(ctx, l, &conns) })
	}
	group.Go(func() error { return s.followChain(ctx) })
	group.Go(func() error { return s.followPool(ctx) })
	group.Go(func() error { return s.followChecked(ctx) })
	group.Go(func() error { return s.judgeHeaders(ctx) })
	group.Go(func() error { return s.judgeTxs(ctx) })
	group.Go(func() error { return s.judgePackages(ctx) })
	for range serveWorkers {
		group.Go(func() error { return s.serve(ctx) })
	}
	group.Go(func() error {
		defer close(s.done)
		return s.own(ctx, &conns)
	})
	err := group.Wait()
	conns.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// own steps the core.
func (s *Service) own(ctx context.Context, conns *sync.WaitGroup) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var ev Event
		select {
		case <-ctx.Done():
			return ctx.Err()
		case ev = <-s.events:
		case <-timer.C:
			ev = Tick{}
		}
		now := s.cfg.Now()
		for _, a := range s.core.Step(now, ev) {
			s.perform(ctx, now, a, timer, conns)
		}
	}
}

// perform does one action. Nothing here waits.
func (s *Service) perform(ctx context.Context, now time.Time, a Action, timer *time.Timer, conns *sync.WaitGroup) {
	switch a := a.(type) {
	case Send:
		if c := s.conn(a.Peer); c != nil {
			c.out.put(outgoing{msg: a.Msg})
		}
	case Release:
		s.release(s.conn(a.Peer), a.Bytes)
	case ServeBlock:
		s.blocks.put(a)
	case SubmitHeaders:
		s.headers.put(a)
	case SubmitTx:
		s.txs.put(a)
	case SubmitPackage:
		s.packs.put(a)
	case CheckTx:
		conns.Go(func() { s.checkTx(ctx, a.Tx) })
	case SubmitBlock:
		conns.Go(func() { s.judgeBlock(ctx, a) })
	case Reconstruct:
		conns.Go(func() { s.reconstruct(ctx, a) })
	case Complete:
		conns.Go(func() { s.complete(ctx, a) })
	case TxServed:
		s.cfg.Owners.TxServed(a.Txid)
	case Disconnect:
		if c := s.conn(a.Peer); c != nil {
			c.close(nil)
		}
	case Dial:
		conns.Go(func() { s.dial(ctx, a) })
	case WakeAt:
		timer.Reset(max(a.Time.Sub(now), time.Millisecond))
	}
}

func (s *Service) conn(id peer.ID) *connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns[id]
}

// post tells the core of an event, and reports false when nobody listens any
// more.
func (s *Service) post(ctx context.Context, ev Event) bool {
	select {
	case s.events <- ev:
		return true
	case <-ctx.Done():
		return false
	case <-s.done:
		return false
	}
}

// attach runs a connection until it ends, or its own context with it. It is called
// on a goroutine of the connection's own.
func (s *Service) attach(ctx, own context.Context, c *connection, e Connected) {
	defer c.end()
	id := peer.ID(s.nextID.Add(1) - 1)
	c.id, e.Peer = id, id
	s.mu.Lock()
	s.conns[id] = c
	s.mu.Unlock()
	err := error(nil)
	if s.post(ctx, e) {
		err = c.run(own, s)
	}
	c.close(err)
	if s.post(ctx, Disconnected{Peer: id, Err: c.reason()}) {
		c.settle(ctx)
	}
	s.mu.Lock()
	delete(s.conns, id)
	s.mu.Unlock()
}
