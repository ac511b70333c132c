package wire_test

import (
	"bytes"
	"encoding/json"
	"testing"

	. "grapevine/wire"
)

// TestBIP157FilterHeaders carries the filters of BIP 158's vectors in cfilter
// messages and chains their headers.
func TestBIP157FilterHeaders(t *testing.T) {
	for _, file := range []string{"vectors/bips/bip-0158-testnet-19.json", "vectors/core/blockfilters.json"} {
		var rows [][]any
		if err := json.Unmarshal(readShared(t, file), &rows); err != nil {
			t.Fatal(err)
		}
		cases := 0
		for _, row := range rows[1:] {
			cases++
			block, err := ParseBlockHash(row[1].(string))
			if err != nil {
				t.Fatal(err)
			}
			filter := unhex(t, row[5].(string))
			payload := append(append([]byte{0}, block[:]...), AppendCompactSize(nil, uint64(len(filter)))...)
			payload = append(payload, filter...)
			msg, err := DecodeMessage("cfilter", bytes.Clone(payload))
			if err != nil {
				t.Fatalf("%v: %v", row[0], err)
			}
			m := msg.(*MsgCFilter)
			if m.Type != FilterBasic || m.Block != block || !bytes.Equal(m.AppendPayload(nil), payload) {
				t.Errorf("%v: %+v", row[0], m)
			}
			prev, err := ParseBlockHash(row[4].(string))
			if err != nil {
				t.Fatal(err)
			}
			if got := FilterHashOf(m.Data).Header(FilterHeader(prev)).String(); got != row[6].(string) {
				t.Errorf("%v: header %s, want %s", row[0], got, row[6])
			}
		}
		t.Logf("%s: %d filters", file, cases)
		if cases != 10 {
			t.Errorf("%s: %d filters, want 10", file, cases)
		}
	}
}
