// Package grapevine holds no code: its test keeps the packages below it in
// their layers.
package grapevine

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers lists, for each package, what it may import besides the standard
// library, with the reason an edge that is not obvious. A name that ends in
// "/..." stands for the package and those below it. Lower layers first: a
// package imports downwards only, and the stateful ones never each other.
var layers = map[string][]string{
	// The vocabulary.
	"wire": nil, // std only, so that anything may speak it

	// Leaves with more than one user.
	"internal/u256":              nil,
	"internal/siphash":           nil,
	"internal/netgroup":          {"wire"},
	"internal/muhash":            {"golang.org/x/sys/cpu"},                              // which instructions there are
	"internal/vfs":               {"golang.org/x/sys/unix", "golang.org/x/sys/windows"}, // file locks, allocation
	"internal/vfs/crash":         {"internal/vfs"},
	"internal/vfs/ldbstorage":    {"internal/vfs", "github.com/syndtr/goleveldb/leveldb/storage"}, // LevelDB on any file system
	"internal/testdata":          {"wire", "github.com/klauspost/compress/zstd"},                  // tests only
	"internal/scripttest":        {"wire", "chain/script", "chain/sigverify", curve},              // tests only
	"internal/dnstest":           nil,                                                             // tests only
	"scripts/internal/...":       {"scripts/internal/..."},                                        // tools of the repository
	"scripts/internal/seedtable": {"wire", "seeds"},                                               // makes the tables of seeds
	"seeds":                      {"wire", "internal/netgroup"},                                   // what addresses of a name are filed under; address manager and connections come in
	"chain/params":               {"wire", "internal/u256"},
	"chain/event":                {"wire"},
	"chain/sigverify/curve":      nil, // arithmetic only; btcec is its oracle in tests
	"chain/sigverify":            {"chain/sigverify/curve", curve},
	"chain/script":               {"wire", "chain/params", "chain/sigverify", curve, ripemd}, // params: address prefixes
	"chain/consensus":            {"wire", "chain/params", "chain/script", "chain/sigverify", "internal/u256"},
	"chain/headers":              {"wire", "chain/params", "internal/u256"},
	"chain/utxo":                 {"wire", "chain/consensus", "chain/script", "chain/sigverify", "internal/muhash", leveldb, storage, "internal/vfs/...", "golang.org/x/sys/unix"}, // memory outside the heap
	"chain/blockstore":           {"wire", "internal/vfs", "internal/vfs/ldbstorage", leveldb},
	"chain/chaintest":            {"wire", "internal/u256", "chain/consensus", "chain/params", "chain/script", "chain/utxo", curve}, // tests only
	"chain/index":                {"wire", "chain/event", "chain/headers", "internal/vfs", "internal/vfs/ldbstorage", leveldb},      // a reader of the chain with files of its own
	"chain":                      {"wire", "internal/u256", "internal/vfs", "internal/vfs/ldbstorage", "chain/...", "golang.org/x/sync/..."},
	"mempool/policy":             {"wire", "chain/script"},
	"mempool/graph":              {"wire"},
	"mempool":                    {"wire", "chain/consensus", "chain/event", "chain/headers", "chain/params", "chain/script", "chain/sigverify", "mempool/graph", "mempool/policy"}, // not chain: a ledger comes in
	"addrman":                    {"wire", "internal/netgroup", "internal/vfs", "internal/vfs/ldbstorage", leveldb},
	"p2p/peer":                   {"wire"}, // names that all of p2p shares
	"p2p/blockfetch":             {"wire", "internal/u256", "chain/headers", "p2p/peer"},
	"p2p/headersync":             {"wire", "internal/siphash", "internal/u256", "chain/headers", "chain/params", "p2p/peer"}, // commitments are keyed
	"p2p/txrequest":              {"wire", "p2p/peer", "internal/siphash"},
	"p2p/bloom":                  {"wire", "chain/script"}, // what scripts push
	"p2p/txannounce":             {"wire", "p2p/peer", "internal/siphash"},
	"p2p/addrrelay":              {"wire", "p2p/peer", "internal/siphash"},
	"p2p/privatebroadcast":       {"wire", "p2p/peer"},
	"p2p/orphanage":              {"wire", "p2p/peer"},
	"p2p/compact":                {"wire", "chain/consensus", "internal/siphash", "p2p/peer"},                                                // consensus: whether a block fits its header
	"p2p/p2ptest":                {"wire", "p2p", "p2p/compact", "p2p/conn", "p2p/peer", "chain/consensus", "chain/headers", "chain/params"}, // tests only
	"p2p/transport":              {"wire", "p2p/transport/bip324"},
	"p2p/proxy":                  {"wire"},                                                                        // a way out; what is to be said over it is none of its business
	"p2p/tor":                    {"wire"},                                                                        // a control port; who listens behind the service comes in
	"p2p/i2p":                    {"wire", "p2p/proxy"},                                                           // whom a failed connection is to be blamed on
	"p2p/portmap":                {"wire"},                                                                        // the router's side of listening
	"p2p/transport/bip324":       {curve, "golang.org/x/crypto/chacha20", "golang.org/x/crypto/chacha20poly1305"}, // the ciphers that it is made of
	"p2p/bans":                   {"wire", "internal/siphash", "p2p/peer"},                                        // siphash: nobody aims at the address of another
	"p2p/conn":                   {"wire", "internal/siphash", "chain/headers", "p2p/peer"},                       // headers: work that peers show
	"p2p":                        {"wire", "internal/u256", "chain/consensus", "chain/event", "chain/headers", "chain/params", "p2p/...", "golang.org/x/sync/..."},
	"node/config":                {"wire", "internal/u256", "chain/params", "p2p/peer"}, // permissions and ports
	"node/localaddr":             {"wire", "internal/netgroup", "p2p"},                  // what p2p asks of our own addresses
	"node/logging":               {"golang.org/x/sys/unix", "golang.org/x/term"},
	"node/descriptor":            {"chain/params", "chain/script", "chain/sigverify", curve},
	"node/signing":               {"wire", "chain/script", "chain/sigverify", curve}, // curve: nonces and scalars of signatures
	"node/mining":                {"wire", "internal/u256", "chain", "chain/consensus", "chain/headers", "chain/params", "chain/script", "mempool"},
	"node/rpc":                   {"wire", "internal/u256", "chain", "chain/consensus", "chain/event", "chain/headers", "chain/params", "chain/script", "chain/utxo", "node/descriptor", "node/mining", "node/signing", "mempool", "mempool/policy", "chain/index", "p2p", "p2p/bans", "p2p/conn", "p2p/peer", "p2p/privatebroadcast", "addrman"},
	"node":                       {"wire", "internal/u256", "internal/vfs", "chain", "chain/headers", "chain/index", "chain/params", "mempool", "p2p", "p2p/bans", "p2p/conn", "p2p/i2p", "p2p/peer", "p2p/portmap", "p2p/privatebroadcast", "p2p/proxy", "p2p/tor", "addrman", "seeds", "internal/netgroup", "node/localaddr", "node/config", "node/logging", "node/rpc", "node/mining", "golang.org/x/sync/..."},
	"cmd/grapevine":              {"wire", "node", "node/config", "node/logging", "node/rpc", "chain/params", "cmd/grapevine/internal/...", "github.com/urfave/cli/v2", "golang.org/x/term"},
	"cmd/grapevine/internal/...": {"wire", "node/config", "node/rpc", "chain/...", "internal/u256", curve, "github.com/urfave/cli/v2", "golang.org/x/term", "golang.org/x/sync/..."},
}

// Third-party modules that several packages share.
const (
	curve   = "github.com/..." // narrowed by curves below
	leveldb = "github.com/syndtr/goleveldb/leveldb/..."
	storage = "github.com/syndtr/goleveldb/leveldb/storage"
	ripemd  = "golang.org/x/crypto/ripemd160"
)

// curves are the packages that curve stands for: btcec, and the module that it
// is a thin layer over, for field and group arithmetic.
var curves = []string{
	"github.com/btcsuite/btcd/btcec/v2", "github.com/btcsuite/btcd/btcec/v2/ecdsa", "github.com/btcsuite/btcd/btcec/v2/schnorr", "github.com/btcsuite/btcd/btcec/v2/ellswift",
	"github.com/decred/dcrd/dcrec/secp256k1/v4", "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa",
}

type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

func TestImportsStayInTheirLayers(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, "grapevine/")
		if name == "grapevine" {
			continue
		}
		allowed, known := rule(name)
		if !known {
			t.Errorf("%s has no layer: add it to this file with what it may import", name)
			continue
		}
		for _, imp := range p.Imports {
			if isStandard(imp) || permitted(allowed, strings.TrimPrefix(imp, "grapevine/")) {
				continue
			}
			t.Errorf("%s imports %s, which its layer does not allow", name, imp)
		}
	}
}

// Nothing that ships imports what is for tests.
func TestProductImportsNoTestPackage(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, "grapevine/")
		if isTestPackage(name) {
			continue
		}
		for _, imp := range p.Imports {
			if isTestPackage(strings.TrimPrefix(imp, "grapevine/")) {
				t.Errorf("%s imports %s", name, imp)
			}
		}
	}
}

func isTestPackage(name string) bool {
	return slices.Contains([]string{"internal/testdata", "internal/scripttest", "internal/dnstest", "chain/chaintest", "internal/vfs/crash", "p2p/p2ptest", "testing"}, name)
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Standard,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func rule(name string) ([]string, bool) {
	if allowed, ok := layers[name]; ok {
		return allowed, true
	}
	for pattern, allowed := range layers {
		if matches(pattern, name) {
			return allowed, true
		}
	}
	return nil, false
}

func permitted(allowed []string, imp string) bool {
	for _, pattern := range allowed {
		if pattern == curve {
			if slices.Contains(curves, imp) {
				return true
			}
			continue
		}
		if matches(pattern, imp) {
			return true
		}
	}
	return false
}

func matches(pattern, name string) bool {
	base, tree := strings.CutSuffix(pattern, "/...")
	return name == base || tree && strings.HasPrefix(name, base+"/")
}

// isStandard reports whether an import path is of the standard library: its
// first element has no dot, and it is not ours.
func isStandard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return first != "grapevine" && !strings.Contains(first, ".")
}
