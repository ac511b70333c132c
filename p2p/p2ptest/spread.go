package p2ptest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Spread is how a block or a transaction went through the network.
type Spread struct {
	Size  int // bytes of it
	start int64
	at    []int64 // by node, -1 while it has not come
	hops  []int
	count int
}

// Track begins to follow a block by its hash, or a transaction by its txid.
func (n *Network) Track(what [32]byte, size int) *Spread {
	s := &Spread{Size: size, start: n.now, at: make([]int64, len(n.Nodes)), hops: make([]int, len(n.Nodes))}
	for i := range s.at {
		s.at[i] = -1
	}
	n.spread[what] = s
	return s
}

// mark: a node has taken in something from another, -1 for its operator.
func (n *Node) mark(what [32]byte, source int) {
	s := n.net.spread[what]
	if s == nil || n.ID >= len(s.at) || s.at[n.ID] >= 0 {
		return
	}
	s.at[n.ID] = n.net.now
	s.count++
	if source >= 0 {
		s.hops[n.ID] = s.hops[source] + 1
	}
}

// Count returns how many nodes it has reached.
func (s *Spread) Count() int { return s.count }

// Within returns how long it took to reach a share of the nodes, and false when it
// has not yet.
func (s *Spread) Within(share float64) (time.Duration, bool) {
	times := slices.Sorted(slices.Values(s.at))
	times = times[len(times)-s.count:]
	need := int(share*float64(len(s.at)) + 0.999999)
	if need < 1 || need > len(times) {
		return 0, false
	}
	return time.Duration(times[need-1] - s.start), true
}

// Hops returns the mean and the largest number of hops.
func (s *Spread) Hops() (mean float64, most int) {
	for _, h := range s.hops {
		mean += float64(h)
		most = max(most, h)
	}
	return mean / float64(max(s.count, 1)), most
}

// String gives the figures in a line.
func (s *Spread) String() string {
	var b strings.Builder
	mean, most := s.Hops()
	fmt.Fprintf(&b, "%d bytes to %d of %d nodes; hops mean %.1f, most %d; reached", s.Size, s.count, len(s.at), mean, most)
	for _, share := range []float64{0.5, 0.9, 0.99, 1} {
		if d, ok := s.Within(share); ok {
			fmt.Fprintf(&b, " %g %% in %.2f s,", share*100, d.Seconds())
		}
	}
	return strings.TrimSuffix(b.String(), ",")
}

// Traffic is what all nodes sent.
func (n *Network) Traffic() (sum Counts) {
	sum.ByCommand = make(map[string]*Count)
	for _, node := range n.Nodes {
		sum.Messages += node.Sent.Messages
		sum.Bytes += node.Sent.Bytes
		for command, c := range node.Sent.ByCommand {
			k := sum.ByCommand[command]
			if k == nil {
				k = new(Count)
				sum.ByCommand[command] = k
			}
			k.Messages += c.Messages
			k.Bytes += c.Bytes
		}
	}
	return sum
}

// Since returns the counts less those of before.
func (c Counts) Since(before Counts) Counts {
	d := Counts{Messages: c.Messages - before.Messages, Bytes: c.Bytes - before.Bytes, ByCommand: make(map[string]*Count)}
	for command, k := range c.ByCommand {
		n := *k
		if b := before.ByCommand[command]; b != nil {
			n.Messages -= b.Messages
			n.Bytes -= b.Bytes
		}
		if n.Messages > 0 {
			d.ByCommand[command] = &n
		}
	}
	return d
}

// PerNode gives messages and bytes a node, in all and by command.
func (c Counts) PerNode(nodes int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%.1f messages, %.0f bytes a node", float64(c.Messages)/float64(nodes), float64(c.Bytes)/float64(nodes))
	var commands []string
	for command := range c.ByCommand {
		commands = append(commands, command)
	}
	slices.Sort(commands)
	for _, command := range commands {
		k := c.ByCommand[command]
		fmt.Fprintf(&b, "; %s %.2f (%.0f)", command, float64(k.Messages)/float64(nodes), float64(k.Bytes)/float64(nodes))
	}
	return b.String()
}
