package seeds

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"grapevine/wire"
)

// Source is where first addresses come from.
type Source interface {
	// Name is what logs call it, and addresses are filed under.
	Name() string
	// Addresses asks it. What was found is good beside an error too.
	Addresses(ctx context.Context) (Found, error)
}

// Found is what a [Source] gave.
type Found struct {
	Addrs []wire.NetAddr
	// MinAge and MaxAge say how long ago the nodes were seen, more or less: a time
	// between them is noted for each.
	MinAge, MaxAge time.Duration
	// Fetch are nodes to connect to and to ask for addresses: host or host:port.
	Fetch []string
}

// seedServices are what nodes offer whose addresses seeds give: blocks with their
// witnesses.
const seedServices = wire.NodeNetwork | wire.NodeWitness

const day = 24 * time.Hour

// Resolver looks names up; a *[net.Resolver] does.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// NewResolver returns a resolver that asks this server only, whatever the machine's
// configuration says.
func NewResolver(server netip.AddrPort) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.String())
	}}
}

// maxAnswers is how many addresses one DNS seed may give, so that none of them
// dominates the address manager. An answer over UDP has 33 at most, one over TCP
// could have thousands.
const maxAnswers = 32

// dnsPatience bounds one look-up: two tries of five seconds, and some.
const dnsPatience = 15 * time.Second

// DNS is a name under which a program keeps a list of live nodes. What it is asked
// for is the list of those with the services that we need, by a name below it; a seed
// that has no such list is itself fetched addresses from, as any node it resolves to.
type DNS struct {
	// Host is the name, Port what all nodes of its lists listen on.
	Host string
	Port uint16
	// Resolver is asked. nil means that nothing is looked up on this machine, as
	// connections go through a proxy, which is given the name.
	Resolver Resolver
}

// Name implements [Source].
func (d DNS) Name() string { return strings.TrimSuffix(d.Host, ".") }

// Addresses implements [Source]. It is an error when DNS does not work, none when
// the seed knows nobody.
func (d DNS) Addresses(ctx context.Context) (Found, error) {
	fetch := Found{Fetch: []string{d.Host}}
	if d.Resolver == nil {
		return fetch, nil
	}
	ctx, cancel := context.WithTimeout(ctx, dnsPatience)
	defer cancel()
	ips, err := d.Resolver.LookupNetIP(ctx, "ip", fmt.Sprintf("x%x.%s.", uint64(seedServices), strings.TrimSuffix(d.Host, ".")))
	var dns *net.DNSError
	if err != nil && errors.As(err, &dns) && dns.IsNotFound {
		return fetch, nil
	}
	if err != nil {
		return fetch, fmt.Errorf("seeds: %w", err)
	}
	found := Found{MinAge: 3 * day, MaxAge: 7 * day}
	for _, ip := range ips[:min(len(ips), maxAnswers)] {
		if a := wire.AddressOfIP(ip); a.Valid() {
			found.Addrs = append(found.Addrs, wire.NetAddr{Services: seedServices, Addr: a, Port: d.Port})
		}
	}
	if len(found.Addrs) == 0 {
		return fetch, nil
	}
	return found, nil
}

//go:embed tables/*.bin
var tables embed.FS

// List is a list of nodes that is known beforehand.
type List struct {
	name string
	open func() ([]wire.NetAddr, error)
}

// Fixed returns the list that comes with the program for a network ("main", "test",
// "testnet4", "signet"), an empty one for others.
func Fixed(network string) List {
	return List{name: "fixedseeds", open: func() ([]wire.NetAddr, error) {
		b, err := tables.ReadFile("tables/" + network + ".bin")
		if err != nil {
			return nil, nil // no table for this network
		}
		return DecodeTable(b)
	}}
}

// File returns the list in a file, see [ParseList].
func File(path string, defaultPort uint16) List {
	return List{name: path, open: func() ([]wire.NetAddr, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // it was only read
		return ParseList(f, defaultPort)
	}}
}

// Name implements [Source].
func (l List) Name() string { return l.name }

// Addresses implements [Source].
func (l List) Addresses(context.Context) (Found, error) {
	addrs, err := l.open()
	if err != nil {
		return Found{}, fmt.Errorf("seeds: %s: %w", l.name, err)
	}
	for i := range addrs {
		addrs[i].Services = seedServices
	}
	return Found{Addrs: addrs, MinAge: 7 * day, MaxAge: 14 * day}, nil
}

// only drops the addresses of networks that are not listed.
func (f *Found) only(networks []wire.Network) {
	f.Addrs = slices.DeleteFunc(f.Addrs, func(a wire.NetAddr) bool { return !slices.Contains(networks, a.Addr.Network()) })
}
