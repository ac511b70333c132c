package wire

// ServiceFlags say what a node offers, a bit each.
type ServiceFlags uint64

const (
	// NodeNetwork: serves the complete chain of blocks.
	NodeNetwork ServiceFlags = 1 << 0
	// NodeBloom: serves bloom-filtered connections (BIP 111).
	NodeBloom ServiceFlags = 1 << 2
	// NodeWitness: serves blocks and transactions with witness (BIP 144).
	NodeWitness ServiceFlags = 1 << 3
	// NodeCompactFilters: serves compact block filters (BIP 157).
	NodeCompactFilters ServiceFlags = 1 << 6
	// NodeNetworkLimited: serves at least the last 288 blocks (BIP 159).
	NodeNetworkLimited ServiceFlags = 1 << 10
	// NodeP2PV2: speaks the encrypted transport (BIP 324).
	NodeP2PV2 ServiceFlags = 1 << 11
)

// Has reports whether all of want are set.
func (f ServiceFlags) Has(want ServiceFlags) bool { return f&want == want }
