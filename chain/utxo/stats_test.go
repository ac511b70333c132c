package utxo

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"grapevine/chain/consensus"
	"grapevine/internal/muhash"
	"grapevine/internal/testdata"
	"grapevine/wire"
)

type entry struct {
	op   wire.OutPoint
	coin consensus.Coin
}

// sliceIterator walks over entries as they stand and then fails with err.
type sliceIterator struct {
	list []entry
	pos  int
	err  error
}

func (it *sliceIterator) Next() bool { it.pos++; return it.pos <= len(it.list) }
func (it *sliceIterator) Err() error { return it.err }
func (it *sliceIterator) Coin() (wire.OutPoint, *consensus.Coin) {
	e := &it.list[it.pos-1]
	return e.op, &e.coin
}

// ledger is the naive model: a map of all coins.
type ledger map[wire.OutPoint]consensus.Coin

// connect applies a block and returns what it spent.
func (l ledger) connect(t *testing.T, b *wire.Block, height int32) *BlockUndo {
	t.Helper()
	u := &BlockUndo{Txs: make([][]consensus.Coin, 0, len(b.Txs)-1)}
	for i := range b.Txs {
		tx := &b.Txs[i]
		if !tx.IsCoinbase() {
			var spent []consensus.Coin
			for j := range tx.In {
				c, ok := l[tx.In[j].PrevOut]
				if !ok {
					t.Fatalf("height %d: %s is not there", height, tx.In[j].PrevOut)
				}
				delete(l, tx.In[j].PrevOut)
				spent = append(spent, c)
			}
			u.Txs = append(u.Txs, spent)
		}
		for j, out := range tx.Out {
			l[wire.OutPoint{Txid: tx.Txid(), Index: uint32(j)}] = consensus.Coin{Out: out, Height: height, Coinbase: i == 0}
		}
	}
	return u
}

func (l ledger) sorted() []entry {
	var list []entry
	for op, c := range l {
		list = append(list, entry{op, c})
	}
	slices.SortFunc(list, func(a, b entry) int {
		if c := a.op.Txid.Compare(b.op.Txid); c != 0 {
			return c
		}
		return int(a.op.Index) - int(b.op.Index)
	})
	return list
}

// firstBlocks replays the first 14,131 blocks of mainnet over the model. The
// genesis block makes no coin.
func firstBlocks(t *testing.T, each func(height int32, u *BlockUndo)) ledger {
	t.Helper()
	file, err := os.ReadFile(testdata.Module(t, "github.com/btcsuite/btcd", "v0.26.2", "blockchain/testdata/blk_0_to_14131.dat"))
	if err != nil {
		t.Fatal(err)
	}
	l := ledger{}
	height := int32(0)
	for len(file) >= 8 && binary.LittleEndian.Uint32(file) == 0xd9b4bef9 {
		size := binary.LittleEndian.Uint32(file[4:])
		b, err := wire.DecodeBlock(file[8 : 8+size])
		if err != nil {
			t.Fatal(err)
		}
		file = file[8+size:]
		if height > 0 {
			each(height, l.connect(t, b, height))
		}
		height++
	}
	if height != 14_132 {
		t.Fatalf("%d blocks", height)
	}
	return l
}

// TestStatsFirstBlocks holds the statistics to what Bitcoin Core tells of
// mainnet at height 14,131, and the undo codec to the blocks on the way.
func TestStatsFirstBlocks(t *testing.T) {
	spends := 0
	list := firstBlocks(t, func(height int32, u *BlockUndo) {
		raw := AppendBlockUndo(nil, u)
		back, err := DecodeBlockUndo(raw)
		if err != nil || !reflect.DeepEqual(back, u) {
			t.Fatalf("undo data of height %d: %v", height, err)
		}
		spends += len(u.Txs)
	}).sorted()
	t.Logf("%d coins, %d spending transactions", len(list), spends)
	for kind, want := range map[HashKind]string{
		HashNone:       "0000000000000000000000000000000000000000000000000000000000000000",
		HashSerialized: "74c5a654587d4eaac9248b73889453e0b2fbc918bbc7bb8d8e6301d4d8c98db3",
		HashMuHash:     "859e27f17a6cce9768b75dd0dbd969890157d29a152b0f4a0afa6c67cbcd5975",
	} {
		s, err := ComputeStats(context.Background(), kind, &sliceIterator{list: list})
		if err != nil {
			t.Fatal(err)
		}
		if s.Hash.String() != want || s.Kind != kind {
			t.Errorf("%s: %s, want %s", kind, s.Hash, want)
		}
		checkCounts(t, s, list)
		if want := 14_131 * 50 * wire.Coin; s.TotalAmount != want {
			t.Errorf("total %s, want %s", s.TotalAmount, want)
		}
	}
}

// checkCounts compares the counters with a count of their own.
func checkCounts(t *testing.T, s *Stats, list []entry) {
	t.Helper()
	txids := map[wire.Txid]bool{}
	bogo, total := uint64(0), wire.Amount(0)
	for _, e := range list {
		txids[e.op.Txid] = true
		bogo += 50 + uint64(len(e.coin.Out.PkScript))
		total += e.coin.Out.Value
	}
	if s.TxOuts != uint64(len(list)) || s.Transactions != uint64(len(txids)) || s.BogoSize != bogo || s.TotalAmount != total || s.AmountOverflow {
		t.Errorf("%+v, want %d coins of %d transactions, bogo size %d, total %s", s, len(list), len(txids), bogo, total)
	}
}

func randomEntries(n int) []entry {
	rng := rand.New(rand.NewPCG(5, 5))
	l := ledger{}
	for range n {
		// Few txids, so that transactions have several outputs; 128 and 16,512
		// are where the order of a variable-length index would differ.
		op := wire.OutPoint{Txid: wire.Txid{byte(rng.IntN(256)), 1: byte(rng.IntN(2))}, Index: rng.Uint32() >> rng.IntN(32)}
		l[op] = randomCoin(rng)
		if l[op].Out.Value > wire.MaxMoney/wire.Amount(n) {
			c := l[op]
			c.Out.Value /= wire.Amount(n)
			l[op] = c
		}
	}
	return l.sorted()
}

// TestStatsHashes compares with hashes made the plain way, over enough coins
// for many batches.
func TestStatsHashes(t *testing.T) {
	list := randomEntries(5000)
	var all []byte
	acc := muhash.New()
	for _, e := range list {
		element := AppendCoinElement(nil, e.op, &e.coin)
		all = append(all, element...)
		acc.Insert(element)
	}
	first := sha256.Sum256(all)
	for kind, want := range map[HashKind]SetHash{
		HashSerialized: sha256.Sum256(first[:]),
		HashMuHash:     SetHash(acc.Sum()),
	} {
		s, err := ComputeStats(context.Background(), kind, &sliceIterator{list: list})
		if err != nil {
			t.Fatal(err)
		}
		if s.Hash != want {
			t.Errorf("%s: %s, want %s", kind, s.Hash, want)
		}
		checkCounts(t, s, list)
		empty, err := ComputeStats(context.Background(), kind, &sliceIterator{})
		if err != nil || empty.TxOuts != 0 || empty.Hash == (SetHash{}) {
			t.Errorf("%s of nothing: %+v, %v", kind, empty, err)
		}
	}
}

func TestCoinElement(t *testing.T) {
	op := wire.OutPoint{Txid: wire.Txid{1}, Index: 2}
	c := consensus.Coin{Height: 5, Coinbase: true, Out: wire.TxOut{Value: 3, PkScript: []byte{0x51}}}
	want := "01" + "00000000000000000000000000000000000000000000000000000000000000" + "02000000" + "0b000000" + "0300000000000000" + "0151"
	if got := AppendCoinElement(nil, op, &c); string(got) != string(unhex(t, want)) {
		t.Errorf("%x", got)
	}
}

// TestStatsStops: a cancelled context, a broken iterator and coins out of
// order end the walk with their error and leave no goroutine.
func TestStatsStops(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	list := randomEntries(3000)
	twice := []entry{list[0], list[0]}
	swapped := []entry{list[0], list[2], list[1]}
	back := []entry{list[len(list)-1], list[0]}
	broken := errors.New("broken")
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, kind := range []HashKind{HashNone, HashSerialized, HashMuHash} {
		for _, c := range []struct {
			name string
			ctx  context.Context
			it   CoinIterator
			want error
		}{
			{"cancelled", cancelled, &sliceIterator{list: list}, context.Canceled},
			{"broken", context.Background(), &sliceIterator{list: list, err: broken}, broken},
			{"twice", context.Background(), &sliceIterator{list: twice}, ErrCoinOrder},
			{"swapped", context.Background(), &sliceIterator{list: swapped}, ErrCoinOrder},
			{"back", context.Background(), &sliceIterator{list: back}, ErrCoinOrder},
		} {
			if s, err := ComputeStats(c.ctx, kind, c.it); !errors.Is(err, c.want) || s != nil {
				t.Errorf("%s, %s: %v, want %v", kind, c.name, err, c.want)
			}
		}
	}
	if _, err := ComputeStats(context.Background(), HashKind(99), &sliceIterator{}); err == nil {
		t.Error("unknown kind accepted")
	}
}

// stopAfter cancels in the middle of the walk.
type stopAfter struct {
	sliceIterator
	cancel context.CancelFunc
}

func (it *stopAfter) Next() bool {
	if it.pos == 100 {
		it.cancel()
	}
	return it.sliceIterator.Next()
}

func TestStatsCancelMidway(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, cancel := context.WithCancel(context.Background())
	it := &stopAfter{sliceIterator{list: randomEntries(5000)}, cancel}
	if _, err := ComputeStats(ctx, HashMuHash, it); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if it.pos > 100+cancelEvery+1 {
		t.Errorf("stopped only after %d coins", it.pos)
	}
}

func TestStatsOverflow(t *testing.T) {
	var list []entry
	for i, v := range []wire.Amount{math.MaxInt64, 1, 5} {
		list = append(list, entry{wire.OutPoint{Index: uint32(i)}, consensus.Coin{Out: wire.TxOut{Value: v}}})
	}
	s, err := ComputeStats(context.Background(), HashNone, &sliceIterator{list: list})
	if err != nil || !s.AmountOverflow || s.TotalAmount != 0 || s.TxOuts != 3 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestHashKindNames(t *testing.T) {
	for k, want := range map[HashKind]string{HashNone: "none", HashSerialized: "hash_serialized_3", HashMuHash: "muhash", 9: "HashKind(9)"} {
		if k.String() != want {
			t.Errorf("%s, want %s", k, want)
		}
	}
}

func BenchmarkStats(b *testing.B) {
	list := randomEntries(20_000)
	for _, kind := range []HashKind{HashNone, HashSerialized, HashMuHash} {
		b.Run(kind.String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := ComputeStats(context.Background(), kind, &sliceIterator{list: list}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(list)), "ns/coin")
		})
	}
}
