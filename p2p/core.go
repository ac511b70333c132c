package p2p

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/internal/u256"
	"grapevine/p2p/addrrelay"
	"grapevine/p2p/blockfetch"
	"grapevine/p2p/compact"
	"grapevine/p2p/conn"
	"grapevine/p2p/headersync"
	"grapevine/p2p/orphanage"
	"grapevine/p2p/peer"
	"grapevine/p2p/privatebroadcast"
	"grapevine/p2p/txannounce"
	"grapevine/p2p/txrequest"
	"grapevine/wire"
)

// CoreConfig says how a [Core] behaves.
type CoreConfig struct {
	// Params are the network's rules; Ledger and Pool what is read of chain and
	// pool; Rand decides whatever has to be unforeseeable. All are required.
	Params *params.Params
	Ledger Ledger
	Pool   Pool
	Rand   *rand.Rand
	// MinimumChainWork is what a chain must have before its headers are served
	// and its blocks fetched.
	MinimumChainWork u256.Int
	// Services are what we offer; UserAgent is what we call ourselves.
	Services  wire.ServiceFlags
	UserAgent string
	// MinRelayFeeRate is the lowest fee filter that we send, IncrementalFeeRate
	// what the finest of its steps is made of.
	MinRelayFeeRate, IncrementalFeeRate wire.FeeRate
	// BlocksOnly takes no transactions from peers.
	BlocksOnly bool
	// Reconcile tells peers that we know BIP 330 (-txreconciliation).
	Reconcile bool
	// Conn says which connections to keep.
	Conn conn.Config
	// SendBuffer is how many bytes may wait for a peer to read them before its
	// requests wait too; 0 means 1 MB (-maxsendbuffer).
	SendBuffer int
	// PeerTimeout is how long a peer has for the handshake; 0 means 60 s
	// (-peertimeout).
	PeerTimeout time.Duration
	// Unbroadcast lists the transactions of the pool that are ours and that no peer
	// has asked for yet; nil when there are never any.
	Unbroadcast func() []wire.Txid
	// FetchCredits bounds the bytes of blocks that are asked for or wait to be
	// connected; 0 leaves it to blockfetch.
	FetchCredits int64
	// UploadTarget is how many bytes may be sent in a day before historical blocks
	// are not served any more (-maxuploadtarget); 0 means any number.
	UploadTarget int64
	// Addresses are those of other nodes; nil when none are kept: then addresses are
	// neither taken nor passed on, and only nodes that were named are connected to.
	Addresses Addresses
	// Bans says whom not to speak with; nil bans nobody.
	Bans Bans
	// Own are our own addresses; nil when we know of none.
	Own OwnAddresses
	// Reachable lists the networks that we can connect to (-onlynet, proxies); nil
	// means IPv4 and IPv6.
	Reachable []wire.Network
	// V2 offers the encrypted transport and begins with it where the peer offers it
	// (-v2transport).
	V2 bool
	// ExtraTxs is how many transactions that are not in the pool are kept to put blocks
	// together; 0 means 100, a negative number none (-blockreconstructionextratxn).
	ExtraTxs int
	// Private returns the networks that are reachable at present, Tor and I2P among them
	// if they are: over these own transactions are sent without telling who sends them
	// (-privatebroadcast). It requires Addresses, and that connections of kind
	// [peer.PrivateBroadcast] to IPv4 and IPv6 are dialled through Tor. Nil turns
	// it off.
	Private func() []wire.Network
	// Logger receives what happens; nil discards it.
	Logger *slog.Logger
}

const (
	// neverRead is how much beyond twice the send buffer may wait for a peer that
	// does not read before the connection is ended: the largest block, twice.
	neverRead = 8_000_000

	// loadingPoll is how often is looked whether blocks are still being imported.
	loadingPoll = time.Second / 10

	defaultSendBuffer  = 1_000_000
	defaultPeerTimeout = 60 * time.Second
)

func (cfg *CoreConfig) validate() error {
	if cfg.Params == nil || cfg.Ledger == nil || cfg.Pool == nil || cfg.Rand == nil {
		return errors.New("p2p: params, ledger, pool and randomness are required")
	}
	if cfg.SendBuffer == 0 {
		cfg.SendBuffer = defaultSendBuffer
	}
	if cfg.PeerTimeout == 0 {
		cfg.PeerTimeout = defaultPeerTimeout
	}
	if cfg.Conn.DefaultPort == 0 {
		cfg.Conn.DefaultPort = cfg.Params.DefaultPort
	}
	if cfg.ExtraTxs == 0 {
		cfg.ExtraTxs = compact.ExtraTxs
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Core decides. It is stepped by one goroutine, and so are all its methods.
//
// Invariants: every peer in peers is known to blockfetch, headersync, the
// request tracker and the announcer exactly when its handshake is done; a
// peer's released bytes never exceed what was received from it; deferred
// messages are in the order in which they came.
type Core struct {
	cfg      CoreConfig
	log      *slog.Logger
	peers    map[peer.ID]*peerState
	order    []*peerState // by id, so that nothing depends on the order of a map
	plan     *conn.Plan
	fetch    *blockfetch.Fetcher
	headers  *headersync.Syncer
	txs      txState
	private  *privateState
	clocks   clockOffsets
	upload   upload
	outbound outbound
	gossip   *addrrelay.Relay // nil when no addresses are kept
	// gossiped is set when addresses may have become due sooner than gossipNext, which
	// is zero while none will.
	gossiped   bool
	gossipNext time.Time
	now        time.Time // of the step being taken
	compact    compactState
	selfNonce  map[uint64]struct{} // of the versions that we sent first and that were not answered yet
	actions    []Action
	woken      time.Time // the last WakeAt
	timers     peerTimers
	lookAgain  time.Time // while blocks are imported: nobody tells of its end
	retry      time.Time // when what nobody asked for is announced again

	presyncTold time.Time // when a first pass over headers was last spoken of
}

// txState is what the core knows of transactions outside the pool.
type txState struct {
	requests  *txrequest.Tracker
	orphans   *orphanage.Orphanage
	announce  *txannounce.Announcer
	rejected  *recentSet    // wtxids, and txids of those without witness; until the tip moves
	lowFee    *recentSet    // wtxids refused for their fee, and packages that did not help; until the tip moves
	confirmed *recentSet    // of blocks lately connected
	last      *headers.Node // the last of those blocks, nil before the first
	mined     minedTxs
	judging   map[wire.Wtxid]bool // set once the pool has told of it
	wtxPeers  int                 // peers that relay by wtxid
}

// NewCore returns a core without peers.
func NewCore(cfg CoreConfig) (*Core, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	seed := func() *rand.Rand { return rand.New(rand.NewPCG(cfg.Rand.Uint64(), cfg.Rand.Uint64())) }
	spacing := time.Duration(cfg.Params.TargetSpacing) * time.Second
	c := &Core{
		cfg: cfg, log: cfg.Logger, peers: map[peer.ID]*peerState{}, selfNonce: map[uint64]struct{}{}, outbound: newOutbound(),
		fetch: blockfetch.New(blockfetch.Config{
			MinWork: cfg.MinimumChainWork, Credits: cfg.FetchCredits, Spacing: spacing,
		}, cfg.Ledger),
		headers: headersync.New(headersync.Config{MinWork: cfg.MinimumChainWork, Spacing: spacing, Rand: seed()}, cfg.Ledger),
		txs: txState{
			requests: txrequest.New(txrequest.Config{Rand: seed()}), orphans: orphanage.New(orphanage.Config{}),
			announce: txannounce.New(txannounce.Config{Rand: seed()}),
			rejected: newRecentSet(rejectedKept), lowFee: newRecentSet(rejectedKept), confirmed: newRecentSet(confirmedKept), judging: map[wire.Wtxid]bool{},
		},
	}
	c.compact.extra = compact.NewExtra(cfg.ExtraTxs)
	if cfg.Conn.Rand == nil {
		cfg.Conn.Rand = seed()
	}
	c.cfg.Conn.Rand = cfg.Conn.Rand
	c.plan = conn.New(c.planned())
	if cfg.Private != nil {
		c.private = &privateState{Queue: privatebroadcast.New(privatebroadcast.Config{Rand: seed()})}
	}
	c.upload.target = cfg.UploadTarget
	c.gossip = c.newGossip()
	return c, nil
}

// Step takes one event at a time and returns what is to be done about it. The
// slice is valid until the next call. Time never runs backwards.
func (c *Core) Step(now time.Time, ev Event) []Action {
	clear(c.actions)
	c.actions, c.now = c.actions[:0], now
	c.handle(now, ev)
	c.timers.moved(c.peers, ev)
	c.settle(now)
	return c.actions
}

func (c *Core) do(a Action) { c.actions = append(c.actions, a) }

func (c *Core) handle(now time.Time, ev Event) {
	switch ev := ev.(type) {
	case Connected:
		c.connected(now, ev)
	case DialFailed:
		c.dialFailed(now, ev)
	case Disconnected:
		c.disconnected(now, ev)
	case Received:
		c.received(now, ev)
	case Malformed:
		c.malformed(ev)
	case Wrote:
		c.upload.add(now, ev.OnWire)
		if p := c.peers[ev.Peer]; p != nil {
			p.unsent -= ev.Bytes
			c.resume(now, p)
		}
	case Served:
		c.served(now, ev)
	case HeadersJudged:
		c.headersJudged(now, ev)
	case BlockJudged:
		c.blockJudged(now, ev)
	case TxJudged:
		c.txJudged(now, ev)
	case PackageJudged:
		c.packageJudged(now, ev)
	case TxChecked:
		c.txChecked(ev)
	case PoolAdded:
		c.poolAdded(ev)
	case TipMoved:
		c.tipMoved(now, ev)
	case BlockConnected:
		c.compactConnected(ev.Block)
		c.blockConnected(ev)
	case BlockChecked:
		c.blockChecked(ev)
	case Reconstructed:
		c.reconstructed(now, ev)
	case Command:
		ev.Do(c, now)
	case Tick:
		c.woken = time.Time{} // whatever is still due asks again
	case HeaderTip:
		c.fetch.Marked()
	}
}

// settle does what has become due, and asks to be woken for what has not.
func (c *Core) settle(now time.Time) {
	c.reviewOutbound(now)
	for _, d := range c.plan.Next(now) {
		c.do(Dial{Target: d.Target, Addr: d.Addr, Kind: d.Kind, V2: d.V2})
	}
	for _, p := range c.timers.due(now, c.order) {
		c.tend(now, p)
	}
	if !c.cfg.Ledger.Loading() {
		c.lookAgain = time.Time{}
		c.syncHeaders(now)
		c.fetchBlocks(now)
	} else if !c.lookAgain.After(now) {
		c.lookAgain = now.Add(loadingPoll)
	}
	c.passAddresses(now)
	c.openPrivate(now)
	c.rebroadcast(now)
	c.requestTxs(now)
	c.announceTxs(now)
	if at, ok := c.nextWake(); ok && !at.Equal(c.woken) {
		c.woken = at
		c.do(WakeAt{at})
	}
}

// nextWake is the earliest time at which something is due by itself.
func (c *Core) nextWake() (at time.Time, found bool) {
	earlier := func(t time.Time, ok bool) {
		if ok && (!found || t.Before(at)) {
			at, found = t, true
		}
	}
	earlier(c.timers.soonest(c.order))
	earlier(c.lookAgain, !c.lookAgain.IsZero())
	earlier(c.retry, !c.retry.IsZero())
	earlier(c.outboundWake(), true)
	earlier(c.gossipNext, !c.gossipNext.IsZero())
	earlier(c.plan.Wake())
	if c.private != nil && c.plan.Active() {
		earlier(c.private.Next())
	}
	earlier(c.headers.Wake())
	earlier(c.fetch.Wake())
	earlier(c.txs.requests.Next())
	earlier(c.txs.announce.Next())
	return at, found
}
