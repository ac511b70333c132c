package crash

import (
	"maps"

	"grapevine/internal/vfs"
)

// node is what a name stands for: a file or a directory.
type node struct {
	file *inode
	dir  *dir
}

func (n node) info(name string) vfs.Info {
	if n.dir != nil {
		return vfs.Info{Name: name, Dir: true}
	}
	return vfs.Info{Name: name, Size: n.file.data.size}
}

// dir is a directory's names, now and as last synced.
//
// Invariant: applying changes to base, in order, gives names.
type dir struct {
	names   map[string]node
	base    map[string]node
	changes []change
}

// change removes a name, adds one, or both in one step.
type change struct {
	del  string
	add  string
	node node // of add
}

func newDir() *dir { return &dir{names: make(map[string]node), base: make(map[string]node)} }

func (c change) apply(names map[string]node) {
	if c.del != "" {
		delete(names, c.del)
	}
	if c.add != "" {
		names[c.add] = c.node
	}
}

func (d *dir) do(c change) {
	c.apply(d.names)
	d.changes = append(d.changes, c)
}

func (d *dir) sync() {
	d.base, d.changes = maps.Clone(d.names), nil
}

// copy returns the directory with all below it. Names that share a file share
// its copy.
func (d *dir) copy(files map[*inode]*inode) *dir {
	dirs := make(map[*dir]*dir)
	dup := func(n node) node {
		switch {
		case n.dir != nil:
			if dirs[n.dir] == nil {
				dirs[n.dir] = n.dir.copy(files)
			}
			return node{dir: dirs[n.dir]}
		case n.file != nil:
			if files[n.file] == nil {
				files[n.file] = n.file.copy()
			}
			return node{file: files[n.file]}
		}
		return node{}
	}
	c := newDir()
	for name, n := range d.names {
		c.names[name] = dup(n)
	}
	for name, n := range d.base {
		c.base[name] = dup(n)
	}
	for _, ch := range d.changes {
		ch.node = dup(ch.node)
		c.changes = append(c.changes, ch)
	}
	return c
}
