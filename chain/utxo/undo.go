package utxo

import (
	"errors"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// BlockUndo is what taking a block back needs: the coins that its transactions
// spent. There is one entry for each transaction but the coinbase, with one
// coin for each input, both in the order of the block.
type BlockUndo struct {
	Txs [][]consensus.Coin
}

// AppendBlockUndo appends u in the bytes of Bitcoin Core's rev files, without
// the frame and the checksum around them.
func AppendBlockUndo(b []byte, u *BlockUndo) []byte {
	b = wire.AppendCompactSize(b, uint64(len(u.Txs)))
	for _, coins := range u.Txs {
		b = wire.AppendCompactSize(b, uint64(len(coins)))
		for i := range coins {
			c := &coins[i]
			b = appendVarint(b, uint64(coinCode(c)))
			if c.Height > 0 {
				b = append(b, 0)
			}
			b = appendVarint(b, compressAmount(c.Out.Value))
			b = appendScript(b, c.Out.PkScript)
		}
	}
	return b
}

// DecodeBlockUndo reads the undo data that fills b. It allocates four times
// whatever the content, at most 24 bytes of memory for each byte read, and
// nothing of the result aliases b.
func DecodeBlockUndo(b []byte) (*BlockUndo, error) {
	size, err := measureUndo(b)
	if err != nil {
		return nil, err
	}
	u := &BlockUndo{Txs: make([][]consensus.Coin, size.txs)}
	coins := make([]consensus.Coin, size.coins)
	scripts := make([]byte, 0, size.scripts)
	_, pos, _ := readCount(b, 0)
	for i := range u.Txs {
		count, n, _ := readCount(b, pos)
		pos += n
		list := coins[:count:count]
		coins = coins[count:]
		for j := range list {
			// Measured before: what can still fail is a key that is no point.
			p, next, err := readCoin(b, pos, true)
			if err == nil {
				list[j], scripts, err = p.restore(scripts)
			}
			if err != nil {
				return nil, err
			}
			pos = next
		}
		u.Txs[i] = list
	}
	return u, nil
}

// undoSize is what the first pass learns.
type undoSize struct{ txs, coins, scripts int }

func measureUndo(b []byte) (size undoSize, err error) {
	txs, pos, err := readCount(b, 0)
	if err != nil {
		return size, err
	}
	size.txs = txs
	for range txs {
		coins, n, err := readCount(b, pos)
		if err != nil {
			return size, err
		}
		pos += n
		size.coins += coins
		for range coins {
			p, next, err := readCoin(b, pos, true)
			if err != nil {
				return size, err
			}
			size.scripts += p.script.size()
			pos = next
		}
	}
	if pos != len(b) {
		return size, &DecodeError{ErrCodecTrailing, "undo data", pos}
	}
	return size, nil
}

// readCount reads the count of a list. It may claim anything: reading the list
// ends where the bytes do, and only then is memory taken.
func readCount(b []byte, pos int) (count, size int, err error) {
	n, size, err := wire.ReadCompactSize(b[pos:])
	if errors.Is(err, wire.ErrTruncated) {
		return 0, 0, &DecodeError{ErrCodecTruncated, "undo list", pos}
	}
	if err != nil {
		return 0, 0, &DecodeError{ErrCodecCount, "undo list", pos}
	}
	return int(n), size, nil
}
