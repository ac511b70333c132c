package consensus

import (
	"bytes"
	"encoding/binary"
	"slices"

	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// signetHeader starts the push that holds a block's solution, in the output with
// the witness commitment (BIP 325).
func signetHeader() []byte { return []byte{0xec, 0xc7, 0xda, 0xa2} }

// signetFlags are the script rules of the challenge, fixed by BIP 325.
const signetFlags = script.VerifyP2SH | script.VerifyWitness | script.VerifyDERSig | script.VerifyNullDummy

// CheckSignetSolution checks that a block's coinbase solves the challenge of the
// network. Genesis needs no solution.
func CheckSignetSolution(b *wire.Block, p *params.Params) error {
	if b.Hash() == p.GenesisHash {
		return nil
	}
	toSpend, toSign, ok := SignetTxs(b, p.SignetChallenge)
	if !ok {
		return badSolution()
	}
	m := script.NewMidstates(toSign, toSpend.Out[:1])
	if script.Verify(toSign, 0, signetFlags, m, sigverify.Direct{}) != nil {
		return badSolution()
	}
	return nil
}

func badSolution() error {
	return invalid(ErrSignetSolution, ResultConsensus, "signet block signature validation failure")
}

// SignetTxs returns the two transactions of BIP 325 for a block: the second
// spends the first, whose output is the challenge and whose input commits to the
// block without its solution; the solution is what makes the second valid. Not ok
// when the block has no witness commitment or its solution does not parse. A
// block without a solution is as one with an empty one. Neither transaction is
// sealed: who signs sets the input's script and witness of the second.
func SignetTxs(b *wire.Block, challenge []byte) (toSpend, toSign *wire.Tx, ok bool) {
	if len(b.Txs) == 0 {
		return nil, nil, false
	}
	index := WitnessCommitmentIndex(&b.Txs[0])
	if index < 0 {
		return nil, nil, false
	}
	coinbase := wire.Tx{
		Version:  b.Txs[0].Version,
		In:       b.Txs[0].In,
		Out:      slices.Clone(b.Txs[0].Out),
		LockTime: b.Txs[0].LockTime,
	}
	stripped, solution, found := cutSolution(coinbase.Out[index].PkScript)
	coinbase.Out[index].PkScript = stripped

	in := wire.TxIn{}
	if found && !parseSolution(solution, &in) {
		return nil, nil, false
	}
	toSpend = &wire.Tx{
		In: []wire.TxIn{{
			PrevOut:   wire.OutPoint{Index: 0xffffffff},
			ScriptSig: script.AppendPush([]byte{byte(script.Op0)}, signetData(b, &coinbase)),
		}},
		Out: []wire.TxOut{{PkScript: challenge}},
	}
	in.PrevOut = wire.OutPoint{Txid: toSpend.Txid()}
	toSign = &wire.Tx{
		In:  []wire.TxIn{in},
		Out: []wire.TxOut{{PkScript: []byte{byte(script.OpReturn)}}},
	}
	return toSpend, toSign, true
}

// signetData is what the solution signs: the header up to its time, with the
// merkle root over the coinbase without the solution.
func signetData(b *wire.Block, coinbase *wire.Tx) []byte {
	l := newLeaves(len(b.Txs)).add(coinbase.Txid())
	for i := 1; i < len(b.Txs); i++ {
		l = l.add(b.Txs[i].Txid())
	}
	root, _ := l.root()
	data := binary.LittleEndian.AppendUint32(nil, uint32(b.Header.Version))
	data = append(data, b.Header.PrevBlock[:]...)
	data = append(data, root[:]...)
	return binary.LittleEndian.AppendUint32(data, b.Header.Time)
}

// cutSolution takes the solution out of a commitment script: of the first push
// that starts with the header and goes on, it leaves the header. The rest of the
// script is written anew with the shortest pushes, and ends where it stops being
// a script. Without a solution the script stays as it is.
func cutSolution(pkScript []byte) (stripped, solution []byte, found bool) {
	header := signetHeader()
	for t := script.NewTokenizer(pkScript); t.Next(); {
		data := t.Data()
		if len(data) == 0 {
			stripped = append(stripped, byte(t.Op()))
			continue
		}
		if !found && len(data) > len(header) && bytes.HasPrefix(data, header) {
			found = true
			solution, data = data[len(header):], header
		}
		stripped = script.AppendPush(stripped, data)
	}
	if !found {
		return pkScript, nil, false
	}
	return stripped, solution, true
}

// parseSolution reads an input script and a witness that fill the bytes.
func parseSolution(b []byte, in *wire.TxIn) bool {
	r := solutionReader{rest: b}
	in.ScriptSig = r.sized()
	in.Witness = make([][]byte, r.size())
	for i := range in.Witness {
		in.Witness[i] = r.sized()
	}
	return !r.bad && len(r.rest) == 0
}

// solutionReader cuts lengths and strings off the front of rest; once one does
// not fit, all are empty.
type solutionReader struct {
	rest []byte
	bad  bool
}

// size reads a length, or a count of items of at least a byte each: neither is
// more than the bytes that follow.
func (r *solutionReader) size() int {
	n, size, err := wire.ReadCompactSize(r.rest)
	if err != nil || n > uint64(len(r.rest)-size) {
		r.rest, r.bad = nil, true
		return 0
	}
	r.rest = r.rest[size:]
	return int(n)
}

func (r *solutionReader) sized() []byte {
	n := r.size()
	data := r.rest[:n:n]
	r.rest = r.rest[n:]
	return data
}
