package utxo

import (
	"math"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// MaxCoinSize is the longest encoding of a coin: code, amount, length and
// script.
const MaxCoinSize = 5 + maxVarintLen + 3 + maxSpendableScript

// maxSlabGrowth ends the doubling of a slab that was given out too small.
const maxSlabGrowth = 64 << 10

// AppendCoin appends a coin in the form of Bitcoin Core's chainstate: twice the
// height plus one for a coinbase, the compressed amount, the compressed
// script. The amount is in the money range and the script at most 10,000
// bytes long, as with every coin that a valid block creates; nothing else can
// be read back.
func AppendCoin(b []byte, c *consensus.Coin) []byte {
	b = appendVarint(b, uint64(coinCode(c)))
	b = appendVarint(b, compressAmount(c.Out.Value))
	return appendScript(b, c.Out.PkScript)
}

// DecodeCoin reads the coin that fills b. It appends the script to slab, from
// where the coin holds it, and returns the grown slab for the next call: a
// slab with room makes decoding free of allocations. When there is no room a
// new slab is returned, and coins read before keep the old one alive. The
// script is never nil, and nothing aliases b.
func DecodeCoin(b, slab []byte) (consensus.Coin, []byte, error) {
	p, size, err := readCoin(b, 0, false)
	if err != nil {
		return consensus.Coin{}, slab, err
	}
	if size != len(b) {
		return consensus.Coin{}, slab, &DecodeError{ErrCodecTrailing, "coin", size}
	}
	return p.restore(slab)
}

// coinCode joins height and coinbase flag.
func coinCode(c *consensus.Coin) uint32 {
	code := uint32(c.Height) << 1
	if c.Coinbase {
		code |= 1
	}
	return code
}

// packedCoin is a coin that has been read but for its script.
type packedCoin struct {
	code   uint32
	value  wire.Amount
	script packedScript
	end    int // offset of the script's end, for errors
}

// readCoin reads the coin at pos of b and returns the position after it. In
// undo data a number without meaning follows the code of every coin that is
// not of height zero: the transaction version in versions of old. It is
// written as zero and read as anything.
func readCoin(b []byte, pos int, undo bool) (p packedCoin, next int, err error) {
	code, n, kind := readVarint(b[pos:], math.MaxUint32)
	if kind != "" {
		return p, 0, &DecodeError{kind, "coin height", pos}
	}
	p.code = uint32(code)
	pos += n
	if undo && code > 1 {
		if _, n, kind = readVarint(b[pos:], math.MaxUint32); kind != "" {
			return p, 0, &DecodeError{kind, "undo version", pos}
		}
		pos += n
	}
	packed, n, kind := readVarint(b[pos:], math.MaxUint64)
	if kind != "" {
		return p, 0, &DecodeError{kind, "coin amount", pos}
	}
	var ok bool
	if p.value, ok = decompressAmount(packed); !ok {
		return p, 0, &DecodeError{ErrCodecAmount, "coin amount", pos}
	}
	pos += n
	if p.script, n, kind = readScript(b[pos:]); kind != "" {
		return p, 0, &DecodeError{kind, "coin script", pos}
	}
	p.end = pos + n
	return p, p.end, nil
}

// restore makes the coin, its script in slab.
func (p *packedCoin) restore(slab []byte) (consensus.Coin, []byte, error) {
	need := p.script.size()
	grown := slab
	if slab == nil || cap(slab)-len(slab) < need {
		grown = make([]byte, 0, max(need, min(2*cap(slab), maxSlabGrowth)))
	}
	start := len(grown)
	grown, kind := p.script.appendTo(grown)
	if kind != "" {
		return consensus.Coin{}, slab, &DecodeError{kind, "coin script", p.end - len(p.script.payload)}
	}
	return consensus.Coin{
		Out:      wire.TxOut{Value: p.value, PkScript: grown[start:len(grown):len(grown)]},
		Height:   int32(p.code >> 1),
		Coinbase: p.code&1 == 1,
	}, grown, nil
}
