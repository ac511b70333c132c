package benchchain

import (
	"golang.org/x/sync/errgroup"

	"grapevine/chain/consensus"
	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/internal/u256"
	"grapevine/wire"
)

const (
	blockVersion  = 0x20000000 // no deployment signalled (BIP 9)
	blockInterval = 600        // seconds between the times of two blocks
	maturity      = 100
	// txsPerJob transactions share the inversions of their keys and nonces.
	txsPerJob = 64
)

// generator is the state of a chain being made.
type generator struct {
	cfg    Config
	params *params.Params
	random random
	keys   scalarLine
	nonces scalarLine

	height    int32
	tip       wire.BlockHash
	pool      []coin
	coinbases []coin // not yet split, by height from 1 on

	nextKey, nextNonce uint32
	stats              Stats
}

// txPlan is a transaction before keys and signatures.
type txPlan struct {
	spends     []coin
	makes      []*coin
	firstKey   uint32
	firstNonce uint32
	tx         *wire.Tx
}

func newGenerator(cfg Config) *generator {
	return &generator{
		cfg:    cfg,
		params: params.Regtest(params.RegtestOptions{}),
		random: random(cfg.Seed),
		keys:   newScalarLine(cfg.Seed, "keys"),
		nonces: newScalarLine(cfg.Seed, "nonces"),
	}
}

// plan notes what a transaction spends and makes, and reserves its numbers.
func (g *generator) plan(spends []coin, values []wire.Amount, kindOf func() Kind) *txPlan {
	p := &txPlan{spends: spends, firstKey: g.nextKey, firstNonce: g.nextNonce}
	for _, v := range values {
		c := &coin{value: v, kind: kindOf(), key: g.nextKey}
		g.nextKey += uint32(c.kind.keys())
		p.makes = append(p.makes, c)
	}
	for i := range spends {
		g.nextNonce += uint32(spends[i].kind.signatures())
	}
	return p
}

func (g *generator) drawKind() Kind { return g.random.kind(&g.cfg.Mix) }

// fanOut splits the oldest coinbase into n coins.
func (g *generator) fanOut(n int) *txPlan {
	c := g.coinbases[0]
	g.coinbases = g.coinbases[1:]
	each := (c.value - fee(c.value)) / wire.Amount(n)
	values := make([]wire.Amount, n)
	for i := range values {
		values[i] = each
	}
	return g.plan([]coin{c}, values, g.drawKind)
}

// pair spends two coins at random and makes two.
func (g *generator) pair() *txPlan {
	spends := []coin{g.draw(), g.draw()}
	total := spends[0].value + spends[1].value
	left := total - fee(total)
	return g.plan(spends, []wire.Amount{left / 2, left - left/2}, g.drawKind)
}

// draw takes a coin at random out of the pool.
func (g *generator) draw() coin {
	i := g.random.below(len(g.pool))
	last := len(g.pool) - 1
	c := g.pool[i]
	g.pool[i] = g.pool[last]
	g.pool = g.pool[:last]
	return c
}

func fee(total wire.Amount) wire.Amount { return total / 1000 }

// size is an upper bound.
func (p *txPlan) size() int {
	n := txOverhead
	for i := range p.spends {
		n += p.spends[i].kind.inputSize()
	}
	for _, c := range p.makes {
		n += c.kind.outputSize()
	}
	return n
}

func (p *txPlan) fees() (sum wire.Amount) {
	for i := range p.spends {
		sum += p.spends[i].value
	}
	for _, c := range p.makes {
		sum -= c.value
	}
	return sum
}

// build makes and signs the transactions, txsPerJob at a time on each core.
func (g *generator) build(plans []*txPlan) {
	var group errgroup.Group
	group.SetLimit(g.cfg.Workers)
	for len(plans) > 0 {
		n := min(txsPerJob, len(plans))
		job := plans[:n]
		plans = plans[n:]
		group.Go(func() error {
			g.buildJob(job)
			return nil
		})
	}
	_ = group.Wait() // jobs cannot fail
}

func (g *generator) buildJob(plans []*txPlan) {
	var coins []*coin
	keys, signatures := 0, 0
	for _, p := range plans {
		for _, c := range p.makes {
			coins = append(coins, c)
			keys += c.kind.keys()
		}
		for i := range p.spends {
			signatures += p.spends[i].kind.signatures()
		}
	}
	fillKeys(coins, g.keys.points(plans[0].firstKey, keys))
	s := newSigner(&g.keys, &g.nonces, plans[0].firstNonce, signatures)
	for _, p := range plans {
		p.build(s)
	}
}

func (p *txPlan) build(s *signer) {
	tx := &wire.Tx{Version: 2, In: make([]wire.TxIn, len(p.spends)), Out: make([]wire.TxOut, len(p.makes))}
	spent := make([]wire.TxOut, len(p.spends))
	for i := range p.spends {
		tx.In[i] = wire.TxIn{PrevOut: p.spends[i].out, Sequence: 0xffffffff}
		spent[i] = p.spends[i].txOut()
	}
	for i, c := range p.makes {
		tx.Out[i] = c.txOut()
	}
	m := script.NewMidstates(tx, spent)
	m.Prepare(tx)
	for i := range p.spends {
		s.sign(tx, i, &p.spends[i], m)
	}
	p.tx = tx.Seal()
	for i, c := range p.makes {
		c.out = wire.OutPoint{Txid: tx.Txid(), Index: uint32(i)}
	}
}

// block builds the next block from plans and adds what it makes to the pool.
func (g *generator) block(plans []*txPlan) *wire.Block {
	g.build(plans)
	g.height++
	var fees wire.Amount
	txs := make([]wire.Tx, 1, len(plans)+1)
	for _, p := range plans {
		fees += p.fees()
		txs = append(txs, *p.tx)
		g.stats.Inputs += len(p.spends)
		for _, c := range p.makes {
			g.pool = append(g.pool, *c)
		}
	}
	reward := &coin{value: consensus.Subsidy(g.height, g.params) + fees, kind: P2WPKH, key: g.nextKey}
	g.nextKey++
	fillKeys([]*coin{reward}, g.keys.points(reward.key, 1))
	txs[0] = g.coinbase(reward, txs)
	txs[0].Seal()
	reward.out.Txid = txs[0].Txid()
	if len(g.coinbases) < g.cfg.fanOuts() && len(plans) == 0 {
		g.coinbases = append(g.coinbases, *reward)
	}
	b := g.mine(txs)
	g.tip = b.Hash()
	g.stats.add(b, g.height, int(g.nextNonce))
	return b
}

func (g *generator) coinbase(reward *coin, txs []wire.Tx) wire.Tx {
	sig := script.AppendInt(nil, int64(g.height)) // BIP 34
	if len(sig) < 2 {
		sig = append(sig, byte(script.Op0)) // two bytes are the least allowed
	}
	tx := wire.Tx{
		Version: 2,
		In:      []wire.TxIn{{PrevOut: wire.OutPoint{Index: 0xffffffff}, ScriptSig: sig, Sequence: 0xffffffff, Witness: consensus.WitnessReserved()}},
		Out:     []wire.TxOut{reward.txOut()},
	}
	tx.Out = append(tx.Out, wire.TxOut{PkScript: consensus.WitnessCommitmentScript(txs)})
	return tx
}

// mine finds a nonce: every second one serves.
func (g *generator) mine(txs []wire.Tx) *wire.Block {
	ids := make([]wire.Txid, len(txs))
	for i := range txs {
		ids[i] = txs[i].Txid()
	}
	root, _ := consensus.MerkleRoot(ids)
	genesis := g.params.Genesis.Header
	h := wire.Header{
		Version:    blockVersion,
		PrevBlock:  g.tip,
		MerkleRoot: root,
		Time:       genesis.Time + uint32(g.height)*blockInterval,
		Bits:       genesis.Bits,
	}
	target, ok := g.params.Target(h.Bits)
	if !ok {
		panic("benchchain: the genesis block has no valid target")
	}
	for {
		hash := h.Hash()
		if u256.FromLE([32]byte(hash)).Cmp(target) <= 0 {
			return wire.NewBlock(h, txs)
		}
		h.Nonce++
	}
}
