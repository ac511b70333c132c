package wire

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

const (
	onionText = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"
	i2pText   = "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p"
)

func TestParseNetAddr(t *testing.T) {
	for _, c := range []struct {
		in, out string
		network Network
	}{
		{"1.2.3.4", "1.2.3.4:8333", NetIPv4},
		{"1.2.3.4:18444", "1.2.3.4:18444", NetIPv4},
		{"::ffff:1.2.3.4", "1.2.3.4:8333", NetIPv4},
		{"2001:4860::1", "[2001:4860::1]:8333", NetIPv6},
		{"[2001:4860::1]", "[2001:4860::1]:8333", NetIPv6},
		{"[2001:4860::1]:0", "[2001:4860::1]:0", NetIPv6},
		{"[fc00::1]:65535", "[fc00::1]:65535", NetIPv6},
		{onionText, onionText + ":8333", NetTorV3},
		{strings.ToUpper(onionText) + ":1", onionText + ":1", NetTorV3},
		{i2pText + ":0", i2pText + ":0", NetI2P},
	} {
		a, err := ParseNetAddr(c.in, 8333)
		if err != nil || a.String() != c.out || a.Addr.Network() != c.network {
			t.Errorf("%q: %v of %v, %v; want %s of %v", c.in, a, a.Addr.Network(), err, c.out, c.network)
		}
	}
}

func TestParseNetAddrRefuses(t *testing.T) {
	wrongSum := "a" + onionText[1:]
	for _, in := range []string{
		"", ":", ":8333", "example.com", "localhost:8333", "1.2.3", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:+1", "1.2.3.4:x",
		"[1.2.3.4]:1", "[2001:4860::1", "2001:4860::1]", "[[2001:4860::1]]:1",
		wrongSum, onionText[1:], "aaaaaaaaaaaaaaaa.onion", ".onion", ".b32.i2p", i2pText[1:], "1" + i2pText[1:],
		i2pText[:51] + "r.b32.i2p", // bits beyond the 32 bytes
		strings.Repeat("a", 5000) + ".onion",
	} {
		if a, err := ParseNetAddr(in, 8333); !errors.Is(err, ErrAddressText) {
			t.Errorf("%q: %v, %v", in, a, err)
		}
	}
}

func TestAsCJDNS(t *testing.T) {
	for in, want := range map[string]Network{"fc00::1": NetCJDNS, "fd00::1": NetIPv6, "252.0.0.1": NetIPv4} {
		a := AddressOfIP(netip.MustParseAddr(in))
		if got := a.AsCJDNS(); got.Network() != want || got.String() != in {
			t.Errorf("%s: %v of %v", in, got, got.Network())
		}
	}
}

func FuzzParseNetAddr(f *testing.F) {
	for _, s := range []string{"1.2.3.4:5", "[2001:4860::1]:8333", onionText + ":8333", i2pText, "::1", "a:b:c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseNetAddr(s, 1)
		if err != nil {
			return
		}
		again, err := ParseNetAddr(a.String(), 2)
		if err != nil || again != a {
			t.Fatalf("%q: %v, then %v, %v", s, a, again, err)
		}
	})
}

func TestParseNetwork(t *testing.T) {
	for _, n := range []Network{NetIPv4, NetIPv6, NetTorV3, NetI2P, NetCJDNS} {
		if got, ok := ParseNetwork(strings.ToUpper(n.String())); got != n || !ok {
			t.Errorf("%s: %s", n, got)
		}
	}
	for _, name := range []string{"", "tor", "not_publicly_routable", "ipv"} {
		if n, ok := ParseNetwork(name); ok {
			t.Errorf("%s: %s", name, n)
		}
	}
}
