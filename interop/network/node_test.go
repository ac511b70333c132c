package network

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/rpcclient"
)

// node is a full node under test, ours or btcd.
type node struct {
	*program
	t      *testing.T
	listen string // of the gossip protocol
	client *rpcclient.Client
	miner  func(blocks int) []string // returns their hashes
}

// Both kinds, as tests say which they want.
type starter func(t *testing.T, args ...string) *node

// ours starts our node with a wallet's usual access to it: a cookie.
func ours(t *testing.T, args ...string) *node {
	t.Helper()
	path, err := grapevine()
	if err != nil {
		t.Fatal(err)
	}
	dir, listen, rpc := t.TempDir(), freeAddress(t), freeAddress(t)
	n := &node{t: t, listen: listen}
	n.program = launch(t, "grapevine", path, dir, append([]string{
		"node", "-regtest", "-datadir=" + dir, "-bind=" + listen, "-natpmp=0", "-listenonion=0", "-rpcport=" + portOf(rpc),
		"-dnsseed=0", "-txindex", "-printtoconsole", "-debug=net",
	}, args...)...)
	cookie := filepath.Join(dir, "regtest", ".cookie")
	until(t, "the cookie", func() (bool, string) {
		_, err := os.Stat(cookie)
		return err == nil || n.ended(), fmt.Sprint(err)
	})
	n.dial(&rpcclient.ConnConfig{Host: rpc, CookiePath: cookie})
	n.miner = func(blocks int) []string {
		var hashes []string
		n.ask(&hashes, "generatetoaddress", blocks, own.address)
		return hashes
	}
	return n
}

// theirs starts btcd.
func theirs(t *testing.T, args ...string) *node {
	t.Helper()
	path, err := btcd()
	if err != nil {
		t.Fatal(err)
	}
	dir, listen, rpc := t.TempDir(), freeAddress(t), freeAddress(t)
	n := &node{t: t, listen: listen}
	config := filepath.Join(dir, "btcd.conf") // without one it writes its own, from a sample
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n.program = launch(t, "btcd", path, dir, append([]string{
		"--regtest", "--configfile=" + config, "--datadir=" + dir, "--logdir=" + filepath.Join(dir, "log"),
		"--listen=" + listen, "--rpclisten=" + rpc, "--notls", "--rpcuser=user", "--rpcpass=pass",
		"--nodnsseed", "--noonion", "--txindex", "--miningaddr=" + own.address, "--debuglevel=PEER=debug,SYNC=debug",
	}, args...)...)
	n.dial(&rpcclient.ConnConfig{Host: rpc, User: "user", Pass: "pass"})
	n.miner = func(blocks int) []string {
		var hashes []string
		n.ask(&hashes, "generate", blocks)
		return hashes
	}
	return n
}

func (n *node) ended() bool {
	select {
	case <-n.done:
		return true
	default:
		return false
	}
}

// dial makes the client and waits until the node answers it.
func (n *node) dial(cfg *rpcclient.ConnConfig) {
	n.t.Helper()
	cfg.HTTPPostMode, cfg.DisableTLS = true, true
	var err error
	if n.client, err = rpcclient.New(cfg, nil); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(n.client.Shutdown)
	until(n.t, n.name+" answers", func() (bool, string) {
		if n.ended() {
			n.t.Fatalf("%s ended: %v\n%s", n.name, n.err, n.out.String())
		}
		_, err := n.client.GetBlockCount()
		return err == nil, fmt.Sprint(err)
	})
}

// call makes one call and returns its result.
func (n *node) call(method string, params ...any) (json.RawMessage, error) {
	raw := make([]json.RawMessage, len(params))
	for i, p := range params {
		b, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		raw[i] = b
	}
	return n.client.RawRequest(method, raw)
}

// ask is call for what must succeed; into may be nil.
func (n *node) ask(into any, method string, params ...any) {
	n.t.Helper()
	res, err := n.call(method, params...)
	if err == nil && into != nil {
		err = json.Unmarshal(res, into)
	}
	if err != nil {
		n.t.Fatalf("%s: %s: %v", n.name, method, err)
	}
}

func (n *node) best() (hash string) {
	n.t.Helper()
	n.ask(&hash, "getbestblockhash")
	return hash
}

func (n *node) height() (height int) {
	n.t.Helper()
	n.ask(&height, "getblockcount")
	return height
}

// mine makes blocks that pay to the key of the tests.
func (n *node) mine(blocks int) []string {
	n.t.Helper()
	hashes := n.miner(blocks)
	if len(hashes) != blocks {
		n.t.Fatalf("%s mined %d of %d blocks", n.name, len(hashes), blocks)
	}
	return hashes
}

// follows waits until the tip is the other node's.
func (n *node) follows(other *node) {
	n.t.Helper()
	want := other.best()
	until(n.t, fmt.Sprintf("%s follows %s to %d", n.name, other.name, other.height()), func() (bool, string) {
		return n.best() == want, fmt.Sprintf("it is at %d %s", n.height(), n.best())
	})
}

// connect has the node dial another, once.
func (n *node) connect(other *node) {
	n.t.Helper()
	n.ask(nil, "addnode", other.listen, "onetry")
	n.peers(1)
	other.peers(1)
}

// peers waits until the node has so many connections that have said hello.
func (n *node) peers(want int) {
	n.t.Helper()
	until(n.t, fmt.Sprintf("%s has %d peers", n.name, want), func() (bool, string) {
		var list []struct {
			Version uint32
			SubVer  string
		}
		n.ask(&list, "getpeerinfo")
		ready := 0
		for _, p := range list {
			if p.Version != 0 && p.SubVer != "" {
				ready++
			}
		}
		return ready == want && len(list) == want, fmt.Sprintf("%d of %d", ready, len(list))
	})
}

// pool waits until exactly these transactions are in the node's pool.
func (n *node) pool(txids ...string) {
	n.t.Helper()
	slices.Sort(txids)
	until(n.t, fmt.Sprintf("%s has %d transactions", n.name, len(txids)), func() (bool, string) {
		var got []string
		n.ask(&got, "getrawmempool")
		slices.Sort(got)
		return slices.Equal(got, txids), fmt.Sprint("it has ", got)
	})
}
