package wire

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"grapevine/p2p/transport"
	"grapevine/wire"
)

const network = btcwire.BitcoinNet(0xd9b4bef9)

func magic() (m [4]byte) {
	binary.LittleEndian.PutUint32(m[:], uint32(network))
	return m
}

// source makes messages with random content.
type source struct{ *rand.Rand }

func (s source) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(s.Uint32())
	}
	return b
}

func (s source) hash() [32]byte { return [32]byte(s.bytes(32)) }

func list[T any](s source, most int, element func() T) []T {
	n := s.IntN(most + 1)
	if s.IntN(20) == 0 {
		n = most
	}
	out := make([]T, 0, n)
	for range n {
		out = append(out, element())
	}
	return out
}

// addr makes an address of one of the networks that btcd knows: it drops the
// others from what it reads.
func (s source) addr(networks ...wire.Network) wire.NetAddr {
	n := networks[s.IntN(len(networks))]
	a, err := wire.AddressOf(n, s.bytes(map[wire.Network]int{wire.NetIPv4: 4, wire.NetIPv6: 16, wire.NetTorV3: 32}[n]))
	if err != nil {
		panic(err)
	}
	return wire.NetAddr{Services: wire.ServiceFlags(s.Uint64()), Addr: a, Port: uint16(s.Uint32())}
}

func (s source) timed(networks ...wire.Network) func() wire.TimedAddr {
	return func() wire.TimedAddr { return wire.TimedAddr{Time: s.Uint32(), NetAddr: s.addr(networks...)} }
}

func (s source) header() wire.Header {
	return wire.Header{Version: int32(s.Uint32()), PrevBlock: s.hash(), MerkleRoot: s.hash(), Time: s.Uint32(), Bits: s.Uint32(), Nonce: s.Uint32()}
}

func (s source) inv() wire.Inv {
	types := []wire.InvType{wire.InvTx, wire.InvBlock, wire.InvFilteredBlock, wire.InvCmpctBlock, wire.InvWtx, wire.InvWitnessTx, wire.InvWitnessBlock}
	return wire.InvOfBlock(s.hash()).As(types[s.IntN(len(types))])
}

func (s source) tx() wire.Tx {
	tx := wire.Tx{Version: s.Uint32(), LockTime: s.Uint32()}
	witness := s.IntN(2) == 0
	for range 1 + s.IntN(5) {
		in := wire.TxIn{PrevOut: wire.OutPoint{Txid: s.hash(), Index: s.Uint32()}, ScriptSig: s.bytes(s.IntN(300)), Sequence: s.Uint32()}
		if witness {
			in.Witness = [][]byte{s.bytes(s.IntN(80)), s.bytes(1 + s.IntN(3))}
		}
		tx.In = append(tx.In, in)
	}
	tx.Out = list(s, 5, func() wire.TxOut { return wire.TxOut{Value: wire.Amount(s.Int64()), PkScript: s.bytes(s.IntN(60))} })
	return tx
}

func (s source) sealed() *wire.Tx {
	tx := s.tx()
	return tx.Seal()
}

// message makes the next of all kinds that btcd reads: it has no compact blocks
// and passes over wtxidrelay.
func (s source) message(which int) wire.Message {
	blockHash := func() wire.BlockHash { return s.hash() }
	all := []func() wire.Message{
		func() wire.Message {
			return &wire.MsgVersion{
				Version: int32(70001 + s.IntN(20)), Services: wire.ServiceFlags(s.Uint64()), Time: int64(s.Uint32()), To: s.addr(wire.NetIPv4, wire.NetIPv6),
				From: s.addr(wire.NetIPv4, wire.NetIPv6), Nonce: s.Uint64(), UserAgent: string(s.bytes(s.IntN(257))), StartHeight: int32(s.Uint32()), Relay: s.IntN(2) == 0,
			}
		},
		func() wire.Message { return &wire.MsgVerack{} },
		func() wire.Message { return &wire.MsgSendAddrV2{} },
		func() wire.Message { return &wire.MsgGetAddr{} },
		func() wire.Message { return &wire.MsgMempool{} },
		func() wire.Message { return &wire.MsgSendHeaders{} },
		func() wire.Message { return &wire.MsgFilterClear{} },
		func() wire.Message { return &wire.MsgAddr{Addrs: list(s, 1000, s.timed(wire.NetIPv4, wire.NetIPv6))} },
		func() wire.Message {
			return &wire.MsgAddrV2{Addrs: list(s, 1000, s.timed(wire.NetIPv4, wire.NetIPv6, wire.NetTorV3))}
		},
		func() wire.Message { return &wire.MsgInv{Items: list(s, 3000, s.inv)} },
		func() wire.Message { return &wire.MsgGetData{Items: list(s, 3000, s.inv)} },
		func() wire.Message { return &wire.MsgNotFound{Items: list(s, 3000, s.inv)} },
		func() wire.Message { return &wire.MsgTx{Tx: s.sealed()} },
		func() wire.Message { return &wire.MsgBlock{Block: wire.NewBlock(s.header(), list(s, 20, s.tx))} },
		func() wire.Message { return &wire.MsgHeaders{Headers: list(s, 2000, s.header)} },
		func() wire.Message {
			return &wire.MsgGetHeaders{Version: s.Uint32(), Locator: list(s, 101, blockHash), Stop: s.hash()}
		},
		func() wire.Message {
			return &wire.MsgGetBlocks{Version: s.Uint32(), Locator: list(s, 101, blockHash), Stop: s.hash()}
		},
		func() wire.Message { return &wire.MsgPing{Nonce: s.Uint64()} },
		func() wire.Message { return &wire.MsgPong{Nonce: s.Uint64()} },
		func() wire.Message { return &wire.MsgFeeFilter{Rate: wire.FeeRate(s.Int64())} },
		func() wire.Message {
			return &wire.MsgFilterLoad{Data: s.bytes(s.IntN(36001)), HashFuncs: s.Uint32N(51), Tweak: s.Uint32(), Flags: wire.BloomFlags(s.IntN(3))}
		},
		func() wire.Message { return &wire.MsgFilterAdd{Data: s.bytes(s.IntN(521))} },
		func() wire.Message {
			return &wire.MsgMerkleBlock{Header: s.header(), TxCount: s.Uint32(), Hashes: list(s, 500, func() wire.MerkleRoot { return s.hash() }), Flags: s.bytes(s.IntN(200))}
		},
		func() wire.Message {
			return &wire.MsgGetCFilters{Type: wire.FilterType(s.IntN(2)), Start: s.Uint32(), Stop: s.hash()}
		},
		func() wire.Message {
			return &wire.MsgGetCFHeaders{Type: wire.FilterType(s.IntN(2)), Start: s.Uint32(), Stop: s.hash()}
		},
		func() wire.Message { return &wire.MsgGetCFCheckpt{Type: wire.FilterType(s.IntN(2)), Stop: s.hash()} },
		func() wire.Message { return &wire.MsgCFilter{Block: s.hash(), Data: s.bytes(s.IntN(5000))} },
		func() wire.Message {
			return &wire.MsgCFHeaders{Stop: s.hash(), Prev: s.hash(), Hashes: list(s, 2000, func() wire.FilterHash { return s.hash() })}
		},
		func() wire.Message {
			return &wire.MsgCFCheckpt{Stop: s.hash(), Headers: list(s, 900, func() wire.FilterHeader { return s.hash() })}
		},
	}
	return all[which%len(all)]()
}

// TestMessagesPassThroughBtcd sends random messages to btcd's reader, what it
// understood from its writer to ours, and compares. What btcd lets pass must
// be what was meant: a few fields of it are looked at.
func TestMessagesPassThroughBtcd(t *testing.T) {
	const messages = 3000
	s := source{rand.New(rand.NewPCG(1, 2))}
	commands := map[string]int{}
	for i := range messages {
		ours := s.message(i)
		frame := transport.AppendV1(nil, magic(), ours)
		n, theirs, _, err := btcwire.ReadMessageWithEncodingN(bytes.NewReader(frame), 70016, network, btcwire.WitnessEncoding)
		if err != nil || n != len(frame) {
			t.Fatalf("message %d, %s: btcd reads %d of %d bytes: %v", i, ours.Command(), n, len(frame), err)
		}
		compare(t, ours, theirs)
		var back bytes.Buffer
		if _, err := btcwire.WriteMessageWithEncodingN(&back, theirs, 70016, network, btcwire.WitnessEncoding); err != nil {
			t.Fatalf("message %d, %s: btcd writes: %v", i, ours.Command(), err)
		}
		if !bytes.Equal(back.Bytes(), frame) {
			t.Fatalf("message %d, %s: btcd writes other bytes", i, ours.Command())
		}
		f, err := transport.NewV1Reader(&back, magic()).Next()
		if err != nil || f.Command != ours.Command() {
			t.Fatalf("message %d, %s: %s, %v", i, ours.Command(), f.Command, err)
		}
		msg, err := wire.DecodeMessage(f.Command, f.Payload)
		if err != nil || !bytes.Equal(transport.AppendV1(nil, magic(), msg), frame) {
			t.Fatalf("message %d, %s: came back as %+v, %v", i, ours.Command(), msg, err)
		}
		commands[f.Command]++
	}
	t.Logf("%d messages of %d kinds", messages, len(commands))
	if len(commands) != 29 {
		t.Errorf("%d kinds", len(commands))
	}
}

// compare looks at fields where two codecs could agree on bytes and not on
// their meaning.
func compare(t *testing.T, ours wire.Message, theirs btcwire.Message) {
	t.Helper()
	ok := true
	switch o := ours.(type) {
	case *wire.MsgVersion:
		v := theirs.(*btcwire.MsgVersion)
		ip, _ := o.To.Addr.IP()
		ok = v.ProtocolVersion == o.Version && v.UserAgent == o.UserAgent && v.LastBlock == o.StartHeight && v.DisableRelayTx != o.Relay &&
			v.Nonce == o.Nonce && v.Timestamp.Unix() == o.Time && uint64(v.Services) == uint64(o.Services) &&
			v.AddrYou.Port == o.To.Port && v.AddrYou.IP.Equal(ip.AsSlice())
	case *wire.MsgAddrV2:
		for i, a := range theirs.(*btcwire.MsgAddrV2).AddrList {
			ok = ok && a.Port == o.Addrs[i].Port && uint64(a.Services) == uint64(o.Addrs[i].Services) && a.Addr.String() == o.Addrs[i].Addr.String()
		}
	case *wire.MsgInv:
		for i, v := range theirs.(*btcwire.MsgInv).InvList {
			ok = ok && uint32(v.Type) == uint32(o.Items[i].Type)
		}
	case *wire.MsgHeaders:
		for i, h := range theirs.(*btcwire.MsgHeaders).Headers {
			hash := h.BlockHash()
			ok = ok && hash.String() == o.Headers[i].Hash().String()
		}
	case *wire.MsgTx:
		tx := theirs.(*btcwire.MsgTx)
		ok = tx.TxID() == o.Tx.Txid().String() && tx.WitnessHash().String() == o.Tx.Wtxid().String()
	case *wire.MsgFeeFilter:
		ok = theirs.(*btcwire.MsgFeeFilter).MinFee == int64(o.Rate)
	}
	if !ok {
		t.Fatalf("%s: %+v is read as %+v", ours.Command(), ours, theirs)
	}
}
