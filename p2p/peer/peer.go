package peer

import "strconv"

// ID numbers the connections of one run, from 0 on, and is never used twice.
type ID int64

// String returns the number in decimal.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Kind says why a connection was made.
type Kind uint8

const (
	// Inbound: the peer connected to us.
	Inbound Kind = iota
	// Manual: asked for by -connect, -addnode or the addnode call.
	Manual
	// FullRelay: outbound of our own choice; blocks, transactions, addresses.
	FullRelay
	// BlockRelay: outbound of our own choice; blocks only.
	BlockRelay
	// Feeler: made to learn whether an address answers, then closed.
	Feeler
	// AddrFetch: made to ask for addresses, then closed.
	AddrFetch
	// PrivateBroadcast: made to send one transaction without telling who we are,
	// then closed.
	PrivateBroadcast
)

// String returns the kind as getpeerinfo's connection_type shows it.
func (k Kind) String() string {
	switch k {
	case Inbound:
		return "inbound"
	case Manual:
		return "manual"
	case FullRelay:
		return "outbound-full-relay"
	case BlockRelay:
		return "block-relay-only"
	case Feeler:
		return "feeler"
	case AddrFetch:
		return "addr-fetch"
	case PrivateBroadcast:
		return "private-broadcast"
	default:
		return "unknown"
	}
}

// RelaysTx reports whether transactions are exchanged over such a connection.
func (k Kind) RelaysTx() bool { return k != BlockRelay && k != Feeler && k != PrivateBroadcast }

// OwnChoice reports whether such connections share the places for those of our own
// choice.
func (k Kind) OwnChoice() bool {
	return k == FullRelay || k == BlockRelay || k == Feeler || k == AddrFetch
}

// Lasting reports whether an outbound connection is there to stay, so that no other
// leads to the same group.
func (k Kind) Lasting() bool { return k == FullRelay || k == BlockRelay || k == Manual }

// Automatic reports whether we chose the peer ourselves, and may ask for
// services in return.
func (k Kind) Automatic() bool { return k == FullRelay || k == BlockRelay || k == AddrFetch }
