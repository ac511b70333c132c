package index

import (
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/syndtr/goleveldb/leveldb"

	"grapevine/chain/chaintest"
	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/internal/vfs"
	"grapevine/internal/vfs/crash"
	"grapevine/internal/vfs/ldbstorage"
	"grapevine/wire"
)

// ledger is a chain in memory that goes where it is told.
type ledger struct {
	tree   *headers.Tree
	events *event.Ring
	active atomic.Pointer[headers.Chain]
	mu     sync.Mutex
	blocks map[wire.BlockHash]*wire.Block
	reads  int
	fail   error
}

func newLedger(p *params.Params) *ledger {
	l := &ledger{tree: headers.NewTree(p), events: event.NewRing(2), blocks: map[wire.BlockHash]*wire.Block{p.GenesisHash: p.Genesis}}
	l.active.Store(headers.NewChain(l.tree.Genesis()))
	return l
}

func (l *ledger) Active() *headers.Chain { return l.active.Load() }
func (l *ledger) Tree() *headers.Tree    { return l.tree }
func (l *ledger) Events() *event.Ring    { return l.events }

func (l *ledger) Block(n *headers.Node) (*wire.Block, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	if b := l.blocks[n.Hash()]; b != nil && l.fail == nil {
		return b, nil
	}
	return nil, l.fail
}

// learn makes blocks known, without the chain going there.
func (l *ledger) learn(blocks ...*wire.Block) (last *headers.Node) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range blocks {
		if last = l.tree.Lookup(b.Hash()); last == nil {
			last = l.tree.Insert(b.Header, l.tree.Lookup(b.Header.PrevBlock))
			l.blocks[b.Hash()] = b
		}
	}
	return last
}

// moveTo makes a block the tip.
func (l *ledger) moveTo(t testing.TB, n *headers.Node) {
	t.Helper()
	old := l.Active()
	l.active.Store(old.With(n))
	_, err := l.events.Publish(context.Background(), event.Event{Kind: event.TipMoved, Height: n.Height(), Hash: n.Hash(),
		OldHeight: old.Height(), OldHash: old.Tip().Hash(), ForkHeight: old.Fork(n).Height()})
	if err != nil {
		t.Fatal(err)
	}
}

func openIndex(t testing.TB, l *ledger, disk vfs.FS, batch int) *TxIndex {
	t.Helper()
	x, err := Open(Config{Chain: l, Dir: "index", FS: disk, batch: batch})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// run runs an index until the returned function is called.
func run(t testing.TB, x *TxIndex) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- x.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// settle waits until the index is built and at the tip.
func settle(t testing.TB, x *TxIndex) {
	t.Helper()
	for {
		x.mu.Lock()
		changed := x.changed
		x.mu.Unlock()
		ready, err := x.CatchUp(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if ready {
			return
		}
		select {
		case <-changed:
		case <-x.done:
			t.Fatal("the index has ended")
		}
	}
}

// wantFound looks up every transaction of the blocks.
func wantFound(t *testing.T, x *TxIndex, blocks ...*wire.Block) {
	t.Helper()
	for _, b := range blocks {
		for i := range b.Txs {
			got, ok, err := x.Find(b.Txs[i].Txid())
			if err != nil || !ok {
				t.Fatalf("transaction %d of block %s: found %v, %v", i, b.Hash(), ok, err)
			}
			if got.Node.Hash() != b.Hash() || got.Index != i || got.Block.Hash() != b.Hash() {
				t.Fatalf("transaction %d of block %s: found as %d of %s", i, b.Hash(), got.Index, got.Node.Hash())
			}
		}
	}
}

func mustMine(t testing.TB, n int) (trunk, a, b *chaintest.Branch) {
	t.Helper()
	trunk = chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	trunk.Mine(103, 2)
	a, b = trunk.Fork(7), trunk.Fork(8)
	a.Mine(n, 3)
	b.Mine(n+2, 3)
	return trunk, a, b
}

func TestIndexFollows(t *testing.T) {
	trunk, a, b := mustMine(t, 6)
	fork := len(trunk.Blocks)
	for _, batch := range []int{1, 4000, 0} {
		l := newLedger(trunk.Params)
		x := openIndex(t, l, crash.New(), batch)
		stop := run(t, x)
		settle(t, x) // at genesis
		// More moves than the ring keeps, some of several blocks.
		for i := 0; i < len(a.Blocks); i += 1 + i%3 {
			l.moveTo(t, l.learn(a.Blocks[:i+1]...))
		}
		tipA := l.learn(a.Blocks...)
		l.moveTo(t, tipA)
		settle(t, x)
		wantFound(t, x, a.Blocks...)
		l.moveTo(t, l.learn(b.Blocks...)) // a reorganisation
		settle(t, x)
		wantFound(t, x, b.Blocks...)
		wantStale(t, x, a.Blocks[fork:], b)
		reads := l.reads
		l.moveTo(t, l.tree.Lookup(trunk.Tip.Hash())) // blocks are taken back
		settle(t, x)
		l.moveTo(t, tipA) // and the other ones come again: all is known
		settle(t, x)
		if l.reads != reads {
			t.Errorf("batch %d: %d blocks were read again", batch, l.reads-reads)
		}
		wantFound(t, x, a.Blocks...)
		wantStale(t, x, b.Blocks[fork:], a)
		if _, ok, err := x.Find(wire.Txid{1}); ok || err != nil {
			t.Errorf("an unknown id: %v, %v", ok, err)
		}
		if _, ok, err := x.Find(trunk.Params.Genesis.Txs[0].Txid()); ok || err != nil {
			t.Errorf("the genesis coinbase: %v, %v", ok, err)
		}
		if s := x.Summary(); s != (Summary{Name: "txindex", Synced: true, Height: int32(len(a.Blocks))}) {
			t.Errorf("%+v", s)
		}
		stop()
	}
}

// wantStale checks transactions of blocks that left the chain: they are found
// where the chain has them now, or else where they were.
func wantStale(t *testing.T, x *TxIndex, blocks []*wire.Block, now *chaintest.Branch) {
	t.Helper()
	for _, b := range blocks {
		for i := range b.Txs {
			id := b.Txs[i].Txid()
			want := b.Hash()
			for _, other := range now.Blocks {
				if slices.ContainsFunc(other.Txs, func(tx wire.Tx) bool { return tx.Txid() == id }) {
					want = other.Hash()
				}
			}
			got, ok, err := x.Find(id)
			if err != nil || !ok || got.Node.Hash() != want {
				t.Fatalf("stale transaction %s: %v, %v, %v", id, ok, err, got.Node)
			}
		}
	}
}

// A restart goes on where the index was; one whose chain has less than the
// index, or another branch, ends in the same place.
func TestIndexRestarts(t *testing.T) {
	trunk, a, b := mustMine(t, 6)
	disk := crash.New()
	l := newLedger(trunk.Params)
	l.moveTo(t, l.learn(a.Blocks...))
	x := openIndex(t, l, disk, 0)
	stop := run(t, x)
	settle(t, x)
	stop()
	if _, err := x.CatchUp(t.Context()); err != nil { // at the tip, though ended
		t.Error(err)
	}
	if _, _, err := x.Find(wire.Txid{}); !errors.Is(err, ErrClosed) {
		t.Errorf("find after the end: %v", err)
	}

	for name, known := range map[string][]*wire.Block{"as before": a.Blocks, "behind": a.Blocks[:50], "other": b.Blocks, "empty": nil} {
		l := newLedger(trunk.Params)
		if known != nil {
			l.moveTo(t, l.learn(known...))
		}
		x := openIndex(t, l, disk, 0)
		if s := x.Summary(); s.Synced || (name == "as before") != (s.Height == int32(len(a.Blocks))) {
			t.Errorf("%s: %+v at the start", name, s)
		}
		if ready, err := x.CatchUp(t.Context()); ready || err != nil {
			t.Errorf("%s: ready before it ran, %v", name, err)
		}
		stop := run(t, x)
		settle(t, x)
		wantFound(t, x, known...)
		if name != "other" && l.reads > len(known)*4 {
			t.Errorf("%s: %d reads", name, l.reads)
		}
		l.moveTo(t, l.learn(a.Blocks...))
		settle(t, x)
		wantFound(t, x, a.Blocks...)
		stop()
	}
}

// Whatever a crash leaves of the files, the next run completes the index, also
// when the chain has lost more than the index.
func TestIndexAfterCrash(t *testing.T) {
	trunk, a, b := mustMine(t, 3)
	half := a.Blocks[:60]
	cuts, seeds := 0, uint64(6)
	if testing.Short() {
		seeds = 2
	}
	for cut := 1; ; cut++ {
		disk := crash.New()
		disk.CutAtSync(cut)
		l := newLedger(trunk.Params)
		l.moveTo(t, l.learn(a.Blocks...))
		lost := func() bool {
			x, err := Open(Config{Chain: l, Dir: "index", FS: disk, batch: 700})
			if err != nil {
				return true
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- x.Run(ctx) }()
			for {
				x.mu.Lock()
				changed := x.changed
				x.mu.Unlock()
				if ready, err := x.CatchUp(ctx); err != nil {
					<-ended
					return true
				} else if ready {
					break
				}
				select {
				case <-changed:
				case <-x.done:
					<-ended
					return true
				}
			}
			cancel()
			return <-ended != nil
		}()
		for seed := range seeds {
			again := newLedger(trunk.Params)
			again.moveTo(t, again.learn(half...))
			x, err := Open(Config{Chain: again, Dir: "index", FS: disk.Reopen(seed), batch: 700})
			if err != nil {
				t.Fatalf("cut %d, seed %d: %v", cut, seed, err)
			}
			stop := run(t, x)
			settle(t, x)
			wantFound(t, x, half...)
			again.moveTo(t, again.learn(b.Blocks...))
			settle(t, x)
			wantFound(t, x, b.Blocks...)
			stop()
		}
		if !lost {
			break
		}
		cuts++
	}
	if cuts < 10 {
		t.Errorf("only %d moments were tried", cuts)
	}
}

// Other transactions with the same first bytes do not hide one, nor pass for it.
func TestLikeTxids(t *testing.T) {
	trunk, _, _ := mustMine(t, 1)
	l := newLedger(trunk.Params)
	l.moveTo(t, l.learn(trunk.Blocks...))
	x := openIndex(t, l, crash.New(), 0)
	b := trunk.Blocks[len(trunk.Blocks)-1]
	if len(b.Txs) < 2 {
		t.Fatal("a block with one transaction")
	}
	id, alone := b.Txs[0].Txid(), wire.Txid{1, 2, 3}
	var batch leveldb.Batch
	last := uint32(len(trunk.Blocks)) // its number
	for _, e := range []struct {
		id     wire.Txid
		number uint32
		place  uint16
	}{{id, last, 1}, {id, last - 1, 0}, {id, 0, 0}, {alone, last, 0}} {
		batch.Put(appendTxKey(nil, e.id, e.number, e.place), nil)
	}
	if err := x.write(&batch); err != nil {
		t.Fatal(err)
	}
	stop := run(t, x)
	settle(t, x)
	wantFound(t, x, trunk.Blocks...)
	if _, ok, err := x.Find(alone); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	batch.Reset()
	batch.Put(appendTxKey(nil, wire.Txid{9}, last, uint16(len(b.Txs))), nil)
	batch.Put(appendTxKey(nil, wire.Txid{8}, last+1, 0), nil)
	if err := x.write(&batch); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []wire.Txid{{9}, {8}} {
		if _, _, err := x.Find(bad); !errors.Is(err, ErrCorrupt) {
			t.Errorf("a record that cannot be: %v", err)
		}
	}
	stop()
}

func TestCatchUpEnds(t *testing.T) {
	trunk, _, _ := mustMine(t, 1)
	l := newLedger(trunk.Params)
	x := openIndex(t, l, crash.New(), 0)
	stop := run(t, x)
	settle(t, x)
	l.learn(trunk.Blocks...)
	l.active.Store(l.Active().With(l.tree.Lookup(trunk.Tip.Hash()))) // no event says so
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if ready, err := x.CatchUp(ctx); ready || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", ready, err)
	}
	waited := make(chan error)
	go func() {
		_, err := x.CatchUp(context.Background())
		waited <- err
	}()
	stop()
	if err := <-waited; !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// While the chain is read anew it has no block yet, not even the first one.
func TestWithoutGenesis(t *testing.T) {
	trunk, _, _ := mustMine(t, 1)
	l := newLedger(trunk.Params)
	l.fail = errors.New("no such block")
	x := openIndex(t, l, crash.New(), 0)
	stop := run(t, x)
	settle(t, x)
	l.mu.Lock()
	l.fail = nil
	l.mu.Unlock()
	l.moveTo(t, l.learn(trunk.Blocks...))
	settle(t, x)
	wantFound(t, x, trunk.Blocks...)
	stop()
}

func TestRunFails(t *testing.T) {
	trunk, _, _ := mustMine(t, 1)
	l := newLedger(trunk.Params)
	l.moveTo(t, l.learn(trunk.Blocks...))
	l.fail = errors.New("no such block")
	x := openIndex(t, l, crash.New(), 0)
	if err := x.Run(t.Context()); !errors.Is(err, l.fail) {
		t.Error(err)
	}
}

func TestOpenErrors(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	l := newLedger(p)
	if _, err := Open(Config{}); err == nil {
		t.Error("no chain")
	}
	disk := crash.New()
	x := openIndex(t, l, disk, 0)
	if _, err := Open(Config{Chain: l, Dir: "index", FS: disk}); !errors.Is(err, ErrLocked) {
		t.Error(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key, value string
		want       error
	}{
		{keyPosition, "short", ErrCorrupt},
		{"Bxy", "", ErrCorrupt},
		{keyVersion, "\x00\x00\x00\x02", ErrVersion},
	} {
		edit(t, disk, func(db *leveldb.DB) error { return db.Put([]byte(c.key), []byte(c.value), nil) })
		if _, err := Open(Config{Chain: l, Dir: "index", FS: disk}); !errors.Is(err, c.want) {
			t.Errorf("%q: %v", c.key, err)
		}
		edit(t, disk, func(db *leveldb.DB) error { return db.Delete([]byte(c.key), nil) })
	}
	x = openIndex(t, l, disk, 0) // no open one was left behind
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

func edit(t *testing.T, disk vfs.FS, change func(*leveldb.DB) error) {
	t.Helper()
	files, err := ldbstorage.Open(ldbstorage.Config{FS: disk, Dir: "index", Owner: storeOwner})
	if err != nil {
		t.Fatal(err)
	}
	db, err := leveldb.Open(files, options())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(change(db), db.Close(), files.Close()); err != nil {
		t.Fatal(err)
	}
}

// A folder of another program is left as it was.
func TestForeign(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "000005.ldb")
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(Config{Chain: newLedger(params.Regtest(params.RegtestOptions{})), Dir: dir})
	if !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), dir) {
		t.Error(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
}

// TestKeySpace pins the bytes that the package documentation draws.
func TestKeySpace(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	branch := chaintest.New(t, p, 1)
	branch.Mine(1, 0)
	l := newLedger(p)
	l.moveTo(t, l.learn(branch.Blocks...))
	x := openIndex(t, l, crash.New(), 0)
	if err := x.follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	genesis, first, id := p.GenesisHash, branch.Blocks[0].Hash(), branch.Blocks[0].Txs[0].Txid()
	want := []string{
		"42" + "00000000 " + hex.EncodeToString(genesis[:]),
		"42" + "00000001 " + hex.EncodeToString(first[:]),
		"48" + hex.EncodeToString(genesis[:]) + " 00000000",
		"48" + hex.EncodeToString(first[:]) + " 00000001",
		"50 " + hex.EncodeToString(first[:]),
		"56 00000001",
		"74" + hex.EncodeToString(id[:8]) + "00000001" + "0000 ",
	}
	slices.Sort(want)
	var got []string
	it := x.db.NewIterator(nil, nil)
	for it.Next() {
		got = append(got, hex.EncodeToString(it.Key())+" "+hex.EncodeToString(it.Value()))
	}
	it.Release()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}
