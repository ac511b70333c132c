package wire

import "encoding/binary"

// MsgInv announces blocks and transactions.
type MsgInv struct{ Items []Inv }

// MsgGetData asks for blocks and transactions.
type MsgGetData struct{ Items []Inv }

// MsgNotFound says which of the asked for transactions cannot be had. Only the
// payload bounds its length.
type MsgNotFound struct{ Items []Inv }

// Command implements [Message].
func (*MsgInv) Command() string { return "inv" }

// PayloadSize implements [Message].
func (m *MsgInv) PayloadSize() int { return invsSize(m.Items) }

// AppendPayload implements [Message].
func (m *MsgInv) AppendPayload(b []byte) []byte { return appendInvs(b, m.Items) }

func (m *MsgInv) decode(r *reader) { m.Items = r.invs(MaxInv) }

// Command implements [Message].
func (*MsgGetData) Command() string { return "getdata" }

// PayloadSize implements [Message].
func (m *MsgGetData) PayloadSize() int { return invsSize(m.Items) }

// AppendPayload implements [Message].
func (m *MsgGetData) AppendPayload(b []byte) []byte { return appendInvs(b, m.Items) }

func (m *MsgGetData) decode(r *reader) { m.Items = r.invs(MaxInv) }

// Command implements [Message].
func (*MsgNotFound) Command() string { return "notfound" }

// PayloadSize implements [Message].
func (m *MsgNotFound) PayloadSize() int { return invsSize(m.Items) }

// AppendPayload implements [Message].
func (m *MsgNotFound) AppendPayload(b []byte) []byte { return appendInvs(b, m.Items) }

func (m *MsgNotFound) decode(r *reader) { m.Items = r.invs(MaxSize) }

func invsSize(list []Inv) int { return CompactSizeLen(uint64(len(list))) + invSize*len(list) }

func appendInvs(b []byte, list []Inv) []byte {
	b = AppendCompactSize(b, uint64(len(list)))
	for i := range list {
		b = list[i].appendTo(b)
	}
	return b
}

func (r *reader) invs(most int) []Inv {
	n := r.count(most, invSize, "items")
	raw := r.next(n*invSize, "items")
	list := make([]Inv, n)
	for i := range list {
		item := raw[i*invSize:][:invSize]
		list[i].Type = InvType(binary.LittleEndian.Uint32(item))
		copy(list[i].hash[:], item[4:])
	}
	return list
}
