package addrman

import (
	"crypto/sha256"
	"encoding/binary"

	"grapevine/internal/netgroup"
	"grapevine/wire"
)

// The shape of the tables, Bitcoin Core's.
const (
	newBuckets   = 1024
	triedBuckets = 256
	bucketSize   = 64

	newPlaces   = newBuckets * bucketSize
	triedPlaces = triedBuckets * bucketSize
	allPlaces   = newPlaces + triedPlaces

	// newPerSource is how many new buckets the addresses of one source group can
	// be in, triedPerGroup how many tried ones those of one group.
	newPerSource  = 64
	triedPerGroup = 8
	// maxRefs is how many new buckets one address can be in.
	maxRefs = 8
)

// place is a position in a table: of the new one first, bucket after bucket, then of
// the tried one.
type place int32

func newPlace(bucket, position int) place   { return place(bucket*bucketSize + position) }
func triedPlace(bucket, position int) place { return newPlaces + place(bucket*bucketSize+position) }

func (p place) tried() bool { return p >= newPlaces }

func (p place) bucket() int {
	if p.tried() {
		p -= newPlaces
	}
	return int(p) / bucketSize
}

func (p place) position() int { return int(p) % bucketSize }

// Key is the secret that decides which address belongs into which bucket. Who knows
// it can aim at buckets.
type Key [32]byte

// room is large enough for everything that is hashed: a key, a letter, a number and
// either an address or two groups.
type room [96]byte

// appendBytes appends a string of bytes as Core serialises it. It is short.
func appendBytes(b, s []byte) []byte { return append(append(b, byte(len(s))), s...) }

// sum is what Core computes, so that its vectors hold: the first eight bytes of the
// double SHA-256 as a little-endian number.
func sum(b []byte) uint64 {
	once := sha256.Sum256(b)
	twice := sha256.Sum256(once[:])
	return binary.LittleEndian.Uint64(twice[:])
}

// appendKey appends what stands for address and port: IPv4 in its IPv6 form.
func appendKey(b []byte, a wire.NetworkAddress, port uint16) []byte {
	if a.Network() == wire.NetIPv4 {
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff)
	}
	return binary.BigEndian.AppendUint16(a.AppendTo(b), port)
}

// newBucket returns the bucket for an address that source told of.
func (k *Key) newBucket(g *netgroup.Groups, a, source wire.NetworkAddress) int {
	var r room
	var r1, r2 [16]byte
	from := g.AppendGroup(r1[:0], source)
	b := appendBytes(append(r[:0], k[:]...), g.AppendGroup(r2[:0], a))
	n := sum(appendBytes(b, from)) % newPerSource
	b = appendBytes(append(r[:0], k[:]...), from)
	return int(sum(binary.LittleEndian.AppendUint64(b, n)) % newBuckets)
}

// triedBucket returns the bucket for an address that was reached.
func (k *Key) triedBucket(g *netgroup.Groups, a wire.NetworkAddress, port uint16) int {
	var r room
	var r1 [40]byte
	n := sum(appendBytes(append(r[:0], k[:]...), appendKey(r1[:0], a, port))) % triedPerGroup
	b := appendBytes(append(r[:0], k[:]...), g.AppendGroup(r1[:0], a))
	return int(sum(binary.LittleEndian.AppendUint64(b, n)) % triedBuckets)
}

// position returns the only position of a bucket that an address can have.
func (k *Key) position(tried bool, bucket int, a wire.NetworkAddress, port uint16) int {
	var r room
	var r1 [40]byte
	letter := byte('N')
	if tried {
		letter = 'K'
	}
	b := binary.LittleEndian.AppendUint32(append(append(r[:0], k[:]...), letter), uint32(bucket))
	return int(sum(appendBytes(b, appendKey(r1[:0], a, port))) % bucketSize)
}
