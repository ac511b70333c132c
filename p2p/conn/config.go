package conn

import (
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Numbers of connections of our own choice.
const (
	// MaxFullRelay and MaxBlockRelay are how many outbound connections of these
	// kinds are kept.
	MaxFullRelay  = 8
	MaxBlockRelay = 2
	// MaxFeelers is how many places there are for feelers and other extra ones.
	MaxFeelers = 1
	// MaxAdded is how many added nodes are connected or dialled at a time: the
	// operator may list more, which wait for a place.
	MaxAdded = 8
	// MaxAnchors is how many block-relay peers are remembered for the next run.
	MaxAnchors = 2
	// MaxFetches bounds the targets that wait to be asked for addresses.
	MaxFetches = 256
	// DefaultMax is how many connections there are without -maxconnections.
	DefaultMax = 125
)

// Addresses is what a plan needs to know of other nodes' addresses.
type Addresses interface {
	// Select picks an address of one of these networks, any when there are none, to
	// connect to; from the table of those never reached only, where fresh is set.
	Select(now time.Time, fresh bool, networks []wire.Network) (a wire.NetAddr, lastTry time.Time, ok bool)
	// Collision picks an address that another would replace unless it still answers;
	// ResolveCollisions replaces those that did not.
	Collision(now time.Time) (a wire.NetAddr, lastTry time.Time, ok bool)
	ResolveCollisions(now time.Time)
	// Attempt notes that a connection was tried; a failure counts against the
	// address where count is set. Good notes that it answers.
	Attempt(now time.Time, a wire.NetAddr, count bool)
	Good(now time.Time, a wire.NetAddr)
	// Group returns what stands for the operator of an address.
	Group(a wire.NetworkAddress) string
}

// Config says what a [Plan] aims at. The zero value makes and admits no connection.
type Config struct {
	// Connect are the only nodes to connect to (-connect); Added are kept
	// connected besides others (-addnode, and [Plan.Add]).
	Connect, Added []string
	// ConnectOnly makes no connections of our own choice, as Connect does.
	ConnectOnly bool
	// MaxInbound bounds inbound connections, FullRelay and BlockRelay the outbound ones
	// of our own choice that are kept, and Feelers what comes on top for a short
	// time. [Config.SetMax] divides one number up between them.
	MaxInbound, FullRelay, BlockRelay, Feelers int
	// Inactive starts without making or admitting connections (-networkactive=0).
	Inactive bool
	// Addresses are where connections of our own choice lead; nil means that there are none.
	Addresses Addresses
	// Rand is required with Addresses; without it groups are hashed with a known key.
	Rand *rand.Rand
	// Networks are those that connections of our own choice may lead into: the
	// reachable ones that -onlynet allows. Nil means IPv4 and IPv6; an empty list means
	// none, as while what leads into the only one is not up yet.
	Networks []wire.Network
	// Anchors are tried first, the last of them foremost, at most [MaxAnchors].
	Anchors []wire.NetAddr
	// Avoid reports addresses not to connect to by our own choice: banned and
	// discouraged ones, and our own. Nil means none.
	Avoid func(now time.Time, a wire.NetAddr) bool
	// DefaultPort is the port of targets that name none.
	DefaultPort uint16
	// V2 offers the encrypted transport to whom is known to speak it, or was
	// named (-v2transport).
	V2 bool
}

// SetMax divides up the connections of -maxconnections: outbound ones of our own
// choice first, the rest is for inbound ones.
func (cfg *Config) SetMax(limit int) {
	limit = max(limit, 0)
	cfg.FullRelay = min(limit, MaxFullRelay)
	cfg.BlockRelay = min(limit-cfg.FullRelay, MaxBlockRelay)
	cfg.Feelers = min(limit-cfg.FullRelay-cfg.BlockRelay, MaxFeelers)
	cfg.MaxInbound = limit - cfg.grants()
}

// grants is how many outbound connections of our own choice there may be in all.
func (cfg *Config) grants() int { return cfg.FullRelay + cfg.BlockRelay + cfg.Feelers }

// Dial is a connection to make.
type Dial struct {
	// Target is what was named, or Addr in text.
	Target string
	// Addr is set where we chose the peer ourselves.
	Addr wire.NetAddr
	Kind peer.Kind
	V2   bool // begin with the encrypted transport
}

// endpoint is what a target names: targets of one endpoint are one.
type endpoint struct {
	host string
	port uint16
}

func (p *Plan) endpoint(target string) endpoint {
	port := p.cfg.DefaultPort
	if a, err := wire.ParseNetAddr(target, port); err == nil && !a.Addr.IsZero() {
		if a.Addr.Network() == wire.NetI2P && !strings.Contains(target, ":") {
			a.Port = 0 // SAM 3.1 knows no ports
		}
		return endpointOf(a)
	}
	host := target
	if h, n, err := net.SplitHostPort(target); err == nil {
		if v, err := strconv.ParseUint(n, 10, 16); err == nil {
			host, port = h, uint16(v)
		}
	}
	return endpoint{strings.ToLower(host), port}
}

func endpointOf(a wire.NetAddr) endpoint { return endpoint{a.Addr.String(), a.Port} }
