package wire

import "encoding/binary"

// MsgVersion opens a connection in each direction.
type MsgVersion struct {
	Version  int32
	Services ServiceFlags // what the sender offers
	Time     int64        // seconds since 1970 by its clock; may be negative
	To       NetAddr      // the receiver, as the sender sees it
	From     NetAddr      // the sender; zero from all that care for privacy
	Nonce    uint64       // to recognise a connection to oneself
	// UserAgent is as it came: any bytes (BIP 14 says what it should be).
	UserAgent   string
	StartHeight int32 // of the sender's tip
	Relay       bool  // whether transactions are wanted (BIP 37)
}

// Command implements [Message].
func (*MsgVersion) Command() string { return "version" }

// PayloadSize implements [Message].
func (m *MsgVersion) PayloadSize() int {
	return 20 + 2*netAddrSize + 8 + CompactSizeLen(uint64(len(m.UserAgent))) + len(m.UserAgent) + 5
}

// AppendPayload implements [Message].
func (m *MsgVersion) AppendPayload(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(m.Version))
	b = binary.LittleEndian.AppendUint64(b, uint64(m.Services))
	b = binary.LittleEndian.AppendUint64(b, uint64(m.Time))
	b = m.From.appendV1(m.To.appendV1(b))
	b = binary.LittleEndian.AppendUint64(b, m.Nonce)
	b = AppendCompactSize(b, uint64(len(m.UserAgent)))
	b = append(b, m.UserAgent...)
	b = binary.LittleEndian.AppendUint32(b, uint32(m.StartHeight))
	return appendBool(b, m.Relay)
}

// decode reads the fields that all versions have, then those that were
// appended over time. Each group may be missing, but not be cut: a sender
// that leaves them out has nonce 1, no name, no height and wants transactions.
func (m *MsgVersion) decode(r *reader) {
	m.Version = int32(r.uint32("version"))
	m.Services = ServiceFlags(r.uint64("services"))
	m.Time = int64(r.uint64("time"))
	m.To = r.netAddr("receiver")
	m.Nonce, m.StartHeight, m.Relay = 1, -1, true
	if r.left() > 0 {
		m.From = r.netAddr("sender")
		m.Nonce = r.uint64("nonce")
	}
	if r.left() > 0 {
		m.UserAgent = string(r.sized(MaxUserAgent, "user agent"))
	}
	if r.left() > 0 {
		m.StartHeight = int32(r.uint32("height"))
	}
	if r.left() > 0 {
		m.Relay = r.bool("relay")
	}
}

// MsgSendTxRcncl offers set reconciliation (BIP 330).
type MsgSendTxRcncl struct {
	Version uint32
	Salt    uint64
}

// Command implements [Message].
func (*MsgSendTxRcncl) Command() string { return "sendtxrcncl" }

// PayloadSize implements [Message].
func (*MsgSendTxRcncl) PayloadSize() int { return 12 }

// AppendPayload implements [Message].
func (m *MsgSendTxRcncl) AppendPayload(b []byte) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(b, m.Version), m.Salt)
}

func (m *MsgSendTxRcncl) decode(r *reader) {
	m.Version = r.uint32("version")
	m.Salt = r.uint64("salt")
}

// MsgFeature offers an optional part of the protocol (BIP 434).
type MsgFeature struct {
	ID   string // 4 to 80 bytes
	Data []byte // at most 512 bytes
}

// Command implements [Message].
func (*MsgFeature) Command() string { return "feature" }

// PayloadSize implements [Message].
func (m *MsgFeature) PayloadSize() int {
	return CompactSizeLen(uint64(len(m.ID))) + len(m.ID) + sizedLen(m.Data)
}

// AppendPayload implements [Message].
func (m *MsgFeature) AppendPayload(b []byte) []byte {
	b = append(AppendCompactSize(b, uint64(len(m.ID))), m.ID...)
	return appendSized(b, m.Data)
}

// decode is strict about the end: BIP 434 makes anything else than the two
// fields a reason to disconnect.
func (m *MsgFeature) decode(r *reader) {
	m.ID = string(r.sized(MaxFeatureID, "identifier"))
	m.Data = r.sized(MaxFeatureData, "data")
	switch {
	case len(m.ID) < MinFeatureID:
		r.fail(ErrLimit, "identifier")
	case r.left() > 0:
		r.fail(ErrTrailing, "end")
	}
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}
