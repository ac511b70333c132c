package peer

import "testing"

func TestKinds(t *testing.T) {
	type is struct{ tx, own, lasting, asks bool }
	for k, want := range map[Kind]struct {
		name string
		is
	}{
		Inbound:          {"inbound", is{tx: true}},
		Manual:           {"manual", is{tx: true, lasting: true}},
		FullRelay:        {"outbound-full-relay", is{tx: true, own: true, lasting: true, asks: true}},
		BlockRelay:       {"block-relay-only", is{own: true, lasting: true, asks: true}},
		Feeler:           {"feeler", is{own: true}},
		AddrFetch:        {"addr-fetch", is{tx: true, own: true, asks: true}},
		PrivateBroadcast: {"private-broadcast", is{}},
		99:               {"unknown", is{tx: true}},
	} {
		if got := (is{k.RelaysTx(), k.OwnChoice(), k.Lasting(), k.Automatic()}); k.String() != want.name || got != want.is {
			t.Errorf("%s: %+v", k, got)
		}
	}
	if ID(7).String() != "7" {
		t.Error(ID(7))
	}
}
