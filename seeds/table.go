package seeds

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"grapevine/wire"
)

// A table of addresses is a list of sections, each of one network in the order of
// BIP 155's numbers:
//
//	network (1 byte) | count (2, big endian) | count times: address | port (2, big endian)
//
// An address is as long as its network says. Addresses within a section ascend, so
// that one list has one table.

// ErrTable: bytes that are no table of addresses.
var ErrTable = errors.New("seeds: damaged table of addresses")

// maxSection is what the count has room for.
const maxSection = 1<<16 - 1

// AppendTable appends the table of these addresses, of which doubles are dropped.
func AppendTable(b []byte, list []wire.NetAddr) ([]byte, error) {
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, compare)
	sorted = slices.Compact(sorted)
	for len(sorted) > 0 {
		n := sorted[0].Addr.Network()
		size := slices.IndexFunc(sorted, func(a wire.NetAddr) bool { return a.Addr.Network() != n })
		if size < 0 {
			size = len(sorted)
		}
		if n == wire.NetNone || size > maxSection {
			return nil, fmt.Errorf("seeds: %d addresses of network %s do not go into a table", size, n)
		}
		b = binary.BigEndian.AppendUint16(append(b, byte(n)), uint16(size))
		for _, a := range sorted[:size] {
			b = binary.BigEndian.AppendUint16(append(b, a.Addr.Bytes()...), a.Port)
		}
		sorted = sorted[size:]
	}
	return b, nil
}

func compare(a, b wire.NetAddr) int {
	return cmp.Or(cmp.Compare(a.Addr.Network(), b.Addr.Network()), bytes.Compare(a.Addr.Bytes(), b.Addr.Bytes()), cmp.Compare(a.Port, b.Port))
}

// DecodeTable reads what [AppendTable] wrote. It allocates for what is there only.
func DecodeTable(b []byte) ([]wire.NetAddr, error) {
	var list []wire.NetAddr
	for len(b) > 0 {
		if len(b) < 3 {
			return nil, fmt.Errorf("%w: it ends within a header", ErrTable)
		}
		n, count := wire.Network(b[0]), int(binary.BigEndian.Uint16(b[1:]))
		size, _ := n.AddrLen()
		if size == 0 || count == 0 {
			return nil, fmt.Errorf("%w: %d addresses of network %d", ErrTable, count, n)
		}
		if b = b[3:]; len(b) < count*(size+2) {
			return nil, fmt.Errorf("%w: it ends within the addresses of network %s", ErrTable, n)
		}
		list = slices.Grow(list, count)
		for range count {
			addr, err := wire.AddressOf(n, b[:size])
			if err != nil || addr.Network() != n {
				return nil, fmt.Errorf("%w: an address that is not one of %s", ErrTable, n)
			}
			a := wire.NetAddr{Addr: addr, Port: binary.BigEndian.Uint16(b[size:])}
			if len(list) > 0 && compare(list[len(list)-1], a) >= 0 {
				return nil, fmt.Errorf("%w: addresses do not ascend", ErrTable)
			}
			list = append(list, a)
			b = b[size+2:]
		}
	}
	return list, nil
}

const (
	// maxLine and maxLines bound a list in text: 10 MB at the worst.
	maxLine  = 200
	maxLines = 50_000
)

// ParseList reads a list in text: an address a line, with or without a port, "#"
// begins a comment. Addresses within fc00::/8 are taken as those of CJDNS, which
// nobody else can be reached at. Names are refused.
func ParseList(r io.Reader, defaultPort uint16) ([]wire.NetAddr, error) {
	var list []wire.NetAddr
	scan := bufio.NewScanner(r)
	scan.Buffer(make([]byte, 0, maxLine), maxLine)
	for line := 1; scan.Scan(); line++ {
		if line > maxLines {
			return nil, fmt.Errorf("seeds: more than %d lines", maxLines)
		}
		text, _, _ := strings.Cut(scan.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		a, err := wire.ParseNetAddr(text, defaultPort)
		if err == nil {
			a.Addr = a.Addr.AsCJDNS()
		}
		if err != nil || !a.Addr.Valid() {
			return nil, fmt.Errorf("seeds: line %d: %q is not the address of a node", line, text)
		}
		list = append(list, a)
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("seeds: %w", err)
	}
	return list, nil
}
