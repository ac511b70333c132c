package benchchain

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"grapevine/chain/consensus"
	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/wire"
)

func small() Config {
	return Config{
		Seed: 7, Signatures: 900, Coins: 700, BlockBytes: 20_000,
		Mix: [kinds]int{P2PKH: 1, P2WPKH: 2, P2TRKey: 1, P2TRScript: 1, P2WSH: 1},
	}
}

func write(t testing.TB, cfg Config) ([]byte, Stats) {
	t.Helper()
	var buf bytes.Buffer
	stats, err := Write(context.Background(), cfg, &buf)
	if err != nil {
		t.Fatal(err)
	}
	if int64(buf.Len()) != stats.Bytes {
		t.Fatalf("%d bytes written, stats say %d", buf.Len(), stats.Bytes)
	}
	return buf.Bytes(), stats
}

func readBlocks(t *testing.T, file []byte, magic [4]byte) (blocks []*wire.Block) {
	t.Helper()
	for len(file) > 0 {
		if [4]byte(file) != magic {
			t.Fatalf("block %d: magic %x", len(blocks)+1, file[:4])
		}
		n := binary.LittleEndian.Uint32(file[4:])
		b, err := wire.DecodeBlock(file[8 : 8+n])
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, b)
		file = file[8+n:]
	}
	return blocks
}

// TestDeterministic pins the bytes, whatever the number of workers: figures
// measured on the chain can then be compared for ever.
func TestDeterministic(t *testing.T) {
	const want = "2dc7551c6451ab778725a96841dea56fbad96318601b83481ec1dde117aef672"
	for _, workers := range []int{1, 2, 5} {
		cfg := small()
		cfg.Workers = workers
		file, _ := write(t, cfg)
		sum := sha256.Sum256(file)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%d workers: %s", workers, got)
		}
	}
	other := small()
	other.Seed++
	a, _ := write(t, small())
	b, _ := write(t, other)
	if bytes.Equal(a, b) {
		t.Error("another seed gives the same chain")
	}
}

// TestValid replays the chain with every rule that needs no node.
func TestValid(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	file, stats := write(t, small())
	blocks := readBlocks(t, file, p.Magic)
	r := &replay{t: t, p: p, coins: map[wire.OutPoint]consensus.Coin{}, tip: p.GenesisHash, used: map[string]bool{}}
	for i, b := range blocks {
		r.connect(b, int32(i+1))
	}
	t.Logf("%d blocks, %d transactions, inputs by type %v", len(blocks), stats.Transactions, r.types)
	if r.tip != stats.Tip || int(stats.Height) != len(blocks) || r.txs != stats.Transactions || r.inputs != stats.Inputs {
		t.Errorf("stats %+v do not tell what was found", stats)
	}
	signatures := r.inputs + r.types["witness_v0_scripthash"] // two each
	if stats.Signatures != signatures || signatures < 900 || signatures > 904 {
		t.Errorf("%d signatures, stats say %d", signatures, stats.Signatures)
	}
	if len(r.types) != 4 || r.scriptPath == 0 || r.scriptPath == r.types["witness_v1_taproot"] {
		t.Errorf("not every kind is spent: %v, %d by script path", r.types, r.scriptPath)
	}
	if full := blocks[len(blocks)-2].TotalSize(); full < 17_000 || full > 20_000 {
		t.Errorf("a full block has %d bytes", full)
	}
}

type replay struct {
	t                       *testing.T
	p                       *params.Params
	coins                   map[wire.OutPoint]consensus.Coin
	tip                     wire.BlockHash
	time                    int64
	used                    map[string]bool // public keys and nonces seen
	types                   map[string]int
	txs, inputs, scriptPath int
}

func (r *replay) connect(b *wire.Block, height int32) {
	t := r.t
	t.Helper()
	if b.Header.PrevBlock != r.tip {
		t.Fatalf("block %d does not follow", height)
	}
	if err := consensus.CheckBlock(b, r.p, consensus.CheckOptions{CheckPow: true, CheckMerkle: true}); err != nil {
		t.Fatalf("block %d: %v", height, err)
	}
	if err := consensus.ContextualCheckBlock(b, consensus.BlockContext{Height: height, PrevMTP: r.time}, r.p); err != nil {
		t.Fatalf("block %d: %v", height, err)
	}
	r.tip, r.time = b.Hash(), int64(b.Header.Time)
	fees := wire.Amount(0)
	for i := range b.Txs {
		r.txs++
		if i > 0 {
			fees += r.spend(&b.Txs[i], height)
		}
	}
	if got, want := consensus.ValueOut(&b.Txs[0]), consensus.Subsidy(height, r.p)+fees; got != want {
		t.Errorf("block %d: coinbase of %v, want %v", height, got, want)
	}
	for i := range b.Txs {
		for n, out := range b.Txs[i].Out {
			if script.IsUnspendable(out.PkScript) {
				continue
			}
			if r.used[string(out.PkScript)] {
				t.Fatalf("block %d: script %x seen before", height, out.PkScript)
			}
			r.used[string(out.PkScript)] = true
			op := wire.OutPoint{Txid: b.Txs[i].Txid(), Index: uint32(n)}
			r.coins[op] = consensus.Coin{Out: out, Height: height, Coinbase: i == 0}
		}
	}
}

func (r *replay) spend(tx *wire.Tx, height int32) wire.Amount {
	t := r.t
	t.Helper()
	coins := make([]consensus.Coin, len(tx.In))
	spent := make([]wire.TxOut, len(tx.In))
	for i, in := range tx.In {
		c, ok := r.coins[in.PrevOut]
		if !ok {
			t.Fatalf("block %d: no coin %v", height, in.PrevOut)
		}
		delete(r.coins, in.PrevOut)
		coins[i], spent[i] = c, c.Out
	}
	fee, err := consensus.CheckTxInputs(tx, coins, height)
	if err != nil {
		t.Fatalf("block %d: %v", height, err)
	}
	m := script.NewMidstates(tx, spent)
	var batch sigverify.Batch
	for i := range tx.In {
		if err := script.Verify(tx, i, script.StandardFlags, m, sigverify.Direct{}); err != nil {
			t.Fatalf("block %d, %v input %d: %v", height, tx.Txid(), i, err)
		}
		if err := script.VerifyBatched(tx, i, script.StandardFlags, m, &batch); err != nil {
			t.Fatalf("block %d, %v input %d, batched: %v", height, tx.Txid(), i, err)
		}
		r.count(tx.In[i].Witness, spent[i].PkScript)
	}
	if !batch.Verify() {
		t.Fatalf("block %d: batch fails", height)
	}
	return fee
}

func (r *replay) count(witness [][]byte, pkScript []byte) {
	if r.types == nil {
		r.types = map[string]int{}
	}
	r.inputs++
	typ := script.TypeOf(pkScript)
	r.types[typ.String()]++
	if typ == script.WitnessV1Taproot && len(witness) == 3 {
		r.scriptPath++
	}
}

func TestPoints(t *testing.T) {
	line := newScalarLine(1, "test")
	for i, p := range line.points(5, 9) {
		s := line.at(uint32(5 + i))
		key := script.Secret{Key: s.Bytes(), Compressed: true}
		if got := p.appendCompressed(nil); !bytes.Equal(got, key.PubKey()) {
			t.Errorf("point %d: %x", i, got)
		}
		inverse := s
		inverse.InverseNonConst()
		one := line.at(uint32(5 + i))
		list := append(make([]secp.ModNScalar, 0), s)
		invert(list)
		if list[0] != inverse || !one.Mul(&inverse).Equals(new(secp.ModNScalar).SetInt(1)) {
			t.Errorf("inverse %d", i)
		}
	}
}

func TestConfigLimits(t *testing.T) {
	for name, cfg := range map[string]Config{
		"block too large":     {BlockBytes: 1_000_000},
		"block too small":     {BlockBytes: 1_999},
		"one coin":            {Coins: 1},
		"more coins than fit": {Coins: 1_000_000_000},
		"negative weight":     {Mix: [kinds]int{-1, 2}},
		"negative signatures": {Signatures: -1},
		"too many signatures": {Signatures: maxSignatures + 1},
		"negative workers":    {Workers: -1},
	} {
		if _, err := Write(context.Background(), cfg, new(bytes.Buffer)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := Write(context.Background(), Config{Coins: 1_000_000_000}, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "coins") {
		t.Errorf("the error does not name the cause: %v", err)
	}
}

// failingWriter fails after so many bytes.
type failingWriter int

var errFull = errors.New("disk full")

func (w *failingWriter) Write(b []byte) (int, error) {
	if *w -= failingWriter(len(b)); *w < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestStops(t *testing.T) {
	w := failingWriter(60_000)
	if _, err := Write(context.Background(), small(), &w); !errors.Is(err, errFull) {
		t.Errorf("full disk: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Write(ctx, small(), new(bytes.Buffer)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestTinyBlocks: with the smallest blocks each still holds a transaction.
func TestTinyBlocks(t *testing.T) {
	cfg := small()
	cfg.BlockBytes, cfg.Coins, cfg.Signatures = minBlockBytes, 50, 60
	file, stats := write(t, cfg)
	p := params.Regtest(params.RegtestOptions{})
	for i, b := range readBlocks(t, file, p.Magic) {
		if b.TotalSize() > minBlockBytes {
			t.Errorf("block %d has %d bytes", i+1, b.TotalSize())
		}
	}
	if stats.Signatures < 60 {
		t.Errorf("%d signatures", stats.Signatures)
	}
}

func BenchmarkWrite(b *testing.B) {
	cfg := Config{Signatures: 20_000, Coins: 10_000}
	b.ReportAllocs()
	for b.Loop() {
		var n failingWriter = 1 << 60
		if _, err := Write(context.Background(), cfg, &n); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(cfg.Signatures), "us/signature")
}
