package wire_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	. "grapevine/wire"
)

// checkPayload holds the reader of a message against the model: what is
// accepted, what it encodes to, and the memory that it takes.
func checkPayload(t *testing.T, command string, payload []byte) {
	t.Helper()
	m := &model{naive: naive{bytes.NewReader(payload)}}
	ok := naively(payload, func(s naive) {
		m.naive = s
		models[command](m)
		m.bytes(m.r.Len()) // what follows is passed over
	})
	msg, err := DecodeMessage(command, bytes.Clone(payload))
	if (err == nil) != ok {
		t.Fatalf("%s: %v, the model accepts: %v", command, err, ok)
	}
	if err != nil {
		var e *Error
		if !errors.As(err, &e) || e.Offset > len(payload) || msg != nil {
			t.Fatalf("%s: untyped error, wild offset or a message beside it: %v", command, err)
		}
		return
	}
	got := msg.AppendPayload(nil)
	if msg.Command() != command || !bytes.Equal(got, m.out) || msg.PayloadSize() != len(got) {
		t.Fatalf("%s encodes as %s, %d bytes, to\n%x, want\n%x", command, msg.Command(), msg.PayloadSize(), got, m.out)
	}
	again, err := DecodeMessage(command, got)
	if err != nil || !reflect.DeepEqual(again, msg) {
		t.Fatalf("%s: its encoding reads as %+v, %v; was %+v", command, again, err, msg)
	}
	// 24 bytes for an empty witness item of one byte is the worst there is.
	if n := footprint(reflect.ValueOf(msg)); n > 26*len(payload)+512 {
		t.Fatalf("%s: %d bytes take %d", command, len(payload), n)
	}
}

func fuzzMessage(f *testing.F, commands ...string) {
	for _, m := range samples(f) {
		for i, c := range commands {
			if m.Command() != c {
				continue
			}
			raw := m.AppendPayload(nil)
			f.Add(raw, uint8(i))
			f.Add(append(raw, 0), uint8(i))
			f.Add(raw[:len(raw)/2], uint8(i))
		}
	}
	for _, s := range []string{"", "00", "01", "fd0100", "fe00000002", "fdffff", "fe01000002", "ff0000000001000000"} {
		f.Add(unhex(f, s), uint8(0))
		// Behind a hash or a version, where most lists begin.
		f.Add(append(make([]byte, 32), unhex(f, s)...), uint8(0))
		f.Add(append(make([]byte, 4), unhex(f, s)...), uint8(0))
	}
	f.Fuzz(func(t *testing.T, payload []byte, which uint8) {
		checkPayload(t, commands[int(which)%len(commands)], payload)
	})
}

func FuzzMsgVersion(f *testing.F)      { fuzzMessage(f, "version") }
func FuzzMsgSendTxRcncl(f *testing.F)  { fuzzMessage(f, "sendtxrcncl") }
func FuzzMsgFeature(f *testing.F)      { fuzzMessage(f, "feature") }
func FuzzMsgAddr(f *testing.F)         { fuzzMessage(f, "addr") }
func FuzzMsgAddrV2(f *testing.F)       { fuzzMessage(f, "addrv2") }
func FuzzMsgInv(f *testing.F)          { fuzzMessage(f, "inv") }
func FuzzMsgGetData(f *testing.F)      { fuzzMessage(f, "getdata") }
func FuzzMsgNotFound(f *testing.F)     { fuzzMessage(f, "notfound") }
func FuzzMsgTx(f *testing.F)           { fuzzMessage(f, "tx") }
func FuzzMsgBlock(f *testing.F)        { fuzzMessage(f, "block") }
func FuzzMsgHeaders(f *testing.F)      { fuzzMessage(f, "headers") }
func FuzzMsgGetHeaders(f *testing.F)   { fuzzMessage(f, "getheaders") }
func FuzzMsgGetBlocks(f *testing.F)    { fuzzMessage(f, "getblocks") }
func FuzzMsgPing(f *testing.F)         { fuzzMessage(f, "ping") }
func FuzzMsgPong(f *testing.F)         { fuzzMessage(f, "pong") }
func FuzzMsgFeeFilter(f *testing.F)    { fuzzMessage(f, "feefilter") }
func FuzzMsgSendCmpct(f *testing.F)    { fuzzMessage(f, "sendcmpct") }
func FuzzMsgCmpctBlock(f *testing.F)   { fuzzMessage(f, "cmpctblock") }
func FuzzMsgGetBlockTxn(f *testing.F)  { fuzzMessage(f, "getblocktxn") }
func FuzzMsgBlockTxn(f *testing.F)     { fuzzMessage(f, "blocktxn") }
func FuzzMsgFilterLoad(f *testing.F)   { fuzzMessage(f, "filterload") }
func FuzzMsgFilterAdd(f *testing.F)    { fuzzMessage(f, "filteradd") }
func FuzzMsgGetCFilters(f *testing.F)  { fuzzMessage(f, "getcfilters") }
func FuzzMsgGetCFHeaders(f *testing.F) { fuzzMessage(f, "getcfheaders") }
func FuzzMsgGetCFCheckpt(f *testing.F) { fuzzMessage(f, "getcfcheckpt") }
func FuzzMsgCFilter(f *testing.F)      { fuzzMessage(f, "cfilter") }
func FuzzMsgCFHeaders(f *testing.F)    { fuzzMessage(f, "cfheaders") }
func FuzzMsgCFCheckpt(f *testing.F)    { fuzzMessage(f, "cfcheckpt") }

func FuzzMsgMerkleBlock(f *testing.F) {
	f.Add(unhex(f, merkleBlock), uint8(0))
	fuzzMessage(f, "merkleblock")
}

// FuzzMsgEmpty takes those that have no payload together: there is nothing in
// them to tell apart.
func FuzzMsgEmpty(f *testing.F) {
	fuzzMessage(f, "verack", "wtxidrelay", "sendaddrv2", "getaddr", "mempool", "sendheaders", "filterclear")
}

// FuzzDecodeMessage gives any name to any payload.
func FuzzDecodeMessage(f *testing.F) {
	for _, m := range samples(f) {
		f.Add(m.Command(), m.AppendPayload(nil))
	}
	f.Fuzz(func(t *testing.T, command string, payload []byte) {
		if models[command] != nil {
			checkPayload(t, command, payload)
			return
		}
		msg, err := DecodeMessage(command, payload)
		u, ok := msg.(*MsgUnknown)
		if err != nil || !ok || u.Name != command || !bytes.Equal(u.AppendPayload(nil), payload) {
			t.Fatalf("unknown %q: %+v, %v", command, msg, err)
		}
	})
}

// TestEveryMessageHasASampleAndAModel keeps the lists above complete.
func TestEveryMessageHasASampleAndAModel(t *testing.T) {
	sampled := map[string]bool{}
	for _, m := range samples(t) {
		sampled[m.Command()] = true
	}
	for _, c := range Commands() {
		if !sampled[c] || models[c] == nil {
			t.Errorf("%s: sampled %v, modelled %v", c, sampled[c], models[c] != nil)
		}
	}
	if len(models) != len(Commands()) || len(models) != 36 {
		t.Errorf("%d models, %d messages", len(models), len(Commands()))
	}
}
