// Package dnstest answers DNS queries in tests: for the addresses of a few names, over
// UDP, and with nothing for all other names.
//
// A [Zone] is safe for concurrent use. Queries come from the test alone; what cannot
// be read is not answered.
package dnstest

import (
	"context"
	"encoding/binary"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// Zone is what a server knows.
type Zone struct {
	mu    sync.Mutex
	names map[string][]netip.Addr
	asked []string
}

// Set makes a name stand for addresses. A name without any exists all the same.
func (z *Zone) Set(name string, addrs ...netip.Addr) {
	z.mu.Lock()
	defer z.mu.Unlock()
	next := maps.Clone(z.names)
	if next == nil {
		next = map[string][]netip.Addr{}
	}
	next[key(name)] = addrs
	z.names = next
}

// Asked returns the names that were asked for, in order and each once for A and AAAA.
func (z *Zone) Asked() []string {
	z.mu.Lock()
	defer z.mu.Unlock()
	return slices.Compact(slices.Clone(z.asked))
}

func key(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// Serve answers what comes in, until the context or the connection ends.
func (z *Zone) Serve(ctx context.Context, c net.PacketConn) error {
	stop := context.AfterFunc(ctx, func() { _ = c.Close() }) // ends the read below
	defer stop()
	buf := make([]byte, 512)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if out := z.Answer(buf[:n]); out != nil {
			if _, err := c.WriteTo(out, from); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

const (
	headerSize   = 12
	typeA        = 1
	typeAAAA     = 28
	notFound     = 3
	isAnswer     = 0x8480 // response, authoritative, recursion available
	compressed   = 0xc000 | headerSize
	ttl          = 60
	classIN      = 1
	questionTail = 4 // type and class
)

// Answer returns the response to a query with one question, nil when it is none.
func (z *Zone) Answer(query []byte) []byte {
	if len(query) < headerSize || binary.BigEndian.Uint16(query[4:]) != 1 {
		return nil
	}
	var labels []string
	at := headerSize
	for at < len(query) && query[at] != 0 {
		end := at + 1 + int(query[at])
		if query[at] > 63 || end > len(query) {
			return nil
		}
		labels = append(labels, string(query[at+1:end]))
		at = end
	}
	if at++; at+questionTail > len(query) {
		return nil
	}
	kind := binary.BigEndian.Uint16(query[at:])
	addrs, known := z.lookUp(strings.Join(labels, "."), kind)
	flags := uint16(isAnswer)
	if !known {
		flags |= notFound
	}
	out := append([]byte(nil), query[:2]...)
	for _, field := range []uint16{flags, 1, uint16(len(addrs)), 0, 0} {
		out = binary.BigEndian.AppendUint16(out, field)
	}
	out = append(out, query[headerSize:at+questionTail]...)
	for _, a := range addrs {
		out = binary.BigEndian.AppendUint16(out, compressed)
		out = binary.BigEndian.AppendUint16(out, kind)
		out = binary.BigEndian.AppendUint16(out, classIN)
		out = binary.BigEndian.AppendUint32(out, ttl)
		out = binary.BigEndian.AppendUint16(out, uint16(a.BitLen()/8))
		out = append(out, a.AsSlice()...)
	}
	return out
}

func (z *Zone) lookUp(name string, kind uint16) (addrs []netip.Addr, known bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.asked = append(z.asked, key(name))
	all, known := z.names[key(name)]
	for _, a := range all {
		if a.Is4() && kind == typeA || a.Is6() && kind == typeAAAA {
			addrs = append(addrs, a)
		}
	}
	return addrs, known
}
