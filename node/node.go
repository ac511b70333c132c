package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"grapevine/chain"
	"grapevine/chain/index"
	"grapevine/mempool"
	"grapevine/node/config"
	"grapevine/node/logging"
	"grapevine/p2p"
	"grapevine/wire"
)

// Version is Grapevine's version.
const Version = "0.1.0"

// Console is how a node and whoever started it see each other.
type Console struct {
	// Out gets the log, unless the configuration says otherwise; nil means nowhere.
	Out io.Writer
	// Terminal says that Out is one, on which a progress line may be redrawn.
	Terminal bool
	// Ready, when set, is called once calls are answered.
	Ready func()
}

// Node is one node.
type Node struct {
	cfg     *config.Config
	sink    *logging.Log
	log     *slog.Logger
	clock   *Clock
	started time.Time
	// listening, when set, is told where RPC listens: tests let the system choose the port.
	listening func([]net.Listener)
	onReady   func()
}

// New makes a node of a configuration. It touches nothing on disk.
func New(cfg *config.Config, out Console) (*Node, error) {
	if n := len(userAgent(cfg.Net.UserAgentComments)); n > wire.MaxUserAgent {
		return nil, fmt.Errorf("Total length of network version string (%d) exceeds maximum length (%d). Reduce the number or size of uacomments.", n, wire.MaxUserAgent)
	}
	if granted, limited := grantedDescriptors(); limited {
		var err error
		if cfg, err = limitConnections(cfg, granted); err != nil {
			return nil, err
		}
	}
	n := &Node{cfg: cfg, clock: &Clock{}, started: time.Now(), onReady: out.Ready}
	if cfg.MockTime != 0 {
		n.clock.Set(time.Unix(cfg.MockTime, 0))
	}
	l := cfg.Log
	lc := logging.Config{
		File: l.File, Shrink: l.Shrink, Debug: l.Debug, Exclude: l.Exclude, Levels: l.Levels, NoTime: !l.Timestamps, Micros: l.Micros,
		Component: l.Threads, Sources: l.Sources, AlwaysLevel: l.AlwaysLevel, RateLimit: l.RateLimit, MockTime: n.clock.Mock,
	}
	if l.Console && out.Out != nil {
		lc.Console, lc.Terminal = out.Out, out.Terminal
	}
	var err error
	if n.sink, err = logging.New(lc); err != nil {
		return nil, err
	}
	n.log = n.sink.Logger("")
	return n, nil
}

// Reopen opens the log file anew, after a rotation.
func (n *Node) Reopen() {
	if err := n.sink.Reopen(); err != nil {
		n.log.Error("the log goes on in the old file", "error", err)
	}
}

// Probe reports whether another node holds the data directory: what a command that starts a node in the background still wants to
// say itself. The directory may be taken the moment after.
func (n *Node) Probe() error {
	lock, err := lockDir(n.cfg.NetDir)
	if err != nil {
		return err
	}
	return lock.Close()
}

// Run runs the node until ctx ends, a stop is asked for over RPC, or a configured end is reached: nil then. Any other error is
// why it could not start or go on; it is in the log as well, if there is one by then.
func (n *Node) Run(ctx context.Context) (err error) {
	if err := checkImports(n.cfg.LoadBlock); err != nil {
		return err
	}
	lock, err := lockDir(n.cfg.NetDir)
	if err != nil {
		return err
	}
	defer lock.Close()
	if p := n.cfg.PIDFile; p != "" {
		if err := os.WriteFile(p, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil { // others may read it
			return fmt.Errorf("Unable to create the PID file '%s': %w", p, err)
		}
		defer os.Remove(p)
	}
	if err := n.sink.Open(); err != nil {
		return err
	}
	defer n.sink.Close()
	n.logStart()
	defer func() {
		if err != nil {
			n.log.Error(err.Error())
		}
		n.log.Info("Shutdown done")
	}()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	return n.serve(ctx, stop)
}

// serve runs RPC around the ledger.
func (n *Node) serve(ctx context.Context, stop context.CancelFunc) error {
	rpc, err := n.startRPC(ctx, stop)
	if err != nil {
		return err
	}
	// RPC goes first when the node stops, so that no call meets a ledger that has ended.
	ledgerCtx, endLedger := context.WithCancel(context.WithoutCancel(ctx))
	defer endLedger()
	rpcEnded := make(chan error, 1)
	go func() {
		err := rpc.run(ctx)
		n.log.Info("Shutdown in progress...")
		stop() // where it ended by itself
		endLedger()
		rpcEnded <- err
	}()
	err = n.runLedger(ctx, ledgerCtx, rpc)
	stop()
	return errors.Join(err, <-rpcEnded)
}

// runLedger opens the ledger, puts the pool and the peers around it, imports what is to be imported, and returns when all have ended.
func (n *Node) runLedger(ctx, ledgerCtx context.Context, rpc *rpcService) error {
	c, err := chain.Open(n.chainConfig(rpc))
	if err != nil {
		return err
	}
	parts, err := n.assemble(ctx, c, rpc)
	if err != nil {
		return errors.Join(err, c.Close())
	}
	n.sink.SetProgress("")
	n.log.Info("Done loading", "height", c.Active().Height(), "best", c.Active().Tip().Hash())
	rpc.ready()
	if n.onReady != nil {
		n.onReady()
	}
	return parts.run(ctx, ledgerCtx)
}

// parts are what runs around one ledger.
type parts struct {
	node    *Node
	chain   *chain.Chain
	pool    *mempool.Pool
	network *network
	peers   *p2p.Service
	txs     *index.TxIndex // nil without one
	loading atomic.Bool    // blocks are being imported or indexed anew
}

// assemble makes the parts and their methods known. Nothing runs yet.
func (n *Node) assemble(ctx context.Context, c *chain.Chain, rpc *rpcService) (*parts, error) {
	p := &parts{node: n, chain: c}
	p.loading.Store(true)
	var err error
	if p.pool, err = mempool.New(n.poolConfig(c)); err != nil {
		return nil, err
	}
	if p.txs, err = n.openTxIndex(c); err != nil {
		return nil, err
	}
	rpc.warmup("Loading P2P addresses…")
	if p.network, err = n.openNetwork(); err == nil {
		if p.peers, err = n.newPeers(ctx, c, p.pool, &p.loading, p.network); err == nil {
			err = rpc.addLedger(p)
		}
		if err != nil {
			err = errors.Join(err, p.network.close())
		}
	}
	if err != nil && p.txs != nil {
		err = errors.Join(err, p.txs.Close())
	}
	return p, err
}

// announce tells peers anew of a transaction that the pool holds.
func (p *parts) announce(txid wire.Txid) {
	if tx, _, ok := p.pool.Lookup(wire.ByTxid(txid)); ok {
		_ = p.peers.Broadcast(txid, tx.Wtxid()) // nobody is there once all has ended
	}
}

// run starts the parts and stops them in reverse: the peers with ctx, then the import, with ledgerCtx the index and after it the
// ledger, which it reads, and at last the pool, which the ledger waits for. Whichever ends first ends the others.
func (p *parts) run(ctx, ledgerCtx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ledgerCtx, end := context.WithCancel(ledgerCtx)
	defer end()
	poolCtx, endPool := context.WithCancel(context.WithoutCancel(ctx))
	defer endPool()
	start := func(run func() error) <-chan error {
		ended := make(chan error, 1)
		go func() { ended <- run() }()
		return ended
	}
	pool := start(func() error {
		defer end()
		return p.pool.Run(poolCtx)
	})
	peers := start(func() error {
		err := errors.Join(p.network.run(ctx, p.peers), p.network.close())
		if err != nil {
			end()
		}
		return err
	})
	imported := start(func() error {
		err := p.node.importBlocks(ctx, p.chain)
		p.loading.Store(false)
		if err != nil || p.node.cfg.StopAfterImport {
			end()
		}
		return err
	})
	runCtx, indexed := p.follow(ledgerCtx, end)
	err := p.chain.Run(runCtx)
	stop()
	end()
	if errors.Is(err, chain.ErrStopHeight) {
		p.node.log.Info("Stopping at the height that was asked for", "height", p.node.cfg.Chain.StopAtHeight)
		err = nil
	}
	ierr, perr := <-imported, <-peers
	endPool()
	if errors.Is(ierr, chain.ErrClosed) || errors.Is(ierr, context.Canceled) || (err != nil && errors.Is(ierr, err)) {
		ierr = nil // the ledger's own end says why
	}
	if errors.Is(perr, mempool.ErrClosed) {
		perr = nil // the pool's own end says why
	}
	return errors.Join(err, ierr, perr, <-indexed, <-pool)
}

func (n *Node) chainConfig(rpc *rpcService) chain.Config {
	c := n.cfg.Chain
	return chain.Config{
		Params: n.cfg.Params, Dir: n.cfg.NetDir, CacheBytes: c.CacheBytes, SigCacheBytes: c.SigCacheBytes, Workers: c.Workers,
		AssumeValid: c.AssumeValid, MinimumChainWork: c.MinimumChainWork, StopAtHeight: c.StopAtHeight, CheckBlocks: c.CheckBlocks, CheckLevel: c.CheckLevel,
		Reindex: c.Reindex, ReindexChainstate: c.ReindexChainstate, NoXOR: c.NoXOR, MaxTipAge: c.MaxTipAge, Now: n.clock.Now,
		Logger: n.sink.Logger("validation"),
		Progress: func(what string, done float64) {
			rpc.warmup(what)
			n.sink.SetProgress(fmt.Sprintf("%s %3.0f %%", what, done*100))
		},
	}
}

// logStart says what is running with what.
func (n *Node) logStart() {
	n.log.Info("Grapevine version " + Version)
	n.log.Info("Using data directory " + n.cfg.NetDir)
	switch st, err := os.Stat(n.cfg.ConfPath); {
	case n.cfg.ConfPath == "":
		n.log.Info("Config file: <disabled>")
	case err == nil && !st.IsDir():
		n.log.Info("Config file: " + n.cfg.ConfPath)
	default:
		n.log.Info("Config file: " + n.cfg.ConfPath + " (not found, skipping)")
	}
	for _, s := range n.cfg.Settings {
		n.log.Info(s)
	}
	for _, s := range n.cfg.Notes {
		n.log.Info(s)
	}
	for _, s := range n.cfg.Warnings {
		n.log.Warn(s)
	}
	n.log.Info(fmt.Sprintf("Chain %s, %d MiB for coins and databases", n.cfg.Params.Name, n.cfg.Chain.CacheBytes>>20))
}
