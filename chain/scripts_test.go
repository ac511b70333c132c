package chain

import (
	"errors"
	"testing"

	"grapevine/chain/script"
	"grapevine/wire"
)

// However a block is cut into parts, each input of it is checked: the one that
// fails is found wherever it stands, before the job counts as done. Transaction
// 2 is cut in itself, what is around it goes together.
func TestEveryInputIsChecked(t *testing.T) {
	inputs := []int{1, 1, 3*partInputs + 8, 1}
	for range partInputs + 5 {
		inputs = append(inputs, 1)
	}
	txs := make([]wire.Tx, len(inputs))
	spent := make([][]wire.TxOut, len(inputs))
	for i, n := range inputs {
		txs[i] = wire.Tx{Version: 2, Out: []wire.TxOut{{PkScript: []byte{byte(i)}}}}
		for in := range n {
			txs[i].In = append(txs[i].In, wire.TxIn{PrevOut: wire.OutPoint{Index: uint32(in)}})
			spent[i] = append(spent[i], wire.TxOut{PkScript: []byte{byte(script.Op1)}})
		}
	}
	block := wire.NewBlock(wire.Header{}, txs)
	check := func() error {
		finished := false
		j := &scriptJob{block: block, spent: spent, verify: true, finish: func() { finished = true }}
		err := runScripts(t, j)
		if finished != (err == nil) {
			t.Errorf("finished %v: %v", finished, err)
		}
		return err
	}
	if err := check(); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(txs); i++ {
		for in := range spent[i] {
			spent[i][in].PkScript = []byte{byte(script.Op0)}
			var se *ScriptError
			if err := check(); !errors.As(err, &se) || se.Txid != block.Txs[i].Txid() || se.Input != in {
				t.Errorf("transaction %d, input %d: %v", i, in, err)
			}
			spent[i][in].PkScript = []byte{byte(script.Op1)}
		}
	}
}

// Workers report in any order; the first failure in the order of the block
// counts.
func TestFirstFailureCounts(t *testing.T) {
	list := []scriptFailure{{tx: 1, in: 9}, {tx: 2, in: 3}, {tx: 2, in: 5}}
	for first := range list {
		for second := range list {
			j := &scriptJob{}
			j.fail(&list[first])
			j.fail(&list[second])
			if want := &list[min(first, second)]; j.failure != want {
				t.Errorf("%+v, then %+v: %+v", list[first], list[second], *j.failure)
			}
		}
	}
}
