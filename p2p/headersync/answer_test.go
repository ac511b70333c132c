package headersync

import (
	"slices"
	"testing"

	"grapevine/chain/headers"
	"grapevine/internal/u256"
	"grapevine/wire"
)

func hashes(list []wire.Header) (out []wire.BlockHash) {
	for i := range list {
		out = append(out, list[i].Hash())
	}
	return out
}

// served is a view with a chain of n blocks and a branch that forks at the tenth.
func served(n int) (v *fakeView, line, branch []*headers.Node) {
	v = newView()
	line = v.take(draft(v.genesis(), n, 0, 1))
	v.active = headers.NewChain(line[n-1])
	branch = v.take(draft(line[9].Header(), 3, 1, 1))
	return v, line, branch
}

func TestAnswer(t *testing.T) {
	v, line, branch := served(2100)
	at := func(list []*headers.Node, from, to int) (out []wire.BlockHash) {
		for _, n := range list[from:to] {
			out = append(out, n.Hash())
		}
		return out
	}
	none := wire.BlockHash{}
	branch[1].AddStatus(headers.StatusValidScripts)
	for _, c := range []struct {
		name    string
		locator []wire.BlockHash
		stop    wire.BlockHash
		want    []wire.BlockHash
		shown   *headers.Node
		ok      bool
	}{
		{"from genesis", headers.Locator(v.tree.Genesis()), none, at(line, 0, 2000), line[1999], true},
		{"to the end", headers.Locator(line[1999]), none, at(line, 2000, 2100), line[2099], true},
		{"up to the stop", headers.Locator(line[4]), line[7].Hash(), at(line, 5, 8), line[7], true},
		{"a stop that never comes", headers.Locator(line[2089]), branch[0].Hash(), at(line, 2090, 2100), line[2099], true},
		{"has all", headers.Locator(line[2099]), none, nil, line[2099], true},
		{"from a branch", headers.Locator(branch[2]), line[10].Hash(), at(line, 10, 11), line[10], true},
		{"an unknown locator", []wire.BlockHash{{1}, {2}}, line[0].Hash(), at(line, 0, 1), line[0], true},
		{"one by its hash", nil, line[5].Hash(), at(line, 5, 6), line[5], true},
		{"one of a branch", nil, branch[1].Hash(), at(branch, 1, 2), branch[1], true},
		{"one that is not valid yet", nil, branch[2].Hash(), nil, nil, false},
		{"one that is unknown", nil, wire.BlockHash{9}, nil, nil, false},
	} {
		list, shown, ok := Answer(v, u256.Int{}, c.locator, c.stop)
		if !slices.Equal(hashes(list), c.want) || shown != c.shown || ok != c.ok {
			t.Errorf("%s: %d headers, %v", c.name, len(list), ok)
		}
	}
	if list, _, ok := Answer(v, line[2099].ChainWork().Add(u256.FromUint64(1)), headers.Locator(line[0]), none); len(list) != 0 || !ok {
		t.Errorf("too little work to be shown: %d headers, %v", len(list), ok)
	}
	if list, _, _ := Answer(v, line[2099].ChainWork(), headers.Locator(line[0]), none); len(list) != 2000 {
		t.Errorf("just enough work: %d headers", len(list))
	}
}

func TestAnswerBlocks(t *testing.T) {
	v, line, _ := served(600)
	list, next := AnswerBlocks(v, headers.Locator(line[9]), wire.BlockHash{})
	if !slices.Equal(list, line[10:510]) || next != line[509] {
		t.Errorf("%d blocks", len(list))
	}
	list, next = AnswerBlocks(v, headers.Locator(line[509]), wire.BlockHash{})
	if !slices.Equal(list, line[510:]) || next != nil {
		t.Errorf("%d blocks", len(list))
	}
	list, next = AnswerBlocks(v, headers.Locator(line[9]), line[12].Hash())
	if !slices.Equal(list, line[10:12]) || next != nil {
		t.Errorf("up to the stop: %d blocks", len(list))
	}
	if list, _ = AnswerBlocks(v, headers.Locator(line[599]), wire.BlockHash{}); list != nil {
		t.Errorf("has all: %d blocks", len(list))
	}
	if list, _ = AnswerBlocks(v, nil, wire.BlockHash{}); !slices.Equal(list, line[:500]) {
		t.Errorf("no locator: %d blocks", len(list))
	}
}

func TestServable(t *testing.T) {
	v, line, branch := served(100)
	if !Servable(v, line[0]) {
		t.Error("the active chain is hidden")
	}
	if Servable(v, branch[0]) {
		t.Error("a branch that was never connected is shown")
	}
	branch[0].AddStatus(headers.StatusValidScripts)
	if !Servable(v, branch[0]) {
		t.Error("a branch that was connected is hidden")
	}
	branch[0].AddStatus(headers.StatusFailed)
	if Servable(v, branch[0]) {
		t.Error("an invalid block is shown")
	}
	branch[1].AddStatus(headers.StatusValidScripts)
	// A month of time, but not of work.
	v.take(draft(line[99].Header(), 1, 2, staleLimit))
	if Servable(v, branch[1]) {
		t.Error("a block of a month ago is shown")
	}
	// A month of work, but not of time.
	v, line, branch = served(20)
	branch[1].AddStatus(headers.StatusValidScripts)
	const month = staleLimit / 600
	more := v.take(draft(line[19].Header(), month-1-(20-12), 2, 0))
	if !Servable(v, branch[1]) {
		t.Errorf("hidden at %d blocks less than a month", month-(more[len(more)-1].Height()-12))
	}
	v.take(draft(v.tree.Best().Header(), 1, 2, 0))
	if Servable(v, branch[1]) {
		t.Error("a block of a month's work ago is shown")
	}
}
