package wire

// Versions of the protocol, as negotiated by the lower of the two in the
// version messages.
const (
	// ProtocolVersion is the one that is spoken here.
	ProtocolVersion int32 = 70017
	// MinPeerVersion is the oldest that can still follow headers.
	MinPeerVersion int32 = 31800
	// PongVersion: a ping carries a nonce and is answered (BIP 31) in all
	// versions above this one.
	PongVersion int32 = 60000
	// SendHeadersVersion: sendheaders exists (BIP 130).
	SendHeadersVersion int32 = 70012
	// FeeFilterVersion: feefilter exists (BIP 133).
	FeeFilterVersion int32 = 70013
	// CompactBlocksVersion: sendcmpct exists (BIP 152).
	CompactBlocksVersion int32 = 70014
	// WtxidRelayVersion: wtxidrelay exists (BIP 339).
	WtxidRelayVersion int32 = 70016
	// FeatureVersion: feature exists (BIP 434).
	FeatureVersion int32 = 70017
)

// Limits of single messages. Decoding one that is over its limit fails with
// [ErrLimit].
const (
	// MaxPayload bounds every message: 4 million bytes, the largest block.
	MaxPayload = 4_000_000
	// MaxInv is the length of an inv or getdata: 50,000 items, 1.8 MB.
	MaxInv = 50_000
	// MaxHeaders is the length of a headers message: 2,000 headers, 162 kB.
	MaxHeaders = 2000
	// MaxLocator is the length of a locator: enough for exponential steps
	// through any chain, and 3.2 kB.
	MaxLocator = 101
	// MaxAddrs is the length of an addr or addrv2.
	MaxAddrs = 1000
	// MaxUserAgent is the length of the name in a version message.
	MaxUserAgent = 256
	// MinFeatureID, MaxFeatureID and MaxFeatureData are lengths in a feature
	// message (BIP 434).
	MinFeatureID   = 4
	MaxFeatureID   = 80
	MaxFeatureData = 512
	// MaxFilterLoad and MaxFilterHashes bound a bloom filter: 36,000 bytes and 50
	// hash functions (BIP 37).
	MaxFilterLoad   = 36_000
	MaxFilterHashes = 50
	// MaxFilterAdd is the length of an element of a bloom filter, that of the
	// longest thing that a script can push.
	MaxFilterAdd = 520
	// MaxCFilters and MaxCFHeaders are how many blocks a getcfilters and a
	// getcfheaders may span (BIP 157).
	MaxCFilters  = 1000
	MaxCFHeaders = 2000
	// CFCheckptInterval is how many blocks apart the headers of a cfcheckpt are.
	CFCheckptInterval = 1000
)
