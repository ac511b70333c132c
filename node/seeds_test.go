package node

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"grapevine/addrman"
	"grapevine/internal/netgroup"
	"grapevine/node/logging"
	"grapevine/seeds"
	"grapevine/wire"
)

// seedsOf returns what would be asked with these arguments.
func seedsOf(t *testing.T, args ...string) (*network, *seeds.Runner) {
	t.Helper()
	sink, err := logging.New(logging.Config{})
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{cfg: configure(t, append([]string{"-datadir=" + t.TempDir()}, args...)...), sink: sink, clock: &Clock{}, log: slog.New(slog.DiscardHandler)}
	w := &network{node: n, reachable: func([]wire.Network) {}}
	if err := w.openRoutes(); err != nil {
		t.Fatal(err)
	}
	if w.book, err = addrman.Open(addrman.Config{Dir: t.TempDir(), Groups: netgroup.New(), Rand: newRand()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.book.Close(); err != nil {
			t.Error(err)
		}
	})
	r, err := w.seedRunner(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w, r
}

func TestWhoIsAskedForPeers(t *testing.T) {
	list := t.TempDir() + "/list"
	if err := os.WriteFile(list, []byte("8.1.1.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  []string
		dns   int
		first string // the first of them
		local bool   // whether names are looked up here
		fixed int    // addresses in the list, -1 for no list
	}{
		{nil, 7, "dnsseed.bluematt.me.", true, 2059},
		{[]string{"-testnet"}, 5, "testnet-seed.bitcoin.jonasschnelli.ch.", true, 181},
		{[]string{"-testnet4"}, 2, "seed.testnet4.bitcoin.sprovoost.nl.", true, 230},
		{[]string{"-signet"}, 2, "seed.signet.bitcoin.sprovoost.nl.", true, 170},
		{[]string{"-signet", "-signetchallenge=51"}, 0, "", true, -1},
		{[]string{"-signet", "-signetchallenge=51", "-signetseednode=own.test"}, 1, "own.test", true, -1},
		{[]string{"-signetseednode=own.test"}, 7, "dnsseed.bluematt.me.", true, 2059},
		{[]string{"-regtest"}, 0, "", true, 0},
		{[]string{"-regtest", "-dnsseedhost=a.test", "-dnsseedhost=b.test", "-seedfile=" + list}, 2, "a.test", true, 1},
		{[]string{"-fixedseeds=0"}, 7, "dnsseed.bluematt.me.", true, -1},
		{[]string{"-proxy=127.0.0.1:9050"}, 7, "dnsseed.bluematt.me.", false, 2059},
	} {
		w, r := seedsOf(t, c.args...)
		if r == nil {
			t.Errorf("%q: nobody", c.args)
			continue
		}
		dns := w.dnsSeeds()
		if len(dns) != c.dns {
			t.Errorf("%q: %v", c.args, dns)
			continue
		}
		if c.dns > 0 {
			if d := dns[0].(seeds.DNS); d.Host != c.first || d.Port != w.node.cfg.Params.DefaultPort || (d.Resolver != nil) != c.local {
				t.Errorf("%q: %+v", c.args, d)
			}
		}
		fixed := w.fixedSeeds()
		if (fixed == nil) != (c.fixed < 0) {
			t.Errorf("%q: list %v", c.args, fixed)
		}
		if fixed != nil {
			if f, err := fixed.Addresses(context.Background()); err != nil || len(f.Addrs) != c.fixed {
				t.Errorf("%q: %d addresses in the list, %v", c.args, len(f.Addrs), err)
			}
		}
	}
}

func TestNobodyIsAskedForPeers(t *testing.T) {
	for _, args := range [][]string{{"-connect=0"}, {"-connect=8.1.1.1"}, {"-maxconnections=0"}} {
		if _, r := seedsOf(t, args...); r != nil {
			t.Errorf("%q: somebody", args)
		}
	}
	if _, r := seedsOf(t, "-connect=8.1.1.1", "-dnsseed=1"); r == nil {
		t.Error("DNS is not asked though it was told to be")
	}
}

func TestResolver(t *testing.T) {
	w, _ := seedsOf(t, "-dnsserver=127.0.0.1:1")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := w.resolver().LookupNetIP(ctx, "ip", "x9.seed.test."); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("asked another server: %v", err)
	}
	if w, _ = seedsOf(t); w.resolver() == nil {
		t.Error("no resolver")
	}
}

func TestSeedBook(t *testing.T) {
	w, _ := seedsOf(t)
	b := seedBook{w.book}
	list := []wire.TimedAddr{}
	for i, text := range []string{"8.1.1.1", "8.2.1.1", "2001:4860::1"} {
		list = append(list, wire.TimedAddr{Time: uint32(time.Now().Unix()), NetAddr: wire.AddrOf(netip.AddrPortFrom(netip.MustParseAddr(text), uint16(i+1)), wire.NodeNetwork)})
	}
	if n := b.Add(time.Now(), list, list[0].Addr, 0); n != 3 {
		t.Fatalf("%d added", n)
	}
	var got []string
	for _, n := range []wire.Network{wire.NetIPv4, wire.NetIPv6, wire.NetTorV3} {
		got = append(got, fmt.Sprint(b.LenOf(n)))
	}
	if !slices.Equal(got, []string{"2", "1", "0"}) || b.Len() != 3 {
		t.Errorf("%q of %d", got, b.Len())
	}
}
