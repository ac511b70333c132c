package seeds

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"

	"grapevine/internal/dnstest"
	"grapevine/wire"
)

// resolve serves a zone on the loopback interface.
func resolve(t *testing.T, z *dnstest.Zone) Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- z.Serve(ctx, c) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return NewResolver(netip.MustParseAddrPort(c.LocalAddr().String()))
}

func TestDNS(t *testing.T) {
	var z dnstest.Zone
	z.Set("x9.good.test", netip.MustParseAddr("8.1.2.3"), netip.MustParseAddr("2001:4860::1"), netip.MustParseAddr("0.0.0.0"))
	z.Set("plain.test", netip.MustParseAddr("8.1.2.4"))
	r := resolve(t, &z)

	found, err := DNS{Host: "good.test.", Port: 18444, Resolver: r}.Addresses(context.Background())
	var got []string
	for _, a := range found.Addrs {
		if got = append(got, a.String()); a.Services != wire.NodeNetwork|wire.NodeWitness {
			t.Errorf("%v offers %v", a, a.Services)
		}
	}
	slices.Sort(got)
	if err != nil || !slices.Equal(got, []string{"8.1.2.3:18444", "[2001:4860::1]:18444"}) || len(found.Fetch) != 0 {
		t.Errorf("%q, %q, %v", got, found.Fetch, err)
	}
	if found.MinAge != 3*day || found.MaxAge != 7*day {
		t.Errorf("seen %v to %v ago", found.MinAge, found.MaxAge)
	}

	// A seed that does not know such names is asked as a node.
	found, err = DNS{Host: "plain.test", Port: 1, Resolver: r}.Addresses(context.Background())
	if err != nil || len(found.Addrs) != 0 || !slices.Equal(found.Fetch, []string{"plain.test"}) {
		t.Errorf("%v, %v", found, err)
	}
	if asked := z.Asked(); !slices.Equal(asked, []string{"x9.good.test", "x9.plain.test"}) {
		t.Errorf("asked for %q", asked)
	}
}

func TestDNSThroughProxy(t *testing.T) {
	found, err := DNS{Host: "seed.test.", Port: 1}.Addresses(context.Background())
	if err != nil || len(found.Addrs) != 0 || !slices.Equal(found.Fetch, []string{"seed.test."}) {
		t.Errorf("%v, %v", found, err)
	}
}

func TestDeadDNS(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := NewResolver(netip.MustParseAddrPort(c.LocalAddr().String()))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := DNS{Host: "seed.test", Port: 1, Resolver: r}.Addresses(context.Background())
	var dns *net.DNSError
	if !errors.As(err, &dns) || len(found.Addrs) != 0 || !slices.Equal(found.Fetch, []string{"seed.test"}) {
		t.Errorf("%v, %v", found, err)
	}
}

type manyAddresses int

func (n manyAddresses) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	var out []netip.Addr
	for i := range int(n) {
		out = append(out, netip.AddrFrom4([4]byte{8, 8, byte(i >> 8), byte(i)}))
	}
	return out, nil
}

// No seed gives more than its share.
func TestManyAnswers(t *testing.T) {
	found, err := DNS{Host: "seed.test", Port: 1, Resolver: manyAddresses(5000)}.Addresses(context.Background())
	if err != nil || len(found.Addrs) != maxAnswers {
		t.Errorf("%d addresses, %v", len(found.Addrs), err)
	}
}
