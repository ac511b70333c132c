package rpc

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"grapevine/p2p/conn"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// RawSender sends what no node would.
type RawSender interface {
	// SendRaw sends a message of any command and payload; it fails with
	// [p2p.ErrNotConnected].
	SendRaw(id peer.ID, command string, payload []byte) error
}

// connectionKinds are those that addconnection makes.
var connectionKinds = []peer.Kind{peer.FullRelay, peer.BlockRelay, peer.AddrFetch, peer.Feeler}

func (n *network) addConnection(_ context.Context, r *Request, w *Writer) error {
	if !n.Testing {
		return Errorf(CodeMisc, "addconnection is for regression testing (-regtest mode) only.")
	}
	target, err := r.Str(0)
	if err != nil {
		return err
	}
	name, err := r.Str(1)
	if err != nil {
		return err
	}
	name = strings.Trim(name, " \f\n\r\t\v")
	v2, err := r.Bool(2)
	if err != nil {
		return err
	}
	for _, kind := range connectionKinds {
		if name != kind.String() {
			continue
		}
		if v2 && !n.Network.LocalServices().Has(wire.NodeP2PV2) {
			return Errorf(CodeInvalidParameter, "Error: Adding v2transport connections requires -v2transport init flag to be set.")
		}
		if err := n.Network.AddConnection(target, kind, v2); errors.Is(err, conn.ErrNoRoom) {
			return Errorf(CodeNodeCapacityReached, "Error: Already at capacity for specified connection type.")
		} else if err != nil {
			return err
		}
		w.Obj()
		w.Key("address").String(target)
		w.Key("connection_type").String(name)
		w.EndObj()
		return nil
	}
	return &Error{Code: CodeInvalidParameter, Message: r.m.help()}
}

// maxCommand is how long the name of a message may be.
const maxCommand = 12

func (n *network) sendMsgToPeer(_ context.Context, r *Request, w *Writer) error {
	id, err := r.Int64(0)
	if err != nil {
		return err
	}
	command, err := r.Str(1)
	if err != nil {
		return err
	}
	if len(command) > maxCommand {
		return Errorf(CodeInvalidParameter, "Error: msg_type too long, max length is %d", maxCommand)
	}
	text, err := r.Str(2)
	if err != nil {
		return err
	}
	payload, err := hex.DecodeString(text)
	if err != nil {
		return Errorf(CodeInvalidParameter, "Error parsing input for msg")
	}
	if n.Network.SendRaw(peer.ID(id), command, payload) != nil {
		return Errorf(CodeMisc, "Error: Could not send message to peer")
	}
	w.Obj().EndObj()
	return nil
}
