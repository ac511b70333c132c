package peer

import (
	"errors"
	"slices"
	"testing"

	"grapevine/wire"
)

const onion = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"

func TestSubnetsInText(t *testing.T) {
	for text, want := range map[string]string{
		"1.2.3.4":                 "1.2.3.4/32",
		"1.2.3.4/8":               "1.0.0.0/8",
		"1.2.3.4/0":               "0.0.0.0/0",
		"1.2.3.4/255.255.255.254": "1.2.3.4/31",
		"1.2.3.4/255.255.255.248": "1.2.3.0/29",
		"1.2.3.4/255.255.254.0":   "1.2.2.0/23",
		"1.2.3.4/254.0.0.0":       "0.0.0.0/7",
		"1.2.3.4/0.0.0.0":         "0.0.0.0/0",
		"1:2:3:4:5:6:7:8":         "1:2:3:4:5:6:7:8/128",
		"[::1]":                   "::1/128",
		"[1::1]/16":               "1::/16",
		"::ffff:127.0.0.1":        "127.0.0.1/32",
		"1:2:3:4:5:6:7:8/16":      "1::/16",
		"1:2:3:4:5:6:7:8/ffff:0000:0000:0000:0000:0000:0000:0000": "1::/16",
		"1:2:3:4:5:6:7:8/::": "::/0",
		"::/0":               "::/0",
		"0.0.0.0":            "0.0.0.0/32",
		onion:                onion,
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b32.i2p": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b32.i2p",
	} {
		s, err := ParseSubnet(text)
		if err != nil || s.String() != want {
			t.Errorf("%q: %s, %v", text, s, err)
		}
		again, err := ParseSubnet(s.String())
		if err != nil || again != s {
			t.Errorf("%q: %v %v when read again", text, again, err)
		}
	}
	for _, text := range []string{
		"", "/", "/24", "[::1", "::1]", "[x]", "fuzzy", "x/24", "::1/x", "bloop", "1.2.3.0/-1", "1.2.3.0/+24", "1.2.3.0/33", "1.2.3.0/300", "1.2.3.0/", "1:2:3:4:5:6:7:8/129", "1:2:3:4:5:6:7:8/-1",
		"1.2.3.4/255.255.232.0", "1.2.3.4/255.0.255.255", "1:2:3:4:5:6:7:8/ffff:ffff:ffff:fffe:ffff:ffff:ffff:ff0f", "1.1.1.1/ffff::", "::1/255.0.0.0",
		onion + "/200", onion + "/255.0.0.0", "1.2.3.4/24/24", "1.2.3.4\x00", "::ffff:1.2.3.4/120", "[1.2.3.4]",
	} {
		if s, err := ParseSubnet(text); !errors.Is(err, ErrSubnet) || !s.IsZero() {
			t.Errorf("%q: %v %v", text, s, err)
		}
	}
}

func address(t testing.TB, s string) wire.NetworkAddress {
	t.Helper()
	a, err := wire.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestSubnetsContain(t *testing.T) {
	other := "kpgvmscirrdqpekbqjsvw5teanhatztpp2gl6eee4zkowvwfxwenqaid.onion"
	for _, c := range []struct {
		subnet, addr string
		want         bool
	}{
		{"1.2.3.0/24", "1.2.3.4", true}, {"1.2.2.0/24", "1.2.3.4", false}, {"1.2.3.4", "1.2.3.4", true}, {"1.2.3.4/32", "5.6.7.8", false},
		{"::ffff:127.0.0.1", "127.0.0.1", true}, {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:9", false}, {"1:2:3:4:5:6:7:0/112", "1:2:3:4:5:6:7:1234", true},
		{"192.168.0.1/24", "192.168.0.2", true}, {"192.168.0.20/29", "192.168.0.18", true}, {"1.2.2.1/24", "1.2.2.4", true},
		{"1.2.2.110/31", "1.2.2.111", true}, {"1.2.2.20/26", "1.2.2.63", true}, {"1.2.2.20/26", "1.2.2.64", false},
		{"::/0", "1:2:3:4:5:6:7:1234", true}, {"::/0", "::", false}, {"::/0", "0.0.0.0", false}, {"::/0", "1.2.3.4", false},
		{"0.0.0.0/0", "1:2:3:4:5:6:7:1234", false}, {"0.0.0.0/0", "1.2.3.4", true}, {onion, onion, true}, {onion, other, false}, {onion, "1.2.3.4", false}, {"::/0", onion, false},
	} {
		s, err := ParseSubnet(c.subnet)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Contains(address(t, c.addr)); got != c.want {
			t.Errorf("%s in %s: %v", c.addr, c.subnet, got)
		}
	}
	if (Subnet{}).Contains(address(t, "1.2.3.4")) || (Subnet{}).Contains(wire.NetworkAddress{}) {
		t.Error("the zero subnet contains something")
	}
}

func TestSubnetOfCJDNS(t *testing.T) {
	s, err := ParseSubnet("fc00:1::1")
	if err != nil {
		t.Fatal(err)
	}
	a := address(t, "fc00:1::1")
	if !s.Contains(a) || s.Contains(a.AsCJDNS()) || s.AsCJDNS().Contains(a) || !s.AsCJDNS().Contains(a.AsCJDNS()) {
		t.Error("IPv6 and CJDNS are confused")
	}
	if s.AsCJDNS().String() != "fc00:1::1" {
		t.Error(s.AsCJDNS())
	}
	for _, text := range []string{"fc00::/8", "1.2.3.4", "1::1", onion} {
		s, err := ParseSubnet(text)
		if err != nil || s.AsCJDNS() != s {
			t.Errorf("%s becomes %s", text, s.AsCJDNS())
		}
	}
}

func TestSubnetsAreWidened(t *testing.T) {
	for _, c := range []struct {
		from string
		bits int
		want string
		left int
	}{{"1.2.3.4", 24, "1.2.3.0/24", 24}, {"1.2.3.4/8", 24, "1.0.0.0/8", 8}, {"1:2::", 0, "::/0", 0}, {"1.2.3.4", -1, "1.2.3.4/32", 32}, {onion, 3, onion, -1}} {
		s, err := ParseSubnet(c.from)
		if err != nil {
			t.Fatal(err)
		}
		if s = s.Widen(c.bits); s.String() != c.want || s.Bits() != c.left {
			t.Errorf("%s to %d: %s, %d", c.from, c.bits, s, s.Bits())
		}
	}
}

func TestSubnetsInOrder(t *testing.T) {
	var list []Subnet
	want := []string{"1.2.3.0/24", "1.2.3.0/32", "1.2.4.0/23", "9.0.0.0/8", "::/0", "::/1", "1::/16", onion}
	for i := range want {
		s, err := ParseSubnet(want[len(want)-1-i])
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	slices.SortFunc(list, Subnet.Compare)
	for i, s := range list {
		if s.String() != want[i] {
			t.Fatalf("order is %v", list)
		}
	}
}

func FuzzParseSubnet(f *testing.F) {
	for _, s := range []string{"1.2.3.0/24", "::1", "1::/ffff::", onion, "1.2.3.4/255.0.0.0", "[::1]/3", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSubnet(text)
		if err != nil {
			return
		}
		again, err := ParseSubnet(s.String())
		if err != nil || again != s || s.Compare(again) != 0 {
			t.Fatalf("%q: %v, then %v, %v", text, s, again, err)
		}
	})
}
