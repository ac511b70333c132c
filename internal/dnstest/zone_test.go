package dnstest

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"testing"
)

func TestZone(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var z Zone
	four, six := netip.MustParseAddr("1.2.3.4"), netip.MustParseAddr("2001:4860::1")
	z.Set("Seed.Test.", four, six)
	z.Set("empty.test")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- z.Serve(ctx, c) }()

	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, c.LocalAddr().String())
	}}
	got, err := r.LookupNetIP(ctx, "ip", "seed.test.")
	slices.SortFunc(got, netip.Addr.Compare)
	if err != nil || !slices.Equal(got, []netip.Addr{four, six}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, name := range []string{"empty.test.", "other.test."} {
		if got, err := r.LookupNetIP(ctx, "ip", name); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	if asked := z.Asked(); !slices.Equal(asked, []string{"seed.test", "empty.test", "other.test"}) {
		t.Errorf("asked for %q", asked)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04seed\x04test\x00\x00\x01\x00\x01"))
	f.Fuzz(func(t *testing.T, query []byte) {
		var z Zone
		z.Set("seed.test", netip.MustParseAddr("1.2.3.4"))
		if out := z.Answer(query); out != nil && len(out) > len(query)+16 {
			t.Fatalf("%d bytes of answer to %d", len(out), len(query))
		}
	})
}
