//go:build !linux

package portmap

import "net/netip"

func defaultGateway(bool) (netip.Addr, error) { return netip.Addr{}, ErrUnsupported }
