package node

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"time"

	"grapevine/chain"
	"grapevine/chain/headers"
	"grapevine/internal/u256"
	"grapevine/mempool"
	"grapevine/p2p"
	"grapevine/p2p/conn"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// services are what we offer to peers whatever the configuration: the whole chain, with witnesses.
const services = wire.NodeNetwork | wire.NodeWitness | wire.NodeNetworkLimited

// userAgent is how the node introduces itself (BIP 14): first as what it is compatible with, then by its own name.
func userAgent(comments []string) string {
	s := "/Satoshi:31.0.0/Grapevine:" + Version
	if len(comments) > 0 {
		s += "(" + strings.Join(comments, "; ") + ")"
	}
	return s + "/"
}

// peerLedger is what p2p reads of the ledger.
type peerLedger struct {
	*chain.Chain
	loading *atomic.Bool // blocks are being imported or indexed anew
}

func (l peerLedger) Loading() bool { return l.loading.Load() }

// peerOwners lets what peers bring into chain and pool.
type peerOwners struct {
	*chain.Chain
	pool *mempool.Pool
}

// SubmitBlock implements [p2p.Owners]. A refused block may have moved the tip all the same.
func (o peerOwners) SubmitBlock(ctx context.Context, b *wire.Block, requested bool) (fresh bool, err error) {
	out, err := o.SubmitBlockWith(ctx, b, chain.BlockOptions{Requested: requested, MinWork: o.MinWork()})
	taken := o.pool.TakenIn(ctx, o.Events().Last())
	if err == nil {
		err = taken
	}
	return out == chain.Connected || out == chain.Stored, err
}

// SubmitTxs implements [p2p.Owners].
func (o peerOwners) SubmitTxs(ctx context.Context, txs []*wire.Tx) []p2p.TxVerdict {
	out := make([]p2p.TxVerdict, 0, len(txs))
	for _, v := range o.pool.SubmitAll(ctx, txs, mempool.SubmitOptions{}) {
		out = append(out, txVerdict(v.Err))
	}
	return out
}

// SubmitPackage implements [p2p.Owners].
func (o peerOwners) SubmitPackage(ctx context.Context, parent, child *wire.Tx) ([]p2p.TxVerdict, error) {
	v := o.pool.SubmitPackage(ctx, []*wire.Tx{parent, child}, mempool.SubmitOptions{})
	var out []p2p.TxVerdict
	for i := range v.Txs {
		out = append(out, txVerdict(v.Txs[i].Err))
	}
	return out, v.Err
}

// CheckTx implements [p2p.Owners].
func (o peerOwners) CheckTx(ctx context.Context, tx *wire.Tx) (err error, failure bool) {
	_, err = o.pool.Check(ctx, tx)
	var refused *mempool.Error
	return err, err != nil && !errors.As(err, &refused)
}

func txVerdict(err error) p2p.TxVerdict {
	v := p2p.TxVerdict{Err: err}
	var refused *mempool.Error
	if !errors.As(err, &refused) {
		v.Unsettled = err != nil
		return v
	}
	v.Missing = refused.Missing
	v.Unsettled = refused.Cause == mempool.CauseWitnessStripped
	v.Outright = refused.Cause == mempool.CauseInputsNotStandard
	v.LowFee = refused.Cause == mempool.CauseReconsiderable
	return v
}

// RawBlock implements [p2p.Owners].
func (o peerOwners) RawBlock(n *headers.Node) ([]byte, error) { return o.Chain.RawBlock(n) }

// TakenIn implements [p2p.Owners].
func (o peerOwners) TakenIn(ctx context.Context, seq uint64) error { return o.pool.TakenIn(ctx, seq) }

// TxServed implements [p2p.Owners].
func (o peerOwners) TxServed(txid wire.Txid) { o.pool.Broadcasted(txid) }

// WatchPool implements [p2p.Owners].
func (o peerOwners) WatchPool(ctx context.Context, fn func(wire.Txid, wire.Wtxid)) error {
	cursor := o.pool.Events().Subscribe()
	for {
		switch ev, err := cursor.Next(ctx); {
		case errors.Is(err, mempool.ErrLagged): // what was lost is not announced by us; peers hear of it from others
		case err != nil:
			return err
		case ev.Kind == mempool.Added && ev.Reason != mempool.ReasonReorg: // what comes back from a block is known to all
			fn(ev.Txid, ev.Wtxid)
		}
	}
}

// minimumChainWork is what a chain must have before it is taken for the network's.
func (n *Node) minimumChainWork() u256.Int {
	if w := n.cfg.Chain.MinimumChainWork; w != nil {
		return *w
	}
	return n.cfg.Params.MinimumChainWork
}

// dialLimit is how long a connection may take in any network: I2P looks peers up for up to three minutes. What is reached directly, and
// proxies, have limits of their own.
const dialLimit = 4 * time.Minute

// newPeers makes the service that speaks with peers, listening where the configuration says.
func (n *Node) newPeers(ctx context.Context, c *chain.Chain, pool *mempool.Pool, loading *atomic.Bool, w *network) (*p2p.Service, error) {
	cfg := n.cfg.Net
	var listeners []p2p.Listener
	if cfg.Listen {
		var err error
		if listeners, err = n.listen(ctx); err != nil {
			return nil, err
		}
	}
	if !cfg.ConnectOnly { // not sooner: a node that cannot listen shall not lose them
		w.anchors = takeAnchors(n.cfg.NetDir, n.cfg.Params.Magic, n.sink.Logger("net"))
	}
	if w.router != nil && cfg.Hidden.AcceptI2P {
		listeners = append(listeners, p2p.Listener{Listener: w.router.Listener(), Network: wire.NetI2P})
	}
	extra := cfg.ExtraTxs
	if extra == 0 {
		extra = -1 // none, and not as many as usual
	}
	maxTx := 0 // the largest that is standard
	if n.cfg.Pool.AcceptNonStandard {
		maxTx = wire.MaxPayload
	}
	var private func() []wire.Network
	if cfg.PrivateBroadcast {
		private = w.routes.Reachable
	}
	grants := cfg.Grants
	s, err := p2p.New(p2p.Config{
		MaxTxSize: maxTx,
		Core: p2p.CoreConfig{
			Params: n.cfg.Params, Ledger: peerLedger{c, loading}, Pool: pool, Rand: newRand(),
			MinimumChainWork: n.minimumChainWork(), Services: n.offered(), UserAgent: userAgent(cfg.UserAgentComments), BlocksOnly: cfg.BlocksOnly,
			Reconcile: cfg.Reconcile, V2: cfg.V2, UploadTarget: int64(min(cfg.MaxUpload, math.MaxInt64)),
			Unbroadcast:     pool.Unbroadcast,
			MinRelayFeeRate: n.cfg.Pool.MinRelay, IncrementalFeeRate: n.cfg.Pool.Incremental,
			Addresses: w.book, Bans: w.bans, Own: w.own, Reachable: w.routes.Reachable(),
			Conn: n.connections(w), Private: private, ExtraTxs: extra,
			SendBuffer: cfg.MaxSendBuffer, PeerTimeout: cfg.PeerTimeout, Logger: n.sink.Logger("net"),
		},
		Owners:    peerOwners{c, pool},
		Listeners: listeners, Dial: w.dial, DialTimeout: dialLimit, ReceiveBuffer: cfg.MaxReceiveBuffer,
		Whitelist: func(a wire.NetworkAddress, inbound bool) peer.Permissions { return grants.To(0, a, inbound) },
		V2:        cfg.V2, CJDNS: cfg.Hidden.CJDNS, UploadRate: int64(min(cfg.UploadRate, math.MaxInt64)), DownloadRate: int64(min(cfg.DownloadRate, math.MaxInt64)),
	})
	if err != nil {
		for _, l := range listeners {
			err = errors.Join(err, l.Close())
		}
		return nil, err
	}
	w.bans.enforce, w.reachable = s.DisconnectBanned, s.SetReachable
	return s, nil
}

// connections says which connections to keep.
func (n *Node) connections(w *network) conn.Config {
	cfg := n.cfg.Net
	out := conn.Config{
		Connect: cfg.Connect, Added: cfg.AddNode, ConnectOnly: cfg.ConnectOnly, Inactive: !cfg.NetworkActive, Anchors: w.anchors, Rand: newRand(),
	}
	out.SetMax(cfg.MaxConnections)
	return out
}
