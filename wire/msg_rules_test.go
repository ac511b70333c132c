package wire_test

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"

	. "grapevine/wire"
)

// TestMessageLimits decodes each list at its limit and one above.
func TestMessageLimits(t *testing.T) {
	header := Header{Bits: 1}
	prefill := func(n int) (list []PrefilledTx) {
		for i := range n {
			list = append(list, PrefilledTx{Index: uint16(i), Tx: Tx{In: []TxIn{{}}}})
		}
		return list
	}
	for _, c := range []struct {
		name  string
		limit int
		make  func(n int) Message
	}{
		{"inv", 50_000, func(n int) Message { return &MsgInv{Items: make([]Inv, n)} }},
		{"getdata", 50_000, func(n int) Message { return &MsgGetData{Items: make([]Inv, n)} }},
		{"headers", 2000, func(n int) Message { return &MsgHeaders{Headers: make([]Header, n)} }},
		{"getheaders", 101, func(n int) Message { return &MsgGetHeaders{Locator: make([]BlockHash, n)} }},
		{"getblocks", 101, func(n int) Message { return &MsgGetBlocks{Locator: make([]BlockHash, n)} }},
		{"addr", 1000, func(n int) Message { return &MsgAddr{Addrs: make([]TimedAddr, n)} }},
		{"addrv2", 1000, func(n int) Message { return &MsgAddrV2{Addrs: make([]TimedAddr, n)} }},
		{"user agent", 256, func(n int) Message { return &MsgVersion{UserAgent: strings.Repeat("x", n)} }},
		{"feature identifier", 80, func(n int) Message { return &MsgFeature{ID: strings.Repeat("x", n)} }},
		{"feature data", 512, func(n int) Message { return &MsgFeature{ID: "four", Data: make([]byte, n)} }},
		{"bloom filter", 36_000, func(n int) Message { return &MsgFilterLoad{Data: make([]byte, n)} }},
		{"hash functions", 50, func(n int) Message { return &MsgFilterLoad{HashFuncs: uint32(n)} }},
		{"bloom element", 520, func(n int) Message { return &MsgFilterAdd{Data: make([]byte, n)} }},
		{"filter headers", 2000, func(n int) Message { return &MsgCFHeaders{Hashes: make([]FilterHash, n)} }},
		{"short identifiers", 65535, func(n int) Message { return &MsgCmpctBlock{Header: header, ShortIDs: make([]ShortID, n)} }},
		{"prefilled", 65535, func(n int) Message { return &MsgCmpctBlock{Header: header, Prefilled: prefill(n)} }},
		{"both", 65535, func(n int) Message {
			return &MsgCmpctBlock{Header: header, ShortIDs: make([]ShortID, n-2), Prefilled: prefill(2)}
		}},
		{"block transactions", 65536, func(n int) Message { return &MsgBlockTxn{Txs: make([]Tx, n)} }},
	} {
		m := c.make(c.limit)
		if _, err := DecodeMessage(m.Command(), m.AppendPayload(nil)); err != nil {
			t.Errorf("%s at the limit: %v", c.name, err)
		}
		m = c.make(c.limit + 1)
		if _, err := DecodeMessage(m.Command(), m.AppendPayload(nil)); !errors.Is(err, ErrLimit) {
			t.Errorf("%s above the limit: %v", c.name, err)
		}
	}
	for _, m := range []Message{&MsgInv{Items: make([]Inv, MaxInv)}, &MsgHeaders{Headers: make([]Header, MaxHeaders)}} {
		if m.PayloadSize() > MaxPayload {
			t.Errorf("a full %s does not fit a frame", m.Command())
		}
	}
}

// TestMessageRules: what is refused although it is complete, and what is
// accepted although it is odd.
func TestMessageRules(t *testing.T) {
	hash, header := strings.Repeat("11", 32), strings.Repeat("00", 72)+"ffff001d"+"00000000"
	const emptyTx, oneTx = "01000000" + "00" + "00" + "00000000", "01000000" + "0001" + "01"
	tx := "01000000" + "01" + strings.Repeat("00", 36) + "00" + "ffffffff" + "00" + "00000000"
	cmpct := header + strings.Repeat("00", 8)
	address := strings.Repeat("00", 26)
	version := "81110100" + strings.Repeat("00", 16) + address
	for _, c := range []struct {
		name, command, payload string
		want                   error
	}{
		{"more than nothing", "verack", "00", nil},
		{"more than a nonce", "ping", "000000000000000000", nil},
		{"half a nonce", "ping", "00000000", ErrTruncated},
		{"half an answer", "pong", "00000000", nil},
		{"announce 1", "sendcmpct", "010200000000000000", nil},
		{"inv cut short of more than it may hold", "inv", "fd51c3" + strings.Repeat("00", 36), ErrTruncated},
		{"addresses cut short of more than they may be", "addr", "fde903" + strings.Repeat("00", 30), ErrTruncated},
		{"headers cut short of more than they may be", "headers", "fdd107", ErrLimit},
		{"announce 2", "sendcmpct", "020200000000000000", ErrBadValue},
		{"short version", "version", version, nil},
		{"version without sender", "version", version[:len(version)-2], ErrTruncated},
		{"version with half a nonce", "version", version + address + "00", ErrTruncated},
		{"version with nonce", "version", version + address + "0100000000000000", nil},
		{"version with name", "version", version + address + "0100000000000000" + "0141", nil},
		{"version with half a height", "version", version + address + "0100000000000000" + "0141" + "0000", ErrTruncated},
		{"version with height", "version", version + address + "0100000000000000" + "0141" + "00000000", nil},
		{"version with more", "version", version + address + "0100000000000000" + "0141" + "00000000" + "01" + "ffff", nil},
		{"feature", "feature", "0474657374" + "00", nil},
		{"feature with short name", "feature", "03746573" + "00", ErrLimit},
		{"feature with more", "feature", "0474657374" + "00" + "00", ErrTrailing},
		{"inv without items", "inv", "00", nil},
		{"inv with less", "inv", "02" + "01000000" + hash, ErrTruncated},
		{"inv with more", "inv", "01" + "01000000" + hash + "00", nil},
		{"inv, count too long", "inv", "fd0100" + "01000000" + hash, ErrNonCanonical},
		{"inv, count too large", "inv", "fe01000002", ErrTooLarge},
		{"headers with transactions", "headers", "01" + header + "fdfd00", nil},
		{"headers, count cut", "headers", "02" + header + "00" + header + "fd", ErrTruncated},
		{"headers without counts", "headers", "01" + header, ErrTruncated},
		{"tx with more", "tx", tx + "00", nil},
		{"tx cut", "tx", tx[:len(tx)-2], ErrTruncated},
		{"block with more", "block", header + "01" + tx + "ff", nil},
		{"block cut", "block", header + "02" + tx, ErrTruncated},
		{"compact block", "cmpctblock", cmpct + "00" + "01" + "00" + tx, nil},
		{"compact block of nothing", "cmpctblock", cmpct + "00" + "00", ErrBadValue},
		{"compact block without bits", "cmpctblock", strings.Repeat("00", 88) + "00" + "01" + "00" + tx, ErrBadValue},
		{"compact block, prefilled beyond", "cmpctblock", cmpct + "00" + "01" + "01" + tx, ErrBadIndex},
		{"compact block, second beyond", "cmpctblock", cmpct + "01" + "000000000000" + "02" + "00" + tx + "02" + tx, ErrBadIndex},
		{"compact block, second last", "cmpctblock", cmpct + "01" + "000000000000" + "02" + "00" + tx + "01" + tx, nil},
		{"compact block, empty transaction", "cmpctblock", cmpct + "00" + "01" + "00" + emptyTx + "00", ErrBadValue},
		{"compact block, cut transaction", "cmpctblock", cmpct + "00" + "01" + "00" + tx[:len(tx)-2], ErrTruncated},
		{"blocktxn with an odd witness", "blocktxn", hash + "01" + oneTx + strings.Repeat("00", 41) + "00" + "00" + "00000000", ErrSuperfluousWitness},
		{"indexes", "getblocktxn", hash + "02" + "fdfeff" + "00", nil},
		{"indexes, beyond", "getblocktxn", hash + "02" + "fdffff" + "00", ErrBadIndex},
		{"indexes, far beyond", "getblocktxn", hash + "01" + "fe00000100", ErrBadIndex},
		{"filter type unknown", "getcfilters", "ff" + "00000000" + hash, nil},
		{"address of nothing", "addrv2", "01" + "00000000" + "00" + "aa00" + "0000", nil},
		{"services of 64 bits", "addrv2", "01" + "00000000" + "ff0000000001000000" + "aa00" + "0000", nil},
		{"services too long", "addrv2", "01" + "00000000" + "ffffffffff00000000" + "aa00" + "0000", ErrNonCanonical},
		{"services cut", "addrv2", "01" + "00000000" + "ff00000000", ErrTruncated},
		{"address missing", "addrv2", "02" + "00000000" + "00" + "aa07" + "00000000000000" + "0000" + "00000000", ErrTruncated},
		{"no fee", "feefilter", "ffffffffffffffff", nil},
	} {
		_, err := DecodeMessage(c.command, unhex(t, c.payload))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestVersionWithoutLaterFields: a sender that leaves fields out has the values
// that stand for them.
func TestVersionWithoutLaterFields(t *testing.T) {
	full := &MsgVersion{Version: 70015, Nonce: 5, UserAgent: "/a/", StartHeight: 9, Relay: false}
	raw := full.AppendPayload(nil)
	for _, c := range []struct {
		size int
		want MsgVersion
	}{
		{46, MsgVersion{Version: 70015, Nonce: 1, StartHeight: -1, Relay: true}},
		{80, MsgVersion{Version: 70015, Nonce: 5, StartHeight: -1, Relay: true}},
		{84, MsgVersion{Version: 70015, Nonce: 5, UserAgent: "/a/", StartHeight: -1, Relay: true}},
		{88, MsgVersion{Version: 70015, Nonce: 5, UserAgent: "/a/", StartHeight: 9, Relay: true}},
		{89, *full},
	} {
		msg, err := DecodeMessage("version", raw[:c.size])
		if err != nil || *msg.(*MsgVersion) != c.want {
			t.Errorf("%d bytes: %+v, %v", c.size, msg, err)
		}
	}
}

func TestMessagesWithoutWitness(t *testing.T) {
	tx := Tx{In: []TxIn{{Witness: [][]byte{{1}}}}, Out: []TxOut{{Value: 1}}}
	block := NewBlock(Header{Version: 1}, []Tx{tx, *tx.Clone()})
	bare := tx.Clone()
	bare.In[0].Witness = nil
	for _, c := range []struct {
		m    Message
		want []byte
	}{
		{&MsgTx{Tx: &tx, NoWitness: true}, bare.AppendTo(nil)},
		{&MsgBlock{Block: block, NoWitness: true}, NewBlock(block.Header, []Tx{*bare, *bare.Clone()}).Raw()},
	} {
		if got := c.m.AppendPayload(nil); !bytes.Equal(got, c.want) || c.m.PayloadSize() != len(got) {
			t.Errorf("%s: %x, want %x; says %d", c.m.Command(), got, c.want, c.m.PayloadSize())
		}
	}
}

func TestBlockMessageKeepsNothingBehindTheBlock(t *testing.T) {
	raw := NewBlock(Header{}, []Tx{{In: []TxIn{{}}, Out: []TxOut{{}}}}).Raw()
	msg, err := DecodeMessage("block", append(bytes.Clone(raw), 1, 2, 3))
	if err != nil {
		t.Fatal(err)
	}
	if got := msg.(*MsgBlock).Block.Raw(); !bytes.Equal(got, raw) || cap(got) != len(raw) {
		t.Errorf("%x of capacity %d", got, cap(got))
	}
}

func TestInvAccessors(t *testing.T) {
	block, tx, wtx := InvOfBlock(BlockHash{1}), InvOfTx(ByTxid(Txid{2})), InvOfTx(ByWtxid(Wtxid{3}))
	for _, c := range []struct {
		inv  Inv
		typ  InvType
		name string
	}{
		{block, 2, "block"}, {block.WithWitness(), 2 | 1<<30, "witness-block"}, {block.As(InvCmpctBlock), 4, "cmpctblock"},
		{block.As(InvFilteredBlock).WithWitness(), 3, "merkleblock"}, {tx, 1, "tx"}, {tx.WithWitness(), 1 | 1<<30, "witness-tx"},
		{wtx, 5, "wtx"}, {wtx.WithWitness(), 5, "wtx"}, {block.As(77), 77, "0x4d"}, {Inv{}, 0, "0x0"},
	} {
		if c.inv.Type != c.typ || c.inv.Type.String() != c.name || !strings.HasPrefix(c.inv.String(), c.name+" ") {
			t.Errorf("%s: type %d, %s", c.name, c.inv.Type, c.inv)
		}
		hash, isBlock := c.inv.BlockHash()
		id, isTx := c.inv.GenTxid()
		if isBlock != c.inv.IsBlock() || isTx != c.inv.IsTx() || isBlock && isTx {
			t.Errorf("%s: block %v, tx %v", c.name, isBlock, isTx)
		}
		if isBlock != (hash == BlockHash{1}) || isTx != (id == ByTxid(Txid{2}) || id == ByWtxid(Wtxid{3})) {
			t.Errorf("%s: %v, %v", c.name, hash, id)
		}
		known := c.name[0] != '0'
		if known != (isBlock || isTx) {
			t.Errorf("%s names nothing", c.name)
		}
	}
}

// bytesPerRun returns how much memory one call takes at most, over a few.
func bytesPerRun(f func()) uint64 {
	const runs = 4
	var before, after runtime.MemStats
	f()
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / runs
}

// TestClaimsTakeNoMemory: counts with nothing behind them.
func TestClaimsTakeNoMemory(t *testing.T) {
	for _, command := range Commands() {
		for _, lead := range []int{0, 4, 32, 65, 80, 84, 88, 89} {
			for _, claim := range []string{"fe00000002", "feffff0100", "fdffff", "fd50c3"} {
				payload := append(make([]byte, lead), unhex(t, claim)...)
				if n := bytesPerRun(func() { _, _ = DecodeMessage(command, payload) }); n > 1024 {
					t.Errorf("%s: a claim of %s behind %d bytes takes %d bytes", command, claim, lead, n)
				}
			}
		}
	}
}

// TestDecodeAllocations: a list costs one allocation, whatever its length;
// message and reader two.
func TestDecodeAllocations(t *testing.T) {
	tx := (&Tx{In: []TxIn{{Witness: [][]byte{{1}, {2}}}}, Out: []TxOut{{}, {}}}).Seal()
	txs := make([]Tx, 500)
	for i := range txs {
		txs[i] = *tx
	}
	for _, c := range []struct {
		m    Message
		want float64
	}{
		{&MsgPing{Nonce: 1}, 2},
		{&MsgInv{Items: make([]Inv, MaxInv)}, 3},
		{&MsgHeaders{Headers: make([]Header, MaxHeaders)}, 3},
		{&MsgGetHeaders{Locator: make([]BlockHash, MaxLocator)}, 3},
		{&MsgAddrV2{Addrs: make([]TimedAddr, MaxAddrs)}, 3},
		{&MsgTx{Tx: tx}, 6},                            // and transaction, inputs, outputs, items
		{&MsgBlock{Block: NewBlock(Header{}, txs)}, 8}, // and the ends
		{&MsgBlockTxn{Txs: txs}, 6},
	} {
		raw := c.m.AppendPayload(nil)
		got := testing.AllocsPerRun(20, func() {
			if _, err := DecodeMessage(c.m.Command(), raw); err != nil {
				t.Fatal(err)
			}
		})
		if got > c.want {
			t.Errorf("%s: %v allocations, want %v", c.m.Command(), got, c.want)
		}
		buf := make([]byte, 0, len(raw))
		if n := testing.AllocsPerRun(20, func() { c.m.AppendPayload(buf) }); n > 0 {
			t.Errorf("%s: %v allocations to encode", c.m.Command(), n)
		}
	}
}

func TestPayloadLimit(t *testing.T) {
	const limit = 4_000_000
	if _, err := DecodeMessage("verack", make([]byte, limit)); err != nil {
		t.Error(err)
	}
	if _, err := DecodeMessage("verack", make([]byte, limit+1)); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}
