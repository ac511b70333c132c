package headers

import (
	"slices"
	"sync"
	"testing"
	"unsafe"

	"grapevine/internal/u256"
	"grapevine/wire"
	"pgregory.net/rapid"
)

// A million nodes are to take about 200 MB at most with the table by hash.
func TestNodeSize(t *testing.T) {
	if size := unsafe.Sizeof(Node{}); size != 176 {
		t.Errorf("a node has %d bytes, the documentation says 176", size)
	}
}

func TestNodeKeepsItsHeader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := NewTree(regtest())
		h := wire.Header{
			Version:    rapid.Int32().Draw(t, "version"),
			PrevBlock:  tree.Genesis().Hash(),
			MerkleRoot: wire.MerkleRoot{rapid.Byte().Draw(t, "root")},
			Time:       rapid.Uint32().Draw(t, "time"),
			Bits:       rapid.Uint32().Draw(t, "bits"),
			Nonce:      rapid.Uint32().Draw(t, "nonce"),
		}
		n := tree.Insert(h, tree.Genesis())
		if n.Header() != h || n.Hash() != h.Hash() {
			t.Fatalf("%+v became %+v", h, n.Header())
		}
		if n.Version() != h.Version || n.Time() != int64(h.Time) || n.Bits() != h.Bits || n.Nonce() != h.Nonce || n.MerkleRoot() != h.MerkleRoot {
			t.Fatalf("fields of %+v", h)
		}
	})
	p := regtest()
	if g := NewTree(p).Genesis(); g.Header() != p.Genesis.Header || g.Hash() != p.GenesisHash || g.Parent() != nil {
		t.Error("genesis is not itself")
	}
}

// What a node sums up over its chain, against the chain itself.
func TestNodeSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, nodes := randomTree(t, 100)
		n := nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, "node")]
		chain := back(n)
		var work u256.Int
		var times []int64
		for i, at := range chain {
			work = work.Add(BlockProof(at.Bits()))
			times = append(times, at.Time())
			if int(at.Height()) != i {
				t.Fatalf("height %d at %d", at.Height(), i)
			}
		}
		if n.ChainWork() != work || n.TimeMax() != slices.Max(times) {
			t.Fatalf("work %s, largest time %d", n.ChainWork(), n.TimeMax())
		}
		last := slices.Clone(times[max(0, len(times)-11):])
		slices.Sort(last)
		if n.MedianTimePast() != last[len(last)/2] {
			t.Fatalf("median %d of %v", n.MedianTimePast(), last)
		}
	})
}

func TestStatus(t *testing.T) {
	n := NewTree(regtest()).Genesis()
	if n.Status() != 0 || n.Status().Invalid() || n.Status().String() != "" {
		t.Errorf("a new node has %v", n.Status())
	}
	if n.AddStatus(StatusHasData|StatusValidTransactions) != StatusHasData|StatusValidTransactions {
		t.Error("bits are not added")
	}
	n.AddStatus(StatusFailedChild)
	if !n.Status().Invalid() || !n.Status().Has(StatusHasData) || n.Status().Has(StatusHasData|StatusHasUndo) {
		t.Errorf("%v", n.Status())
	}
	if got := n.Status().String(); got != "transactions+data+failed-child" {
		t.Error(got)
	}
	if n.ClearStatus(StatusInvalid) != StatusHasData|StatusValidTransactions || n.Status().Invalid() {
		t.Errorf("bits are not cleared: %v", n.Status())
	}
	n.SetStatus(StatusFailed)
	if n.Status() != StatusFailed || !n.Status().Invalid() {
		t.Errorf("%v", n.Status())
	}
}

// The values are on disk: they must not move.
func TestStatusBits(t *testing.T) {
	want := map[Status]uint32{
		StatusValidTransactions: 1, StatusValidScripts: 2, StatusHasData: 8, StatusHasUndo: 16,
		StatusFailed: 32, StatusFailedChild: 64, StatusOptWitness: 128,
	}
	for s, bits := range want {
		if uint32(s) != bits {
			t.Errorf("%v is %d", s, uint32(s))
		}
	}
	if len(want) != len(statusNames) {
		t.Error("a bit is missing from the table")
	}
}

// The owner writes while others read: a run under the race detector.
func TestMutableFields(t *testing.T) {
	n := NewTree(regtest()).Genesis()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 1000 {
				_ = n.File() + n.DataPos() + n.UndoPos() + n.TxCount() + uint32(n.ChainTxCount()) + uint32(n.SequenceID()) + uint32(n.Status())
			}
		})
	}
	for i := range uint32(1000) {
		n.SetData(i, 2*i)
		n.SetUndoPos(3 * i)
		n.SetTxCount(4 * i)
		n.SetChainTxCount(5 * uint64(i))
		n.SetSequenceID(int32(i))
		n.SetStatus(Status(i))
	}
	wg.Wait()
	if n.File() != 999 || n.DataPos() != 1998 || n.UndoPos() != 2997 || n.TxCount() != 3996 || n.ChainTxCount() != 4995 || n.SequenceID() != 999 {
		t.Error("a field lost its value")
	}
}
