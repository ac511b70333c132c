package wire

// empty is what the messages without a payload share. Whatever comes with
// one is passed over.
type empty struct{}

// PayloadSize implements [Message].
func (empty) PayloadSize() int { return 0 }

// AppendPayload implements [Message].
func (empty) AppendPayload(b []byte) []byte { return b }

func (empty) decode(*reader) {}

// MsgVerack acknowledges a version and ends the handshake.
type MsgVerack struct{ empty }

// Command implements [Message].
func (*MsgVerack) Command() string { return "verack" }

// MsgWtxidRelay asks for transactions to be announced by wtxid (BIP 339).
type MsgWtxidRelay struct{ empty }

// Command implements [Message].
func (*MsgWtxidRelay) Command() string { return "wtxidrelay" }

// MsgSendAddrV2 asks for addresses in the form of BIP 155.
type MsgSendAddrV2 struct{ empty }

// Command implements [Message].
func (*MsgSendAddrV2) Command() string { return "sendaddrv2" }

// MsgGetAddr asks for addresses of nodes.
type MsgGetAddr struct{ empty }

// Command implements [Message].
func (*MsgGetAddr) Command() string { return "getaddr" }

// MsgMempool asks for the identifiers of all transactions of the pool (BIP 35).
type MsgMempool struct{ empty }

// Command implements [Message].
func (*MsgMempool) Command() string { return "mempool" }

// MsgSendHeaders asks for blocks to be announced by their headers (BIP 130).
type MsgSendHeaders struct{ empty }

// Command implements [Message].
func (*MsgSendHeaders) Command() string { return "sendheaders" }
