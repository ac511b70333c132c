package wire_test

import (
	"testing"

	. "grapevine/wire"
)

func benchMessages(b *testing.B) map[string]Message {
	raw := readShared(b, "blocks/mainnet-413567.raw")
	block, err := DecodeBlock(raw)
	if err != nil {
		b.Fatal(err)
	}
	return map[string]Message{
		"headers2000": &MsgHeaders{Headers: make([]Header, MaxHeaders)},
		"inv50000":    &MsgInv{Items: make([]Inv, MaxInv)},
		"addrv2-1000": &MsgAddrV2{Addrs: make([]TimedAddr, MaxAddrs)},
		"block":       &MsgBlock{Block: block},
		"ping":        &MsgPing{},
	}
}

func BenchmarkDecodeMessage(b *testing.B) {
	for name, m := range benchMessages(b) {
		raw := m.AppendPayload(nil)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := DecodeMessage(m.Command(), raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendMessage(b *testing.B) {
	for name, m := range benchMessages(b) {
		buf := make([]byte, 0, m.PayloadSize())
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(m.PayloadSize()))
			b.ReportAllocs()
			for b.Loop() {
				m.AppendPayload(buf)
			}
		})
	}
}
