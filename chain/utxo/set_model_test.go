package utxo

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/syndtr/goleveldb/leveldb/storage"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// model drives a Set and its overlays beside plain maps. Every operation is
// drawn from a byte stream, so that a fuzzer can steer it.
type model struct {
	t    testing.TB
	in   *bytes.Reader
	stor storage.Storage
	set  *Set

	coins    map[wire.OutPoint]consensus.Coin // what Set must hold
	disk     map[wire.OutPoint]consensus.Coin // what the last begun flush holds
	best     wire.BlockHash
	diskBest wire.BlockHash
	stack    []*modelLayer
	height   int32
}

// modelLayer is an overlay and what the coins are above it.
type modelLayer struct {
	o     *Overlay
	coins map[wire.OutPoint]consensus.Coin
}

func newModel(t testing.TB, in []byte) *model {
	m := &model{t: t, in: bytes.NewReader(in), stor: storage.NewMemStorage(), coins: map[wire.OutPoint]consensus.Coin{}}
	m.disk = maps.Clone(m.coins)
	m.open()
	return m
}

func (m *model) open() {
	set, err := Open(Config{Storage: m.stor, CacheBytes: minCacheBytes})
	if err != nil {
		m.t.Fatal(err)
	}
	m.set = set
}

func (m *model) byte() int {
	b, err := m.in.ReadByte()
	if err != nil {
		return -1
	}
	return int(b)
}

// modelIndexes cross the lengths of a key.
var modelIndexes = []uint32{0, 247, 248, 65536, 1<<32 - 1}

const modelTxids = 20

func modelPoint(a, b int) wire.OutPoint {
	op := wire.OutPoint{Index: modelIndexes[b%len(modelIndexes)]}
	op.Txid[0], op.Txid[31] = byte(a%10*25), byte(a%modelTxids/10)
	return op
}

func (m *model) point() wire.OutPoint { return modelPoint(max(m.byte(), 0), max(m.byte(), 0)) }

func (m *model) coin() consensus.Coin {
	m.height++
	n := []int{0, 1, 22, 25, 34, 67, 250, 3000}[max(m.byte(), 0)%8]
	script := make([]byte, n)
	for i := range script {
		script[i] = byte(m.height)&0x3f ^ byte(i) // never begins with OP_RETURN
	}
	return consensus.Coin{
		Out:    wire.TxOut{Value: wire.Amount(m.height) * 1000, PkScript: script},
		Height: m.height, Coinbase: m.height%7 == 0,
	}
}

func (m *model) top() map[wire.OutPoint]consensus.Coin {
	if len(m.stack) == 0 {
		return m.coins
	}
	return m.stack[len(m.stack)-1].coins
}

func (m *model) below() *Overlay {
	if len(m.stack) == 0 {
		return nil
	}
	return m.stack[len(m.stack)-1].o
}

func (m *model) newHash() (h wire.BlockHash) {
	m.height++
	binary.LittleEndian.PutUint32(h[:], uint32(m.height))
	return h
}

// run performs operations until the stream ends.
func (m *model) run() {
	for op := m.byte(); op >= 0; op = m.byte() {
		switch {
		case op < 150:
			m.change(op)
		case op < 170:
			m.fetch()
		case op < 190:
			m.push()
		case op < 200 && len(m.stack) > 0:
			m.stack = m.stack[:len(m.stack)-1]
		case op < 235:
			m.merge(1 + op%2)
			m.set.check(m.t)
		case op < 241:
			m.flush(op)
		case op < 243:
			m.reopen()
		case op < 245:
			m.snapshot()
		default:
			m.checkAll()
		}
	}
	m.checkAll()
	if err := m.set.Close(); err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) push() {
	if len(m.stack) < 4 {
		o := NewOverlay(m.below(), m.set)
		m.stack = append(m.stack, &modelLayer{o, maps.Clone(m.top())})
	}
}

// change spends or adds in the topmost overlay.
func (m *model) change(n int) {
	if len(m.stack) == 0 {
		m.push()
	}
	l := m.stack[len(m.stack)-1]
	op := m.point()
	_, exists := l.coins[op]
	if exists && n%2 == 0 {
		l.o.Spend(op)
		delete(l.coins, op)
		return
	}
	c := m.coin()
	l.o.Add(op, c, !exists && n%3 != 0)
	l.coins[op] = c
}

func (m *model) merge(n int) {
	n = min(n, len(m.stack))
	if n == 0 {
		return
	}
	var os []*Overlay
	for _, l := range m.stack[:n] {
		os = append(os, l.o)
	}
	m.best, m.coins = m.newHash(), m.stack[n-1].coins
	if err := m.set.Merge(m.best, os...); err != nil {
		m.t.Fatal(err)
	}
	m.stack = slices.Delete(m.stack, 0, n)
	for _, o := range os { // as a pool would: those above must look past it
		if o.Len() != 0 {
			m.t.Fatalf("%d entries left after the merge", o.Len())
		}
		o.Reset(nil, m.set)
		for a := range modelTxids {
			o.Spend(modelPoint(a, a))
		}
	}
}

func (m *model) flush(n int) {
	if !m.set.flushing.Load() {
		if err := m.set.BeginFlush(); err != nil {
			m.t.Fatal(err)
		}
		m.disk, m.diskBest = maps.Clone(m.coins), m.best
	}
	for range n % 4 {
		done, err := m.set.FlushStep(1)
		if err != nil {
			m.t.Fatal(err)
		}
		if done {
			return
		}
	}
}

// reopen loses what was not flushed; a flush that was under way is completed,
// as the owner does before a stop.
func (m *model) reopen() {
	for m.set.flushing.Load() {
		if _, err := m.set.FlushStep(1); err != nil {
			m.t.Fatal(err)
		}
	}
	if err := m.set.Close(); err != nil {
		m.t.Fatal(err)
	}
	m.stack, m.coins, m.best = nil, maps.Clone(m.disk), m.diskBest
	m.open()
	if to, from, interrupted := m.set.Heads(); interrupted {
		m.t.Fatalf("heads %s %s after a complete flush", to, from)
	}
}

func (m *model) fetch() {
	ops := make([]wire.OutPoint, 1+max(m.byte(), 0)%50)
	for i := range ops {
		ops[i] = m.point()
	}
	got, found := make([]consensus.Coin, len(ops)), make([]bool, len(ops))
	if len(m.stack) > 0 {
		if err := m.below().Fetch(ops, got, found); err != nil {
			m.t.Fatal(err)
		}
		m.compare("overlay", ops, got, found, m.top())
	}
	if err := m.set.Fetch(ops, got, found); err != nil {
		m.t.Fatal(err)
	}
	m.compare("set", ops, got, found, m.coins)
	got, found, best, err := m.set.Coins(ops)
	if err != nil {
		m.t.Fatal(err)
	}
	if best != m.best || m.set.Best() != m.best {
		m.t.Fatalf("best %s, want %s", best, m.best)
	}
	m.compare("coins", ops, got, found, m.coins)
}

func (m *model) compare(what string, ops []wire.OutPoint, got []consensus.Coin, found []bool, want map[wire.OutPoint]consensus.Coin) {
	m.t.Helper()
	for i, op := range ops {
		c, ok := want[op]
		if ok != found[i] || !sameCoin(&c, &got[i]) {
			m.t.Fatalf("%s: %s: got %v %s, want %v %s", what, op, found[i], coinString(&got[i]), ok, coinString(&c))
		}
	}
}

// checkAll resolves every outpoint that can occur.
func (m *model) checkAll() {
	var ops []wire.OutPoint
	for a := range modelTxids {
		for b := range modelIndexes {
			ops = append(ops, modelPoint(a, b))
		}
	}
	got, found := make([]consensus.Coin, len(ops)), make([]bool, len(ops))
	if err := m.set.Fetch(ops, got, found); err != nil {
		m.t.Fatal(err)
	}
	m.compare("all", ops, got, found, m.coins)
}

func (m *model) snapshot() {
	if m.set.flushing.Load() || m.set.Dirty() {
		if n, err := m.set.Snapshot(); err == nil {
			n.Close()
			m.t.Fatal("snapshot of coins that are not written")
		}
		if err := m.set.Flush(); err != nil {
			m.t.Fatal(err)
		}
		m.disk, m.diskBest = maps.Clone(m.coins), m.best
	}
	compareSnapshot(m.t, m.set, m.coins)
}

// compareSnapshot checks that a snapshot yields exactly the coins, in order.
func compareSnapshot(t testing.TB, s *Set, want map[wire.OutPoint]consensus.Coin) {
	t.Helper()
	n, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	count := 0
	var last wire.OutPoint
	for n.Next() {
		op, c := n.Coin()
		if count > 0 && comparePoints(&last, &op) >= 0 {
			t.Fatalf("%s after %s", op, last)
		}
		last = op
		w, ok := want[op]
		if !ok || !sameCoin(c, &w) {
			t.Fatalf("snapshot: %s: %s, want %v %s", op, coinString(c), ok, coinString(&w))
		}
		count++
	}
	if n.Err() != nil {
		t.Fatal(n.Err())
	}
	if count != len(want) {
		t.Fatalf("snapshot has %d coins, want %d", count, len(want))
	}
}

func sameCoin(a, b *consensus.Coin) bool {
	return a.Height == b.Height && a.Coinbase == b.Coinbase && a.Out.Value == b.Out.Value &&
		bytes.Equal(a.Out.PkScript, b.Out.PkScript)
}

func coinString(c *consensus.Coin) string {
	return fmt.Sprintf("{%d sat at %d, coinbase %v, script of %d}", c.Out.Value, c.Height, c.Coinbase, len(c.Out.PkScript))
}

func randomBytes(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestModel(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			newModel(t, randomBytes(seed, 8000)).run()
		})
	}
}

func FuzzModel(f *testing.F) {
	f.Add(randomBytes(1000, 300))
	f.Add([]byte{1, 2, 3, 4, 201, 230, 2, 2, 3, 201, 226, 240, 248})
	f.Fuzz(func(t *testing.T, in []byte) {
		newModel(t, in[:min(len(in), 4000)]).run()
	})
}
