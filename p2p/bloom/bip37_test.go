package bloom

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"grapevine/wire"
)

type vectors struct {
	Tx, Spending string
	Blocks       map[string]string
}

func load(tb testing.TB) (v vectors) {
	tb.Helper()
	raw, err := os.ReadFile("testdata/bip37.json")
	if err == nil {
		err = json.Unmarshal(raw, &v)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func (v vectors) block(tb testing.TB, name string) *wire.Block {
	tb.Helper()
	b, err := wire.DecodeBlock(unhex(tb, v.Blocks[name]))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// id is a hash in the order in which it is shown, as the bytes that are filtered.
func id(tb testing.TB, s string) []byte {
	b := unhex(tb, s)
	slices.Reverse(b)
	return b
}

func op(tb testing.TB, txid string, n uint32) wire.OutPoint {
	h, err := wire.ParseTxid(txid)
	if err != nil {
		tb.Fatal(err)
	}
	return wire.OutPoint{Txid: h, Index: n}
}

// Filters have the bytes that the ecosystem's have.
func TestFilterBytes(t *testing.T) {
	hashes := []string{
		"99108ad8ed9bb6274d3980bab5a85c048f0950c8", "b5a2c786d9ef4658287ced5914b37a1b4aa32eee", "b9300670b4c5366e95b2699e8b18bc75e5f729c5",
	}
	for _, c := range []struct {
		tweak uint32
		want  string
	}{{0, "03614e9b050000000000000001"}, {2147483649, "03ce4299050000000100008001"}} {
		f := ForElements(3, 0.01, c.tweak, wire.BloomUpdateAll)
		for i, h := range hashes {
			if f.Has(unhex(t, h)) {
				t.Errorf("tweak %d: element %d before it was added", c.tweak, i)
			}
			f.Add(unhex(t, h))
			if !f.Has(unhex(t, h)) {
				t.Errorf("tweak %d: element %d was added", c.tweak, i)
			}
		}
		if f.Has(unhex(t, "19"+hashes[0][2:])) {
			t.Error("one bit of an element is another element")
		}
		m := f.Message()
		if got := hex.EncodeToString(m.AppendPayload(nil)); got != c.want {
			t.Errorf("tweak %d: %s; want %s", c.tweak, got, c.want)
		}
		if again := New(m); !again.Has(unhex(t, hashes[2])) || again.Has([]byte{1}) {
			t.Error("the filter is another after it was sent")
		}
	}
}

// What of a transaction a filter looks at.
func TestMatch(t *testing.T) {
	v := load(t)
	decode := func(s string) *wire.Tx {
		tx, err := wire.DecodeTx(unhex(t, s))
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	tx, spending := decode(v.Tx), decode(v.Spending)
	outpoint := "90c122d70786e899529d71dbeba91ba216982fb6ba58f3bdaab65e73b7e9260b"
	first, last := outPoint(op(t, outpoint, 0)), outPoint(op(t, outpoint, 1))
	wrong := outPoint(op(t, "000000d70786e899529d71dbeba91ba216982fb6ba58f3bdaab65e73b7e9260b", 0))
	cases := []struct {
		name    string
		element []byte
		want    bool
	}{
		{"txid", id(t, "b4749f017444b051c44dfd2720e88f314ff94f3dd6d56d40ef65854fcd7fff6b"), true},
		{"signature", unhex(t, "30450220070aca44506c5cef3a16ed519d7c3c39f8aab192c4e1c90d065f37b8a4af6141022100a8e160b856c2d43d27d8fba71e5aef6405b8643ac4cb7cb3c462aced7f14711a01"), true},
		{"key", unhex(t, "046d11fee51b0e60666d5049a9101a72741df480b96ee26488a4d3466b95c9a40ac5eeef87e10a5cd336c19a84565f80fa6c547957b7700ff4dfbdefe76036c339"), true},
		{"output", unhex(t, "a266436d2965547608b9e15d9032a7b9d64fa431"), true},
		{"outpoint", first[:], true},
		{"another txid", id(t, "00000009e784f32f62ef849763d4f45b98e07ba658647343b915ff832b110436"), false},
		{"another output", unhex(t, "0000006d2965547608b9e15d9032a7b9d64fa431"), false},
		{"another index", last[:], false},
		{"another outpoint", wrong[:], false},
	}
	for _, c := range cases {
		f := ForElements(10, 0.000001, 0, wire.BloomUpdateAll)
		f.Add(c.element)
		if got := f.Match(tx); got != c.want {
			t.Errorf("%s: %v; want %v", c.name, got, c.want)
		}
	}
	for flags, want := range map[wire.BloomFlags]bool{wire.BloomUpdateAll: true, wire.BloomUpdateNone: false, wire.BloomUpdatePubkeyOnly: false} {
		f := ForElements(10, 0.000001, 0, flags)
		f.Add(unhex(t, "04943fdd508053c75000106d3bc6e2754dbcff19"))
		if !f.Match(tx) || f.Match(spending) != want {
			t.Errorf("flags %d: what spends a match matches: %v; want %v", flags, !want, want)
		}
	}
	if all := New(&wire.MsgFilterLoad{HashFuncs: 5}); !all.Match(tx) || !all.Has(nil) {
		t.Error("an empty filter matches everything")
	}
	new(Filter).Add([]byte{1})
}

// Proofs of real blocks.
func TestProve(t *testing.T) {
	v := load(t)
	const pubkey = "044a656f065871a353f216ca26cef8dde2f03e8c16202d2e8ad769f02032cb86a5eb5e56842e92e19141d60a01928f8dd2c875a390f67c1f6c94cfc617c0ea45af"
	cases := []struct {
		block    string
		flags    wire.BloomFlags
		elements [][]byte
		want     []int
	}{
		{"13b8a", wire.BloomUpdateAll, [][]byte{id(t, "74d681e0e03bafa802c8aa084379aa98d9fcd632ddc2ed9782b586ec87451f20")}, []int{8}},
		{"13b8a", wire.BloomUpdateAll, [][]byte{
			id(t, "74d681e0e03bafa802c8aa084379aa98d9fcd632ddc2ed9782b586ec87451f20"), id(t, "dd1fd2a6fc16404faf339881a90adbde7f4f728691ac62e8f168809cdfae1053"),
		}, []int{7, 8}},
		{"5a4ded78", wire.BloomUpdateAll, [][]byte{id(t, "e980fe9f792d014e73b95203dc1335c5f9ce19ac537a419e6df5b47aecb93b70")}, []int{0}},
		{"5a4ded78", wire.BloomUpdateAll, [][]byte{id(t, "e980fe9f792d014e73b95203dc1335c5f9ce19ac537a419e6df5b47aecb93b70"), unhex(t, pubkey)}, []int{0, 1, 2, 3}},
		{"5a4ded78", wire.BloomUpdateNone, [][]byte{id(t, "e980fe9f792d014e73b95203dc1335c5f9ce19ac537a419e6df5b47aecb93b70"), unhex(t, pubkey)}, []int{0, 1, 3}},
		{"dab0130b", wire.BloomUpdateAll, [][]byte{id(t, "63194f18be0af63f2c6bc9dc0f777cbefed3d9415c4af83f3ee3a3d669c00cb5")}, []int{0}},
		{"b731f2ee", wire.BloomUpdateAll, [][]byte{id(t, "0a2a92f0bda4727d0a13eaddf4dd9ac6b5c61a1429e6b2b818f19b15df0ac154")}, []int{6}},
		{"b731f2ee", wire.BloomUpdateAll, [][]byte{
			id(t, "0a2a92f0bda4727d0a13eaddf4dd9ac6b5c61a1429e6b2b818f19b15df0ac154"), id(t, "02981fa052f0481dbc5868f4fc2166035a10f27a03cfd2de67326471df5bc041"),
		}, []int{3, 6}},
		{"b731f2ee", wire.BloomUpdateAll, nil, nil},
	}
	for _, c := range cases {
		b := v.block(t, c.block)
		f := ForElements(10, 0.000001, 0, c.flags)
		for _, e := range c.elements {
			f.Add(e)
		}
		m, got := Prove(b, f.Match)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v match; want %v", c.block, got, c.want)
		}
		wantExtract(t, m, b, c.want)
	}
	f := ForElements(10, 0.000001, 0, wire.BloomUpdateAll)
	f.Add(cases[5].elements[0])
	m, _ := Prove(v.block(t, "dab0130b"), f.Match)
	const want = "0100000079cda856b143d9db2c1caff01d1aecc8630d30625d10e8b4b8b0000000000000b50cc069d6a3e33e3ff84a5c41d9d3febe7c770fdcc96b2c3ff60abe184f196367291b4d4c86041b8fa45d630100000001b50cc069d6a3e33e3ff84a5c41d9d3febe7c770fdcc96b2c3ff60abe184f19630101"
	if got := m.AppendPayload(nil); !bytes.Equal(got, unhex(t, want)) {
		t.Errorf("%x; want %s", got, want)
	}
	t.Logf("%d proofs of %d blocks", len(cases), len(v.Blocks))
}

// wantExtract extracts a proof after it was sent.
func wantExtract(t *testing.T, m *wire.MsgMerkleBlock, b *wire.Block, want []int) {
	t.Helper()
	msg, err := wire.DecodeMessage(m.Command(), m.AppendPayload(nil))
	if err != nil {
		t.Fatal(err)
	}
	found, err := Extract(msg.(*wire.MsgMerkleBlock))
	if err != nil || len(found) != len(want) {
		t.Fatalf("extracted %v, %v; want %v", found, err, want)
	}
	for i, f := range found {
		if f.Index != want[i] || f.Txid != b.Txs[want[i]].Txid() {
			t.Errorf("extracted %v; want %d", f, want[i])
		}
	}
}

// Of the outputs that match, only those to keys are added where that was asked for.
func TestUpdate(t *testing.T) {
	b := load(t).block(t, "b731f2ee")
	generation := op(t, "147caa76786596590baa4e98f5d9f48b86c7765e489f7a6ff3360fe5c674360b", 0)
	fourth := op(t, "02981fa052f0481dbc5868f4fc2166035a10f27a03cfd2de67326471df5bc041", 0)
	for flags, want := range map[wire.BloomFlags][2]bool{
		wire.BloomUpdatePubkeyOnly: {true, false}, wire.BloomUpdateNone: {false, false}, wire.BloomUpdateAll: {true, true},
	} {
		f := ForElements(10, 0.000001, 0, flags)
		f.Add(unhex(t, "04eaafc2314def4ca98ac970241bcab022b9c1e1f4ea423a20f134c876f2c01ec0f0dd5b2e86e7168cefe0d81113c3807420ce13ad1357231a2252247d97a46a91"))
		f.Add(unhex(t, "b6efd80d99179f4f4ff6f4dd0a007d018c385d21"))
		Prove(b, f.Match)
		if got := [2]bool{f.HasOutPoint(generation), f.HasOutPoint(fourth)}; got != want {
			t.Errorf("flags %d: outpoints %v; want %v", flags, got, want)
		}
	}
}
