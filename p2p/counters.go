package p2p

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// counters count bytes, those of messages by their command too. Any goroutine may use them.
type counters struct {
	in, out atomic.Uint64

	mu              sync.Mutex
	inByType        map[string]uint64
	outByType       map[string]uint64
	lastIn, lastOut time.Time
}

// otherType is what the bytes of unknown messages are counted under, so that a
// peer cannot fill our tables with names.
const otherType = "*other*"

// read counts bytes as they come.
func (c *counters) read(n int, at time.Time) {
	c.in.Add(uint64(n))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastIn = at
}

// received counts a message.
func (c *counters) received(command string, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inByType == nil {
		c.inByType = map[string]uint64{}
	}
	c.inByType[command] += uint64(size)
}

func (c *counters) sent(command string, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.outByType == nil {
		c.outByType = map[string]uint64{}
	}
	c.outByType[command] += uint64(size)
}

func (c *counters) wrote(size int, at time.Time) {
	c.out.Add(uint64(size))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastOut = at
}

// fill writes what is counted into a description.
func (c *counters) fill(i *PeerInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i.BytesReceived, i.BytesSent = c.in.Load(), c.out.Load()
	i.ReceivedByType, i.SentByType = maps.Clone(c.inByType), maps.Clone(c.outByType)
	i.LastReceive, i.LastSend = c.lastIn, c.lastOut
}
