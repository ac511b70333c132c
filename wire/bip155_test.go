package wire_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/netip"
	"testing"

	. "grapevine/wire"
)

// TestBIP155Addresses reads one address each from an addrv2: those of BIP 155's
// table of networks, and what Bitcoin Core accepts and refuses beside them.
func TestBIP155Addresses(t *testing.T) {
	for _, c := range []struct {
		name, raw, text string
		net             Network
		valid           bool
		want            error
	}{
		{"IPv4", "010401020304", "1.2.3.4", NetIPv4, true, nil},
		{"IPv4, cut", "01040102", "", 0, false, ErrTruncated},
		{"IPv4, wrong length", "01050102030405", "", 0, false, ErrBadAddress},
		{"IPv4, too long", "01fd010201020304", "", 0, false, ErrLimit},
		{"IPv6", "02100102030405060708090a0b0c0d0e0f10", "102:304:506:708:90a:b0c:d0e:f10", NetIPv6, true, nil},
		{"IPv6, a name in it", "0210fd6b88c08724ca978112ca1bbdcafac2", "fd6b:88c0:8724:ca97:8112:ca1b:bdca:fac2", NetIPv6, false, nil},
		{"IPv6, wrong length", "020400000000", "", 0, false, ErrBadAddress},
		{"IPv6, IPv4 in it", "021000000000000000000000ffff01020304", "::", NetNone, false, nil},
		{"IPv6, TORv2 in it", "0210fd87d87eeb430102030405060708090a", "::", NetNone, false, nil},
		{"IPv6, unspecified", "021000000000000000000000000000000000", "::", NetNone, false, nil},
		{"TORv2", "030af1f2f3f4f5f6f7f8f9fa", "::", NetNone, false, nil},
		{"TORv3", "042079bcc625184b05194975c28b66b66b0469f7f6556fb1ac3189a79b40dda32f1f", "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion", NetTorV3, true, nil},
		{"TORv3 again", "042053cd5648488c4707914182655b7664034e09e66f7e8cbf1084e654eb56c5bd88", "kpgvmscirrdqpekbqjsvw5teanhatztpp2gl6eee4zkowvwfxwenqaid.onion", NetTorV3, true, nil},
		{"TORv3, wrong length", "0400", "", 0, false, ErrBadAddress},
		{"I2P", "0520a2894dabaec08c0051a481a6dac88b64f98232ae42d4b6fd2fa81952dfe36a87", "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p", NetI2P, true, nil},
		{"I2P, wrong length", "0503000000", "", 0, false, ErrBadAddress},
		{"CJDNS", "0610fc000001000200030004000500060007", "fc00:1:2:3:4:5:6:7", NetCJDNS, true, nil},
		{"CJDNS, wrong prefix", "0610aa000001000200030004000500060007", "aa00:1:2:3:4:5:6:7", NetCJDNS, false, nil},
		{"CJDNS, wrong length", "060100", "", 0, false, ErrBadAddress},
		{"unknown", "aa0401020304", "::", NetNone, false, nil},
		{"unknown, empty", "aa00", "::", NetNone, false, nil},
		{"unknown, longest", "aafd0002" + hex.EncodeToString(make([]byte, 512)), "::", NetNone, false, nil},
		{"unknown, too long", "aafe0000000201020304050607", "", 0, false, ErrLimit},
	} {
		payload := append(unhex(t, "0178563412"+"fd4804"+c.raw), 0x20, 0x8d)
		msg, err := DecodeMessage("addrv2", payload)
		if c.want != nil {
			if c.want == ErrTruncated {
				_, err = DecodeMessage("addrv2", payload[:len(payload)-2])
			}
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		a := msg.(*MsgAddrV2).Addrs[0]
		if a.Time != 0x12345678 || a.Services != NodeNetworkLimited|NodeCompactFilters|NodeWitness || a.Port != 8333 {
			t.Errorf("%s: %+v", c.name, a)
		}
		if a.Addr.Network() != c.net || a.Addr.String() != c.text || a.Addr.Valid() != c.valid || a.Addr.IsZero() != (c.net == NetNone) {
			t.Errorf("%s: %v %s, valid %v", c.name, a.Addr.Network(), a.Addr, a.Addr.Valid())
		}
		if same := c.net != NetNone || c.name == "IPv6, unspecified"; same != bytes.Equal(msg.AppendPayload(nil), payload) {
			t.Errorf("%s: encodes to %x", c.name, msg.AppendPayload(nil))
		}
	}
}

// TestAddrV1HasRoomForIPOnly writes addresses in the form before BIP 155.
func TestAddrV1HasRoomForIPOnly(t *testing.T) {
	for _, c := range []struct{ name, v2, want string }{
		{"none", "", "00000000000000000000000000000000"},
		{"IPv4", "0101020304", "00000000000000000000ffff01020304"},
		{"IPv6", "021a1b2a2b3a3b4a4b5a5b6a6b7a7b8a8b", "1a1b2a2b3a3b4a4b5a5b6a6b7a7b8a8b"},
		{"TORv3", "0479bcc625184b05194975c28b66b66b0469f7f6556fb1ac3189a79b40dda32f1f", "00000000000000000000000000000000"},
		{"CJDNS", "06fc000001000200030004000500060007", "00000000000000000000000000000000"},
	} {
		var a NetAddr
		if raw := unhex(t, c.v2); len(raw) > 0 {
			addr, err := AddressOf(Network(raw[0]), raw[1:])
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(addr.Bytes(), raw[1:]) {
				t.Errorf("%s: bytes %x", c.name, addr.Bytes())
			}
			a = NetAddr{Services: 1, Addr: addr, Port: 8333}
		}
		payload := (&MsgAddr{Addrs: []TimedAddr{{Time: 1, NetAddr: a}}}).AppendPayload(nil)
		if got := hex.EncodeToString(payload[13:29]); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		msg, err := DecodeMessage("addr", payload)
		if err != nil {
			t.Fatal(err)
		}
		back := msg.(*MsgAddr).Addrs[0].Addr
		if ip := a.Addr.Network() == NetIPv4 || a.Addr.Network() == NetIPv6; ip && back != a.Addr || !ip && !back.IsZero() {
			t.Errorf("%s: came back as %v", c.name, back)
		}
	}
}

func TestAddrV1ReadsTorV2AsNothing(t *testing.T) {
	payload := append(make([]byte, 13), unhex(t, "fd87d87eeb430102030405060708090a"+"208d")...)
	payload[0] = 1
	msg, err := DecodeMessage("addr", payload)
	if err != nil {
		t.Fatal(err)
	}
	if a := msg.(*MsgAddr).Addrs[0].Addr; !a.IsZero() {
		t.Errorf("%v", a)
	}
}

// TestRoutable goes through the reserved blocks: the first and last address of
// each, and their neighbours outside.
func TestRoutable(t *testing.T) {
	for _, c := range []struct {
		ip       string
		valid    bool
		routable bool
		class    Network
	}{
		{"0.0.0.0", false, false, NetNone}, {"255.255.255.255", false, false, NetNone}, {"0.0.0.1", true, false, NetNone},
		{"8.8.8.8", true, true, NetIPv4}, {"9.255.255.255", true, true, NetIPv4},
		{"10.0.0.0", true, false, NetNone}, {"10.255.255.255", true, false, NetNone}, {"11.0.0.0", true, true, NetIPv4},
		{"172.15.255.255", true, true, NetIPv4}, {"172.16.0.0", true, false, NetNone}, {"172.31.255.255", true, false, NetNone}, {"172.32.0.0", true, true, NetIPv4},
		{"192.167.0.1", true, true, NetIPv4}, {"192.168.0.1", true, false, NetNone}, {"192.169.0.1", true, true, NetIPv4},
		{"198.17.0.1", true, true, NetIPv4}, {"198.18.0.1", true, false, NetNone}, {"198.19.255.255", true, false, NetNone}, {"198.20.0.0", true, true, NetIPv4},
		{"169.254.1.1", true, false, NetNone}, {"100.63.0.0", true, true, NetIPv4}, {"100.64.0.0", true, false, NetNone}, {"100.127.0.0", true, false, NetNone}, {"100.128.0.0", true, true, NetIPv4},
		{"192.0.2.1", true, false, NetNone}, {"198.51.100.1", true, false, NetNone}, {"203.0.113.1", true, false, NetNone}, {"203.0.114.1", true, true, NetIPv4},
		{"127.0.0.1", true, false, NetNone}, {"128.0.0.1", true, true, NetIPv4},
		{"::", false, false, NetNone}, {"::1", true, false, NetNone}, {"::2", true, true, NetIPv6},
		{"fe80::1", true, false, NetNone}, {"fe80:0:0:1::1", true, true, NetIPv6},
		{"fc00::1", true, false, NetNone}, {"fdff::1", true, false, NetNone}, {"fe00::1", true, true, NetIPv6},
		{"2001:10::1", true, false, NetNone}, {"2001:1f::1", true, false, NetNone}, {"2001:20::1", true, false, NetNone}, {"2001:2f::1", true, false, NetNone}, {"2001:30::1", true, true, NetIPv6},
		{"2001:db8::1", false, false, NetNone}, {"2001:db7::1", true, true, NetIPv6}, {"fd6b:88c0:8724::1", false, false, NetNone},
		{"::ffff:0:102:304", true, true, NetIPv4}, {"64:ff9b::102:304", true, true, NetIPv4}, {"2002:102:304::1", true, true, NetIPv4}, {"2001::1", true, true, NetIPv4},
		{"2a00::1", true, true, NetIPv6},
	} {
		a := AddressOfIP(netip.MustParseAddr(c.ip))
		if a.Valid() != c.valid || a.Routable() != c.routable || a.Class() != c.class {
			t.Errorf("%s: valid %v, routable %v, class %v", c.ip, a.Valid(), a.Routable(), a.Class())
		}
		if a.String() != c.ip {
			t.Errorf("%s reads %s", c.ip, a)
		}
	}
	if _, err := AddressOf(NetTorV3, make([]byte, 31)); !errors.Is(err, ErrBadAddress) {
		t.Errorf("an onion of 31 bytes: %v", err)
	}
	onion := someAddr(t, NetTorV3, 1, 80)
	if !onion.Addr.Routable() || onion.Addr.Class() != NetTorV3 || onion.String() != onion.Addr.String()+":80" {
		t.Errorf("%v", onion)
	}
	if ip, ok := onion.Addr.IP(); ok || ip.IsValid() {
		t.Errorf("an onion is %v", ip)
	}
	if _, ok := onion.AddrPort(); ok {
		t.Error("an onion has a TCP endpoint")
	}
	if ap, ok := someAddr(t, NetIPv4, 1, 80).AddrPort(); !ok || ap.String() != "252.252.252.1:80" {
		t.Error(ap)
	}
	if s := AddrOf(netip.MustParseAddrPort("[2a00::1]:8333"), 0).String(); s != "[2a00::1]:8333" {
		t.Error(s)
	}
}
