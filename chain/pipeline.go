package chain

import (
	"grapevine/chain/headers"
	"grapevine/chain/utxo"
)

// pipeline is what lies between the committed tip and the speculative one:
// blocks connected or disconnected into overlays that nobody sees yet.
type pipeline struct {
	steps []*step
	bytes int // of the blocks whose scripts are being checked
}

// step is one block on its way, and the overlay that it makes.
type step struct {
	node       *headers.Node
	disconnect bool
	overlay    *utxo.Overlay

	// Of connected blocks:
	job   *scriptJob
	undo  []byte // encoded; written by the job's finish
	bytes int    // of the block, counted in pipeline.bytes until the job is done
	size  int    // of the block; the overlay's scripts lie in it
}

// Bounds of what may be in flight, so that memory stays bounded while every
// core has work: the script jobs of 16 blocks or 16 MiB of blocks, whichever
// is reached first (one block is always let in). Parsed, with their overlays,
// such blocks take about five times their size.
const (
	maxJobs     = 16
	maxJobBytes = 16 << 20
	// maxHeldBytes bounds, while a job runs, blocks and overlays of all steps: one
	// block that takes long must not let those behind it pile up.
	maxHeldBytes = 96 << 20
)

// end returns the node at which the coins stand once all steps are merged.
func (p *pipeline) end(tip *headers.Node) *headers.Node {
	if len(p.steps) == 0 {
		return tip
	}
	s := p.steps[len(p.steps)-1]
	if s.disconnect {
		return s.node.Parent()
	}
	return s.node
}

// top returns the overlay that the next step rests on, nil for the coins.
func (p *pipeline) top() *utxo.Overlay {
	if len(p.steps) == 0 {
		return nil
	}
	return p.steps[len(p.steps)-1].overlay
}

func (p *pipeline) push(s *step) {
	p.steps = append(p.steps, s)
	p.bytes += s.bytes
	s.size = s.bytes
}

// room reports whether another block may start. When it may not, a job runs
// whose end wakes the owner.
func (p *pipeline) room() bool {
	jobs, held := 0, int64(0)
	for _, s := range p.steps {
		held += int64(s.size) + overlayBytes(s.overlay)
		if s.job != nil {
			jobs++
		}
	}
	return jobs == 0 || jobs < maxJobs && p.bytes < maxJobBytes && held < maxHeldBytes
}

// retire lets go of the blocks whose scripts are done, and returns the first
// step whose scripts failed, nil when none did.
func (p *pipeline) retire() (failed *step) {
	for _, s := range p.steps {
		if s.job == nil || !s.job.done.Load() {
			continue
		}
		p.bytes -= s.bytes
		s.bytes = 0
		if s.job.err() != nil {
			return s
		}
		s.job = nil
	}
	return nil
}

// drop abandons all steps. Jobs that run end by themselves; nobody waits for
// their verdicts.
func (p *pipeline) drop() {
	for _, s := range p.steps {
		if s.job != nil {
			s.job.dropped.Store(true)
		}
	}
	p.steps = nil
	p.bytes = 0
}

// contains reports whether n is being connected.
func (p *pipeline) contains(n *headers.Node) bool {
	for _, s := range p.steps {
		if s.node == n && !s.disconnect {
			return true
		}
	}
	return false
}

// reorganising reports whether the steps lead away from the tip and not yet to
// anything better: the pipeline does not run empty before the rest of the new
// branch has come in.
func (p *pipeline) reorganising(tip *headers.Node) bool {
	for _, s := range p.steps {
		if !s.disconnect && better(s.node, tip) {
			return false
		}
	}
	return len(p.steps) > 0
}

// committable returns how many steps from the front may be merged: those up
// to the last checked block that is better than the tip.
func (p *pipeline) committable(tip *headers.Node) int {
	n := 0
	for i, s := range p.steps {
		if s.job != nil {
			break
		}
		if !s.disconnect && better(s.node, tip) {
			n = i + 1
		}
	}
	return n
}

// passed returns how many steps from the front are checked.
func (p *pipeline) passed() int {
	for i, s := range p.steps {
		if s.job != nil {
			return i
		}
	}
	return len(p.steps)
}

// blockBytes returns what the blocks take that are being connected.
func (p *pipeline) blockBytes() int {
	n := 0
	for _, s := range p.steps {
		n += s.size
	}
	return n
}

// overlayBytes returns what the overlays of uncommitted steps take.
func (p *pipeline) overlayBytes() int64 {
	var n int64
	for _, s := range p.steps {
		n += overlayBytes(s.overlay)
	}
	return n
}

// overlayBytes estimates what an overlay takes: an entry of 96 bytes, its
// slots and a script of the usual size.
func overlayBytes(o *utxo.Overlay) int64 { return int64(o.Len()) * 160 }
