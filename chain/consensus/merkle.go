package consensus

import (
	"crypto/sha256"

	"grapevine/wire"
)

const hashSize = sha256.Size

// leaves is the scratch of a merkle tree: hashes one after the other, with room
// for the repeat of an odd last one.
type leaves []byte

func newLeaves(count int) leaves {
	return make(leaves, 0, (count+count&1)*hashSize)
}

func (l leaves) add(hash [hashSize]byte) leaves { return append(l, hash[:]...) }

// root hashes the tree down in place. Mutated tells that two neighbours that are
// hashed together were equal: since an odd last hash is paired with itself, a
// list whose end is repeated has the root of the list without the repeat
// (CVE-2012-2459). An empty list has the zero root.
func (l leaves) root() (root [hashSize]byte, mutated bool) {
	if len(l) == 0 {
		return root, false
	}
	if len(l) == hashSize {
		return [hashSize]byte(l), false
	}
	// One state for all: a tenth faster than sha256.Sum256, which sets one up
	// for each hash.
	state := sha256.New()
	for n := len(l) / hashSize; n > 1; n = len(l) / hashSize {
		for i := 0; i+1 < n; i += 2 {
			if [hashSize]byte(l[i*hashSize:]) == [hashSize]byte(l[(i+1)*hashSize:]) {
				mutated = true
			}
		}
		if n%2 == 1 {
			l = append(l, l[len(l)-hashSize:]...)
			n++
		}
		for i := range n / 2 {
			// A sum goes to where its own input, or that of a pair before, was.
			at := i * hashSize
			state.Reset()
			state.Write(l[2*at : 2*at+2*hashSize])
			state.Sum(l[at:at])
			state.Reset()
			state.Write(l[at : at+hashSize])
			state.Sum(l[at:at])
		}
		l = l[:n/2*hashSize]
	}
	return [hashSize]byte(l), mutated
}

// MerkleRoot returns the root over transaction ids, and whether the list repeats
// its end in the way that leaves the root as it is.
func MerkleRoot(txids []wire.Txid) (root wire.MerkleRoot, mutated bool) {
	l := newLeaves(len(txids))
	for _, id := range txids {
		l = l.add(id)
	}
	return l.root()
}

// blockMerkleRoot is MerkleRoot over a block's transactions.
func blockMerkleRoot(b *wire.Block) (root wire.MerkleRoot, mutated bool) {
	l := newLeaves(len(b.Txs))
	for i := range b.Txs {
		l = l.add(b.Txs[i].Txid())
	}
	return l.root()
}

// WitnessMerkleRoot returns the root over the ids with witness, in which zero
// stands for the coinbase, since that holds the commitment to it (BIP 141).
func WitnessMerkleRoot(txs []wire.Tx) wire.MerkleRoot {
	l := newLeaves(len(txs))
	for i := range txs {
		if i == 0 {
			l = l.add([hashSize]byte{})
			continue
		}
		l = l.add(txs[i].Wtxid())
	}
	root, _ := l.root()
	return root
}
