package wire

import "encoding/binary"

// MsgPing asks for a pong with the same nonce (BIP 31).
type MsgPing struct {
	Nonce uint64
	// Short: no nonce, as up to protocol version 60000, when no answer was
	// due. It is an error of a peer that speaks a later one.
	Short bool
}

// Command implements [Message].
func (*MsgPing) Command() string { return "ping" }

// PayloadSize implements [Message].
func (m *MsgPing) PayloadSize() int { return nonceSize(m.Short) }

// AppendPayload implements [Message].
func (m *MsgPing) AppendPayload(b []byte) []byte { return appendNonce(b, m.Nonce, m.Short) }

func (m *MsgPing) decode(r *reader) {
	if m.Short = r.left() == 0; !m.Short {
		m.Nonce = r.uint64("nonce")
	}
}

// MsgPong answers a ping.
type MsgPong struct {
	Nonce uint64
	Short bool // fewer than 8 bytes came: it answers nothing
}

// Command implements [Message].
func (*MsgPong) Command() string { return "pong" }

// PayloadSize implements [Message].
func (m *MsgPong) PayloadSize() int { return nonceSize(m.Short) }

// AppendPayload implements [Message].
func (m *MsgPong) AppendPayload(b []byte) []byte { return appendNonce(b, m.Nonce, m.Short) }

func (m *MsgPong) decode(r *reader) {
	if m.Short = r.left() < 8; !m.Short {
		m.Nonce = r.uint64("nonce")
	}
}

func nonceSize(short bool) int {
	if short {
		return 0
	}
	return 8
}

func appendNonce(b []byte, nonce uint64, short bool) []byte {
	if short {
		return b
	}
	return binary.LittleEndian.AppendUint64(b, nonce)
}

// MsgFeeFilter asks for no transaction below a feerate (BIP 133). One outside
// the range of money is passed over by its receiver.
type MsgFeeFilter struct{ Rate FeeRate }

// Command implements [Message].
func (*MsgFeeFilter) Command() string { return "feefilter" }

// PayloadSize implements [Message].
func (*MsgFeeFilter) PayloadSize() int { return 8 }

// AppendPayload implements [Message].
func (m *MsgFeeFilter) AppendPayload(b []byte) []byte {
	return binary.LittleEndian.AppendUint64(b, uint64(m.Rate))
}

func (m *MsgFeeFilter) decode(r *reader) { m.Rate = FeeRate(r.uint64("rate")) }

// MsgSendCmpct offers compact blocks (BIP 152).
type MsgSendCmpct struct {
	HighBandwidth bool // announce blocks by cmpctblock, unasked
	Version       uint64
}

// Command implements [Message].
func (*MsgSendCmpct) Command() string { return "sendcmpct" }

// PayloadSize implements [Message].
func (*MsgSendCmpct) PayloadSize() int { return 9 }

// AppendPayload implements [Message].
func (m *MsgSendCmpct) AppendPayload(b []byte) []byte {
	return binary.LittleEndian.AppendUint64(appendBool(b, m.HighBandwidth), m.Version)
}

// decode holds the truth value to 0 and 1, as BIP 152 demands.
func (m *MsgSendCmpct) decode(r *reader) {
	announce := r.uint8("announce")
	m.Version = r.uint64("version")
	m.HighBandwidth = announce == 1
	if announce > 1 {
		r.fail(ErrBadValue, "announce")
	}
}
