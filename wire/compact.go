package wire

import "encoding/binary"

// MaxSize bounds every length and count on the wire: 32 MiB.
const MaxSize = 0x02000000

// AppendCompactSize appends the shortest form of n: one byte below 253, else a
// marker byte and 2, 4 or 8 bytes, little endian.
func AppendCompactSize(b []byte, n uint64) []byte {
	switch {
	case n < 253:
		return append(b, byte(n))
	case n <= 0xffff:
		return append(b, 253, byte(n), byte(n>>8))
	case n <= 0xffffffff:
		return binary.LittleEndian.AppendUint32(append(b, 254), uint32(n))
	default:
		return binary.LittleEndian.AppendUint64(append(b, 255), n)
	}
}

// CompactSizeLen returns how many bytes [AppendCompactSize] appends for n.
func CompactSizeLen(n uint64) int {
	switch {
	case n < 253:
		return 1
	case n <= 0xffff:
		return 3
	case n <= 0xffffffff:
		return 5
	default:
		return 9
	}
}

// ReadCompactSize reads a length or count from the front of b and returns it
// with the number of bytes that it took. It refuses what is cut short, has a
// shorter form, or exceeds [MaxSize]; the order of these checks is that of
// the list.
func ReadCompactSize(b []byte) (n uint64, size int, err error) {
	n, size, kind := compactAt(b, 0)
	if kind != "" {
		return 0, 0, fail(kind, "compact size", 0)
	}
	return n, size, nil
}

// compactAt reads the compact size at pos, which is at most len(b). An empty
// kind means success; with ErrTooLarge n and size are there all the same. The
// single-byte case is kept small enough to be inlined into the parsing loops.
func compactAt(b []byte, pos int) (n uint64, size int, kind ErrorKind) {
	if pos < len(b) && b[pos] < 253 {
		return uint64(b[pos]), 1, ""
	}
	return longCompact(b[pos:])
}

func longCompact(b []byte) (n uint64, size int, kind ErrorKind) {
	if len(b) == 0 {
		return 0, 0, ErrTruncated
	}
	var least uint64
	switch b[0] {
	case 253:
		size, least = 3, 253
	case 254:
		size, least = 5, 0x10000
	default:
		size, least = 9, 0x100000000
	}
	if len(b) < size {
		return 0, 0, ErrTruncated
	}
	for i := size - 1; i > 0; i-- {
		n = n<<8 | uint64(b[i])
	}
	if n < least {
		return 0, 0, ErrNonCanonical
	}
	if n > MaxSize {
		return n, size, ErrTooLarge
	}
	return n, size, ""
}
