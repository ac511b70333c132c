package wire

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
	msg := newMessage(command)
	if msg == nil {
		return &MsgUnknown{Name: command, Data: payload}, nil
	}
	if len(payload) > MaxPayload {
		return nil, fail(ErrTooLarge, command, 0)
	}
	r := reader{buf: payload, what: command}
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

// newMessage returns an empty message of that name, or nil.
func newMessage(command string) decodable {
	switch command {
	case "version":
		return new(MsgVersion)
	case "verack":
		return new(MsgVerack)
	case "wtxidrelay":
		return new(MsgWtxidRelay)
	case "sendaddrv2":
		return new(MsgSendAddrV2)
	case "sendtxrcncl":
		return new(MsgSendTxRcncl)
	case "feature":
		return new(MsgFeature)
	case "addr":
		return new(MsgAddr)
	case "addrv2":
		return new(MsgAddrV2)
	case "getaddr":
		return new(MsgGetAddr)
	case "inv":
		return new(MsgInv)
	case "getdata":
		return new(MsgGetData)
	case "notfound":
		return new(MsgNotFound)
	case "tx":
		return new(MsgTx)
	case "block":
		return new(MsgBlock)
	case "headers":
		return new(MsgHeaders)
	case "getheaders":
		return new(MsgGetHeaders)
	case "getblocks":
		return new(MsgGetBlocks)
	case "mempool":
		return new(MsgMempool)
	case "ping":
		return new(MsgPing)
	case "pong":
		return new(MsgPong)
	case "sendheaders":
		return new(MsgSendHeaders)
	case "feefilter":
		return new(MsgFeeFilter)
	case "sendcmpct":
		return new(MsgSendCmpct)
	default:
		return nil
	}
}

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
