package headers

import (
	"testing"

	"grapevine/chain/params"
	"grapevine/wire"
)

func TestSmoke(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	tr := NewTree(p)
	n := tr.Genesis()
	c := NewChain(n)
	for i := 0; i < 5000; i++ {
		n = tr.Insert(wire.Header{PrevBlock: n.Hash(), Time: uint32(n.Time()) + 1, Bits: NextWorkRequired(n, uint32(n.Time())+1, p)}, n)
		c = c.With(n)
	}
	if tr.Best() != n || c.Tip() != n || tr.Len() != 5001 || c.At(100).Height() != 100 {
		t.Fatal(tr.Len())
	}
}
