package p2p

import (
	"fmt"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// maxCommand is the longest name that a frame has room for.
const maxCommand = 12

// SendRaw sends a message of any command and content, for tests.
func (c *Core) SendRaw(id peer.ID, command string, payload []byte) error {
	p := c.peers[id]
	if p == nil || p.closing {
		return ErrNotConnected
	}
	if len(command) > maxCommand || len(payload) > wire.MaxPayload {
		return fmt.Errorf("p2p: %q of %d bytes is too long for a message", command, len(payload))
	}
	c.send(p, &wire.MsgUnknown{Name: command, Data: payload})
	return nil
}

// unsent returns the bytes that wait for a peer.
func (c *Core) unsent(id peer.ID) int {
	if p := c.peers[id]; p != nil {
		return p.unsent
	}
	return 0
}
