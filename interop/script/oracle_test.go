package script

import (
	"math/rand/v2"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/internal/scripttest"
)

// flagPairs are the same rules in the two programs.
var flagPairs = []struct {
	ours   script.Flags
	theirs txscript.ScriptFlags
}{
	{script.VerifyP2SH, txscript.ScriptBip16},
	{script.VerifyStrictEnc, txscript.ScriptVerifyStrictEncoding},
	{script.VerifyDERSig, txscript.ScriptVerifyDERSignatures},
	{script.VerifyLowS, txscript.ScriptVerifyLowS},
	{script.VerifyNullDummy, txscript.ScriptStrictMultiSig},
	{script.VerifySigPushOnly, txscript.ScriptVerifySigPushOnly},
	{script.VerifyMinimalData, txscript.ScriptVerifyMinimalData},
	{script.DiscourageUpgradableNOPs, txscript.ScriptDiscourageUpgradableNops},
	{script.VerifyCleanStack, txscript.ScriptVerifyCleanStack},
	{script.VerifyCheckLockTime, txscript.ScriptVerifyCheckLockTimeVerify},
	{script.VerifyCheckSequence, txscript.ScriptVerifyCheckSequenceVerify},
	{script.VerifyWitness, txscript.ScriptVerifyWitness},
	{script.DiscourageUpgradableWitnessProgram, txscript.ScriptVerifyDiscourageUpgradeableWitnessProgram},
	{script.VerifyMinimalIf, txscript.ScriptVerifyMinimalIf},
	{script.VerifyNullFail, txscript.ScriptVerifyNullFail},
	{script.VerifyWitnessPubKeyType, txscript.ScriptVerifyWitnessPubKeyType},
	{script.VerifyConstScriptCode, txscript.ScriptVerifyConstScriptCode},
	{script.VerifyTaproot, txscript.ScriptVerifyTaproot},
	{script.DiscourageUpgradableTaprootVersion, txscript.ScriptVerifyDiscourageUpgradeableTaprootVersion},
	{script.DiscourageOpSuccess, txscript.ScriptVerifyDiscourageOpSuccess},
	{script.DiscourageUpgradablePubKeyType, txscript.ScriptVerifyDiscourageUpgradeablePubkeyType},
}

// ask has btcd judge the spend.
func ask(s *scripttest.Spend) error {
	var flags txscript.ScriptFlags
	for _, p := range flagPairs {
		if s.Flags&p.ours != 0 {
			flags |= p.theirs
		}
	}
	tx := btcwire.NewMsgTx(int32(s.Tx.Version))
	tx.LockTime = s.Tx.LockTime
	coins := txscript.NewMultiPrevOutFetcher(nil)
	for i := range s.Tx.In {
		in := &s.Tx.In[i]
		op := btcwire.OutPoint{Hash: chainhash.Hash(in.PrevOut.Txid), Index: in.PrevOut.Index}
		tx.AddTxIn(&btcwire.TxIn{PreviousOutPoint: op, SignatureScript: in.ScriptSig, Witness: in.Witness, Sequence: in.Sequence})
		coins.AddPrevOut(op, &btcwire.TxOut{Value: int64(s.Spent[i].Value), PkScript: s.Spent[i].PkScript})
	}
	for i := range s.Tx.Out {
		tx.AddTxOut(&btcwire.TxOut{Value: int64(s.Tx.Out[i].Value), PkScript: s.Tx.Out[i].PkScript})
	}
	out := &s.Spent[s.In]
	vm, err := txscript.NewEngine(out.PkScript, tx, s.In, flags, nil, txscript.NewTxSigHashes(tx, coins), int64(out.Value), coins)
	if err != nil {
		return err
	}
	return vm.Execute()
}

// compare fails on a difference that [explained] does not know.
func compare(t *testing.T, data []byte) (valid bool, why string) {
	s := scripttest.Generate(data)
	m := script.NewMidstates(s.Tx, s.Spent)
	ours := script.Verify(s.Tx, s.In, s.Flags, m, sigverify.Direct{})
	theirs := ask(s)
	if (ours == nil) == (theirs == nil) {
		return ours == nil, ""
	}
	why = explained(s, ours, theirs)
	if why == "" {
		in := &s.Tx.In[s.In]
		t.Errorf("%s under %v\nours:   %v\ntheirs: %v\noutput  %x\ninput   %x\nwitness %x\nscript  %s\ntx %x",
			s.Kind, s.Flags.Names(), ours, theirs, s.Spent[s.In].PkScript, in.ScriptSig, in.Witness, disassemble(s.Script), s.Tx.AppendTo(nil))
	}
	return ours == nil, why
}

func disassemble(code []byte) (text string) {
	t := script.NewTokenizer(code)
	for t.Next() {
		if t.Op() <= script.OpPushData4 && t.Op() > 0 {
			text += "<" + hexOf(t.Data()) + "> "
		} else {
			text += t.Op().String() + " "
		}
	}
	if t.Err() != nil {
		text += "..."
	}
	return text
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var out []byte
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

func randomBytes(rng *rand.Rand) []byte {
	data := make([]byte, 160)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

func FuzzOracle(f *testing.F) {
	rng := rand.New(rand.NewPCG(20, 21))
	for range 64 {
		f.Add(randomBytes(rng))
	}
	f.Fuzz(func(t *testing.T, data []byte) { compare(t, data) })
}

// The same without the fuzzer. It prints how often each known difference came
// up; one that never does should go.
func TestOracleRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(22, 23))
	n, valid, known := 15000, 0, map[string]int{}
	if testing.Short() {
		n = 1000
	}
	for range n {
		ok, why := compare(t, randomBytes(rng))
		if ok {
			valid++
		}
		if why != "" {
			known[why]++
		}
	}
	t.Logf("%d spends, %d valid", n, valid)
	for why, times := range known {
		t.Logf("%5d differ: %s", times, why)
	}
}
