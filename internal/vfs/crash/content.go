package crash

import "slices"

// page is the unit in which contents share memory, a multiple of sector.
const page = 4096

// content is the bytes of a file. Copies are cheap, since they share pages
// until one is written to: a test may keep hundreds of copies of files of
// which 16 MiB are reserved.
//
// Invariants: len(pages) is size in pages, rounded up; a page is nil, which is
// all zeros, or has page bytes; those beyond size are zero; only pages with
// own set may be written to.
type content struct {
	size  int64
	pages [][]byte
	own   []bool
}

// copy returns a content that changes independently.
func (c *content) copy() content {
	clear(c.own)
	return content{size: c.size, pages: slices.Clone(c.pages), own: make([]bool, len(c.own))}
}

func (c *content) resize(size int64) {
	if size < c.size {
		c.zero(size, min(c.size, (size+page-1)/page*page))
	}
	n := int((size + page - 1) / page)
	c.pages = slices.Grow(c.pages, max(0, n-len(c.pages)))
	c.own = slices.Grow(c.own, max(0, n-len(c.own)))
	for len(c.pages) < n {
		c.pages, c.own = append(c.pages, nil), append(c.own, false)
	}
	clear(c.pages[n:])
	c.pages, c.own, c.size = c.pages[:n], c.own[:n], size
}

// writable returns the i-th page to be changed.
func (c *content) writable(i int64) []byte {
	if !c.own[i] {
		p := make([]byte, page)
		copy(p, c.pages[i])
		c.pages[i], c.own[i] = p, true
	}
	return c.pages[i]
}

// write puts b at off, lengthening the content as need be.
func (c *content) write(b []byte, off int64) {
	if end := off + int64(len(b)); end > c.size {
		c.resize(end)
	}
	for len(b) > 0 {
		n := copy(c.writable(off / page)[off%page:], b)
		b, off = b[n:], off+int64(n)
	}
}

// zero clears the bytes from lo to hi, which are within the content.
func (c *content) zero(lo, hi int64) {
	for lo < hi {
		end := min(hi, (lo/page+1)*page)
		if c.pages[lo/page] != nil {
			clear(c.writable(lo / page)[lo%page : lo%page+end-lo])
		}
		lo = end
	}
}

// read fills b from off and returns how many bytes there are.
func (c *content) read(b []byte, off int64) int {
	b = b[:max(0, min(int64(len(b)), c.size-off))]
	for at := off; at < off+int64(len(b)); {
		part := b[at-off:]
		part = part[:min(int64(len(part)), page-at%page)]
		if p := c.pages[at/page]; p != nil {
			copy(part, p[at%page:])
		} else {
			clear(part)
		}
		at += int64(len(part))
	}
	return len(b)
}
