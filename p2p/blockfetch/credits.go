package blockfetch

import (
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// recentSizes is how many of the last blocks tell what the next will take.
const recentSizes = 16

// firstSize is what a block is taken to be before any has come.
const firstSize = 1 << 20

// credits counts the bytes that blocks take between the request and the verdict.
type credits struct {
	floor int64 // least that a block on its way counts for

	inFlight int                          // requests that are not late
	waiting  map[wire.BlockHash][]arrival // arrived, without a verdict
	bytes    int64                        // of those

	sizes [recentSizes]int64
	count int // of all that ever arrived when asked for
}

// arrival is one arrival of a block.
type arrival struct {
	from  peer.ID
	size  int64
	asked bool
}

func newCredits(floor int64) credits {
	return credits{floor: floor, waiting: make(map[wire.BlockHash][]arrival)}
}

func (c *credits) arrived(hash wire.BlockHash, from peer.ID, size int64, asked bool) {
	c.waiting[hash] = append(c.waiting[hash], arrival{from, size, asked})
	c.bytes += size
	if asked { // anybody may send what was not, of any size
		c.sizes[c.count%recentSizes] = size
		c.count++
	}
}

// judged takes off the first arrival of a block.
func (c *credits) judged(hash wire.BlockHash) (from peer.ID, asked, ok bool) {
	list := c.waiting[hash]
	if len(list) == 0 {
		return 0, false, false
	}
	first := list[0]
	c.bytes -= first.size
	if len(list) == 1 {
		delete(c.waiting, hash)
	} else {
		c.waiting[hash] = list[1:]
	}
	return first.from, first.asked, true
}

func (c *credits) has(hash wire.BlockHash) bool { return len(c.waiting[hash]) > 0 }

// blockSize is what the next block may well take: the largest of the last few.
func (c *credits) blockSize() int64 {
	if c.count == 0 {
		return firstSize
	}
	size := int64(1)
	for _, s := range c.sizes[:min(c.count, recentSizes)] {
		size = max(size, s)
	}
	return size
}

// used returns the bytes spent, where queued are what the ledger of blocks
// holds without a verdict. Those that we brought are counted by both; the
// larger count holds both but for the few that are only in the other.
func (c *credits) used(queued int64) int64 {
	return int64(c.inFlight)*max(c.blockSize(), c.floor) + max(c.bytes, queued)
}
