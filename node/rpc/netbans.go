package rpc

import (
	"context"
	"slices"
	"strings"
	"time"

	"grapevine/p2p/bans"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// BanList holds what operators ban. Its methods may be called from any goroutine;
// those that change it return once the bans are in force.
type BanList interface {
	// Ban, Unban, Holds, Banned, Entries and Clear are as those of [bans.List].
	Ban(now time.Time, s peer.Subnet, seconds int64, absolute bool) bool
	Unban(s peer.Subnet) bool
	Holds(now time.Time, s peer.Subnet) bool
	Banned(now time.Time, a wire.NetworkAddress) bool
	Entries(now time.Time) []bans.Entry
	Clear()
}

func (n *network) setBan(_ context.Context, r *Request, w *Writer) error {
	text, err := r.Str(0)
	if err != nil {
		return err
	}
	command, err := r.Str(1)
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"add", "remove"}, command) {
		return r.HelpError()
	}
	// An address is banned already when a subnet that it is in is; a subnet, when
	// it is itself.
	single := !strings.Contains(text, "/")
	net, addr := peer.Subnet{}, wire.NetworkAddress{}
	if single {
		if addr, err = n.address(text); err == nil && addr.Valid() {
			net = peer.SubnetOf(addr)
		}
	} else {
		net, err = peer.ParseSubnet(text)
	}
	if err != nil || net.IsZero() {
		return Errorf(CodeInvalidIPOrSubnet, "Error: Invalid IP/Subnet")
	}
	if command == "remove" {
		if !n.Bans.Unban(net) {
			return Errorf(CodeInvalidIPOrSubnet, "Error: Unban failed. Requested address/subnet was not previously manually banned.")
		}
		w.Null()
		return nil
	}
	now := n.Now()
	if n.Bans.Holds(now, net) || (single && n.Bans.Banned(now, addr)) {
		return Errorf(CodeNodeAlreadyAdded, "Error: IP/Subnet already banned")
	}
	seconds, err := r.Int64(2)
	if err != nil {
		return err
	}
	absolute, err := r.Bool(3)
	if err != nil {
		return err
	}
	if absolute && seconds < now.Unix() {
		return Errorf(CodeInvalidParameter, "Error: Absolute timestamp is in the past")
	}
	n.Bans.Ban(now, net, seconds, absolute)
	w.Null()
	return nil
}

func (n *network) listBanned(_ context.Context, _ *Request, w *Writer) error {
	now := n.Now()
	w.Arr()
	for _, e := range n.Bans.Entries(now) {
		w.Obj()
		w.Key("address").String(e.Net.String())
		w.Key("ban_created").Int(e.Created)
		w.Key("banned_until").Int(e.Until)
		w.Key("ban_duration").Int(e.Until - e.Created)
		w.Key("time_remaining").Int(e.Until - now.Unix())
		w.EndObj()
	}
	w.EndArr()
	return nil
}

func (n *network) clearBanned(_ context.Context, _ *Request, w *Writer) error {
	n.Bans.Clear()
	w.Null()
	return nil
}
