package wire

import (
	"reflect"
	"runtime"
	"testing"
)

func TestFootprintConstants(t *testing.T) {
	for _, tc := range []struct {
		value any
		size  uintptr
	}{{Tx{}, txBytes}, {TxIn{}, inBytes}, {TxOut{}, outBytes}, {[]byte{}, itemBytes}} {
		if got := reflect.TypeOf(tc.value).Size(); got > tc.size || got+8 < tc.size {
			t.Errorf("%T takes %d bytes, %d are reckoned with", tc.value, got, tc.size)
		}
	}
}

// The footprint is what decoding takes, whatever the shape.
func TestFootprint(t *testing.T) {
	thin := Tx{Version: 2, In: []TxIn{{}}, Out: []TxOut{{}}}
	witness := Tx{Version: 2, In: []TxIn{{Witness: make([][]byte, 50_000)}}, Out: []TxOut{{}}}
	many := make([]Tx, 2000)
	for i := range many {
		many[i] = thin
	}
	headers := &MsgHeaders{Headers: make([]Header, MaxHeaders)}
	addrs := &MsgAddr{Addrs: make([]TimedAddr, MaxAddrs)}
	for _, m := range []Message{
		&MsgTx{Tx: witness.Seal()}, &MsgBlock{Block: NewBlock(Header{}, many)}, &MsgBlock{Block: NewBlock(Header{}, []Tx{witness})},
		&MsgBlockTxn{Txs: many}, headers, addrs, &MsgInv{Items: make([]Inv, MaxInv)}, &MsgGetBlockTxn{Indexes: indexes(5000)},
		&MsgUnknown{Name: "x", Data: make([]byte, 100_000)}, emptyAddresses(),
	} {
		payload := m.AppendPayload(nil)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		got, err := DecodeMessage(m.Command(), payload)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatalf("%s: %v", m.Command(), err)
		}
		runtime.KeepAlive(got)
		took := int(after.TotalAlloc-before.TotalAlloc) + len(payload)
		claim := Footprint(m.Command(), payload)
		if took > claim*5/4+4096 { // size classes of the allocator
			t.Errorf("%s of %d bytes takes %d, %d were claimed", m.Command(), len(payload), took, claim)
		}
		if n := testing.AllocsPerRun(10, func() { Footprint(m.Command(), payload) }); n != 0 {
			t.Errorf("%s: %v allocations", m.Command(), n)
		}
	}
}

// emptyAddresses is an addrv2 that takes the most memory for its length.
func emptyAddresses() Message {
	payload := AppendCompactSize(nil, MaxAddrs)
	for range MaxAddrs {
		payload = append(payload, 0, 0, 0, 0, 0, 99, 0, 0, 0) // time, services, network, length, port
	}
	return &MsgUnknown{Name: "addrv2", Data: payload}
}

func indexes(n uint16) (list []uint16) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

// What is malformed costs its bytes, and no more than a walk.
func TestFootprintOfMalformed(t *testing.T) {
	for _, command := range []string{"tx", "block", "blocktxn"} {
		for _, payload := range [][]byte{nil, {1}, make([]byte, 200)[:81:81], append(make([]byte, 80), 0xfe, 0xff, 0xff, 0xff, 0x01)} {
			if got := Footprint(command, payload); got > 4*len(payload)+txBytes+endBytes {
				t.Errorf("%s of %d bytes: %d", command, len(payload), got)
			}
		}
	}
}

func BenchmarkFootprint(b *testing.B) {
	many := make([]Tx, 3000)
	for i := range many {
		many[i] = Tx{
			Version: 2, In: []TxIn{{Witness: [][]byte{make([]byte, 72), make([]byte, 33)}}, {Witness: [][]byte{make([]byte, 72), make([]byte, 33)}}},
			Out: []TxOut{{PkScript: make([]byte, 22)}, {PkScript: make([]byte, 22)}},
		}
	}
	payload := NewBlock(Header{}, many).Raw()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		Footprint("block", payload)
	}
	b.ReportMetric(float64(Footprint("block", payload))/float64(len(payload)), "ratio")
}
