package seeds

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"grapevine/internal/netgroup"
	"grapevine/wire"
)

// Addresses is the address manager.
type Addresses interface {
	// Len counts all addresses, LenOf those of one network.
	Len() int
	LenOf(n wire.Network) int
	// Add takes addresses that a source told of, and returns how many were new.
	Add(now time.Time, list []wire.TimedAddr, source wire.NetworkAddress, penalty time.Duration) int
}

// State is what is known of the connections.
type State struct {
	// Outbound counts full-relay connections to nodes of our own choice that are up.
	Outbound int
	// Active says that connections are made at all.
	Active bool
	// Reachable are the networks in which they are.
	Reachable []wire.Network
}

// Connections makes connections.
type Connections interface {
	// State fails when the node is being stopped only.
	State(ctx context.Context) (State, error)
	// Fetch makes a connection to host or host:port when it can, asks it for
	// addresses and ends it.
	Fetch(ctx context.Context, target string) error
}

// Config is what a [Runner] works with.
type Config struct {
	Addresses   Addresses   // required
	Connections Connections // required
	// Nodes are fetched addresses from first (-seednode).
	Nodes []string
	// DNS are asked next, in random order. Proxied says that they are not looked up
	// on this machine.
	DNS     []Source
	Proxied bool
	// Force asks them whatever is known (-forcednsseed).
	Force bool
	// Fixed is taken in the end; nil means nothing (-fixedseeds=0).
	Fixed Source
	// Named says that the operator named nodes to connect to (-addnode), so that the
	// fixed list may wait.
	Named bool
	// MaxOutbound is how many full-relay connections there may be, 0 many.
	MaxOutbound int
	Rand        *rand.Rand   // required; used by the goroutine of Run only
	Logger      *slog.Logger // nil is silent
}

// Runner asks the sources in their order, for as long as the node runs.
type Runner struct {
	cfg  Config
	plan plan
}

// New returns a runner.
func New(cfg Config) (*Runner, error) {
	if cfg.Addresses == nil || cfg.Connections == nil || cfg.Rand == nil {
		return nil, errors.New("seeds: Addresses, Connections and Rand are required")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	p := plan{
		nodes: cfg.Nodes, dns: len(cfg.DNS), resolved: !cfg.Proxied, force: cfg.Force,
		fixed: cfg.Fixed != nil, named: cfg.Named, enough: threshold,
	}
	if cfg.MaxOutbound > 0 {
		p.enough = min(p.enough, cfg.MaxOutbound)
	}
	return &Runner{cfg: cfg, plan: p}, nil
}

// interval is how often we look whether there is something to do.
const interval = 500 * time.Millisecond

// answer is what a DNS seed had to say.
type answer struct {
	source Source
	found  Found
	err    error
}

// Run asks sources until the context ends. At most one question is under way, on a
// goroutine that ends with it.
func (r *Runner) Run(ctx context.Context) error {
	answers := make(chan answer, 1) // one question at a time: never full
	asking := false
	defer func() {
		if asking {
			<-answers
		}
	}()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	s := newSchedule(time.Now(), r.plan, r.cfg.Rand)
	for {
		select {
		case <-ctx.Done():
			return nil
		case a := <-answers:
			asking = false
			r.take(ctx, a, nil)
			s.asked(time.Now(), a.err == nil)
			continue
		case <-tick.C:
		}
		v, err := r.look(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		for _, t := range s.next(time.Now(), v) {
			switch {
			case t.fetch != "":
				r.cfg.Logger.Info("Fetching addresses from a node that was named", "node", t.fetch)
				r.fetch(ctx, t.fetch)
			case t.dns > 0:
				src := r.cfg.DNS[t.dns-1]
				r.cfg.Logger.Info("Loading addresses from DNS seed " + src.Name())
				asking = true
				go func() {
					found, err := src.Addresses(ctx)
					answers <- answer{src, found, err}
				}()
			default:
				found, err := r.cfg.Fixed.Addresses(ctx)
				r.take(ctx, answer{r.cfg.Fixed, found, err}, t.fixed)
			}
		}
	}
}

func (r *Runner) look(ctx context.Context) (view, error) {
	st, err := r.cfg.Connections.State(ctx)
	if err != nil {
		return view{}, err
	}
	v := view{known: r.cfg.Addresses.Len(), outbound: st.Outbound, active: st.Active, reachable: st.Reachable}
	for _, n := range st.Reachable {
		if r.cfg.Addresses.LenOf(n) == 0 {
			v.empty = append(v.empty, n)
		}
	}
	return v, nil
}

// take files what a source gave, of these networks only unless they are nil.
func (r *Runner) take(ctx context.Context, a answer, networks []wire.Network) {
	if a.err != nil {
		r.cfg.Logger.Warn("A source of addresses failed", "source", a.source.Name(), "err", a.err)
	}
	if networks != nil {
		a.found.only(networks)
	}
	now := time.Now()
	list := make([]wire.TimedAddr, 0, len(a.found.Addrs))
	for _, addr := range a.found.Addrs {
		age := a.found.MinAge
		if span := a.found.MaxAge - a.found.MinAge; span > 0 {
			age += time.Duration(r.cfg.Rand.Int64N(int64(span)))
		}
		list = append(list, wire.TimedAddr{Time: uint32(max(now.Add(-age).Unix(), 0)), NetAddr: addr})
	}
	if len(list) > 0 {
		fresh := r.cfg.Addresses.Add(now, list, netgroup.Named(a.source.Name()), 0)
		r.cfg.Logger.Info("Addresses found", "source", a.source.Name(), "addresses", len(list), "new", fresh)
	}
	for _, target := range a.found.Fetch {
		r.fetch(ctx, target)
	}
}

func (r *Runner) fetch(ctx context.Context, target string) {
	if err := r.cfg.Connections.Fetch(ctx, target); err != nil && ctx.Err() == nil {
		r.cfg.Logger.Warn("A node cannot be asked for addresses", "node", target, "err", err)
	}
}
