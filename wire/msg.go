package wire

import (
	"maps"
	"slices"
)

// DecodeMessage reads the payload of a message. It takes ownership of the
// payload: byte strings in the result alias it. A command that is not known
// yields a [*MsgUnknown]. Errors are [*Error] values; [ErrLimit],
// [ErrBadValue] and [ErrBadIndex] say that a complete message breaks a rule,
// the other kinds that it is not one.
//
// Bytes after the last field are passed over, and so are values that carry no
// meaning (the transaction count after each header, bits of a truth value,
// addresses of unknown networks). What a message encodes to is therefore not
// always what it was decoded from, but decodes to the same message.
func DecodeMessage(command string, payload []byte) (Message, error) {
	empty := messages[command]
	if empty == nil {
		return &MsgUnknown{Name: command, Data: payload}, nil
	}
	if len(payload) > MaxPayload {
		return nil, fail(ErrTooLarge, command, 0)
	}
	r := reader{buf: payload, what: command}
	msg := empty()
	msg.decode(&r)
	if r.err != nil {
		return nil, r.err
	}
	return msg, nil
}

type decodable interface {
	Message
	// decode fills the zero message; what it leaves there when r has failed is
	// not used.
	decode(r *reader)
}

// messages makes the empty message of each name that is known; it is only read.
var messages = map[string]func() decodable{
	"version":      func() decodable { return new(MsgVersion) },
	"verack":       func() decodable { return new(MsgVerack) },
	"wtxidrelay":   func() decodable { return new(MsgWtxidRelay) },
	"sendaddrv2":   func() decodable { return new(MsgSendAddrV2) },
	"sendtxrcncl":  func() decodable { return new(MsgSendTxRcncl) },
	"feature":      func() decodable { return new(MsgFeature) },
	"addr":         func() decodable { return new(MsgAddr) },
	"addrv2":       func() decodable { return new(MsgAddrV2) },
	"getaddr":      func() decodable { return new(MsgGetAddr) },
	"inv":          func() decodable { return new(MsgInv) },
	"getdata":      func() decodable { return new(MsgGetData) },
	"notfound":     func() decodable { return new(MsgNotFound) },
	"tx":           func() decodable { return new(MsgTx) },
	"block":        func() decodable { return new(MsgBlock) },
	"headers":      func() decodable { return new(MsgHeaders) },
	"getheaders":   func() decodable { return new(MsgGetHeaders) },
	"getblocks":    func() decodable { return new(MsgGetBlocks) },
	"mempool":      func() decodable { return new(MsgMempool) },
	"ping":         func() decodable { return new(MsgPing) },
	"pong":         func() decodable { return new(MsgPong) },
	"sendheaders":  func() decodable { return new(MsgSendHeaders) },
	"feefilter":    func() decodable { return new(MsgFeeFilter) },
	"sendcmpct":    func() decodable { return new(MsgSendCmpct) },
	"cmpctblock":   func() decodable { return new(MsgCmpctBlock) },
	"getblocktxn":  func() decodable { return new(MsgGetBlockTxn) },
	"blocktxn":     func() decodable { return new(MsgBlockTxn) },
	"filterload":   func() decodable { return new(MsgFilterLoad) },
	"filteradd":    func() decodable { return new(MsgFilterAdd) },
	"filterclear":  func() decodable { return new(MsgFilterClear) },
	"merkleblock":  func() decodable { return new(MsgMerkleBlock) },
	"getcfilters":  func() decodable { return new(MsgGetCFilters) },
	"cfilter":      func() decodable { return new(MsgCFilter) },
	"getcfheaders": func() decodable { return new(MsgGetCFHeaders) },
	"cfheaders":    func() decodable { return new(MsgCFHeaders) },
	"getcfcheckpt": func() decodable { return new(MsgGetCFCheckpt) },
	"cfcheckpt":    func() decodable { return new(MsgCFCheckpt) },
}

// Commands returns the names of all messages that are known, in order.
func Commands() []string { return slices.Sorted(maps.Keys(messages)) }

// MsgUnknown is a message that has no meaning here.
type MsgUnknown struct {
	Name string
	Data []byte
}

// Command implements [Message].
func (m *MsgUnknown) Command() string { return m.Name }

// PayloadSize implements [Message].
func (m *MsgUnknown) PayloadSize() int { return len(m.Data) }

// AppendPayload implements [Message].
func (m *MsgUnknown) AppendPayload(b []byte) []byte { return append(b, m.Data...) }
