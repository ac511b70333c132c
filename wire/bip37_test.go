package wire_test

import (
	"bytes"
	"testing"

	. "grapevine/wire"
)

// merkleBlock is the message for a filter that one transaction of seven of a
// block of January 2011 matches, a much quoted example of BIP 37.
const merkleBlock = "01000000" + "82bb869cf3a793432a66e826e05a6fc37469f8efb7421dc88067010000000000" +
	"7f16c5962e8bd963659c793ce370d95f093bc7e367117b3c30c1f8fdd0d97287" + "76381b4d" + "4c86041b" + "554b8529" +
	"07000000" + "04" +
	"3612262624047ee87660be1a707519a443b1c1ce3d248cbfc6c15870f6c5daa2" +
	"019f5b01d4195ecbc9398fbf3c3b1fa9bb3183301d7a1fb3bd174fcfa40a2b65" +
	"41ed70551dd7e841883ab8f0b16bf04176b7d1480e4f0af9f3d4c3595768d068" +
	"20d2a7bc994987302e5b1ac80fc425fe25f8b63169ea78e68fbaaefa59379bbf" +
	"01" + "1d"

// TestBIP37MerkleBlock walks the tree of the message as BIP 37 describes it;
// that its root is the header's shows that every field was read from its place.
func TestBIP37MerkleBlock(t *testing.T) {
	raw := unhex(t, merkleBlock)
	msg, err := DecodeMessage("merkleblock", bytes.Clone(raw))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(msg.AppendPayload(nil), raw) {
		t.Error("does not round trip")
	}
	m := msg.(*MsgMerkleBlock)
	hashes, bit := m.Hashes, 0
	var matched []string
	var walk func(height, pos int) MerkleRoot
	walk = func(height, pos int) MerkleRoot {
		flag := m.Flags[bit/8]>>(bit%8)&1 == 1
		bit++
		if height == 0 || !flag {
			h := hashes[0]
			hashes = hashes[1:]
			if height == 0 && flag {
				matched = append(matched, h.String())
			}
			return h
		}
		left := walk(height-1, 2*pos)
		right := left
		if width := (int(m.TxCount) + 1<<(height-1) - 1) >> (height - 1); 2*pos+1 < width {
			right = walk(height-1, 2*pos+1)
		}
		return DoubleSHA256(append(left[:], right[:]...))
	}
	if root := walk(3, 0); root != m.Header.MerkleRoot {
		t.Errorf("root %v, the header has %v", root, m.Header.MerkleRoot)
	}
	if len(hashes) != 0 || (bit+7)/8 != len(m.Flags) || len(matched) != 1 {
		t.Errorf("%d hashes left, %d bits read, matched %v", len(hashes), bit, matched)
	}
}
