package params

import (
	"encoding/hex"
	"fmt"

	"grapevine/internal/u256"
	"grapevine/wire"
)

const (
	headline2009 = "The Times 03/Jan/2009 Chancellor on brink of second bailout for banks"
	headline2024 = "03/May/2024 000000000000000000001ebd58c244970b3aa9d783bb001011fbe8ea8e98e00e"

	key2009 = "04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f"
	key2024 = "000000000000000000000000000000000000000000000000000000000000000000"
)

// genesisBlock builds a first block from what differs between the networks.
// Its output can never be spent: no node ever entered it among the coins.
func genesisBlock(headline, key string, time, nonce, bits uint32) *wire.Block {
	const checkSig = 0xac
	pubKey := mustBytes(key)

	// The script pushes the first mainnet bits, the number 4 and the headline.
	sig := append([]byte{4, 0xff, 0xff, 0x00, 0x1d, 1, 4}, pushOpcode(len(headline))...)
	sig = append(sig, headline...)
	out := append([]byte{byte(len(pubKey))}, pubKey...)
	out = append(out, checkSig)

	tx := wire.Tx{
		Version: 1,
		In: []wire.TxIn{{
			PrevOut:   wire.OutPoint{Index: 0xffffffff},
			ScriptSig: sig,
			Sequence:  0xffffffff,
		}},
		Out: []wire.TxOut{{Value: 50 * wire.Coin, PkScript: out}},
	}
	tx.Seal()
	return wire.NewBlock(wire.Header{
		Version:    1,
		MerkleRoot: wire.MerkleRoot(tx.Txid()),
		Time:       time,
		Bits:       bits,
		Nonce:      nonce,
	}, []wire.Tx{tx})
}

// pushOpcode returns the bytes before a push of n bytes, n below 256.
func pushOpcode(n int) []byte {
	if n < 0x4c {
		return []byte{byte(n)}
	}
	return []byte{0x4c, byte(n)}
}

// The three below read constants of this package; a typing error in one shows
// in the first test.

func mustHash(s string) wire.BlockHash {
	h, err := wire.ParseBlockHash(s)
	if err != nil {
		panic(fmt.Sprintf("params: constant %q: %v", s, err))
	}
	return h
}

func mustInt(s string) u256.Int {
	v, err := u256.ParseHex(s)
	if err != nil {
		panic(fmt.Sprintf("params: constant %q: %v", s, err))
	}
	return v
}

func mustBytes(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(fmt.Sprintf("params: constant %q: %v", s, err))
	}
	return b
}
