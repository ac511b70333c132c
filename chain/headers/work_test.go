package headers

import (
	"math"
	"math/big"
	"testing"

	"grapevine/chain/params"
	"grapevine/internal/u256"
	"grapevine/wire"
	"pgregory.net/rapid"
)

func TestBlockProof(t *testing.T) {
	for bits, want := range map[uint32]string{
		0x1d00ffff: "0000000000000000000000000000000000000000000000000000000100010001",
		0x207fffff: "0000000000000000000000000000000000000000000000000000000000000002",
		0x1e0377ae: "000000000000000000000000000000000000000000000000000000000049d414",
		0x01010000: "8000000000000000000000000000000000000000000000000000000000000000",
		0:          "0000000000000000000000000000000000000000000000000000000000000000",
		0x1d80ffff: "0000000000000000000000000000000000000000000000000000000000000000", // negative
		0xff7fffff: "0000000000000000000000000000000000000000000000000000000000000000", // past 256 bits
		0x21010001: "0000000000000000000000000000000000000000000000000000000000000000", // just past them
	} {
		if got := BlockProof(bits).Hex(); got != want {
			t.Errorf("%08x: %s, want %s", bits, got, want)
		}
	}
}

// 2^256 / (target + 1), by the book.
func TestBlockProofModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.Uint32Range(1, 0x207fffff).Draw(t, "bits")
		target, negative, overflow := u256.FromCompact(bits)
		if negative || overflow || target.IsZero() {
			return
		}
		be := target.BE()
		d := new(big.Int).SetBytes(be[:])
		want := new(big.Int).Div(new(big.Int).Lsh(big.NewInt(1), 256), d.Add(d, big.NewInt(1)))
		got := BlockProof(bits).BE()
		if new(big.Int).SetBytes(got[:]).Cmp(want) != 0 {
			t.Fatalf("%08x: %x, want %x", bits, got, want)
		}
	})
}

// At one difficulty and one spacing, work is as good as a clock.
func TestBlockProofEquivalentTime(t *testing.T) {
	p := params.Mainnet()
	tree := NewTree(regtest())
	tip := line(tree, tree.Genesis(), 3000, 0)
	rapid.Check(t, func(t *rapid.T) {
		pick := func(name string) *Node { return tip.Ancestor(rapid.Int32Range(0, 3000).Draw(t, name)) }
		to, from, at := pick("to"), pick("from"), pick("tip")
		if got := BlockProofEquivalentTime(to, from, at, p); got != to.Time()-from.Time() {
			t.Fatalf("%d between %d and %d", got, to.Height(), from.Height())
		}
	})
	easy := tree.Genesis()
	hard := tree.Insert(wire.Header{PrevBlock: easy.Hash(), Bits: 0x11010000}, easy)
	if got := BlockProofEquivalentTime(hard, easy, easy, p); got != math.MaxInt64 {
		t.Errorf("%d", got)
	}
	if got := BlockProofEquivalentTime(easy, hard, easy, p); got != -math.MaxInt64 {
		t.Errorf("%d", got)
	}
}

// The last number of seconds that is given as it is has 63 bits.
func TestEquivalentTimeSaturates(t *testing.T) {
	p := regtest()
	p.TargetSpacing = 1
	tip := NewTree(p).Genesis() // its proof is 2
	for shift, want := range map[uint]int64{61: 1 << 61, 62: 1 << 62, 63: math.MaxInt64} {
		to := &Node{work: tip.work.Add(u256.FromUint64(1).Lsh(shift + 1))}
		if got := BlockProofEquivalentTime(to, tip, tip, p); got != want {
			t.Errorf("2^%d seconds: %d", shift, got)
		}
	}
}

func TestClaimedWork(t *testing.T) {
	list := []wire.Header{{Bits: 0x1d00ffff}, {Bits: 0x207fffff}, {Bits: 0}}
	if got := ClaimedWork(list); got != u256.FromUint64(0x100010003) {
		t.Errorf("%s", got)
	}
}
