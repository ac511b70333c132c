package script

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"grapevine/chain/sigverify"
	"grapevine/internal/testdata"
	"grapevine/wire"
)

// assetCase is a file of taproot-ref, in the form of Bitcoin Core's
// script_assets_test.json.
type assetCase struct {
	Tx       string
	Prevouts []string
	Index    int
	Flags    string
	Final    bool
	Success  *assetSpend
	Failure  *assetSpend
}

type assetSpend struct {
	ScriptSig string
	Witness   []string
}

// consensusFlags lists all combinations of consensus flags that mean something.
func consensusFlags() (list []Flags) {
	bits := []Flags{VerifyP2SH, VerifyDERSig, VerifyNullDummy, VerifyCheckLockTime, VerifyCheckSequence, VerifyWitness, VerifyTaproot}
	for i := range 1 << len(bits) {
		var f Flags
		for j, bit := range bits {
			if i>>j&1 != 0 {
				f |= bit
			}
		}
		if f == fillFlags(f) && (f&VerifyTaproot == 0 || f&VerifyWitness != 0) {
			list = append(list, f)
		}
	}
	return list
}

func decodeOut(t *testing.T, s string) wire.TxOut {
	b := unhex(s)
	n, size, err := wire.ReadCompactSize(b[8:])
	if err != nil || len(b) != 8+size+int(n) {
		t.Fatalf("output %s: %v", s, err)
	}
	var value uint64
	for i := 7; i >= 0; i-- {
		value = value<<8 | uint64(b[i])
	}
	return wire.TxOut{Value: wire.Amount(value), PkScript: b[8+size:]}
}

func (c *assetCase) with(t *testing.T, s *assetSpend) (*wire.Tx, *Midstates) {
	tx, err := wire.DecodeTxNoWitness(unhex(c.Tx))
	if err != nil {
		t.Fatal(err)
	}
	tx = tx.Clone()
	in := &tx.In[c.Index]
	in.ScriptSig = unhex(s.ScriptSig)
	for _, item := range s.Witness {
		in.Witness = append(in.Witness, unhex(item))
	}
	var spent []wire.TxOut
	for _, p := range c.Prevouts {
		spent = append(spent, decodeOut(t, p))
	}
	return tx, NewMidstates(tx, spent)
}

func TestTaprootReference(t *testing.T) {
	dir := testdata.Module(t, txscriptModule, txscriptVersion, "data/taproot-ref")
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, memo := consensusFlags(), newMemo()
	ran, success, failure, runs := 0, 0, 0, 0
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		// The files end in a comma, being slices of one array.
		var c assetCase
		if err := json.Unmarshal(bytes.TrimRight(raw, ",\n\r \t"), &c); err != nil {
			t.Fatalf("%s: %v", f.Name(), err)
		}
		given := mustFlags(t, c.Flags)
		if c.Success != nil {
			success++
			tx, m := c.with(t, c.Success)
			for _, flags := range all {
				if c.Final || flags&given == flags {
					runs++
					if got := verifyBoth(t, tx, c.Index, flags, m, memo); got != "OK" {
						t.Errorf("%s: %s with %v", f.Name(), got, flags.Names())
					}
				}
			}
		}
		if c.Failure != nil {
			failure++
			tx, m := c.with(t, c.Failure)
			for _, flags := range all {
				if flags&given == given {
					runs++
					if got := verifyBoth(t, tx, c.Index, flags, m, memo); got == "OK" {
						t.Errorf("%s: valid with %v", f.Name(), flags.Names())
					}
				}
			}
		}
		if c.Success == nil && c.Failure == nil {
			t.Errorf("%s: nothing to do", f.Name())
		}
		ran++
		clear(memo.checks)
		clear(memo.batch)
	}
	counted(t, "taproot-ref", ran, len(files), 2760)
	t.Logf("%d successes, %d failures, %d runs", success, failure, runs)
}

// walletVectors are those of BIP 341: trees, output keys, hashes, signatures.
type walletVectors struct {
	ScriptPubKey []struct {
		Given struct {
			InternalPubkey string
			ScriptTree     json.RawMessage
		}
		Intermediary struct{ MerkleRoot *string }
		Expected     struct {
			ScriptPubKey            string
			ScriptPathControlBlocks []string
		}
	}
	KeyPathSpending []struct {
		Given struct {
			RawUnsignedTx string
			UtxosSpent    []struct {
				ScriptPubKey string
				AmountSats   int64
			}
		}
		Intermediary  struct{ HashAmounts, HashOutputs, HashPrevouts, HashScriptPubkeys, HashSequences string }
		InputSpending []struct {
			Given struct {
				TxinIndex int
				HashType  HashType
			}
			Intermediary struct{ SigHash string }
		}
		Auxiliary struct{ FullySignedTx string }
	}
}

func readWalletVectors(t *testing.T) (v walletVectors) {
	raw, err := os.ReadFile(testdata.Shared(t, "vectors/bips/bip-0341-wallet-test-vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestBIP341Outputs(t *testing.T) {
	v, controls := readWalletVectors(t), 0
	for i, c := range v.ScriptPubKey {
		var leaves []tapLeaf
		var root *[32]byte
		if string(c.Given.ScriptTree) != "null" {
			h := hashTree(t, c.Given.ScriptTree, &leaves)
			root = &h
			if c.Intermediary.MerkleRoot == nil || hex.EncodeToString(h[:]) != *c.Intermediary.MerkleRoot {
				t.Errorf("output %d: root %x", i, h)
			}
		}
		key, _, ok := sigverify.TaprootOutputKey(unhex(c.Given.InternalPubkey), root)
		if !ok || "5120"+hex.EncodeToString(key[:]) != c.Expected.ScriptPubKey {
			t.Errorf("output %d: key %x", i, key)
		}
		// One control block a leaf, in the order of the leaves.
		for j, text := range c.Expected.ScriptPathControlBlocks {
			control := unhex(text)
			if got := controlRoot(control, leaves[j].hash); got != *root || control[0]&leafMask != leaves[j].version {
				t.Errorf("output %d: control block %d leads to %x", i, j, got)
			}
			controls++
		}
	}
	t.Logf("%d outputs, %d control blocks", len(v.ScriptPubKey), controls)
	if len(v.ScriptPubKey) != 7 || controls != 12 {
		t.Error("not as many as the file holds")
	}
}

func TestBIP341Hashes(t *testing.T) {
	v, inputs := readWalletVectors(t), 0
	for _, c := range v.KeyPathSpending {
		unsigned, err := wire.DecodeTxNoWitness(unhex(c.Given.RawUnsignedTx))
		if err != nil {
			t.Fatal(err)
		}
		var spent []wire.TxOut
		for _, u := range c.Given.UtxosSpent {
			spent = append(spent, wire.TxOut{Value: wire.Amount(u.AmountSats), PkScript: unhex(u.ScriptPubKey)})
		}
		m := NewMidstates(unsigned, spent)
		for _, in := range c.InputSpending {
			// Once computed on the spot, once from the prepared parts.
			for range 2 {
				got, ok := TaprootSigHash(m, unsigned, in.Given.TxinIndex, in.Given.HashType, &TaprootSpend{})
				if !ok || hex.EncodeToString(got[:]) != in.Intermediary.SigHash {
					t.Errorf("input %d: hash %x", in.Given.TxinIndex, got)
				}
				m.Prepare(unsigned)
			}
			inputs++
		}
		for got, want := range map[[32]byte]string{
			m.taproot.amounts: c.Intermediary.HashAmounts, m.taproot.scripts: c.Intermediary.HashScriptPubkeys,
			m.shared.outputs: c.Intermediary.HashOutputs, m.shared.prevouts: c.Intermediary.HashPrevouts,
			m.shared.sequences: c.Intermediary.HashSequences,
		} {
			if hex.EncodeToString(got[:]) != want {
				t.Errorf("midstate %x, want %s", got, want)
			}
		}
		signed, err := wire.DecodeTx(unhex(c.Auxiliary.FullySignedTx))
		if err != nil {
			t.Fatal(err)
		}
		m = NewMidstates(signed, spent)
		for i := range signed.In {
			if got := verifyBoth(t, signed, i, StandardFlags, m, newMemo()); got != "OK" {
				t.Errorf("signed input %d: %s", i, got)
			}
		}
	}
	t.Logf("%d transactions, %d inputs", len(v.KeyPathSpending), inputs)
	if len(v.KeyPathSpending) != 1 || inputs != 7 {
		t.Error("not as many as the file holds")
	}
}

type tapLeaf struct {
	version byte
	hash    [32]byte
}

// hashTree hashes a tree in the notation of the vectors and collects its leaves.
func hashTree(t *testing.T, raw json.RawMessage, leaves *[]tapLeaf) [32]byte {
	if raw[0] == '[' {
		var kids []json.RawMessage
		if err := json.Unmarshal(raw, &kids); err != nil || len(kids) != 2 {
			t.Fatalf("tree %s: %v", raw, err)
		}
		a, b := hashTree(t, kids[0], leaves), hashTree(t, kids[1], leaves)
		return TapBranchHash(&b, &a)
	}
	var leaf struct {
		Script      string
		LeafVersion byte
	}
	if err := json.Unmarshal(raw, &leaf); err != nil {
		t.Fatal(err)
	}
	h := TapLeafHash(leaf.LeafVersion, unhex(leaf.Script))
	*leaves = append(*leaves, tapLeaf{leaf.LeafVersion, h})
	return h
}
