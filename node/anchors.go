package node

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"

	"grapevine/internal/vfs"
	"grapevine/p2p/conn"
	"grapevine/wire"
)

// The anchors of a run are the block-relay peers at its end: the next begins with them, so that who makes a node restart does not
// get to choose all its peers anew. They stand in the file of the reference implementation:
//
//	magic of the network, 4 bytes
//	number of addresses, compact size
//	each: version (20 00 35 60 reversed, 4 bytes), time (4), services (compact size), network (1), length (compact size), address, port (2, big endian)
//	double SHA-256 of all before
const (
	anchorsFile = "anchors.dat"
	// maxAnchorsFile is far more than two addresses take.
	maxAnchorsFile = 4096
	// diskVersion says that an address follows in the form of BIP 155.
	diskVersion  = 1<<29 | 220000
	versionMask  = 1<<19 - 1 // of the part that says nothing
	addressesAre = diskVersion &^ versionMask
)

var errAnchors = errors.New("not a list of anchors")

// encodeAnchors returns the content of the file.
func encodeAnchors(magic [4]byte, list []wire.NetAddr) []byte {
	b := append([]byte(nil), magic[:]...)
	b = wire.AppendCompactSize(b, uint64(len(list)))
	for _, a := range list {
		b = binary.LittleEndian.AppendUint32(b, diskVersion)
		b = binary.LittleEndian.AppendUint32(b, 0) // the time is not used
		b = wire.AppendCompactSize(b, uint64(a.Services))
		b = append(b, byte(a.Addr.Network()))
		addr := a.Addr.Bytes()
		b = append(wire.AppendCompactSize(b, uint64(len(addr))), addr...)
		b = binary.BigEndian.AppendUint16(b, a.Port)
	}
	sum := wire.DoubleSHA256(b)
	return append(b, sum[:]...)
}

// decodeAnchors reads the file. More than there can be are dropped.
func decodeAnchors(magic [4]byte, b []byte) ([]wire.NetAddr, error) {
	const sumSize = 32
	if len(b) < len(magic)+sumSize || !bytes.HasPrefix(b, magic[:]) {
		return nil, errAnchors
	}
	body, sum := b[:len(b)-sumSize], b[len(b)-sumSize:]
	if want := wire.DoubleSHA256(body); !bytes.Equal(sum, want[:]) {
		return nil, errAnchors
	}
	r := anchorReader{rest: body[len(magic):]}
	n := r.size()
	var out []wire.NetAddr
	for range n {
		if len(r.rest) == 0 {
			return nil, errAnchors
		}
		a, err := r.address()
		if err != nil {
			return nil, err
		}
		if len(out) < conn.MaxAnchors && a.Addr.Valid() {
			out = append(out, a)
		}
	}
	if r.failed || len(r.rest) > 0 {
		return nil, errAnchors
	}
	return out, nil
}

// anchorReader takes the file apart; once something is missing, all that follows is zero.
type anchorReader struct {
	rest   []byte
	failed bool
}

func (r *anchorReader) next(n int) []byte {
	if n > len(r.rest) {
		r.failed, r.rest = true, nil
		return make([]byte, n)
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// size reads a compact size; that of services goes beyond what lengths may be.
func (r *anchorReader) size() uint64 {
	switch first := r.next(1)[0]; first {
	case 0xfd:
		return uint64(binary.LittleEndian.Uint16(r.next(2)))
	case 0xfe:
		return uint64(binary.LittleEndian.Uint32(r.next(4)))
	case 0xff:
		return binary.LittleEndian.Uint64(r.next(8))
	default:
		return uint64(first)
	}
}

func (r *anchorReader) address() (a wire.NetAddr, err error) {
	if binary.LittleEndian.Uint32(r.next(4))&^uint32(versionMask) != addressesAre {
		return a, errAnchors
	}
	r.next(4)
	a.Services = wire.ServiceFlags(r.size())
	network := wire.Network(r.next(1)[0])
	n := r.size()
	if n > uint64(len(r.rest)) {
		return a, errAnchors
	}
	if a.Addr, err = wire.AddressOf(network, r.next(int(n))); err != nil {
		return a, errAnchors
	}
	a.Port = binary.BigEndian.Uint16(r.next(2))
	if r.failed {
		return a, errAnchors
	}
	return a, nil
}

// takeAnchors reads the file and removes it: anchors that made the node crash are not tried again.
func takeAnchors(dir string, magic [4]byte, log *slog.Logger) []wire.NetAddr {
	path := filepath.Join(dir, anchorsFile)
	b, err := vfs.ReadFile(vfs.OS(), path, maxAnchorsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var list []wire.NetAddr
	if err == nil {
		list, err = decodeAnchors(magic, b)
	}
	if err != nil {
		log.Warn("Cannot read the anchors", "path", path, "error", err)
	}
	if err := vfs.OS().Remove(path); err != nil {
		log.Warn("Cannot remove the anchors", "path", path, "error", err)
	}
	log.Info("Anchors will be tried for block-relay-only connections", "anchors", len(list))
	return list
}

// saveAnchors writes the file.
func saveAnchors(dir string, magic [4]byte, list []wire.NetAddr, log *slog.Logger) {
	path := filepath.Join(dir, anchorsFile)
	if err := vfs.WriteFileSync(vfs.OS(), path, path+".new", encodeAnchors(magic, list)); err != nil {
		log.Warn("Cannot write the anchors", "path", path, "error", err)
	}
}
