package netgroup

import (
	"bytes"
	"net/netip"
	"os"
	"testing"

	"grapevine/internal/testdata"
	"grapevine/wire"
)

func ip(s string) wire.NetworkAddress { return wire.AddressOfIP(netip.MustParseAddr(s)) }

func of(t testing.TB, n wire.Network, b ...byte) wire.NetworkAddress {
	t.Helper()
	full := make([]byte, map[wire.Network]int{wire.NetTorV3: 32, wire.NetI2P: 32, wire.NetCJDNS: 16}[n])
	copy(full, b)
	a, err := wire.AddressOf(n, full)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestGroup(t *testing.T) {
	for _, c := range []struct {
		a    wire.NetworkAddress
		want string
	}{
		{ip("127.0.0.1"), "\x00"},
		{ip("0.0.0.0"), "\x00"},
		{ip("::"), "\x00"},
		{ip("::1"), "\x00"},
		{ip("10.0.0.1"), "\x00"},
		{ip("169.254.1.1"), "\x00"},
		{ip("2001:db8::1"), "\x00"},
		{ip("1.2.3.4"), "\x01\x01\x02"},
		{ip("::ffff:0:102:304"), "\x01\x01\x02"},
		{ip("64:ff9b::102:304"), "\x01\x01\x02"},
		{ip("2002:102:304:9999:9999:9999:9999:9999"), "\x01\x01\x02"},
		{ip("2001:0:9999:9999:9999:9999:fefd:fcfb"), "\x01\x01\x02"},
		{ip("2001:470:abcd:9999:9999:9999:9999:9999"), "\x02\x20\x01\x04\x70\xaf"},
		{ip("2001:2001:9999:9999:9999:9999:9999:9999"), "\x02\x20\x01\x20\x01"},
		{of(t, wire.NetTorV3, 0x35, 0x77), "\x03\x3f"},
		{of(t, wire.NetI2P, 0xf0), "\x04\xff"},
		{of(t, wire.NetCJDNS, 0xfc, 0x12, 0x34), "\x05\xfc\x1f"},
		{of(t, wire.NetCJDNS, 0xfd, 0x12, 0x34), "\x00"},
		{Named("baz.net"), "\x06\x12\x92\x94\x00\xeb\x46\x07\xc4\xac\x07"},
	} {
		if got := New().Group(c.a); got != c.want {
			t.Errorf("%s %s: group %x, want %x", c.a.Network(), c.a, got, c.want)
		}
	}
}

func TestInternalAddressesStandForNoHost(t *testing.T) {
	a := Named("seed.example.org")
	if !Internal(a) || a.Valid() || a.Routable() || a == Named("other.example.org") {
		t.Errorf("%s: internal %v, valid %v", a, Internal(a), a.Valid())
	}
	for _, other := range []wire.NetworkAddress{{}, ip("1.2.3.4"), ip("fd6b:88c0:8725::"), of(t, wire.NetTorV3, 0xfd, 0x6b, 0x88, 0xc0, 0x87, 0x24)} {
		if Internal(other) {
			t.Errorf("%s is not internal", other)
		}
	}
}

func TestLocal(t *testing.T) {
	for s, want := range map[string]bool{
		"127.0.0.1": true, "127.255.0.1": true, "0.0.0.0": true, "0.1.2.3": true, "::1": true,
		"::": false, "::2": false, "10.0.0.1": false, "1.2.3.4": false,
	} {
		if got := Local(ip(s)); got != want {
			t.Errorf("%s: %v", s, got)
		}
	}
	if Local(of(t, wire.NetTorV3)) {
		t.Error("an onion service is not this host's address")
	}
}

// The mock map of Bitcoin Core's tests: 250.0.0.0/8 is AS 1000, 101.n.0.0/16 AS n
// for n from 1 to 8. What lies beside those was nobody's when the map was made, and
// may have a number in it.
func mock(t testing.TB) *Groups {
	t.Helper()
	b, err := os.ReadFile(testdata.Shared(t, "vectors/core/asmap.raw"))
	if err != nil {
		t.Fatal(err)
	}
	g, err := LoadASMap(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestCoresMap(t *testing.T) {
	g := mock(t)
	if got, want := g.Version().String(), "bafc9da308f45179443bd1d22325400ac9104f741522d003e3fac86700f68895"; got != want {
		t.Errorf("version %s, want %s", got, want)
	}
	if !g.HasMap() || len(g.Map()) != 59 || New().HasMap() || New().Version() != (Version{}) {
		t.Errorf("map of %d bytes", len(g.Map()))
	}
	for s, want := range map[string]uint32{
		"250.1.1.1": 1000, "250.255.255.255": 1000,
		"101.1.0.0": 1, "101.2.3.4": 2, "101.8.255.255": 8, "1.2.3.4": 0,
		"2002:fa01:101::1": 1000, "64:ff9b::6503:1": 3, "::ffff:0:6503:1": 3, "2001:0:1:2:3:4:9afe:fefe": 1,
		"2a00::1": 0, "10.0.0.1": 0, "::": 0,
	} {
		if got := g.AS(ip(s)); got != want {
			t.Errorf("%s: AS %d, want %d", s, got, want)
		}
	}
	if g.AS(of(t, wire.NetTorV3, 250)) != 0 || g.AS(of(t, wire.NetCJDNS, 0xfc)) != 0 {
		t.Error("keys have no autonomous system")
	}
	if got, want := g.Group(ip("250.1.1.1")), "\x02\xe8\x03\x00\x00"; got != want {
		t.Errorf("group %x, want %x", got, want)
	}
	if got, want := g.Group(ip("1.2.3.4")), New().Group(ip("1.2.3.4")); got != want {
		t.Errorf("group of an address without a system: %x, want %x", got, want)
	}
}

func TestReachFrom(t *testing.T) {
	partners := []wire.NetworkAddress{ip("8.8.8.8"), ip("2a00::1"), ip("2001::1"), of(t, wire.NetTorV3, 1), of(t, wire.NetI2P, 1), of(t, wire.NetCJDNS, 0xfc), ip("10.0.0.1")}
	const d = ReachDefault
	for _, c := range []struct {
		own  wire.NetworkAddress
		want [7]Reach // from a partner of IPv4, IPv6, Teredo, Tor, I2P, CJDNS, not routable
	}{
		{ip("1.2.3.4"), [7]Reach{ReachIPv4, ReachIPv4, ReachIPv4, ReachIPv4, d, d, ReachIPv4}},
		{ip("2a01::1"), [7]Reach{d, ReachIPv6Strong, ReachIPv6Weak, d, d, d, ReachIPv6Weak}},
		{ip("2002:102:304::1"), [7]Reach{d, ReachIPv6Weak, ReachIPv6Weak, d, d, d, ReachIPv6Weak}},
		{ip("2001:0:1:2:3:4:5:6"), [7]Reach{d, ReachTeredo, ReachTeredo, d, d, d, ReachTeredo}},
		{of(t, wire.NetTorV3, 2), [7]Reach{d, d, d, ReachPrivate, d, d, ReachPrivate}},
		{of(t, wire.NetI2P, 2), [7]Reach{d, d, d, d, ReachPrivate, d, d}},
		{of(t, wire.NetCJDNS, 0xfc, 2), [7]Reach{d, d, d, d, d, ReachPrivate, d}},
		{ip("192.168.0.1"), [7]Reach{}},
		{Named("x"), [7]Reach{}},
	} {
		for i, p := range partners {
			if got := ReachFrom(c.own, p); got != c.want[i] {
				t.Errorf("%s from %s: %d, want %d", c.own, p, got, c.want[i])
			}
		}
	}
}

func TestGroupAllocatesNothing(t *testing.T) {
	g, a, b := mock(t), ip("101.3.4.5"), make([]byte, 0, longest)
	if n := testing.AllocsPerRun(100, func() { b = g.AppendGroup(b[:0], a) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkGroupPrefix(b *testing.B) {
	g, a, buf := New(), ip("101.3.4.5"), make([]byte, 0, longest)
	for b.Loop() {
		buf = g.AppendGroup(buf[:0], a)
	}
}

func BenchmarkGroupASMap(b *testing.B) {
	g, a, buf := mock(b), ip("101.3.4.5"), make([]byte, 0, longest)
	for b.Loop() {
		buf = g.AppendGroup(buf[:0], a)
	}
}
