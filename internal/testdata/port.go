package testdata

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Free ports are looked for below those that systems hand out by themselves, or the
// port could be that of some connection before its test listens there.
const (
	firstPort = 20_000
	lastPort  = 32_000
)

// FreePort returns a TCP port of 127.0.0.1 that nobody listens at.
func FreePort(tb testing.TB) int {
	tb.Helper()
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			tb.Fatal(err)
		}
		return port
	}
	tb.Fatal("none of 100 ports is free")
	return 0
}

// FreeAddress is [FreePort] as host and port.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(FreePort(tb)))
}
