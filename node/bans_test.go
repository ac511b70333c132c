package node

import (
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"grapevine/p2p/bans"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

func testBans(t *testing.T, dir string, log *strings.Builder) *banKeeper {
	t.Helper()
	now := func() time.Time { return time.Unix(1_700_000_000, 0) }
	return openBans(bans.New(bans.Config{Rand: rand.New(rand.NewPCG(1, 2))}), dir, now, false, slog.New(slog.NewTextHandler(log, nil)))
}

// Bans last as long as they say, whatever becomes of the node.
func TestBansAreKept(t *testing.T) {
	dir := t.TempDir()
	log := &strings.Builder{}
	k := testBans(t, dir, log)
	enforced := 0
	k.enforce = func() { enforced++ }
	one := wire.AddressOfIP(netip.MustParseAddr("1.2.3.4"))
	other := wire.AddressOfIP(netip.MustParseAddr("1.2.3.5"))
	if !k.Ban(k.now(), peer.SubnetOf(one), 60, false) || !k.Ban(k.now(), peer.SubnetOf(other), 0, false) || enforced != 2 {
		t.Errorf("enforced %d times", enforced)
	}
	if again := testBans(t, dir, log); !again.Banned(k.now(), one) || !again.Banned(k.now(), other) || again.Banned(k.now().Add(time.Hour), one) {
		t.Error("not as it was")
	}
	if !k.Unban(peer.SubnetOf(one)) || k.Unban(peer.SubnetOf(one)) {
		t.Error("unbanned")
	}
	if again := testBans(t, dir, log); again.Banned(k.now(), one) || !again.Banned(k.now(), other) {
		t.Error("the end of a ban is lost")
	}
	k.Clear()
	if again := testBans(t, dir, log); len(again.Entries(k.now())) != 0 {
		t.Error("not cleared")
	}
	if strings.Contains(log.String(), "WARN") || strings.Contains(log.String(), "ERROR") {
		t.Error(log)
	}
}

func TestBansThatCannotBeReadOrWritten(t *testing.T) {
	dir := t.TempDir()
	log := &strings.Builder{}
	path := filepath.Join(dir, bans.FileName)
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	k := testBans(t, dir, log)
	if !strings.Contains(log.String(), "Cannot parse the list of bans") {
		t.Error(log)
	}
	k.save() // a file that could not be read is replaced
	log.Reset()
	if testBans(t, dir, log); strings.Contains(log.String(), "WARN") {
		t.Error(log)
	}
	k = testBans(t, filepath.Join(dir, "gone"), log)
	log.Reset()
	net := peer.SubnetOf(wire.AddressOfIP(netip.MustParseAddr("1.2.3.4")))
	if k.Ban(k.now(), net, 60, false); !strings.Contains(log.String(), "Cannot write the list of bans") || !k.Holds(k.now(), net) {
		t.Error(log)
	}
	if err := os.Mkdir(filepath.Join(dir, "gone"), 0o700); err != nil {
		t.Fatal(err)
	}
	k.save() // what could not be written before is now
	if again := testBans(t, filepath.Join(dir, "gone"), log); !again.Holds(k.now(), net) {
		t.Error("lost")
	}
}
