package node

import (
	"encoding/json"
	"os"
	"runtime"
	"testing"
	"time"

	"grapevine/internal/testdata"
)

// A node that knows one other node and nothing else has the first blocks of
// mainnet and their coins from it. With the network's own minimum of work, not even
// the headers of such a chain are kept.
func TestMainnetOverPeers(t *testing.T) {
	blocks := testdata.Module(t, "github.com/btcsuite/btcd", "v0.26.2", "blockchain/testdata/blk_0_to_14131.dat")
	listen := testdata.FreeAddress(t)
	first := start(t, "-datadir="+t.TempDir(), "-connect=0", "-bind="+listen, "-minimumchainwork=0", "-loadblock="+blocks)
	first.until(14131)
	second := start(t, "-datadir="+t.TempDir(), "-connect="+listen, "-minimumchainwork=0")
	careful := start(t, "-datadir="+t.TempDir(), "-connect="+listen)
	second.until(14131)
	if got := second.result("getbestblockhash"); got != tip14131 {
		t.Errorf("tip %s", got)
	}
	for kind, want := range map[string]string{"hash_serialized_3": hash14131, "muhash": mu14131} {
		var info map[string]any
		if err := json.Unmarshal([]byte(second.result("gettxoutsetinfo", kind)), &info); err != nil || info[kind] != want {
			t.Errorf("%s is %v; want %s", kind, info[kind], want)
		}
	}
	await(t, "the careful node has seen the headers", func() (bool, string) {
		got := careful.result("getpeerinfo")
		var peers []struct {
			Received map[string]int `json:"bytesrecv_per_msg"`
		}
		if err := json.Unmarshal([]byte(got), &peers); err != nil {
			t.Fatal(err)
		}
		return len(peers) == 1 && peers[0].Received["headers"] > 14131*81, got // 81 bytes each, one message after the other
	})
	var info struct{ Blocks, Headers int }
	if err := json.Unmarshal([]byte(careful.result("getblockchaininfo")), &info); err != nil || info.Blocks != 0 || info.Headers != 0 {
		t.Errorf("it keeps %d headers and %d blocks of a chain with too little work, %v", info.Headers, info.Blocks, err)
	}
	for _, n := range []*running{careful, second, first} {
		n.stop()
		if err := n.ended(); err != nil {
			t.Error(err)
		}
	}
}

// TestStartSyncStop leaves no goroutine and no descriptor behind, however often
// a node starts, gets blocks from a peer, and stops.
func TestStartSyncStop(t *testing.T) {
	times := 200
	if testing.Short() {
		times = 20
	}
	listen := testdata.FreeAddress(t)
	first := start(t, "-regtest", "-datadir="+t.TempDir(), "-connect=0", "-bind="+listen, "-dbcache=16")
	first.until(0)
	first.result("generatetodescriptor", 30, "raw(51)")
	cycle := func() {
		n := start(t, "-regtest", "-datadir="+t.TempDir(), "-connect="+listen, "-bind="+testdata.FreeAddress(t), "-dbcache=16")
		n.until(30)
		n.stop()
		if err := n.ended(); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 { // whatever is made once
		cycle()
	}
	goroutines, files := settled(t, func() bool { return true })
	for range times {
		cycle()
	}
	// LevelDB's buffer pool ends up to half a minute after its database.
	gotG, gotF := settled(t, func() bool { return runtime.NumGoroutine() <= goroutines && descriptors(t) <= files })
	if gotG > goroutines || gotF > files {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines and %d descriptors before, %d and %d after %d times\n%s", goroutines, files, gotG, gotF, times, buf[:runtime.Stack(buf, true)])
	}
	t.Logf("%d goroutines and %d descriptors before, %d and %d after %d times", goroutines, files, gotG, gotF, times)
}

// settled waits, for a minute at most, until done, and counts.
func settled(t *testing.T, done func() bool) (goroutines, files int) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline:
			return runtime.NumGoroutine(), descriptors(t)
		case <-tick.C:
		}
	}
	return runtime.NumGoroutine(), descriptors(t)
}

// descriptors counts the open files of this process; 0 where the system does not
// say.
func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if os.IsNotExist(err) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
