package wire_test

import (
	"bytes"
	"net/netip"
	"reflect"
	"testing"

	. "grapevine/wire"
)

func someAddr(t testing.TB, n Network, last byte, port uint16) NetAddr {
	t.Helper()
	size := map[Network]int{NetIPv4: 4, NetIPv6: 16, NetTorV3: 32, NetI2P: 32, NetCJDNS: 16}[n]
	b := bytes.Repeat([]byte{0xfc}, size)
	b[size-1] = last
	a, err := AddressOf(n, b)
	if err != nil {
		t.Fatal(err)
	}
	return NetAddr{Services: NodeNetwork | NodeWitness, Addr: a, Port: port}
}

// samples holds a message of every kind, with every field set.
func samples(t testing.TB) []Message {
	tx := (&Tx{
		Version: 2, LockTime: 7,
		In:  []TxIn{{PrevOut: OutPoint{Txid: Txid{1}, Index: 2}, ScriptSig: []byte{3}, Sequence: 4, Witness: [][]byte{{5}, {}}}},
		Out: []TxOut{{Value: 6, PkScript: []byte{7, 8}}},
	}).Seal()
	block := NewBlock(Header{Version: 4, Time: 5}, []Tx{*tx.Clone(), {In: []TxIn{{}}, Out: []TxOut{{}}}})
	invs := []Inv{
		InvOfBlock(BlockHash{1}), InvOfBlock(BlockHash{2}).WithWitness(), InvOfBlock(BlockHash{3}).As(InvCmpctBlock),
		InvOfTx(ByTxid(Txid{4})), InvOfTx(ByTxid(Txid{5})).WithWitness(), InvOfTx(ByWtxid(Wtxid{6})), {Type: 99},
	}
	locator := []BlockHash{{1}, {2}, {3}}
	four, six := someAddr(t, NetIPv4, 1, 8333), someAddr(t, NetIPv6, 2, 18333)
	return []Message{
		&MsgVersion{Version: ProtocolVersion, Services: NodeNetwork, Time: -5, To: four, From: six, Nonce: 9, UserAgent: "/x:1/", StartHeight: 77, Relay: true},
		&MsgVerack{}, &MsgWtxidRelay{}, &MsgSendAddrV2{}, &MsgGetAddr{}, &MsgMempool{}, &MsgSendHeaders{},
		&MsgSendTxRcncl{Version: 1, Salt: 2}, &MsgFeature{ID: "abcd", Data: []byte{1, 2}},
		&MsgAddr{Addrs: []TimedAddr{{Time: 1, NetAddr: four}, {Time: 2, NetAddr: six}, {}}},
		&MsgAddrV2{Addrs: []TimedAddr{
			{Time: 1, NetAddr: four}, {Time: 2, NetAddr: six}, {}, {Time: 3, NetAddr: someAddr(t, NetTorV3, 3, 9050)},
			{Time: 4, NetAddr: someAddr(t, NetI2P, 4, 0)}, {Time: 5, NetAddr: someAddr(t, NetCJDNS, 5, 1)}, {NetAddr: NetAddr{Services: 1 << 63}},
		}},
		&MsgInv{Items: invs}, &MsgGetData{Items: invs}, &MsgNotFound{Items: invs},
		&MsgTx{Tx: tx}, &MsgBlock{Block: block},
		&MsgHeaders{Headers: []Header{{Version: 1, Nonce: 2}, {Bits: 3}}},
		&MsgGetHeaders{Version: 4, Locator: locator, Stop: BlockHash{9}}, &MsgGetBlocks{Version: 4, Locator: locator},
		&MsgPing{Nonce: 3}, &MsgPing{Short: true}, &MsgPong{Nonce: 4}, &MsgPong{Short: true},
		&MsgFeeFilter{Rate: 1000}, &MsgSendCmpct{HighBandwidth: true, Version: 2},
		&MsgCmpctBlock{Header: Header{Bits: 1}, Nonce: 5, ShortIDs: []ShortID{1, 0xffffffffffff}, Prefilled: []PrefilledTx{{0, *tx}, {2, *tx}, {4, *tx}}},
		&MsgGetBlockTxn{Block: BlockHash{1}, Indexes: []uint16{0, 1, 700, 65535}},
		&MsgBlockTxn{Block: BlockHash{1}, Txs: []Tx{*tx, *tx}},
		&MsgFilterLoad{Data: []byte{1, 2}, HashFuncs: 50, Tweak: 3, Flags: BloomUpdatePubkeyOnly},
		&MsgFilterAdd{Data: make([]byte, MaxFilterAdd)}, &MsgFilterClear{},
		&MsgMerkleBlock{Header: Header{Bits: 1}, TxCount: 7, Hashes: []MerkleRoot{{1}, {2}}, Flags: []byte{0x1d}},
		&MsgGetCFilters{Type: 1, Start: 2, Stop: BlockHash{3}}, &MsgGetCFHeaders{Start: 2, Stop: BlockHash{3}}, &MsgGetCFCheckpt{Stop: BlockHash{3}},
		&MsgCFilter{Block: BlockHash{1}, Data: []byte{2, 3}},
		&MsgCFHeaders{Stop: BlockHash{1}, Prev: FilterHeader{2}, Hashes: []FilterHash{{3}, {4}}},
		&MsgCFCheckpt{Stop: BlockHash{1}, Headers: []FilterHeader{{3}, {4}}},
		&MsgUnknown{Name: "later", Data: []byte{1}},
	}
}

func TestMessagesRoundTrip(t *testing.T) {
	for _, m := range samples(t) {
		raw := m.AppendPayload([]byte{0xaa})[1:]
		if len(raw) != m.PayloadSize() {
			t.Errorf("%s: %d bytes, says %d", m.Command(), len(raw), m.PayloadSize())
		}
		got, err := DecodeMessage(m.Command(), raw)
		if err != nil {
			t.Errorf("%s: %v", m.Command(), err)
			continue
		}
		if again := got.AppendPayload(nil); !bytes.Equal(again, raw) {
			t.Errorf("%s: encodes to %x, was %x", m.Command(), again, raw)
		}
		if _, blocky := m.(*MsgBlock); !blocky && !reflect.DeepEqual(got, m) {
			t.Errorf("%s: got %+v, want %+v", m.Command(), got, m)
		}
	}
}

func TestAddressOfIPHasOneForm(t *testing.T) {
	want, err := AddressOf(NetIPv4, []byte{1, 2, 3, 4})
	if err != nil {
		t.Fatal(err)
	}
	if got := AddressOfIP(netip.MustParseAddr("::ffff:1.2.3.4")); got != want {
		t.Errorf("mapped: %v", got)
	}
	if got := AddressOfIP(netip.MustParseAddr("::")); !got.IsZero() {
		t.Errorf("unspecified: %v", got)
	}
	if got := AddressOfIP(netip.Addr{}); !got.IsZero() {
		t.Errorf("invalid: %v", got)
	}
}
