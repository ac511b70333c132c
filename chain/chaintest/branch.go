package chaintest

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"

	"grapevine/chain/consensus"
	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/internal/u256"
	"grapevine/wire"
)

// Branch is a chain of blocks from genesis to a tip, with the coins that it
// leaves.
type Branch struct {
	Params *params.Params
	Tip    wire.Header
	Height int32
	Blocks []*wire.Block // from height 1 on
	Coins  map[wire.OutPoint]consensus.Coin

	tb    testing.TB
	rand  *rand.Rand
	ripe  []wire.OutPoint // own coins that may be spent, in a fixed order
	young []wire.OutPoint // own coinbases that wait for maturity
	times []uint32        // of the last eleven blocks
	salt  uint64          // makes the coinbases of forks differ
}

// Spacing is the seconds between blocks. It is short, so that long branches
// stay in the past.
const Spacing = 60

// New returns the branch that holds the genesis block alone.
func New(tb testing.TB, p *params.Params, seed uint64) *Branch {
	g := p.Genesis
	return &Branch{
		Params: p, Tip: g.Header, Coins: make(map[wire.OutPoint]consensus.Coin), tb: tb,
		rand: rand.New(rand.NewPCG(seed, 1)), times: []uint32{g.Header.Time}, salt: seed,
	}
}

// Fork returns a branch that shares all blocks so far and goes its own way.
func (b *Branch) Fork(seed uint64) *Branch {
	f := *b
	f.Blocks = slices.Clone(b.Blocks)
	f.ripe = slices.Clone(b.ripe)
	f.young = slices.Clone(b.young)
	f.times = slices.Clone(b.times)
	f.Coins = make(map[wire.OutPoint]consensus.Coin, len(b.Coins))
	for op, c := range b.Coins {
		f.Coins[op] = c
	}
	f.rand = rand.New(rand.NewPCG(seed, 2))
	f.salt = seed
	return &f
}

// Mine adds n blocks, each with up to spends transactions that spend own
// coins, some of them made in the same block.
func (b *Branch) Mine(n, spends int) []*wire.Block {
	for range n {
		b.Add(b.Draft(b.Spends(spends)...).Block())
	}
	return b.Blocks[len(b.Blocks)-n:]
}

// Add makes a block the tip and applies it to the model, without any check.
func (b *Branch) Add(block *wire.Block) {
	b.Height++
	b.Tip = block.Header
	b.Blocks = append(b.Blocks, block)
	b.times = append(b.times, block.Header.Time)
	if len(b.times) > 11 {
		b.times = b.times[1:]
	}
	for i := range block.Txs {
		b.apply(&block.Txs[i], i == 0)
	}
	for len(b.young) > 0 {
		op := b.young[0]
		if b.Coins[op].Height+consensus.CoinbaseMaturity > b.Height+1 {
			break
		}
		b.young = b.young[1:]
		b.ripe = append(b.ripe, op)
	}
}

func (b *Branch) apply(tx *wire.Tx, coinbase bool) {
	if !coinbase {
		for i := range tx.In {
			op := tx.In[i].PrevOut
			delete(b.Coins, op)
			if at := slices.Index(b.ripe, op); at >= 0 {
				b.ripe = slices.Delete(b.ripe, at, at+1)
			}
		}
	}
	for i, out := range tx.Out {
		if script.IsUnspendable(out.PkScript) {
			continue
		}
		op := wire.OutPoint{Txid: tx.Txid(), Index: uint32(i)}
		b.Coins[op] = consensus.Coin{Out: out, Height: b.Height, Coinbase: coinbase}
		switch {
		case keyOf(out.PkScript) == 0:
		case coinbase:
			b.young = append(b.young, op)
		default:
			b.ripe = append(b.ripe, op)
		}
	}
}

// MedianTimePast returns the median of the last eleven times.
func (b *Branch) MedianTimePast() uint32 {
	times := slices.Clone(b.times)
	slices.Sort(times)
	return times[len(times)/2]
}

// Ripe returns own coins that the next block may spend.
func (b *Branch) Ripe() []wire.OutPoint { return b.ripe }

// Spends returns up to n transactions, each spending one or two own coins of
// different kinds into two, the later ones often what the earlier made.
func (b *Branch) Spends(n int) []wire.Tx {
	pool := slices.Clone(b.ripe)
	coins := make(map[wire.OutPoint]wire.TxOut)
	var txs []wire.Tx
	for len(txs) < n && len(pool) > 0 {
		var ops []wire.OutPoint
		for range 1 + b.rand.IntN(2) {
			if len(pool) == 0 {
				break
			}
			i := b.rand.IntN(len(pool))
			ops = append(ops, pool[i])
			pool = slices.Delete(pool, i, i+1)
		}
		spent := make([]wire.TxOut, len(ops))
		for i, op := range ops {
			if c, made := coins[op]; made {
				spent[i] = c
			} else {
				spent[i] = b.Coins[op].Out
			}
		}
		tx := b.Pay(ops, spent)
		txs = append(txs, tx)
		for i := range tx.Out {
			op := wire.OutPoint{Txid: tx.Txid(), Index: uint32(i)}
			coins[op] = tx.Out[i]
			pool = append(pool, op)
		}
	}
	return txs
}

// Pay spends coins of own keys into two outputs, less a fee of 1,000 satoshi.
func (b *Branch) Pay(ops []wire.OutPoint, spent []wire.TxOut) wire.Tx {
	tx := wire.Tx{Version: 2}
	var sum wire.Amount
	for i, op := range ops {
		tx.In = append(tx.In, wire.TxIn{PrevOut: op, Sequence: 0xfffffffd})
		sum += spent[i].Value
	}
	const fee = 1000
	first := max((sum-fee)/2, 0)
	for _, value := range []wire.Amount{first, max(sum-fee-first, 0)} {
		tx.Out = append(tx.Out, wire.TxOut{Value: value, PkScript: Script(Kind(b.rand.IntN(int(kinds))), 1+b.rand.Uint64N(1<<20))})
	}
	Sign(&tx, spent)
	return *tx.Seal()
}

// Kind is a kind of own output.
type Kind uint8

// The kinds of own outputs.
const (
	P2PKH Kind = iota
	P2WPKH
	P2TR
	kinds
)

// secret derives the private key of a number.
func secret(n uint64) *btcec.PrivateKey {
	var b [32]byte
	binary.BigEndian.PutUint64(b[24:], n)
	key, _ := btcec.PrivKeyFromBytes(b[:])
	return key
}

// scripts remembers which key an output belongs to; it only grows, and all
// branches of a process share it.
var scripts = newRegistry()

// Script returns the output script of a kind for the key of a number, which is
// not zero.
func Script(k Kind, key uint64) []byte {
	pub := secret(key).PubKey()
	var s []byte
	switch k {
	case P2PKH:
		h := script.Hash160(pub.SerializeCompressed())
		s = append(append([]byte{0x76, 0xa9, 20}, h[:]...), 0x88, 0xac)
	case P2WPKH:
		h := script.Hash160(pub.SerializeCompressed())
		s = append([]byte{0, 20}, h[:]...)
	case P2TR:
		s = append([]byte{0x51, 32}, schnorr.SerializePubKey(pub)...)
	}
	scripts.note(s, key)
	return s
}

// keyOf returns the number of the key of an own output, 0 for others.
func keyOf(pkScript []byte) uint64 { return scripts.find(pkScript) }

// Sign signs all inputs, which spend own outputs.
func Sign(tx *wire.Tx, spent []wire.TxOut) {
	m := script.NewMidstates(tx, spent)
	for i := range tx.In {
		s := spent[i].PkScript
		key := secret(keyOf(s))
		pub := key.PubKey().SerializeCompressed()
		switch {
		case script.IsP2PKH(s):
			hash := script.LegacySigHash(tx, i, s, script.SigHashAll)
			sig := append(ecdsa.Sign(key, hash[:]).Serialize(), byte(script.SigHashAll))
			tx.In[i].ScriptSig = script.AppendPush(script.AppendPush(nil, sig), pub)
		case script.IsP2WPKH(s):
			code := append(append([]byte{0x76, 0xa9, 20}, s[2:]...), 0x88, 0xac)
			hash := script.WitnessV0SigHash(m, tx, i, code, spent[i].Value, script.SigHashAll)
			tx.In[i].Witness = [][]byte{append(ecdsa.Sign(key, hash[:]).Serialize(), byte(script.SigHashAll)), pub}
		case script.IsP2TR(s):
			hash, _ := script.TaprootSigHash(m, tx, i, script.SigHashDefault, &script.TaprootSpend{})
			sig, err := schnorr.Sign(key, hash[:])
			if err != nil {
				panic(err) // a valid key signs
			}
			tx.In[i].Witness = [][]byte{sig.Serialize()}
		}
	}
}

// Grind changes the nonce until the header's own target is met, for networks
// on which that is quick.
func Grind(h *wire.Header) {
	target, _, _ := u256.FromCompact(h.Bits)
	for {
		hash := h.Hash()
		if u256.FromLE(hash).Cmp(target) <= 0 {
			return
		}
		h.Nonce++
	}
}
