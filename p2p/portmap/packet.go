package portmap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// The forms of both protocols: numbers are big endian.
const (
	versionNATPMP = 0
	versionPCP    = 2
	response      = 0x80 // added to the operation that was asked for

	opExternal = 0 // NAT-PMP: what is your outside address
	opMapTCP   = 2 // NAT-PMP
	opMap      = 1 // PCP

	headerPCP     = 24
	sizePCP       = headerPCP + 36
	sizeUnknown   = 8 // what NAT-PMP says to other versions
	sizeExternal  = 12
	sizeMapNATPMP = 16
	maxPacket     = 1100

	protocolTCP = 6
	nonceSize   = 12
)

// Result is why a gateway made no mapping. Numbers up to 2 mean the same in both
// protocols.
type Result struct {
	Protocol string // "PCP" or "NAT-PMP"
	Code     uint16
}

// The results that matter to us.
const (
	resultOK             = 0
	resultVersion        = 1
	resultNoResourcesPMP = 4
	resultNoResourcesPCP = 8
)

var resultNames = map[string][]string{
	"NAT-PMP": {"SUCCESS", "UNSUPP_VERSION", "NOT_AUTHORIZED", "NETWORK_FAILURE", "NO_RESOURCES", "UNSUPP_OPCODE"},
	"PCP": {
		"SUCCESS", "UNSUPP_VERSION", "NOT_AUTHORIZED", "MALFORMED_REQUEST", "UNSUPP_OPCODE", "UNSUPP_OPTION", "MALFORMED_OPTION",
		"NETWORK_FAILURE", "NO_RESOURCES", "UNSUPP_PROTOCOL", "USER_EX_QUOTA", "CANNOT_PROVIDE_EXTERNAL", "ADDRESS_MISMATCH", "EXCESSIVE_REMOTE_PEER",
	},
}

// Error returns the result by its name in the RFC.
func (r Result) Error() string {
	name := "(unknown)"
	if names := resultNames[r.Protocol]; int(r.Code) < len(names) {
		name = names[r.Code]
	}
	return fmt.Sprintf("portmap: %s: %s (code %d)", r.Protocol, name, r.Code)
}

// noResources reports whether the port is taken, as far as the gateway says.
func (r Result) noResources() bool {
	return r.Protocol == "PCP" && r.Code == resultNoResourcesPCP || r.Protocol == "NAT-PMP" && r.Code == resultNoResourcesPMP
}

var (
	// errOther: a datagram that answers something else than we have asked.
	errOther = errors.New("portmap: an answer to something else")
	// errVersion: the gateway knows NAT-PMP only.
	errVersion = errors.New("portmap: the gateway does not know PCP")
)

// mapping is a port of the outside that leads to ours.
type mapping struct {
	external netip.AddrPort
	lifetime time.Duration
}

type nonce [nonceSize]byte

// appendPCP appends the question for a mapping of a port of internal; external is the
// address that is wished for, or the unspecified one.
func appendPCP(b []byte, n nonce, internal, external netip.Addr, port uint16, lifetime time.Duration) []byte {
	b = append(b, versionPCP, opMap, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(lifetime/time.Second))
	in, out := internal.As16(), external.As16() // IPv4 is mapped into IPv6
	b = append(append(b, in[:]...), n[:]...)
	b = append(b, protocolTCP, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, port)
	b = binary.BigEndian.AppendUint16(b, port)
	return append(b, out[:]...)
}

// readPCP reads the answer to that question.
func readPCP(b []byte, n nonce, port uint16) (mapping, error) {
	if len(b) == sizeUnknown && b[0] == versionNATPMP && b[3] == resultVersion {
		return mapping{}, errVersion
	}
	if len(b) < sizePCP || len(b) > maxPacket || b[0] != versionPCP || b[1] != opMap|response {
		return mapping{}, errOther
	}
	body := b[headerPCP:]
	if nonce(body) != n || body[12] != protocolTCP || binary.BigEndian.Uint16(body[16:]) != port {
		return mapping{}, errOther
	}
	if code := b[3]; code != resultOK {
		return mapping{}, Result{"PCP", uint16(code)}
	}
	addr := netip.AddrFrom16([16]byte(body[20:36])).Unmap()
	return mapping{
		external: netip.AddrPortFrom(addr, binary.BigEndian.Uint16(body[18:])),
		lifetime: time.Duration(binary.BigEndian.Uint32(b[4:])) * time.Second,
	}, nil
}

// askExternal is NAT-PMP's question for the outside address.
var askExternal = [2]byte{versionNATPMP, opExternal}

func readExternal(b []byte) (netip.Addr, error) {
	if len(b) < sizeExternal || len(b) > maxPacket || b[0] != versionNATPMP || b[1] != opExternal|response {
		return netip.Addr{}, errOther
	}
	if code := binary.BigEndian.Uint16(b[2:]); code != resultOK {
		return netip.Addr{}, Result{"NAT-PMP", code}
	}
	return netip.AddrFrom4([4]byte(b[8:12])), nil
}

// appendNATPMP appends the question for a mapping of a port.
func appendNATPMP(b []byte, port uint16, lifetime time.Duration) []byte {
	b = append(b, versionNATPMP, opMapTCP, 0, 0)
	b = binary.BigEndian.AppendUint16(b, port)
	b = binary.BigEndian.AppendUint16(b, port)
	return binary.BigEndian.AppendUint32(b, uint32(lifetime/time.Second))
}

// readNATPMP reads the answer to that question, which does not name the address.
func readNATPMP(b []byte, port uint16) (external uint16, lifetime time.Duration, err error) {
	if len(b) < sizeMapNATPMP || len(b) > maxPacket || b[0] != versionNATPMP || b[1] != opMapTCP|response || binary.BigEndian.Uint16(b[8:]) != port {
		return 0, 0, errOther
	}
	if code := binary.BigEndian.Uint16(b[2:]); code != resultOK {
		return 0, 0, Result{"NAT-PMP", code}
	}
	return binary.BigEndian.Uint16(b[10:]), time.Duration(binary.BigEndian.Uint32(b[12:])) * time.Second, nil
}
