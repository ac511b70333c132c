package consensus

import (
	"errors"
	"testing"

	"grapevine/chain/script"
	"grapevine/wire"
)

// Whatever decodes as a block gets a verdict without panic, the verdicts agree
// with each other, and the costs that are summed for it are in range.
func FuzzCheckBlock(f *testing.F) {
	p := regtest()
	signed := spendTx(5, 2)
	signed.In[0].Witness = [][]byte{{1, 2, 3}}
	f.Add(buildBlock(f, p, coinbaseTx(1, 1)).Raw(), int32(1))
	f.Add(buildBlock(f, p, withWitness([]wire.Tx{coinbaseTx(300, 1), signed})...).Raw(), int32(300))
	f.Add(buildBlock(f, p, spendTx(1, 1), spendTx(2, 1)).Raw(), int32(0))
	f.Add(p.Genesis.Raw(), int32(0))
	signet := easySignet([]byte{byte(script.Op1)})
	f.Fuzz(func(t *testing.T, raw []byte, height int32) {
		b, err := wire.DecodeBlock(raw)
		if err != nil {
			return
		}
		height &= 1<<30 - 1
		if err := CheckBlock(b, p, CheckOptions{}); err == nil {
			if b.Txs[0].IsCoinbase() && TxSigOpCost(&b.Txs[0], nil, script.MandatoryFlags) > MaxBlockSigOpsCost {
				t.Fatal("the coinbase alone costs more than a block may")
			}
		}
		mutated := IsBlockMutated(b, true)
		var e *Error
		if errors.As(mutated, &e) && e.Result != ResultMutated {
			t.Fatalf("%v has result %d", mutated, e.Result)
		}
		full := CheckBlock(b, p, CheckOptions{CheckMerkle: true})
		if errors.As(full, &e) && e.Result == ResultMutated && mutated == nil {
			t.Fatalf("mutated by one check only: %v", full)
		}
		context := ContextualCheckBlock(b, BlockContext{Height: height, PrevMTP: 1}, p)
		if full == nil && mutated == nil && height >= p.SegwitHeight && errors.As(context, &e) && e.Result == ResultMutated {
			t.Fatalf("mutated by one check only: %v", context)
		}
		_ = CheckSignetSolution(b, signet)
	})
}
