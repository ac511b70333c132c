package utxo

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"grapevine/wire"
)

// TestTableCollisions drives a table with hashes of which many are equal, at
// both ends of the index, beside a map.
func TestTableCollisions(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 9))
		tb := mustTable(t, 1<<20)
		type coin struct {
			value wire.Amount
			fresh bool
			tomb  bool
		}
		want := map[wire.OutPoint]coin{}
		for n := range 20000 {
			op := wire.OutPoint{Index: uint32(r.IntN(3))}
			k := r.IntN(700)
			binary.LittleEndian.PutUint16(op.Txid[r.IntN(2)*30:], uint16(k))
			hash := []uint32{0, 1, 1 << 31, 1<<32 - 1 - uint32(k/250), uint32(k) << 20}[k%5]
			if k > 250 && hash > 1<<32-4 {
				hash = uint32(k) // more than indexSlack would not fit at the end
			}
			g, err := tb.reserve(1, 4096)
			if err != nil {
				t.Fatal(err)
			}
			tb.adopt(g)
			had, known := want[op]
			if r.IntN(2) == 0 {
				if err := tb.spend(hash, &op); err != nil {
					t.Fatal(err)
				}
				want[op] = coin{tomb: true}
				if known && had.fresh {
					delete(want, op)
				}
			} else {
				fresh := r.IntN(2) == 0
				out := wire.TxOut{Value: wire.Amount(n), PkScript: make([]byte, r.IntN(600))}
				if err := tb.add(hash, &op, &out, 1, false, fresh); err != nil {
					t.Fatal(err)
				}
				if known {
					fresh = had.fresh
				}
				want[op] = coin{value: out.Value, fresh: fresh}
			}
			_, rec, ok := tb.find(hash, &op)
			w, exists := want[op]
			if ok != exists || ok && (rec.tomb() != w.tomb || !w.tomb && (rec.value() != w.value || rec.fresh() != w.fresh)) {
				t.Fatalf("step %d, %s: found %v, want %+v", n, op, ok, w)
			}
			if n%500 == 0 {
				tb.check(t)
			}
		}
		if tb.index.n != len(want) {
			t.Fatalf("%d entries, want %d", tb.index.n, len(want))
		}
	}
}

func mustTable(t testing.TB, budget int64) *table {
	t.Helper()
	tb, err := newTable(budget)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tb.release)
	return tb
}

// TestChurnNeedsNoMemory: coins that come and go within a generation take the
// records of those that went.
func TestChurnNeedsNoMemory(t *testing.T) {
	tb := mustTable(t, 1<<20)
	h := hasher{1, 2}
	var peak int64
	for n := range 200_000 {
		g, err := tb.reserve(1, 200)
		if err != nil {
			t.Fatal(err)
		}
		tb.adopt(g)
		op := benchPoint(n)
		out := wire.TxOut{PkScript: make([]byte, 20+n%30)}
		if err := tb.add(h.outpoint(&op), &op, &out, 1, false, true); err != nil {
			t.Fatal(err)
		}
		if n >= 1000 {
			op := benchPoint(n - 1000)
			if err := tb.spend(h.outpoint(&op), &op); err != nil {
				t.Fatal(err)
			}
		}
		if n == 10_000 {
			peak = tb.used()
		}
	}
	if tb.index.n != 1000 || tb.used() > peak {
		t.Errorf("%d entries take %d bytes, %d after 10,000", tb.index.n, tb.used(), peak)
	}
}

func TestSizeClasses(t *testing.T) {
	last, lastRounded := 0, 0
	for size := 1; size <= maxRecord; size++ {
		class, rounded := sizeClass(size)
		if class >= sizeClasses || rounded < size || rounded%granule != 0 || rounded > maxRecord {
			t.Fatalf("size %d: class %d, rounded %d", size, class, rounded)
		}
		if (class == last) != (rounded == lastRounded) || class < last {
			t.Fatalf("size %d: class %d of %d after class %d of %d", size, class, rounded, last, lastRounded)
		}
		if again, same := sizeClass(rounded); again != class || same != rounded {
			t.Fatalf("size %d: rounded %d is of class %d", size, rounded, again)
		}
		if size > 64 && rounded*4 > size*5+4*granule {
			t.Fatalf("size %d wastes %d bytes", size, rounded-size)
		}
		last, lastRounded = class, rounded
	}
}

// TestHash compares with SipHash-1-3 in its plain form.
func TestHash(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		h := hasher{r.Uint64(), r.Uint64()}
		op := wire.OutPoint{Index: r.Uint32()}
		for i := range op.Txid {
			op.Txid[i] = byte(r.Uint32())
		}
		msg := binary.LittleEndian.AppendUint32(append([]byte(nil), op.Txid[:]...), op.Index)
		if got, want := h.outpoint(&op), uint32(plainSIPHash13(h, msg)>>32); got != want {
			t.Fatalf("%s: %x, want %x", op, got, want)
		}
	}
}

func plainSIPHash13(h hasher, msg []byte) uint64 {
	v := [4]uint64{h.k0 ^ 0x736f6d6570736575, h.k1 ^ 0x646f72616e646f6d, h.k0 ^ 0x6c7967656e657261, h.k1 ^ 0x7465646279746573}
	round := func() { v[0], v[1], v[2], v[3] = sipRound(v[0], v[1], v[2], v[3]) }
	length := len(msg)
	for len(msg)%8 != 7 {
		msg = append(msg, 0)
	}
	msg = append(msg, byte(length))
	for ; len(msg) > 0; msg = msg[8:] {
		m := binary.LittleEndian.Uint64(msg)
		v[3] ^= m
		round()
		v[0] ^= m
	}
	v[2] ^= 0xff
	round()
	round()
	round()
	return v[0] ^ v[1] ^ v[2] ^ v[3]
}

// TestHashFlood: outpoints that are as alike as an attacker can make them do
// not gather in the index.
func TestHashFlood(t *testing.T) {
	const n = 100_000
	for name, point := range map[string]func(i int) wire.OutPoint{
		"one transaction": func(i int) wire.OutPoint { return wire.OutPoint{Index: uint32(i)} },
		"high indexes":    func(i int) wire.OutPoint { return wire.OutPoint{Index: uint32(i) << 15} },
		"low bits of txids": func(i int) (op wire.OutPoint) {
			binary.LittleEndian.PutUint32(op.Txid[:], uint32(i))
			return op
		},
		"high bits of txids": func(i int) (op wire.OutPoint) {
			binary.BigEndian.PutUint32(op.Txid[28:], uint32(i))
			return op
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := hasher{rand.Uint64(), rand.Uint64()}
			x, err := newIndex(homesFor(n))
			if err != nil {
				t.Fatal(err)
			}
			defer x.release()
			for i := range n {
				op := point(i)
				if !x.insert(h.outpoint(&op), uint32(i+1)) {
					t.Fatal("the end of the index was reached")
				}
			}
			sum, longest := 0, 0
			for i, slot := range x.slots {
				if slot != 0 {
					d := i - x.home(uint32(slot>>32))
					sum, longest = sum+d, max(longest, d)
				}
			}
			// At a load of 3/4 the expected displacement is 1.5.
			if mean := float64(sum) / n; mean > 2 || longest > 300 {
				t.Errorf("mean displacement %.2f, longest %d", mean, longest)
			}
		})
	}
}

// TestKeyOrderOfTable: the flush's order is that of the keys, whatever the
// bucket that txids were ground into.
func TestKeyOrderOfTable(t *testing.T) {
	for _, spread := range []int{0, 3, 32} {
		t.Run(fmt.Sprint(spread), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(spread), 2))
			tb := mustTable(t, 1<<20)
			h := hasher{3, 4}
			const n = 5000
			for range n {
				op := wire.OutPoint{Index: r.Uint32()}
				for i := range op.Txid[:spread] {
					op.Txid[31-i] = byte(r.IntN(5))
				}
				g, err := tb.reserve(1, 64)
				if err != nil {
					t.Fatal(err)
				}
				tb.adopt(g)
				if err := tb.spend(h.outpoint(&op), &op); err != nil {
					t.Fatal(err)
				}
			}
			o, err := newKeyOrder(tb)
			if err != nil {
				t.Fatal(err)
			}
			defer o.release()
			var last wire.OutPoint
			for i := range tb.index.n {
				ref, ok := o.next()
				if !ok {
					t.Fatalf("ended after %d", i)
				}
				op := record(tb.arena.at(ref)).outPoint()
				if i > 0 && comparePoints(&last, &op) >= 0 {
					t.Fatalf("%s after %s", op, last)
				}
				if o.done() != (i == tb.index.n-1) {
					t.Fatalf("done %v at %d of %d", o.done(), i, tb.index.n)
				}
				last = op
			}
		})
	}
}
