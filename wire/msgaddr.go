package wire

import "encoding/binary"

// TimedAddr is an address in gossip.
type TimedAddr struct {
	Time uint32 // seconds since 1970 when the node was last seen, more or less
	NetAddr
}

// MsgAddr tells addresses in the original form, which has room for IP only.
type MsgAddr struct{ Addrs []TimedAddr }

// Command implements [Message].
func (*MsgAddr) Command() string { return "addr" }

// PayloadSize implements [Message].
func (m *MsgAddr) PayloadSize() int {
	return CompactSizeLen(uint64(len(m.Addrs))) + (4+netAddrSize)*len(m.Addrs)
}

// AppendPayload implements [Message]. Addresses of other networks than IP
// become the unspecified one.
func (m *MsgAddr) AppendPayload(b []byte) []byte {
	b = AppendCompactSize(b, uint64(len(m.Addrs)))
	for i := range m.Addrs {
		b = binary.LittleEndian.AppendUint32(b, m.Addrs[i].Time)
		b = m.Addrs[i].NetAddr.appendV1(b)
	}
	return b
}

func (m *MsgAddr) decode(r *reader) {
	n := r.count(MaxAddrs, 4+netAddrSize, "addresses")
	m.Addrs = make([]TimedAddr, n)
	for i := range m.Addrs {
		m.Addrs[i].Time = r.uint32("time")
		m.Addrs[i].NetAddr = r.netAddr("address")
	}
}

// MsgAddrV2 tells addresses of all networks (BIP 155).
type MsgAddrV2 struct{ Addrs []TimedAddr }

// maxAddressV2 is the longest address that BIP 155 allows, of any network.
const maxAddressV2 = 512

// Command implements [Message].
func (*MsgAddrV2) Command() string { return "addrv2" }

// PayloadSize implements [Message].
func (m *MsgAddrV2) PayloadSize() int {
	n := CompactSizeLen(uint64(len(m.Addrs)))
	for i := range m.Addrs {
		size := 16 // of the zero address too
		if s, known := m.Addrs[i].Addr.net.AddrLen(); known {
			size = s
		}
		n += 4 + CompactSizeLen(uint64(m.Addrs[i].Services)) + 2 + size + 2
	}
	return n
}

// AppendPayload implements [Message].
func (m *MsgAddrV2) AppendPayload(b []byte) []byte {
	b = AppendCompactSize(b, uint64(len(m.Addrs)))
	for i := range m.Addrs {
		a := &m.Addrs[i]
		b = binary.LittleEndian.AppendUint32(b, a.Time)
		b = AppendCompactSize(b, uint64(a.Services))
		n := a.Addr.net
		if n == NetNone {
			n = NetIPv6
		}
		size, _ := n.AddrLen()
		b = append(b, byte(n), byte(size))
		b = append(b, a.Addr.b[:size]...)
		b = binary.BigEndian.AppendUint16(b, a.Port)
	}
	return b
}

// decode reads addresses of unknown networks as the zero address, so that
// networks to come do no harm to what stands beside them.
func (m *MsgAddrV2) decode(r *reader) {
	const least = 4 + 1 + 1 + 1 + 2 // an empty address of an unknown network
	n := r.count(MaxAddrs, least, "addresses")
	m.Addrs = make([]TimedAddr, n)
	for i := range m.Addrs {
		a := &m.Addrs[i]
		a.Time = r.uint32("time")
		a.Services = ServiceFlags(r.flags("services"))
		a.Addr = r.addressV2()
		a.Port = r.port("port")
	}
}

func (r *reader) addressV2() NetworkAddress {
	n := Network(r.uint8("network"))
	size := r.claimed(maxAddressV2, 1, "address")
	if want, known := n.AddrLen(); known && size != want {
		r.fail(ErrBadAddress, n.String()+" address")
	}
	a, _ := AddressOf(n, r.next(size, "address")) // its error is that of the line above
	return a
}

// flags reads the one compact size that is no length and may have any value.
func (r *reader) flags(what string) uint64 {
	n, size, kind := compactAt(r.buf, r.pos)
	if kind != "" && kind != ErrTooLarge {
		r.fail(kind, what)
		return 0
	}
	r.pos += size
	return n
}
