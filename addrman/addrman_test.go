package addrman

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"testing"
	"time"

	"grapevine/internal/netgroup"
	"grapevine/internal/testdata"
	"grapevine/wire"
)

var start = time.Unix(1_750_000_000, 0)

func ip(s string) wire.NetworkAddress { return wire.AddressOfIP(netip.MustParseAddr(s)) }

func addr(s string) wire.NetAddr {
	return wire.AddrOf(netip.MustParseAddrPort(s), wire.NodeNetwork|wire.NodeWitness)
}

func timed(s string, at time.Time) wire.TimedAddr {
	return wire.TimedAddr{Time: uint32(at.Unix()), NetAddr: addr(s)}
}

// numberKey is the key that Core's tests make of a number.
func numberKey(n uint32) *Key {
	once := sha256.Sum256(binary.LittleEndian.AppendUint32(nil, n))
	k := Key(sha256.Sum256(once[:]))
	return &k
}

func seeded(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 17)) }

// memory returns a manager without a store.
func memory(t testing.TB) *Manager {
	t.Helper()
	m, err := Open(Config{Key: numberKey(1), Rand: seeded(1)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func verify(t testing.TB, m *Manager) {
	t.Helper()
	if err := locked(m, (*book).check); err != nil {
		t.Fatal(err)
	}
}

func mockMap(t testing.TB) *netgroup.Groups {
	t.Helper()
	f, err := os.Open(testdata.Shared(t, "vectors/core/asmap.raw"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g, err := netgroup.LoadASMap(f)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// The buckets are those of Bitcoin Core's tests.
func TestBucketsOfCore(t *testing.T) {
	k, other := numberKey(1), numberKey(2)
	for _, c := range []struct {
		name       string
		groups     *netgroup.Groups
		tried, new int
	}{
		{"prefixes", netgroup.New(), 40, 786},
		{"map", mockMap(t), 236, 795},
	} {
		if got := k.triedBucket(c.groups, ip("250.1.1.1"), 8333); got != c.tried {
			t.Errorf("%s: tried bucket %d, want %d", c.name, got, c.tried)
		}
		if got := k.newBucket(c.groups, ip("250.1.2.1"), ip("250.1.2.1")); got != c.new {
			t.Errorf("%s: new bucket %d, want %d", c.name, got, c.new)
		}
		if k.triedBucket(c.groups, ip("250.1.1.1"), 9999) == c.tried || other.triedBucket(c.groups, ip("250.1.1.1"), 8333) == c.tried ||
			other.newBucket(c.groups, ip("250.1.2.1"), ip("250.1.2.1")) == c.new {
			t.Errorf("%s: port or key does not matter", c.name)
		}
	}
}

func TestAddOne(t *testing.T) {
	m := memory(t)
	a := addr("1.2.3.4:8333")
	if err := m.AddOne(start, a, true); err != nil {
		t.Fatal(err)
	}
	if err := m.AddOne(start, a, false); !errors.Is(err, ErrNotNew) || err.Error() != "failed-adding-to-new" {
		t.Errorf("a second time: %v", err)
	}
	if err := m.AddOne(start, addr("10.0.0.1:8333"), false); !errors.Is(err, ErrNotNew) {
		t.Errorf("not routable: %v", err)
	}
	if c := m.Counts()[0]; m.Len() != 1 || c != (Count{wire.NetIPv4, 0, 1}) {
		t.Errorf("%d entries, %+v", m.Len(), c)
	}
	verify(t, m)
}

func textLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
