package script

import (
	"testing"

	"grapevine/chain/sigverify"
	"grapevine/internal/testdata"
	"grapevine/wire"
)

// realBlock is a block with the coins that it spends.
type realBlock struct {
	name   string
	flags  Flags
	inputs int
}

// Every real block is held to P2SH, witness and taproot, and to the soft forks
// that its height has reached.
const alwaysOn = VerifyP2SH | VerifyWitness | VerifyTaproot

var realBlocks = []realBlock{
	{"mainnet-300025", alwaysOn, 1427},
	{"mainnet-367891", alwaysOn | VerifyDERSig, 20817},
	{"testnet3-928848", MandatoryFlags, 11215},
}

// spentByTx sorts a flat list of spent outputs by transaction.
func spentByTx(b *wire.Block, coins []testdata.Coin) [][]wire.TxOut {
	list := make([][]wire.TxOut, len(b.Txs))
	for i := 1; i < len(b.Txs); i++ {
		for range b.Txs[i].In {
			list[i] = append(list[i], coins[0].Out)
			coins = coins[1:]
		}
	}
	return list
}

func TestRealBlocks(t *testing.T) {
	for _, rb := range realBlocks {
		t.Run(rb.name, func(t *testing.T) {
			b := testdata.Block(t, rb.name)
			spent := spentByTx(b, testdata.Spent(t, rb.name))
			batch := sigverify.NewBatch(nil, nil)
			var m Midstates
			inputs := 0
			for i := range b.Txs {
				if i == 0 {
					continue
				}
				tx := &b.Txs[i]
				m.Reset(tx, spent[i])
				for in := range tx.In {
					if err := VerifyBatched(tx, in, rb.flags, &m, batch); err != nil {
						t.Fatalf("transaction %d input %d: %v", i, in, err)
					}
					inputs++
				}
			}
			if !batch.Verify() {
				t.Error("the signatures do not hold")
			}
			t.Logf("%d inputs, %d checks put off", inputs, batch.Len())
			if inputs != rb.inputs {
				t.Errorf("%d inputs, want %d", inputs, rb.inputs)
			}
		})
	}
}

// For two more blocks nobody kept what they spend. Where an input reveals it
// (a key for P2PKH, a script for P2SH) the output is rebuilt; its value does
// not matter, since legacy hashes ignore it.
func TestRebuiltBlocks(t *testing.T) {
	for name, want := range map[string]int{"mainnet-413567": 4886, "mainnet-426884": 6031} {
		t.Run(name, func(t *testing.T) {
			b := testdata.Block(t, name)
			batch, memo := sigverify.NewBatch(nil, nil), sigverify.Direct{}
			inputs, all := 0, 0
			for i := range b.Txs {
				if i == 0 {
					continue
				}
				tx := &b.Txs[i]
				spent := make([]wire.TxOut, len(tx.In))
				for in := range tx.In {
					spent[in].PkScript = rebuilt(tx.In[in].ScriptSig)
				}
				m := NewMidstates(tx, spent)
				for in := range tx.In {
					all++
					if spent[in].PkScript == nil {
						continue
					}
					inputs++
					const flags = alwaysOn | VerifyDERSig | VerifyCheckLockTime | VerifyCheckSequence
					if err := VerifyBatched(tx, in, flags, m, batch); err != nil {
						t.Errorf("transaction %d input %d: %v", i, in, err)
					}
					if i%50 == 0 {
						if err := Verify(tx, in, flags, m, memo); err != nil {
							t.Errorf("transaction %d input %d: %v", i, in, err)
						}
					}
				}
			}
			if !batch.Verify() {
				t.Error("the signatures do not hold")
			}
			t.Logf("%d inputs of %d, %d checks put off", inputs, all, batch.Len())
			if inputs != want {
				t.Errorf("%d inputs, want %d", inputs, want)
			}
		})
	}
}

// rebuilt returns the output that an input script must be spending.
func rebuilt(scriptSig []byte) []byte {
	last, ok := lastPush(scriptSig)
	if !ok || len(last) == 0 {
		return nil
	}
	e := engines.Get().(*engine)
	defer e.release()
	hash := e.hash160(last)
	if isKeyShaped(last) {
		s := append([]byte{byte(OpDup), byte(OpHash160), 20}, hash...)
		return append(s, byte(OpEqualVerify), byte(OpCheckSig))
	}
	if len(last) < 20 || !HasValidOps(last) {
		return nil // a lone signature, for P2PK or bare multisig
	}
	return append(append([]byte{byte(OpHash160), 20}, hash...), byte(OpEqual))
}

// One bit of one signature is enough to fail, and to fail at that input.
func TestBrokenSignature(t *testing.T) {
	for _, rb := range realBlocks {
		t.Run(rb.name, func(t *testing.T) {
			b := testdata.Block(t, rb.name)
			spent := spentByTx(b, testdata.Spent(t, rb.name))
			tried := 0
			for i := 1; i < len(b.Txs) && tried < 40; i += 1 + len(b.Txs)/40 {
				tx := b.Txs[i].Clone()
				if len(tx.In) > 100 {
					continue
				}
				in := len(tx.In) / 2
				sig := tx.In[in].ScriptSig
				if len(tx.In[in].Witness) > 0 {
					sig = tx.In[in].Witness[0]
				}
				if len(sig) < 60 {
					continue
				}
				sig[40] ^= 4
				m, memo := NewMidstates(tx, spent[i]), newMemo()
				for j := range tx.In {
					got := verifyBoth(t, tx, j, rb.flags, m, memo)
					if (got == "OK") == (j == in) {
						t.Errorf("transaction %d input %d: %s, broken is %d", i, j, got, in)
					}
				}
				tried++
			}
			if tried < 20 {
				t.Errorf("only %d signatures broken", tried)
			}
		})
	}
}

// BenchmarkBlock is everything but the signatures of a whole block.
func BenchmarkBlock(b *testing.B) {
	for _, rb := range realBlocks {
		block := testdata.Block(b, rb.name)
		spent := spentByTx(block, testdata.Spent(b, rb.name))
		batch := sigverify.NewBatch(nil, nil)
		var m Midstates
		b.Run(rb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				batch.Reset()
				for i := 1; i < len(block.Txs); i++ {
					tx := &block.Txs[i]
					m.Reset(tx, spent[i])
					for in := range tx.In {
						if err := VerifyBatched(tx, in, rb.flags, &m, batch); err != nil {
							b.Fatal(err)
						}
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rb.inputs), "ns/input")
		})
	}
}
