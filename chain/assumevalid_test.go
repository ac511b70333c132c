package chain

import (
	"testing"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/wire"
)

// ladder is a tree of n headers on genesis, and a fork of two from the first.
func ladder(p *params.Params, n int) (tree *headers.Tree, main, side []*headers.Node) {
	tree = headers.NewTree(p)
	grow := func(from *headers.Node, n int, nonce uint32) (list []*headers.Node) {
		for range n {
			h := wire.Header{PrevBlock: from.Hash(), Bits: p.Genesis.Header.Bits, Nonce: nonce}
			from = tree.Insert(h, from)
			list = append(list, from)
		}
		return list
	}
	main = grow(tree.Genesis(), n, 0)
	return tree, main, grow(main[0], 2, 1)
}

// The block spacing makes one block on top two weeks of work to the second:
// that is not enough, a second more is. Each bound is tried from both sides.
func TestWhyScripts(t *testing.T) {
	const height = 6
	cases := []struct {
		name    string
		spacing int64
		assumed func(main, side []*headers.Node) wire.BlockHash
		work    int // blocks of minimum work
		node    func(main, side []*headers.Node) *headers.Node
		want    string
	}{
		{name: "all conditions"},
		{name: "none configured", assumed: func(_, _ []*headers.Node) wire.BlockHash { return wire.BlockHash{} },
			want: "assumevalid=0 (always verify)"},
		{name: "not among the headers", assumed: func(_, _ []*headers.Node) wire.BlockHash { return wire.BlockHash{1} },
			want: "assumevalid hash not in headers"},
		{name: "the assumed block itself", assumed: func(main, _ []*headers.Node) wire.BlockHash { return main[height-2].Hash() }},
		{name: "above it", assumed: func(main, _ []*headers.Node) wire.BlockHash { return main[height-3].Hash() },
			want: "block height above assumevalid height"},
		{name: "beside it", node: func(_, side []*headers.Node) *headers.Node { return side[0] },
			want: "block not in assumevalid chain"},
		{name: "beside it at its height", node: func(_, side []*headers.Node) *headers.Node { return side[0] },
			assumed: func(main, _ []*headers.Node) wire.BlockHash { return main[1].Hash() }, want: "block not in assumevalid chain"},
		{name: "on a side branch", node: func(_, side []*headers.Node) *headers.Node { return side[0] },
			assumed: func(_, side []*headers.Node) wire.BlockHash { return side[1].Hash() }, want: "block not in best header chain"},
		{name: "just the minimum of work", work: height + 1},
		{name: "less than the minimum of work", work: height + 2, want: "best header chainwork below minimumchainwork"},
		{name: "two weeks", spacing: twoWeeks, want: "block too recent relative to best header"},
	}
	if twoWeeks != 1_209_600 {
		t.Fatalf("two weeks are %d seconds", twoWeeks)
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			p := params.Regtest(params.RegtestOptions{})
			p.TargetSpacing = 1_209_601
			if tc.spacing != 0 {
				p.TargetSpacing = 1_209_600
			}
			tree, main, side := ladder(p, height)
			assumed, node := main[height-1].Hash(), main[height-2]
			if tc.assumed != nil {
				assumed = tc.assumed(main, side)
			}
			if tc.node != nil {
				node = tc.node(main, side)
			}
			work := headers.BlockProof(p.Genesis.Header.Bits).Mul64(uint64(tc.work))
			c := &Chain{params: p, tree: tree, cfg: Config{AssumeValid: &assumed, MinimumChainWork: &work}}
			if got := c.whyScripts(node); got != tc.want {
				t.Errorf("%q; want %q", got, tc.want)
			}
		})
	}
}
