package localaddr

import (
	"net"
	"net/netip"

	"grapevine/wire"
)

// AddInterfaces notes the addresses of this machine's interfaces, and returns how many are of use.
func (t *Table) AddInterfaces() (int, error) {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return 0, err
	}
	added := 0
	for _, a := range list {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, ok := netip.AddrFromSlice(n.IP)
		if ok && t.Add(wire.AddrOf(netip.AddrPortFrom(ip.Unmap(), t.cfg.Port), 0), Interface, false) {
			added++
		}
	}
	return added, nil
}
