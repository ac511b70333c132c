package peer

import "strings"

// Permissions are what an operator grants the peers of an address or of a
// listening socket, beyond what strangers have (-whitelist, -whitebind).
type Permissions uint32

// The permissions. Some include others.
const (
	// BloomFilter: it may filter by BIP 37 although that is not offered.
	BloomFilter Permissions = 1 << iota
	// Relay: its transactions are taken with -blocksonly.
	Relay
	forceRelay
	// Download: it is served beyond -maxuploadtarget, and headers of however little
	// work.
	Download
	noBan
	// Mempool: it may ask for the whole pool (BIP 35).
	Mempool
	// Addr: its getaddr is answered afresh, and its addresses are not limited.
	Addr
	// Implicit: no permission was named, so that the usual ones were taken.
	Implicit

	// ForceRelay: what it sends is relayed even if it was in the pool before.
	ForceRelay = forceRelay | Relay
	// NoBan: it is never disconnected for misbehaviour.
	NoBan = noBan | Download
	// AllPermissions are all that can be granted.
	AllPermissions = BloomFilter | ForceRelay | NoBan | Mempool | Addr
)

// names lists the permissions in the order in which they are shown.
var names = []struct {
	p    Permissions
	name string
}{
	{BloomFilter, "bloomfilter"}, {NoBan, "noban"}, {ForceRelay, "forcerelay"}, {Relay, "relay"},
	{Mempool, "mempool"}, {Download, "download"}, {Addr, "addr"},
}

// Has reports whether all of want are granted.
func (p Permissions) Has(want Permissions) bool { return p&want == want }

// Names returns what is granted, each by the name that configurations and
// getpeerinfo use.
func (p Permissions) Names() []string {
	out := []string{}
	for _, n := range names {
		if p.Has(n.p) {
			out = append(out, n.name)
		}
	}
	return out
}

// String returns the names, separated by commas.
func (p Permissions) String() string { return strings.Join(p.Names(), ",") }
