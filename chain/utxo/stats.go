package utxo

import (
	"context"
	"encoding/binary"
	"fmt"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// HashKind says which hash over the set [ComputeStats] makes. Zero makes none.
type HashKind uint8

const (
	// HashNone counts only.
	HashNone HashKind = iota
	// HashSerialized is the double SHA-256 of all coins in order, known as
	// hash_serialized_3: what snapshots of the set are checked against.
	HashSerialized
	// HashMuHash is the MuHash of the coins, which does not depend on their
	// order and can be kept up to date block by block.
	HashMuHash
)

// String returns the name that the RPC interface knows.
func (k HashKind) String() string {
	switch k {
	case HashNone:
		return "none"
	case HashSerialized:
		return "hash_serialized_3"
	case HashMuHash:
		return "muhash"
	}
	return fmt.Sprintf("HashKind(%d)", uint8(k))
}

// SetHash is a hash over the coins. Like block hashes it is shown with its
// last byte first.
type SetHash [32]byte

// String returns the hash as 64 hexadecimal digits, last byte first.
func (h SetHash) String() string { return wire.BlockHash(h).String() }

// Stats describes the set of unspent outputs as it stood after one block.
type Stats struct {
	Height   int32          // the block, filled in by the caller
	Best     wire.BlockHash // as well
	DiskSize uint64         // estimated size in the database; as well

	Kind         HashKind
	Hash         SetHash // zero for HashNone
	Transactions uint64  // with at least one unspent output
	TxOuts       uint64
	BogoSize     uint64 // a size that does not depend on the database: 50 bytes a coin plus its script
	TotalAmount  wire.Amount
	// AmountOverflow tells that the sum does not fit its type; no valid chain
	// brings that about.
	AmountOverflow bool
}

// CoinIterator walks over coins in the order of the bytes of their txid and,
// within a transaction, of their index.
type CoinIterator interface {
	// Next moves to the next coin, the first one at first. It returns false at
	// the end and after a failure.
	Next() bool
	// Coin returns the present coin, which is valid until Next is called.
	Coin() (wire.OutPoint, *consensus.Coin)
	// Err returns what stopped the walk, nil at its end.
	Err() error
}

// ErrCoinOrder tells that an iterator broke its promise; the hash over the set
// would be wrong.
const ErrCoinOrder DecodeErrorKind = "coins out of order"

// cancelEvery is how many coins go by between looks at the context.
const cancelEvery = 1024

// ComputeStats walks over all coins of it once. It stops with the error of ctx
// when that is cancelled, and with that of the iterator when it fails.
func ComputeStats(ctx context.Context, kind HashKind, it CoinIterator) (*Stats, error) {
	hash := newSetHasher(kind)
	if hash == nil {
		return nil, fmt.Errorf("unknown kind of hash: %s", kind)
	}
	defer hash.abandon()
	s := &Stats{Kind: kind}
	var prev wire.OutPoint
	for it.Next() {
		if s.TxOuts%cancelEvery == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		op, coin := it.Coin()
		newTx := s.TxOuts == 0
		if !newTx {
			order := op.Txid.Compare(prev.Txid)
			if order < 0 || order == 0 && op.Index <= prev.Index {
				return nil, &DecodeError{ErrCoinOrder, op.String(), 0}
			}
			newTx = order != 0
		}
		prev = op
		s.add(coin, newTx)
		hash.add(op, coin)
	}
	if err := it.Err(); err != nil {
		return nil, err
	}
	s.Hash = hash.sum()
	return s, nil
}

// bogoBase is the part of the bogus size that all coins have: txid 32, index
// 4, height and coinbase 4, amount 8, script length 2.
const bogoBase = 32 + 4 + 4 + 8 + 2

func (s *Stats) add(c *consensus.Coin, newTx bool) {
	if newTx {
		s.Transactions++
	}
	s.TxOuts++
	s.BogoSize += bogoBase + uint64(len(c.Out.PkScript))
	if s.AmountOverflow {
		return
	}
	if sum := s.TotalAmount + c.Out.Value; (sum < s.TotalAmount) == (c.Out.Value < 0) {
		s.TotalAmount = sum
	} else {
		s.AmountOverflow, s.TotalAmount = true, 0
	}
}

// AppendCoinElement appends the bytes by which a coin enters the hashes over
// the set: outpoint, twice the height plus one for a coinbase (4 bytes, little
// endian), output.
func AppendCoinElement(b []byte, op wire.OutPoint, c *consensus.Coin) []byte {
	b = append(b, op.Txid[:]...)
	b = binary.LittleEndian.AppendUint32(b, op.Index)
	b = binary.LittleEndian.AppendUint32(b, coinCode(c))
	return c.Out.AppendTo(b)
}
