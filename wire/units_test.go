package wire_test

import (
	"math"
	"strings"
	"testing"

	. "grapevine/wire"
)

func TestAmount(t *testing.T) {
	for _, c := range []struct {
		n    Amount
		want string
		in   bool
	}{
		{0, "0.00000000", true},
		{1, "0.00000001", true},
		{-1, "-0.00000001", false},
		{Coin, "1.00000000", true},
		{-Coin, "-1.00000000", false},
		{123_456_789_012, "1234.56789012", true},
		{MaxMoney, "21000000.00000000", true},
		{MaxMoney + 1, "21000000.00000001", false},
		{math.MaxInt64, "92233720368.54775807", false},
		{math.MinInt64, "-92233720368.54775808", false},
	} {
		if got := c.n.String(); got != c.want {
			t.Errorf("%d: %s, want %s", int64(c.n), got, c.want)
		}
		if c.n.InRange() != c.in {
			t.Errorf("%s: InRange %v", c.want, !c.in)
		}
	}
}

func TestHashText(t *testing.T) {
	const genesis = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
	h, err := ParseBlockHash(genesis)
	if err != nil || h.String() != genesis || h[0] != 0x6f || h[31] != 0 {
		t.Fatalf("%s, %v", h, err)
	}
	if up, err := ParseBlockHash(strings.ToUpper(genesis)); err != nil || up != h {
		t.Errorf("upper case: %s, %v", up, err)
	}
	if h.IsZero() || !(BlockHash{}).IsZero() {
		t.Error("IsZero")
	}
	for _, s := range []string{"", genesis[1:], genesis + "0", "g" + genesis[1:], "0x" + genesis[2:], " " + genesis[1:]} {
		checkKind(t, ErrBadHash, decodeErr(ParseBlockHash(s)))
		checkKind(t, ErrBadHash, decodeErr(ParseTxid(s)))
		checkKind(t, ErrBadHash, decodeErr(ParseWtxid(s)))
		checkKind(t, ErrBadHash, decodeErr(ParseMerkleRoot(s)))
	}
	id, _ := ParseTxid(genesis)
	wid, _ := ParseWtxid(genesis)
	root, _ := ParseMerkleRoot(genesis)
	if id.String() != genesis || wid.String() != genesis || root.String() != genesis {
		t.Error("round trip of the other kinds")
	}
	if (Txid{1}).Compare(Txid{0, 1}) <= 0 || (Wtxid{1}).Compare(Wtxid{1}) != 0 || (BlockHash{}).Compare(h) >= 0 {
		t.Error("Compare orders by bytes")
	}
}

// genesisHeader is the header of mainnet's first block.
const genesisHeader = "01000000" +
	"0000000000000000000000000000000000000000000000000000000000000000" +
	"3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a" +
	"29ab5f49" + "ffff001d" + "1dac2b7c"

func TestHeader(t *testing.T) {
	raw := unhex(t, genesisHeader)
	h, err := DecodeHeader(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got := h.Hash().String(); got != "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f" {
		t.Errorf("hash %s", got)
	}
	if h.Version != 1 || h.Time != 1231006505 || h.Bits != 0x1d00ffff || h.Nonce != 2083236893 || !h.PrevBlock.IsZero() || h.MerkleRoot.IsZero() {
		t.Errorf("misread: %+v", h)
	}
	h.Version = -2
	back, err := DecodeHeader(h.AppendTo(nil))
	if err != nil || back != h {
		t.Errorf("round trip: %+v, %v", back, err)
	}
	checkKind(t, ErrTruncated, decodeErr(DecodeHeader(raw[:79])))
	checkKind(t, ErrTrailing, decodeErr(DecodeHeader(append(raw, 0))))
}

func TestCompactSize(t *testing.T) {
	for _, c := range []struct {
		hex  string
		n    uint64
		want ErrorKind
	}{
		{"00", 0, ""},
		{"fc", 252, ""},
		{"fdfd00", 253, ""},
		{"fdffff", 0xffff, ""},
		{"fe00000100", 0x10000, ""},
		{"fe00000002", MaxSize, ""},
		{"fe01000002", 0, ErrTooLarge},
		{"feffffffff", 0, ErrTooLarge},
		{"ff0000000001000000", 0, ErrTooLarge},
		{"ffffffffffffffffff", 0, ErrTooLarge},
		{"fdfc00", 0, ErrNonCanonical},
		{"fd0000", 0, ErrNonCanonical},
		{"feffff0000", 0, ErrNonCanonical},
		{"ffffffffff00000000", 0, ErrNonCanonical},
		{"", 0, ErrTruncated},
		{"fd", 0, ErrTruncated},
		{"fdfd", 0, ErrTruncated},
		{"fe000001", 0, ErrTruncated},
		{"ff00000000010000", 0, ErrTruncated},
	} {
		raw := unhex(t, c.hex)
		n, size, err := ReadCompactSize(raw)
		checkKind(t, c.want, err)
		if n != c.n || err == nil && size != len(raw) || err != nil && size != 0 {
			t.Errorf("%s: %d in %d bytes", c.hex, n, size)
		}
	}
	// The shortest form is written. So is what is too large to read: not every
	// number on the wire is a length.
	for _, c := range []struct {
		n   uint64
		hex string
	}{{252, "fc"}, {253, "fdfd00"}, {0xffff, "fdffff"}, {0x10000, "fe00000100"}, {1 << 32, "ff0000000001000000"}, {math.MaxUint64, "ffffffffffffffffff"}, {0xffffffff, "feffffffff"}} {
		if got := AppendCompactSize(nil, c.n); string(got) != string(unhex(t, c.hex)) || CompactSizeLen(c.n) != len(got) {
			t.Errorf("%d: %x", c.n, got)
		}
	}
}
