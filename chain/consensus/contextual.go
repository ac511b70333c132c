package consensus

import (
	"bytes"
	"encoding/binary"

	"grapevine/chain/params"
	"grapevine/wire"
)

// BlockContext is what a block must fit.
type BlockContext struct {
	Height  int32 // of the block
	PrevMTP int64 // median time past at the parent
}

// ContextualCheckBlock checks a block, one that passed [CheckBlock], against its
// place in the chain.
func ContextualCheckBlock(b *wire.Block, c BlockContext, p *params.Params) error {
	cutoff := int64(b.Header.Time)
	if c.Height >= p.CSVHeight { // BIP 113
		cutoff = c.PrevMTP
	}
	for i := range b.Txs {
		if !IsFinalTx(&b.Txs[i], c.Height, cutoff) {
			return invalid(ErrTxNonFinal, ResultConsensus, "non-final transaction")
		}
	}
	if c.Height >= p.BIP34Height && !startsWithHeight(b, c.Height) {
		return invalid(ErrCoinbaseHeight, ResultConsensus, "block height mismatch in coinbase")
	}
	if err := checkWitnesses(b, c.Height >= p.SegwitHeight); err != nil {
		return err
	}
	// Only now: before the witnesses are known to be the miner's, anyone could
	// have made the block too heavy.
	if b.Weight() > wire.MaxBlockWeight {
		return invalid(ErrBlockWeight, ResultConsensus, "ContextualCheckBlock : weight limit failed")
	}
	return nil
}

// startsWithHeight reports whether the coinbase's script begins with the push of
// the height (BIP 34).
func startsWithHeight(b *wire.Block, height int32) bool {
	if len(b.Txs) == 0 || len(b.Txs[0].In) == 0 {
		return false
	}
	var buf [8]byte
	return bytes.HasPrefix(b.Txs[0].In[0].ScriptSig, AppendHeight(buf[:0], height))
}

// AppendHeight appends the script that pushes a height, in its only form: an
// opcode up to 16, else the shortest number with a spare sign bit.
func AppendHeight(b []byte, height int32) []byte {
	const op1 = 0x51
	switch {
	case height == 0:
		return append(b, 0)
	case height <= 16:
		return append(b, op1-1+byte(height))
	}
	var le [5]byte
	binary.LittleEndian.PutUint32(le[:], uint32(height))
	n := 4
	for le[n-1] == 0 {
		n--
	}
	if le[n-1]&0x80 != 0 {
		n++
	}
	return append(append(b, byte(n)), le[:n]...)
}
