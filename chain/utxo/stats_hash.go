package utxo

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"runtime"
	"sync"

	"grapevine/chain/consensus"
	"grapevine/internal/muhash"
	"grapevine/wire"
)

// setHasher takes all coins of the set in order.
type setHasher interface {
	add(op wire.OutPoint, c *consensus.Coin)
	sum() SetHash
	abandon() // ends what add has started; may follow sum
}

func newSetHasher(kind HashKind) setHasher {
	switch kind {
	case HashNone:
		return noHash{}
	case HashSerialized:
		return &serializedHash{state: sha256.New(), buf: make([]byte, 0, 1<<14)}
	case HashMuHash:
		return newMuHash()
	}
	return nil
}

type noHash struct{}

func (noHash) add(wire.OutPoint, *consensus.Coin) {}
func (noHash) sum() SetHash                       { return SetHash{} }
func (noHash) abandon()                           {}

type serializedHash struct {
	state hash.Hash
	buf   []byte // gathers coins, since hashing small pieces is slow
}

func (h *serializedHash) add(op wire.OutPoint, c *consensus.Coin) {
	h.buf = AppendCoinElement(h.buf, op, c)
	if len(h.buf) >= 1<<13 {
		h.state.Write(h.buf)
		h.buf = h.buf[:0]
	}
}

func (h *serializedHash) sum() SetHash {
	h.state.Write(h.buf)
	return sha256.Sum256(h.state.Sum(h.buf[:0]))
}

func (h *serializedHash) abandon() {}

// muHash hashes on several goroutines, since an element takes far longer than
// reading its coin, and the product may be made in any order.
type muHash struct {
	batch   []byte // elements, each with its length before it (4 bytes)
	work    chan []byte
	workers []muhash.MuHash
	done    sync.WaitGroup
	closed  bool
}

const (
	muHashBatch   = 32 << 10 // some 400 coins, about a millisecond of work
	muHashWorkers = 4        // leaves a large machine to validation
)

func newMuHash() *muHash {
	n := min(runtime.GOMAXPROCS(0), muHashWorkers)
	h := &muHash{
		// When all workers are busy, add waits for one.
		work:    make(chan []byte, n),
		workers: make([]muhash.MuHash, n),
	}
	for i := range h.workers {
		h.workers[i] = muhash.New()
		h.done.Go(func() { h.run(&h.workers[i]) })
	}
	return h
}

func (h *muHash) run(acc *muhash.MuHash) {
	for batch := range h.work {
		for len(batch) > 0 {
			end := 4 + binary.LittleEndian.Uint32(batch)
			acc.Insert(batch[4:end])
			batch = batch[end:]
		}
	}
}

func (h *muHash) add(op wire.OutPoint, c *consensus.Coin) {
	start := len(h.batch)
	h.batch = append(h.batch, 0, 0, 0, 0)
	h.batch = AppendCoinElement(h.batch, op, c)
	binary.LittleEndian.PutUint32(h.batch[start:], uint32(len(h.batch)-start-4))
	if len(h.batch) >= muHashBatch {
		h.work <- h.batch
		h.batch = make([]byte, 0, muHashBatch+1<<10)
	}
}

func (h *muHash) sum() SetHash {
	h.work <- h.batch
	h.abandon()
	total := &h.workers[0]
	for i := range h.workers[1:] {
		total.Add(&h.workers[1+i])
	}
	return SetHash(total.Sum())
}

func (h *muHash) abandon() {
	if !h.closed {
		h.closed = true
		close(h.work)
		h.done.Wait()
	}
}
