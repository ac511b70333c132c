package consensus

import (
	"errors"
	"testing"

	"grapevine/chain/params"
	"grapevine/wire"
)

func TestCheckHeader(t *testing.T) {
	p := params.Mainnet()
	h := p.Genesis.Header
	wantError(t, CheckHeader(&h, p), "", 0, "")
	h.Nonce++
	wantError(t, CheckHeader(&h, p), ErrHighHash, ResultInvalidHeader, "proof of work failed")
}

// Each row breaks one rule of a header that otherwise fits.
func TestContextualCheckHeader(t *testing.T) {
	const now = 1_700_000_000
	plain, bip94 := params.Mainnet(), params.Testnet4()
	cases := []struct {
		name   string
		p      *params.Params
		change func(*wire.Header, *HeaderContext)
		want   ErrorKind
		result Result
		detail string
	}{
		{"as it is", plain, func(*wire.Header, *HeaderContext) {}, "", 0, ""},
		{"other bits", plain, func(h *wire.Header, _ *HeaderContext) { h.Bits++ },
			ErrBadDiffBits, ResultInvalidHeader, "incorrect proof of work"},
		{"at the median", plain, func(h *wire.Header, c *HeaderContext) { h.Time = uint32(c.PrevMTP) },
			ErrTimeTooOld, ResultInvalidHeader, "block's timestamp is too early"},
		{"after the median", plain, func(h *wire.Header, c *HeaderContext) { h.Time = uint32(c.PrevMTP) + 1 }, "", 0, ""},
		{"two hours ahead", plain, func(h *wire.Header, c *HeaderContext) { h.Time = now + 7200 }, "", 0, ""},
		{"a second more", plain, func(h *wire.Header, c *HeaderContext) { h.Time = now + 7201 },
			ErrTimeTooNew, ResultTimeFuture, "block timestamp too far in the future"},
		{"ten minutes back at a new period", bip94, func(h *wire.Header, c *HeaderContext) {
			h.Time, c.Height = uint32(c.PrevTime)-600, 2016
		}, "", 0, ""},
		{"further back at a new period", bip94, func(h *wire.Header, c *HeaderContext) {
			h.Time, c.Height = uint32(c.PrevTime)-601, 2016
		}, ErrTimewarp, ResultInvalidHeader, "block's timestamp is too early on diff adjustment block"},
		{"further back inside a period", bip94, func(h *wire.Header, c *HeaderContext) {
			h.Time, c.Height = uint32(c.PrevTime)-601, 2017
		}, "", 0, ""},
		{"further back at a new period elsewhere", plain, func(h *wire.Header, c *HeaderContext) {
			h.Time, c.Height = uint32(c.PrevTime)-601, 2016
		}, "", 0, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := wire.Header{Version: 4, Time: now, Bits: 0x1d00ffff}
			ctx := HeaderContext{Height: 100, PrevTime: now - 600, PrevMTP: now - 4000, RequiredBits: h.Bits, Now: now}
			c.change(&h, &ctx)
			wantError(t, ContextualCheckHeader(&h, ctx, c.p), c.want, c.result, c.detail)
		})
	}
}

// Versions retire one by one at the heights of BIP 34, 66 and 65. Negative ones
// are below all.
func TestVersions(t *testing.T) {
	p := params.Mainnet()
	cases := []struct {
		version int32
		height  int32
		want    ErrorKind
		detail  string
	}{
		{1, 227930, "", ""},
		{1, 227931, "bad-version(0x00000001)", "rejected nVersion=0x00000001 block"},
		{2, 363724, "", ""},
		{2, 363725, "bad-version(0x00000002)", "rejected nVersion=0x00000002 block"},
		{3, 388380, "", ""},
		{3, 388381, "bad-version(0x00000003)", "rejected nVersion=0x00000003 block"},
		{4, 388381, "", ""},
		{0x20000000, 900000, "", ""},
		{-2147483648, 227930, "", ""},
		{-2147483648, 227931, "bad-version(0x80000000)", "rejected nVersion=0x80000000 block"},
	}
	for _, c := range cases {
		h := wire.Header{Version: c.version, Time: 1000}
		ctx := HeaderContext{Height: c.height, Now: 1000}
		err := ContextualCheckHeader(&h, ctx, p)
		wantError(t, err, c.want, ResultInvalidHeader, c.detail)
		if c.want != "" && (!errors.Is(err, ErrBadVersion) || errors.Is(err, ErrHighHash)) {
			t.Errorf("%v is not a bad version", err)
		}
	}
}
