package rpc

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"grapevine/addrman"
	"grapevine/wire"
)

// AddressBook holds other nodes' addresses; [addrman.Manager] is one. Its methods
// may be called from any goroutine and return at once.
type AddressBook interface {
	Sample(now time.Time, limit, percent int, network wire.Network, worthy bool) []wire.TimedAddr
	AddOne(now time.Time, a wire.NetAddr, tried bool) error
	Counts() []addrman.Count
	Entries(tried bool) []addrman.Entry
	MappedAS(a wire.NetworkAddress) uint32
}

func (n *network) getNodeAddresses(_ context.Context, r *Request, w *Writer) error {
	count, err := r.Int32(0)
	if err != nil {
		return err
	}
	if count < 0 {
		return Errorf(CodeInvalidParameter, "Address count out of range")
	}
	of := wire.NetNone
	if r.Has(1) {
		name, err := r.Str(1)
		if err != nil {
			return err
		}
		var ok bool
		if of, ok = wire.ParseNetwork(name); !ok {
			return Errorf(CodeInvalidParameter, "Network not recognized: %s", name)
		}
	}
	w.Arr()
	for _, a := range n.Addresses.Sample(n.Now(), int(count), 0, of, true) {
		w.Obj()
		w.Key("time").Uint(uint64(a.Time))
		w.Key("services").Uint(uint64(a.Services))
		w.Key("address").String(a.Addr.String())
		w.Key("port").Uint(uint64(a.Port))
		w.Key("network").String(a.Addr.Class().String())
		w.EndObj()
	}
	w.EndArr()
	return nil
}

// address reads an argument as an address of a host: nothing is looked up.
func (n *network) address(text string) (wire.NetworkAddress, error) {
	a, err := wire.ParseAddress(text)
	if n.CJDNS {
		a = a.AsCJDNS()
	}
	return a, err
}

func (n *network) addPeerAddress(_ context.Context, r *Request, w *Writer) error {
	text, err := r.Str(0)
	if err != nil {
		return err
	}
	port, err := r.Int32(1)
	if err == nil && (port < 0 || port > 1<<16-1) {
		err = Errorf(CodeMisc, "JSON integer out of range")
	}
	if err != nil {
		return err
	}
	tried, err := r.Bool(2)
	if err != nil {
		return err
	}
	a, err := n.address(text)
	if err != nil {
		return Errorf(CodeInvalidIPOrSubnet, "Invalid IP address")
	}
	err = n.Addresses.AddOne(n.Now(), wire.NetAddr{Services: wire.NodeNetwork | wire.NodeWitness, Addr: a, Port: uint16(port)}, tried)
	w.Obj()
	for _, kind := range []addrman.ErrorKind{addrman.ErrNotNew, addrman.ErrNotTried} {
		if errors.Is(err, kind) {
			w.Key("error").String(string(kind))
		}
	}
	w.Key("success").Bool(err == nil)
	w.EndObj()
	return nil
}

func (n *network) getAddrmanInfo(_ context.Context, _ *Request, w *Writer) error {
	row := func(name string, fresh, tried int) {
		w.Key(name).Obj()
		w.Key("new").Int(int64(fresh))
		w.Key("tried").Int(int64(tried))
		w.Key("total").Int(int64(fresh + tried))
		w.EndObj()
	}
	w.Obj()
	fresh, tried := 0, 0
	for _, c := range n.Addresses.Counts() {
		row(c.Network.String(), c.New, c.Tried)
		fresh, tried = fresh+c.New, tried+c.Tried
	}
	row("all_networks", fresh, tried)
	w.EndObj()
	return nil
}

func (n *network) getRawAddrman(_ context.Context, _ *Request, w *Writer) error {
	w.Obj()
	for _, tried := range []bool{false, true} {
		if tried {
			w.Key("tried").Obj()
		} else {
			w.Key("new").Obj()
		}
		for _, e := range n.Addresses.Entries(tried) {
			w.Key(strconv.Itoa(e.Bucket) + "/" + strconv.Itoa(e.Position)).Obj()
			w.Key("address").String(e.Addr.Addr.String())
			n.mappedAS(w, "mapped_as", e.Addr.Addr)
			w.Key("port").Uint(uint64(e.Addr.Port))
			w.Key("services").Uint(uint64(e.Addr.Services))
			w.Key("time").Uint(uint64(e.Addr.Time))
			w.Key("network").String(e.Addr.Addr.Class().String())
			w.Key("source").String(e.Source.String())
			w.Key("source_network").String(e.Source.Class().String())
			n.mappedAS(w, "source_mapped_as", e.Source)
			w.EndObj()
		}
		w.EndObj()
	}
	w.EndObj()
	return nil
}

// mappedAS writes the autonomous system of an address where it is known.
func (n *network) mappedAS(w *Writer, key string, a wire.NetworkAddress) {
	if as := n.Addresses.MappedAS(a); as != 0 {
		w.Key(key).Uint(uint64(as))
	}
}

// exportASMap writes the map that is in use: there is none that comes with the
// program.
func (n *network) exportASMap(_ context.Context, r *Request, w *Writer) error {
	path, err := r.Str(0)
	if err != nil {
		return err
	}
	if len(n.ASMap) == 0 {
		return Errorf(CodeMisc, "No embedded ASMap data available")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(n.Dir, path)
	}
	if err := os.WriteFile(path, n.ASMap, 0o644); err != nil { // public data
		return Errorf(CodeMisc, "Failed to open asmap file: %s", path)
	}
	hash := sha256.Sum256(n.ASMap)
	w.Obj()
	w.Key("path").String(path)
	w.Key("bytes_written").Int(int64(len(n.ASMap)))
	w.Key("file_hash").Hex(hash[:])
	w.EndObj()
	return nil
}
