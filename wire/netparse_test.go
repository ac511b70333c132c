package wire

import (
	"errors"
	"strings"
	"testing"
)

const (
	someOnion = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"
	someI2P   = "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p"
)

func TestParseNetworkAddress(t *testing.T) {
	for in, want := range map[string]string{
		"1.2.3.4": "1.2.3.4", "::1": "::1", "[::1]": "::1", "::ffff:1.2.3.4": "1.2.3.4", "fe80::1%eth0": "fe80::1", "2001:DB8::A": "2001:db8::a",
		someOnion: someOnion, strings.ToUpper(someOnion): someOnion, someI2P: someI2P,
		"":          "-",
		"localhost": "-", "1.2.3": "-", "1.2.3.4.5": "-", "1.2.3.256": "-", "01.2.3.4": "-", ".onion": "-", ".b32.i2p": "-", "[]": "-", "[::1": "-", "1.2.3.4:5": "-",
		"qg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion": "-", // wrong checksum
		"pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscrya.onion": "-", // wrong version
		"duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion": "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion",
		"ueu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p":    "-", "x" + strings.Repeat("a", 200) + ".onion": "-",
	} {
		a, err := ParseNetworkAddress(in)
		got := a.String()
		if err != nil {
			got = "-"
			if !errors.Is(err, ErrBadAddress) {
				t.Errorf("%q: %v", in, err)
			}
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestParseNetAddr(t *testing.T) {
	for in, want := range map[string]string{
		"1.2.3.4": "1.2.3.4:8333", "1.2.3.4:5": "1.2.3.4:5", "1.2.3.4:0": "1.2.3.4:0", "[::1]:5": "[::1]:5", "::1": "[::1]:8333", "[::1]": "[::1]:8333", "::1:5": "[::1:5]:8333",
		someOnion + ":1": someOnion + ":1", someI2P: someI2P + ":8333",
		"1.2.3.4:": "-", "1.2.3.4:65536": "-", "1.2.3.4:+5": "-", "1.2.3.4:x": "-", ":5": "-", "[::1]:x": "-", "x:5": "-", "": "-",
	} {
		a, err := ParseNetAddr(in, 8333)
		got := a.String()
		if err != nil {
			got = "-"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
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

func TestAsCJDNS(t *testing.T) {
	for in, want := range map[string]Network{"fc00::1": NetCJDNS, "fcff::": NetCJDNS, "fd00::1": NetIPv6, "fb00::1": NetIPv6, "252.0.0.1": NetIPv4, someOnion: NetTorV3} {
		a, err := ParseNetworkAddress(in)
		if err != nil || a.AsCJDNS().Network() != want || a.AsCJDNS().String() != in {
			t.Errorf("%s: %s, %v", in, a.AsCJDNS().Network(), err)
		}
	}
}

func FuzzParseNetAddr(f *testing.F) {
	for _, s := range []string{"1.2.3.4:5", "[::1]:5", "::1", someOnion, someI2P + ":0", "fe80::1%x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseNetAddr(s, 7)
		if err != nil {
			return
		}
		if b, err := ParseNetAddr(a.String(), 9); err != nil || a != b {
			t.Errorf("%q reads as %s, which reads as %s, %v", s, a, b, err)
		}
	})
}
