package consensus

import (
	"bytes"

	"grapevine/wire"
)

// commitmentSize is the least length of a script with a witness commitment: 6
// bytes of prefix and a hash.
const commitmentSize = 38

// commitmentPrefix is OP_RETURN, a push of 36 bytes, and the marker (BIP 141).
func commitmentPrefix() [6]byte { return [6]byte{0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed} }

// WitnessCommitmentIndex returns which output of a coinbase commits to the
// witnesses, the last one that looks like it; -1 when there is none.
func WitnessCommitmentIndex(coinbase *wire.Tx) int {
	prefix := commitmentPrefix()
	for i := len(coinbase.Out) - 1; i >= 0; i-- {
		s := coinbase.Out[i].PkScript
		if len(s) >= commitmentSize && bytes.HasPrefix(s, prefix[:]) {
			return i
		}
	}
	return -1
}

// WitnessCommitment returns the commitment to the witnesses of a block's
// transactions: the root hashed with the reserved value that the coinbase has as
// its witness.
func WitnessCommitment(txs []wire.Tx, reserved [32]byte) [32]byte {
	root := WitnessMerkleRoot(txs)
	var both [2 * hashSize]byte
	copy(both[:], root[:])
	copy(both[hashSize:], reserved[:])
	return wire.DoubleSHA256(both[:])
}

// WitnessCommitmentScript returns the script of the output that commits to the
// witnesses of txs with a reserved value of zero. A miner adds it to the
// coinbase and gives that [WitnessReserved] as witness.
func WitnessCommitmentScript(txs []wire.Tx) []byte {
	prefix := commitmentPrefix()
	hash := WitnessCommitment(txs, [32]byte{})
	return append(append(make([]byte, 0, commitmentSize), prefix[:]...), hash[:]...)
}

// WitnessReserved returns the coinbase witness of a reserved value of zero.
func WitnessReserved() [][]byte { return [][]byte{make([]byte, 32)} }

// checkWitnesses checks that a block's witnesses are those that its coinbase
// commits to, or that there are none. Since the block's hash does not cover
// witnesses, a failure says nothing of the hash.
func checkWitnesses(b *wire.Block, segwit bool) error {
	if segwit && len(b.Txs) > 0 {
		if i := WitnessCommitmentIndex(&b.Txs[0]); i >= 0 {
			return checkCommitment(b, i)
		}
	}
	for i := range b.Txs {
		if b.Txs[i].HasWitness() {
			return invalid(ErrUnexpectedWitness, ResultMutated, "CheckWitnessMalleation : unexpected witness data found")
		}
	}
	return nil
}

func checkCommitment(b *wire.Block, index int) error {
	coinbase := &b.Txs[0]
	// A decoded transaction with outputs has an input, but one built by hand
	// need not.
	if len(coinbase.In) == 0 || len(coinbase.In[0].Witness) != 1 || len(coinbase.In[0].Witness[0]) != 32 {
		return invalid(ErrWitnessNonceSize, ResultMutated, "CheckWitnessMalleation : invalid witness reserved value size")
	}
	want := WitnessCommitment(b.Txs, [32]byte(coinbase.In[0].Witness[0]))
	if [32]byte(coinbase.Out[index].PkScript[commitmentSize-hashSize:]) != want {
		return invalid(ErrWitnessCommitment, ResultMutated, "CheckWitnessMalleation : witness merkle commitment mismatch")
	}
	return nil
}
