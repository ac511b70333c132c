package node

import (
	"bytes"
	"encoding/hex"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"grapevine/wire"
)

func someAnchors(t testing.TB) []wire.NetAddr {
	t.Helper()
	onion, err := wire.ParseNetAddr("pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion", 8333)
	if err != nil {
		t.Fatal(err)
	}
	return []wire.NetAddr{wire.AddrOf(netip.MustParseAddrPort("1.2.3.4:8333"), wire.NodeNetwork|wire.NodeWitness|wire.NodeP2PV2), onion}
}

var testMagic = [4]byte{0xfa, 0xbf, 0xb5, 0xda}

func TestAnchorsRoundTrip(t *testing.T) {
	for _, list := range [][]wire.NetAddr{nil, someAnchors(t)[:1], someAnchors(t)} {
		got, err := decodeAnchors(testMagic, encodeAnchors(testMagic, list))
		if err != nil || !reflect.DeepEqual(got, list) {
			t.Errorf("%v: %v, %v", list, got, err)
		}
	}
}

// The form is the one that other programs read.
func TestAnchorsForm(t *testing.T) {
	b := encodeAnchors(testMagic, someAnchors(t)[:1])
	const want = "fabfb5da" + "01" + "605b0320" + "00000000" + "fd0908" + "01" + "04" + "01020304" + "208d"
	if got := hex.EncodeToString(b[:len(b)-32]); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if sum := wire.DoubleSHA256(b[:len(b)-32]); !bytes.Equal(sum[:], b[len(b)-32:]) {
		t.Error("the sum is another")
	}
}

func TestAnchorsThatAreDamaged(t *testing.T) {
	good := encodeAnchors(testMagic, someAnchors(t))
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if _, err := decodeAnchors(testMagic, bad); err == nil {
			t.Errorf("byte %d is not looked at", i)
		}
		if _, err := decodeAnchors(testMagic, good[:i]); err == nil {
			t.Errorf("%d bytes were enough", i)
		}
	}
	body := good[:len(good)-32]
	sealed := func(b []byte) []byte {
		sum := wire.DoubleSHA256(b)
		return append(bytes.Clone(b), sum[:]...)
	}
	for name, b := range map[string][]byte{
		"more behind": sealed(append(bytes.Clone(body), 0)), "less than counted": sealed(body[:len(body)-1]), "another count": sealed(append(append(bytes.Clone(testMagic[:]), 0xff), body[5:]...)),
	} {
		if _, err := decodeAnchors(testMagic, b); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	three := append(someAnchors(t), someAnchors(t)[0])
	if got, err := decodeAnchors(testMagic, encodeAnchors(testMagic, three)); err != nil || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
}

// Anchors are tried in one run only, unless it ends well.
func TestAnchorsAreTakenOnce(t *testing.T) {
	dir, log := t.TempDir(), &strings.Builder{}
	l := slog.New(slog.NewTextHandler(log, nil))
	if takeAnchors(dir, testMagic, l) != nil || log.Len() > 0 {
		t.Error("anchors from nowhere")
	}
	saveAnchors(dir, testMagic, someAnchors(t), l)
	if got := takeAnchors(dir, testMagic, l); !reflect.DeepEqual(got, someAnchors(t)) {
		t.Errorf("%v", got)
	}
	if got := takeAnchors(dir, testMagic, l); got != nil {
		t.Errorf("%v once more", got)
	}
	path := filepath.Join(dir, anchorsFile)
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	log.Reset()
	if got := takeAnchors(dir, testMagic, l); got != nil || !strings.Contains(log.String(), "Cannot read the anchors") {
		t.Errorf("%v, %s", got, log)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a damaged file stays: %v", err)
	}
}

// A node that does not come to connecting keeps them.
func TestAnchorsOutliveAFailedStart(t *testing.T) {
	busy, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	cfg := configure(t, "-regtest", "-datadir="+t.TempDir(), "-listen", "-bind="+busy.Addr().String(), "-dbcache=16")
	if err := os.MkdirAll(cfg.NetDir, 0o700); err != nil {
		t.Fatal(err)
	}
	saveAnchors(cfg.NetDir, cfg.Params.Magic, someAnchors(t), slog.New(slog.DiscardHandler))
	n, err := New(cfg, Console{})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "Unable to bind to") {
		t.Fatalf("a node whose port is taken: %v", err)
	}
	if got := takeAnchors(cfg.NetDir, cfg.Params.Magic, slog.New(slog.DiscardHandler)); !reflect.DeepEqual(got, someAnchors(t)) {
		t.Errorf("anchors left: %v", got)
	}
}

func FuzzDecodeAnchors(f *testing.F) {
	f.Add(encodeAnchors(testMagic, nil))
	f.Add(encodeAnchors(testMagic, someAnchors(f)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 32 { // past the sum, which no fuzzer guesses
			sum := wire.DoubleSHA256(b[:len(b)-32])
			copy(b[len(b)-32:], sum[:])
		}
		list, err := decodeAnchors(testMagic, b)
		if err != nil {
			return
		}
		if again, err := decodeAnchors(testMagic, encodeAnchors(testMagic, list)); err != nil || !reflect.DeepEqual(again, list) {
			t.Errorf("%v reads back as %v, %v", list, again, err)
		}
	})
}
