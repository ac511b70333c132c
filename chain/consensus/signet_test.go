package consensus

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"

	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/wire"
)

func signetBlocks(t testing.TB) [][]byte {
	t.Helper()
	f, err := os.Open("testdata/signet-blocks.hex")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list [][]byte
	for s := bufio.NewScanner(f); s.Scan(); {
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		raw, err := hex.DecodeString(s.Text())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, raw)
	}
	return list
}

// The first blocks of the public signet carry real solutions.
func TestPublicSignet(t *testing.T) {
	p := params.Signet(nil)
	prev := p.GenesisHash
	blocks := signetBlocks(t)
	if len(blocks) != 10 {
		t.Fatalf("%d blocks", len(blocks))
	}
	for i, raw := range blocks {
		b, err := wire.DecodeBlock(bytes.Clone(raw))
		if err != nil {
			t.Fatal(err)
		}
		if b.Header.PrevBlock != prev {
			t.Fatalf("block %d is not the next", i+1)
		}
		prev = b.Hash()
		wantError(t, CheckBlock(b, p, CheckAll), "", 0, "")
		wantError(t, ContextualCheckBlock(b, BlockContext{Height: int32(i + 1), PrevMTP: int64(b.Header.Time) - 1}, p), "", 0, "")
		// The same solution on another header: the time is signed, the nonce is
		// not.
		h := b.Header
		h.Time++
		wantError(t, CheckSignetSolution(wire.NewBlock(h, b.Txs), p), ErrSignetSolution, ResultConsensus, "signet block signature validation failure")
		h = b.Header
		h.Nonce++
		wantError(t, CheckSignetSolution(wire.NewBlock(h, b.Txs), p), "", 0, "")
	}
	wantError(t, CheckBlock(p.Genesis, p, CheckAll), "", 0, "")
}

// withSolution puts a solution behind the commitment of the coinbase.
func withSolution(txs []wire.Tx, solution []byte) []wire.Tx {
	list := withWitness(txs)
	out := &list[0].Out[len(list[0].Out)-1]
	out.PkScript = script.AppendPush(out.PkScript, append(signetHeader(), solution...))
	return list
}

// encodeSolution is an input script and a witness as BIP 325 stores them.
func encodeSolution(scriptSig []byte, witness ...[]byte) []byte {
	b := append(wire.AppendCompactSize(nil, uint64(len(scriptSig))), scriptSig...)
	b = wire.AppendCompactSize(b, uint64(len(witness)))
	for _, item := range witness {
		b = append(wire.AppendCompactSize(b, uint64(len(item))), item...)
	}
	return b
}

func easySignet(challenge []byte) *params.Params {
	p := params.Signet(challenge)
	p.PowLimit = regtest().PowLimit
	return p
}

func TestSignetOpTrue(t *testing.T) {
	p := easySignet([]byte{byte(script.Op1)})
	txs := []wire.Tx{coinbaseTx(1, 1), spendTx(1, 1)}
	const detail = "signet block signature validation failure"
	header := signetHeader()
	push := func(data []byte) []wire.Tx {
		list := withWitness(txs)
		out := &list[0].Out[len(list[0].Out)-1]
		out.PkScript = script.AppendPush(out.PkScript, data)
		return list
	}
	first := withSolution(txs, encodeSolution(nil))
	slices.Reverse(first[0].Out)
	cases := []struct {
		name string
		txs  []wire.Tx
		want ErrorKind
	}{
		{"no solution", withWitness(txs), ""},
		{"a commitment in the first output", first, ""},
		{"an empty solution", withSolution(txs, encodeSolution(nil)), ""},
		{"no commitment", txs, ErrSignetSolution},
		{"a header without data is no solution", push(header), ""},
		{"another push", push([]byte("something else")), ""},
		{"no room for the witness", withSolution(txs, []byte{0}), ErrSignetSolution},
		{"bytes behind the solution", withSolution(txs, append(encodeSolution(nil), 0)), ErrSignetSolution},
		{"a script past the end", withSolution(txs, []byte{5, 1, 0}), ErrSignetSolution},
		{"a witness item past the end", withSolution(txs, []byte{0, 1, 5, 1}), ErrSignetSolution},
		{"a long form of a length", withSolution(txs, []byte{0xfd, 0, 0, 0}), ErrSignetSolution},
		{"more witness items than bytes", withSolution(txs, []byte{0, 0xfe, 0, 0, 0, 1, 0}), ErrSignetSolution},
		{"a witness for a script without", withSolution(txs, encodeSolution(nil, []byte{1})), ErrSignetSolution},
		{"a script that fails", withSolution(txs, encodeSolution([]byte{byte(script.OpReturn)})), ErrSignetSolution},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := buildBlock(t, p, c.txs...)
			wantError(t, CheckBlock(b, p, CheckAll), c.want, ResultConsensus, detail)
			wantError(t, CheckBlock(b, p, CheckOptions{CheckMerkle: true}), "", 0, "")
			other := easySignet(nil)
			other.SignetChallenge = nil
			wantError(t, CheckBlock(b, other, CheckAll), "", 0, "")
		})
	}
}

func TestSignetEmptyBlock(t *testing.T) {
	p := easySignet([]byte{byte(script.Op1)})
	wantError(t, CheckSignetSolution(buildBlock(t, p), p), ErrSignetSolution, ResultConsensus, "signet block signature validation failure")
}

// A challenge of one key as a bare script. The key signs the block without the
// solution.
func TestSignetKey(t *testing.T) {
	key, pub := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{7}, 32))
	pubKey := pub.SerializeCompressed()
	code := append(script.AppendPush(nil, pubKey), byte(script.OpCheckSig))
	txs := []wire.Tx{coinbaseTx(1, 1), spendTx(1, 1)}

	sign := func(p *params.Params, empty []wire.Tx) []byte {
		_, toSign, ok := SignetTxs(buildBlock(t, p, empty...), p.SignetChallenge)
		if !ok {
			t.Fatal("no transaction to sign")
		}
		hash := script.LegacySigHash(toSign, 0, code, 1)
		return append(ecdsa.Sign(key, hash[:]).Serialize(), 1)
	}
	p := easySignet(code)
	// The header is all that remains of the solution when it is signed.
	signature := sign(p, withSolution(txs, encodeSolution(nil)))
	solved := withSolution(txs, encodeSolution(script.AppendPush(nil, signature)))
	const detail = "signet block signature validation failure"
	wantError(t, CheckBlock(buildBlock(t, p, solved...), p, CheckAll), "", 0, "")

	cases := []struct {
		name string
		txs  []wire.Tx
	}{
		{"no solution", withWitness(txs)},
		{"an empty one", withSolution(txs, encodeSolution(nil))},
		{"one for the script without the header", withSolution(txs, encodeSolution(script.AppendPush(nil, sign(p, withWitness(txs)))))},
		{"one for other transactions", withSolution([]wire.Tx{txs[0], spendTx(2, 1)}, encodeSolution(script.AppendPush(nil, signature)))},
	}
	for _, c := range cases {
		wantError(t, CheckBlock(buildBlock(t, p, c.txs...), p, CheckAll), ErrSignetSolution, ResultConsensus, detail)
	}
}

// The same as a witness program: the solution is in the witness then.
func TestSignetWitness(t *testing.T) {
	key, pub := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{8}, 32))
	code := append(script.AppendPush(nil, pub.SerializeCompressed()), byte(script.OpCheckSig))
	program := sha256.Sum256(code)
	p := easySignet(script.AppendPush([]byte{byte(script.Op0)}, program[:]))
	txs := []wire.Tx{coinbaseTx(1, 1), spendTx(1, 1)}

	toSpend, toSign, ok := SignetTxs(buildBlock(t, p, withSolution(txs, encodeSolution(nil))...), p.SignetChallenge)
	if !ok {
		t.Fatal("no transaction to sign")
	}
	hash := script.WitnessV0SigHash(script.NewMidstates(toSign, toSpend.Out), toSign, 0, code, 0, 1)
	signature := append(ecdsa.Sign(key, hash[:]).Serialize(), 1)
	solved := buildBlock(t, p, withSolution(txs, encodeSolution(nil, signature, code))...)
	wantError(t, CheckBlock(solved, p, CheckAll), "", 0, "")
	signature[10] ^= 1
	bad := buildBlock(t, p, withSolution(txs, encodeSolution(nil, signature, code))...)
	wantError(t, CheckBlock(bad, p, CheckAll), ErrSignetSolution, ResultConsensus, "signet block signature validation failure")
	bare := buildBlock(t, p, withSolution(txs, encodeSolution([]byte{byte(script.Op1)}))...)
	wantError(t, CheckBlock(bare, p, CheckAll), ErrSignetSolution, ResultConsensus, "signet block signature validation failure")
}

// The push of the solution is found wherever it stands; of two the first counts;
// what cannot be read as a script ends the script that is signed.
func TestCutSolution(t *testing.T) {
	header := signetHeader()
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	push := func(b ...byte) []byte { return script.AppendPush(nil, b) }
	held := func(data ...byte) []byte { return push(append(signetHeader(), data...)...) }
	cases := []struct {
		name     string
		in       []byte
		stripped []byte
		solution []byte
		found    bool
	}{
		{"none", join([]byte{0x6a}, push(1, 2)), join([]byte{0x6a}, push(1, 2)), nil, false},
		{"header alone", held(), held(), nil, false},
		{"one", join([]byte{0x6a}, held(7, 8), []byte{0x51}), join([]byte{0x6a}, push(header...), []byte{0x51}), []byte{7, 8}, true},
		{"two", join(held(7), held(8)), join(push(header...), held(8)), []byte{7}, true},
		{"a longer push than needed", join([]byte{0x4c, 5}, header, []byte{9}), push(header...), []byte{9}, true},
		{"another longer push", join(held(9), []byte{0x4d, 1, 0, 3}), join(push(header...), push(3)), []byte{9}, true},
		{"an empty push keeps its opcode", join(held(9), []byte{0x4c, 0, 0}), join(push(header...), []byte{0x4c, 0}), []byte{9}, true},
		{"garbage behind", join(held(9), []byte{0x51, 0x05, 1}), join(push(header...), []byte{0x51}), []byte{9}, true},
		{"garbage behind none", []byte{0x51, 0x05, 1}, []byte{0x51, 0x05, 1}, nil, false},
	}
	for _, c := range cases {
		stripped, solution, found := cutSolution(c.in)
		if !bytes.Equal(stripped, c.stripped) || !bytes.Equal(solution, c.solution) || found != c.found {
			t.Errorf("%s: %x, %x, %v", c.name, stripped, solution, found)
		}
	}
}

func FuzzSignetSolution(f *testing.F) {
	f.Add(encodeSolution(nil))
	f.Add(encodeSolution([]byte{1, 2}, []byte{3}, nil))
	f.Add([]byte{0, 0xfe, 0xff, 0xff, 0xff, 0xff})
	p := easySignet([]byte{byte(script.Op1)})
	txs := []wire.Tx{coinbaseTx(1, 1)}
	f.Fuzz(func(t *testing.T, solution []byte) {
		var in wire.TxIn
		if parseSolution(solution, &in) {
			if got := encodeSolution(in.ScriptSig, in.Witness...); !bytes.Equal(got, solution) {
				t.Fatalf("%x comes back as %x", solution, got)
			}
		}
		if len(solution) > 0 && len(solution) < 10_000 {
			b := buildBlock(t, p, withSolution(txs, solution)...)
			_, toSign, ok := SignetTxs(b, p.SignetChallenge)
			if ok != parseSolution(solution, &in) || ok && !bytes.Equal(toSign.In[0].ScriptSig, in.ScriptSig) {
				t.Fatalf("%x: found %v", solution, ok)
			}
		}
	})
}
