package consensus

import (
	"testing"

	"grapevine/wire"
	"pgregory.net/rapid"
)

// naiveRoot is the definition: pair up, an odd last one with itself, until one
// is left.
func naiveRoot(list []wire.Txid) wire.MerkleRoot {
	if len(list) == 0 {
		return wire.MerkleRoot{}
	}
	if len(list) == 1 {
		return wire.MerkleRoot(list[0])
	}
	var up []wire.Txid
	for i := 0; i < len(list); i += 2 {
		left, right := list[i], list[min(i+1, len(list)-1)]
		up = append(up, wire.Txid(wire.DoubleSHA256(append(left[:], right[:]...))))
	}
	return naiveRoot(up)
}

func numbered(n int) []wire.Txid {
	list := make([]wire.Txid, n)
	for i := range list {
		list[i] = wire.Txid{byte(i), byte(i >> 8), 1}
	}
	return list
}

func TestMerkleRootAgainstDefinition(t *testing.T) {
	for n := range 70 {
		list := numbered(n)
		root, mutated := MerkleRoot(list)
		if root != naiveRoot(list) || mutated {
			t.Errorf("%d leaves: %s, mutated %v", n, root, mutated)
		}
		if n > 0 && list[0] != (wire.Txid{0, 0, 1}) {
			t.Fatal("the argument was overwritten")
		}
	}
}

// Repeating the last 2^k leaves of a list keeps the root where they make up the
// odd end of a level (CVE-2012-2459): each such list must be called mutated.
func TestMerkleMutation(t *testing.T) {
	found := 0
	for n := 1; n < 40; n++ {
		list := numbered(n)
		root, _ := MerkleRoot(list)
		for tail := 1; tail <= n; tail *= 2 {
			longer := append(list[:n:n], list[n-tail:]...)
			again, mutated := MerkleRoot(longer)
			if again != root {
				continue
			}
			found++
			if !mutated {
				t.Errorf("%d leaves, last %d repeated: not noticed", n, tail)
			}
		}
	}
	// All lengths but the six powers of two have an odd end at some level.
	if found != 33 {
		t.Errorf("%d lists kept their root", found)
	}
	list := numbered(4)
	list[1] = list[0]
	if _, mutated := MerkleRoot(list); !mutated {
		t.Error("an equal pair at the front is not noticed")
	}
	list = numbered(5)
	list[2] = list[1] // not hashed together
	if _, mutated := MerkleRoot(list); mutated {
		t.Error("equal neighbours of different pairs count as mutation")
	}
}

func TestMerkleRootModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Few values, so that equal leaves and subtrees are common.
		values := rapid.SliceOfN(rapid.IntRange(0, 2), 0, 40).Draw(t, "leaves")
		list := make([]wire.Txid, len(values))
		for i, v := range values {
			list[i] = wire.Txid{byte(v)}
		}
		root, mutated := MerkleRoot(list)
		if root != naiveRoot(list) {
			t.Fatalf("root %s", root)
		}
		if mutated != naiveMutated(list) {
			t.Fatalf("mutated %v", mutated)
		}
	})
}

func naiveMutated(list []wire.Txid) bool {
	for len(list) > 1 {
		var up []wire.Txid
		for i := 0; i < len(list); i += 2 {
			if i+1 < len(list) && list[i] == list[i+1] {
				return true
			}
			left, right := list[i], list[min(i+1, len(list)-1)]
			up = append(up, wire.Txid(wire.DoubleSHA256(append(left[:], right[:]...))))
		}
		list = up
	}
	return false
}

func TestMerkleRootsOfRealBlocks(t *testing.T) {
	for path := range sharedBlocks(t) {
		b := readBlock(t, path)
		if err := IsBlockMutated(b, true); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// The leaves and the state of the hash, whatever the number of leaves.
func TestMerkleAllocates(t *testing.T) {
	list := numbered(2001)
	if n := testing.AllocsPerRun(10, func() { MerkleRoot(list) }); n > 2 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMerkleRoot(b *testing.B) {
	list := numbered(2048)
	for b.Loop() {
		MerkleRoot(list)
	}
}
