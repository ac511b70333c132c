package p2p

import (
	"errors"

	"grapevine/chain/consensus"
	"grapevine/p2p/peer"
)

// blame says what a verdict means for whoever sent a block or a header.
type blame uint8

const (
	nobody   blame = iota
	sender         // it broke the protocol
	follower       // it follows a chain that we know to be invalid: no peer of our choice
)

// blames is the one place where a verdict becomes a disconnect.
var blames = map[consensus.Result]blame{
	consensus.ResultUnset:         nobody,
	consensus.ResultConsensus:     sender,
	consensus.ResultCachedInvalid: follower,
	consensus.ResultInvalidHeader: sender,
	consensus.ResultMutated:       sender,
	consensus.ResultMissingPrev:   sender,
	consensus.ResultInvalidPrev:   sender,
	consensus.ResultTimeFuture:    nobody,
	consensus.ResultHeaderLowWork: nobody,
}

// punish ends the connection where a verdict blames the peer.
func (c *Core) punish(p *peerState, err error) {
	var invalid *consensus.Error
	if err == nil || !errors.As(err, &invalid) {
		return // a failure of ours is nobody else's fault
	}
	switch blames[invalid.Result] {
	case sender:
		c.misbehaved(p, invalid.Error())
	case follower:
		if p.kind != peer.Inbound {
			c.misbehaved(p, invalid.Error())
		}
	}
}
