package chain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"grapevine/chain/blockstore"
	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/wire"
)

// importItem is a checked block on its way to the owner.
type importItem struct {
	block *wire.Block
	at    *blockstore.Pos // where it lies in our own files, nil when elsewhere
	reply chan error
}

// takeImport accepts one block. The importer learns at once whether it was
// taken; connecting goes on behind its back.
func (c *Chain) takeImport(it *importItem) {
	_, _, err := c.acceptBlock(it.block, arrival{at: it.at})
	it.reply <- err
}

// importAhead bounds the bytes of blocks that are decoded and checked ahead of
// the owner; a decoded block takes about three times its size.
const importAhead = 16 << 20

// Import reads blocks from files (concatenated records of magic, size, block)
// and from `blocks` folders of other nodes, in any order of blocks, and
// returns when the chain has judged them all. A block that is known already or
// breaks a rule is passed over; a file that cannot be read is an error.
func (c *Chain) Import(ctx context.Context, paths ...string) error {
	for _, path := range paths {
		src, err := blockstore.OpenSource(c.cfg.FS, path)
		if err == nil {
			err = c.importFrom(ctx, &foreignFiles{src: src, magic: c.params.Magic})
		}
		if err != nil {
			return fmt.Errorf("import of %s: %w", path, err)
		}
	}
	if err := c.quiesce(ctx); err != nil {
		return err
	}
	tip := c.tip()
	c.log.Info("Import ended", "best", tip.Hash(), "height", tip.Height(), "tx", tip.ChainTxCount(), "progress", c.progressText(tip))
	return nil
}

// Reindex takes in the blocks that lie in our own files, when [Open] was asked
// to, or an earlier start that was cut short. Otherwise it does nothing.
func (c *Chain) Reindex(ctx context.Context) error {
	if !c.state.reindexing.Load() {
		return nil
	}
	count, err := c.store.BlockFiles()
	if err != nil {
		return err
	}
	c.log.Info("Reindexing block files", "files", count)
	if err := c.importFrom(ctx, &ownFiles{store: c.store, count: int(count)}); err != nil {
		return fmt.Errorf("reindex: %w", err)
	}
	err = c.alone(ctx, func() error {
		if err := c.checkReadable(); err != nil {
			return c.fail(err)
		}
		if err := c.flushAll(); err != nil {
			return err
		}
		if err := c.store.EndReindex(); err != nil {
			return c.fail(err)
		}
		c.state.reindexing.Store(false)
		c.log.Info("Reindexing finished")
		if err := c.loadGenesis(); err != nil {
			return c.fail(err)
		}
		c.updateDownloadState()
		return nil
	})
	if err != nil {
		return err
	}
	return c.quiesce(ctx)
}

// checkReadable stops a reindex that found no block at all in files that hold
// something: it is the key that is wrong, or the network, and the genesis block
// would be written over the first of them.
func (c *Chain) checkReadable() error {
	if c.tree.Len() > 1 || c.tree.Genesis().Status()&headers.StatusHasData != 0 {
		return nil
	}
	if holds, err := c.filesHold(); err != nil || !holds {
		return err
	}
	return corrupt("no block of this network can be read from the files in %s: put the xor.dat back that they were written with, "+
		"or remove them, and start with -reindex", filepath.Join(c.cfg.Dir, "blocks"))
}

// filesHold reports whether there is anything in the first block file. It is
// zero where a first start reserved space and got no further.
func (c *Chain) filesHold() (bool, error) {
	f, err := c.cfg.FS.OpenFile(filepath.Join(c.cfg.Dir, "blocks", "blk00000.dat"), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	var head [8]byte
	if _, err := f.ReadAt(head[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return head != [8]byte{}, nil
}

// blockFiles is where an import reads from.
type blockFiles interface {
	// files returns how many files there are, name what people call one.
	files() int
	name(i int) string
	// scan calls fn with every block of file i, in order, in a buffer that fn
	// may keep.
	scan(ctx context.Context, i int, fn func(raw []byte, offset int64) error) error
	// read returns a block that scan has passed.
	read(p place, hash wire.BlockHash) ([]byte, error)
	// position returns where the block lies in our own files, nil if elsewhere.
	position(p place) *blockstore.Pos
}

// foreignFiles are somebody else's, read where they are.
type foreignFiles struct {
	src   *blockstore.Source
	magic [4]byte
}

func (f *foreignFiles) files() int        { return len(f.src.Files()) }
func (f *foreignFiles) name(i int) string { return f.src.Files()[i].Path }

func (f *foreignFiles) scan(ctx context.Context, i int, fn func([]byte, int64) error) error {
	return f.src.Scan(ctx, i, f.magic, func(raw []byte, pos blockstore.SourcePos) error { return fn(raw, pos.Offset) })
}

func (f *foreignFiles) read(p place, hash wire.BlockHash) ([]byte, error) {
	return f.src.ReadBlock(blockstore.SourcePos{File: p.file, Offset: p.offset}, f.magic, hash)
}

func (f *foreignFiles) position(place) *blockstore.Pos { return nil }

// ownFiles are those of our store while it is indexed anew.
type ownFiles struct {
	store *blockstore.Store
	count int
}

func (o *ownFiles) files() int        { return o.count }
func (o *ownFiles) name(i int) string { return fmt.Sprintf("blk%05d.dat", i) }

func (o *ownFiles) scan(ctx context.Context, i int, fn func([]byte, int64) error) error {
	return o.store.ScanFile(ctx, uint32(i), func(raw []byte, pos blockstore.Pos) error { return fn(raw, int64(pos.Offset)) })
}

func (o *ownFiles) read(p place, hash wire.BlockHash) ([]byte, error) {
	return o.store.ReadBlock(*o.position(p), hash)
}

func (o *ownFiles) position(p place) *blockstore.Pos {
	return &blockstore.Pos{File: uint32(p.file), Offset: uint32(p.offset)}
}

// importer carries what one run over files needs.
type importer struct {
	c       *Chain
	from    blockFiles
	orphans map[wire.BlockHash][]orphan // by missing parent
	seen    int                         // whatever became of them
	taken   int
	refused int
}

// place says where in its source a block is.
type place struct {
	file   int
	offset int64
}

// orphan is a block that came before its parent.
type orphan struct {
	place
	hash wire.BlockHash
}

// prepared is a block that was read and checked without context. The block is
// nil when it was here already.
type prepared struct {
	place
	size  int64
	block *wire.Block
	hash  wire.BlockHash
	prev  wire.BlockHash
}

// importFrom takes in all blocks of the files: one goroutine reads, decodes
// and checks ahead, another hands over in order.
func (c *Chain) importFrom(ctx context.Context, from blockFiles) error {
	im := &importer{c: c, from: from, orphans: make(map[wire.BlockHash][]orphan)}
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	// Bounded by importAhead in bytes as well; a full queue makes reading wait.
	queue := make(chan prepared, 64)
	room := semaphore.NewWeighted(importAhead)
	group.Go(func() error {
		defer close(queue)
		for i := range from.files() {
			if err := im.read(ctx, i, queue, room); err != nil {
				return err
			}
		}
		return nil
	})
	group.Go(func() error {
		for p := range queue {
			err := im.submit(ctx, p)
			room.Release(p.size)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if im.seen == 0 {
		c.log.Warn("found no block of this network in the files", "network", c.params.Name, "files", from.files())
	}
	c.log.Info("Loaded blocks from files", "blocks", im.taken, "refused", im.refused,
		"without_parent", len(im.orphans), "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// read passes the blocks of one file on, decoded and checked.
func (im *importer) read(ctx context.Context, i int, queue chan<- prepared, room *semaphore.Weighted) error {
	im.c.log.Info("Loading blocks", "file", im.from.name(i))
	return im.from.scan(ctx, i, func(raw []byte, offset int64) error {
		im.seen++
		p := prepared{place: place{file: i, offset: offset}, size: min(int64(len(raw)), importAhead)}
		if !im.prepare(&p, raw) {
			return nil
		}
		if err := room.Acquire(ctx, p.size); err != nil {
			return err
		}
		select {
		case queue <- p:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// prepare decodes and checks a block; one that is here already passes without.
// It reports false for what cannot be a valid block anywhere.
func (im *importer) prepare(p *prepared, raw []byte) bool {
	h, err := wire.DecodeHeader(raw[:min(len(raw), wire.HeaderSize)])
	if err != nil {
		return false
	}
	p.hash, p.prev = h.Hash(), h.PrevBlock
	if n := im.c.tree.Lookup(p.hash); n != nil && n.Status()&headers.StatusHasData != 0 {
		return true
	}
	b, err := wire.DecodeBlock(raw)
	if err == nil {
		err = consensus.CheckBlock(b, im.c.params, consensus.CheckAll)
	}
	if err != nil {
		im.c.log.Warn("passing over what cannot be a valid block", "file", im.from.name(p.file),
			"offset", p.offset, "hash", p.hash, "reason", err)
		return false
	}
	p.block = b
	return true
}

// submit hands a block to the owner, and after it the blocks that came
// earlier and waited for it.
func (im *importer) submit(ctx context.Context, p prepared) error {
	for queue := []prepared{p}; len(queue) > 0; queue = queue[1:] {
		p := queue[0]
		if p.block != nil {
			switch err := im.hand(ctx, &p); {
			case err == nil:
				im.taken++
			case errors.Is(err, consensus.ErrPrevNotFound):
				im.orphans[p.prev] = append(im.orphans[p.prev], orphan{place: p.place, hash: p.hash})
				continue
			case isInvalid(err):
				im.refused++
				im.c.log.Warn("block refused", "hash", p.hash, "reason", err)
				continue
			default:
				return err
			}
		}
		waiting := im.orphans[p.hash]
		delete(im.orphans, p.hash)
		for _, o := range waiting {
			raw, err := im.from.read(o.place, o.hash)
			if err != nil {
				return err
			}
			child := prepared{place: o.place}
			if im.prepare(&child, raw) {
				queue = append(queue, child)
			}
		}
	}
	return nil
}

// hand gives one block to the owner and waits until it was taken.
func (im *importer) hand(ctx context.Context, p *prepared) error {
	it := &importItem{block: p.block, at: im.from.position(p.place), reply: make(chan error, 1)}
	select {
	case im.c.imports <- it:
	case <-ctx.Done():
		return ctx.Err()
	case <-im.c.done:
		return im.c.closedError()
	}
	select {
	case err := <-it.reply:
		return err
	case <-im.c.done:
		return im.c.closedError()
	}
}
