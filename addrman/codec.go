package addrman

import (
	"encoding/binary"
	"math"

	"grapevine/wire"
)

// Keys; doc.go draws them.
const (
	prefixNew   = 'n'
	prefixTried = 't'
	keySecret   = "K"
	keyMap      = "M"
	keyVersion  = "V"

	storeOwner   = "grapevine peers"
	storeVersion = 1
)

func appendPlaceKey(b []byte, p place) []byte {
	prefix := byte(prefixNew)
	if p.tried() {
		prefix = prefixTried
	}
	return append(binary.BigEndian.AppendUint16(append(b, prefix), uint16(p.bucket())), byte(p.position()))
}

func parsePlaceKey(key []byte) (place, error) {
	if len(key) != 4 {
		return 0, damaged("a key of %d bytes", len(key))
	}
	bucket, position := int(binary.BigEndian.Uint16(key[1:])), int(key[3])
	switch {
	case key[0] == prefixNew && bucket < newBuckets && position < bucketSize:
		return newPlace(bucket, position), nil
	case key[0] == prefixTried && bucket < triedBuckets && position < bucketSize:
		return triedPlace(bucket, position), nil
	}
	return 0, damaged("key %x", key)
}

func appendAddress(b []byte, a wire.NetworkAddress) []byte {
	return a.AppendTo(append(b, byte(a.Network())))
}

// appendEntry appends the record of an entry.
func appendEntry(b []byte, e *entry) []byte {
	b = binary.BigEndian.AppendUint16(appendAddress(b, e.addr), e.port)
	b = appendAddress(b, e.source)
	b = binary.AppendUvarint(b, uint64(e.services))
	b = binary.AppendUvarint(b, uint64(e.seen))
	b = binary.AppendUvarint(b, uint64(e.lastSuccess))
	return binary.AppendUvarint(b, uint64(e.attempts))
}

// recordReader takes a record apart; bad is set once and for all by what does not fit.
type recordReader struct {
	b   []byte
	bad bool
}

func (r *recordReader) next(n int) []byte {
	if len(r.b) < n {
		r.bad = true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *recordReader) address() wire.NetworkAddress {
	head := r.next(1)
	if head == nil {
		return wire.NetworkAddress{}
	}
	n := wire.Network(head[0])
	size, _ := n.AddrLen()
	a, err := wire.AddressOf(n, r.next(size))
	if err != nil || a.Network() != n {
		r.bad = true // an unknown network, or an address that has another form
	}
	return a
}

func (r *recordReader) number(limit uint64) uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > limit {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// decodeEntry reads a record.
func decodeEntry(b []byte) (e entry, err error) {
	r := recordReader{b: b}
	e.addr = r.address()
	if port := r.next(2); port != nil {
		e.port = binary.BigEndian.Uint16(port)
	}
	e.source = r.address()
	e.services = wire.ServiceFlags(r.number(math.MaxUint64))
	e.seen = int64(r.number(math.MaxUint32))
	e.lastSuccess = int64(r.number(math.MaxInt64))
	e.attempts = uint32(r.number(math.MaxUint32))
	if r.bad || len(r.b) > 0 {
		return entry{}, damaged("a record of %d bytes", len(b))
	}
	return e, nil
}
