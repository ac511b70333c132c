package portmap

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// Errors of looking for a gateway.
var (
	// errNoGateway: there is no default route, or none by way of a gateway.
	errNoGateway = errors.New("portmap: no default gateway")
	// ErrUnsupported: this system's routes are not read.
	ErrUnsupported = errors.New("portmap: looking up the default gateway is not supported on this system")
)

// usable are the flags of a route that is up and has a gateway.
const usable = 3

// gateway4 finds the gateway with the lowest metric in Linux' list of IPv4 routes:
// interface, destination, gateway, flags, two counters, metric, mask; numbers of four
// bytes in hexadecimal, as they stand in memory.
func gateway4(routes io.Reader) (best netip.Addr, err error) {
	lowest := uint64(math.MaxUint64)
	err = eachRoute(routes, func(f []string) {
		if len(f) < 8 || f[1] != "00000000" || f[7] != "00000000" {
			return
		}
		addr, err1 := hex.DecodeString(f[2])
		flags, err2 := strconv.ParseUint(f[3], 16, 32)
		metric, err3 := strconv.ParseUint(f[6], 10, 32)
		if errors.Join(err1, err2, err3) != nil || len(addr) != 4 || flags&usable != usable || metric >= lowest {
			return
		}
		lowest = metric
		best = netip.AddrFrom4([4]byte(binary.LittleEndian.AppendUint32(nil, binary.BigEndian.Uint32(addr))))
	})
	return found(best, err)
}

// gateway6 does so in the list of IPv6 routes: destination and its length, source and
// its length, gateway, metric, two counters, flags, interface; all of it hexadecimal.
func gateway6(routes io.Reader) (best netip.Addr, err error) {
	lowest := uint64(math.MaxUint64)
	err = eachRoute(routes, func(f []string) {
		if len(f) < 10 || strings.Trim(f[0], "0") != "" || f[1] != "00" {
			return
		}
		b, err1 := hex.DecodeString(f[4])
		metric, err2 := strconv.ParseUint(f[5], 16, 32)
		flags, err3 := strconv.ParseUint(f[8], 16, 32)
		if errors.Join(err1, err2, err3) != nil || len(b) != 16 || flags&usable != usable || metric >= lowest {
			return
		}
		addr := netip.AddrFrom16([16]byte(b))
		if addr.IsUnspecified() {
			return
		}
		if addr.IsLinkLocalUnicast() {
			addr = addr.WithZone(f[9])
		}
		lowest, best = metric, addr
	})
	return found(best, err)
}

func found(a netip.Addr, err error) (netip.Addr, error) {
	if err == nil && !a.IsValid() {
		err = errNoGateway
	}
	return a, err
}

// eachRoute calls fn with the fields of each line.
func eachRoute(r io.Reader, fn func(fields []string)) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fn(strings.Fields(lines.Text()))
	}
	return lines.Err()
}
