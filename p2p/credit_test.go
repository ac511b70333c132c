package p2p_test

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"grapevine/p2p"
	"grapevine/p2p/transport"
	"grapevine/wire"
)

// slowPool judges transactions when it is told to.
type slowPool struct {
	p2p.Owners
	reached atomic.Int64
	judge   chan struct{}
}

func (o *slowPool) SubmitTxs(ctx context.Context, txs []*wire.Tx) []p2p.TxVerdict {
	out := make([]p2p.TxVerdict, len(txs))
	for i := range out {
		o.reached.Add(1)
		select {
		case <-o.judge:
		case <-ctx.Done():
		}
		out[i].Err = errors.New("refused")
	}
	return out
}

// present is a ledger whose initial download is over.
type present struct{ p2p.Ledger }

func (present) Syncing() bool { return false }

func startSlowNode(t *testing.T, network *memoryNet) (*testNode, *slowPool) {
	pool := &slowPool{judge: make(chan struct{})}
	n := startNodeWith(t, network, "127.0.0.1:1001", func(cfg *p2p.Config) {
		pool.Owners = cfg.Owners
		cfg.Owners, cfg.Core.Ledger = pool, present{cfg.Core.Ledger}
	})
	return n, pool
}

// bloated makes transactions with a hundred thousand empty witness items: 100 kB
// each, and 2.5 MB once decoded.
func bloated(n byte) *wire.Tx {
	tx := &wire.Tx{
		Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Txid: wire.Txid{n}}, Witness: make([][]byte, 100_000)}},
		Out: []wire.TxOut{{Value: 1000, PkScript: []byte{0x51}}},
	}
	return tx.Seal()
}

// A peer is charged for what its messages take in memory, not for their bytes.
func TestCreditIsOfMemory(t *testing.T) {
	network := newMemoryNet()
	_, pool := startSlowNode(t, network)
	s := dialIn(t, network, "127.0.0.1:1001")
	taken := 0
	for ; taken < 40; taken++ {
		_ = s.SetWriteDeadline(time.Now().Add(time.Second)) // pipes take any
		if _, err := s.Write(transport.AppendV1(nil, s.magic, &wire.MsgTx{Tx: bloated(byte(taken))})); err != nil {
			break
		}
	}
	// 5 MB of credit are taken by one transaction; the reader holds the second undecoded,
	// and what is read in advance is part of a third.
	if taken > 3 {
		t.Errorf("%d transactions of 2.5 MB are taken in", taken)
	}
	close(pool.judge)
}

// What cannot be standard is not decoded, and does not reach the pool: nothing
// waits for its verdict.
func TestHugeTransactionsAreNotDecoded(t *testing.T) {
	network := newMemoryNet()
	_, pool := startSlowNode(t, network)
	s := dialIn(t, network, "127.0.0.1:1001")
	huge := (&wire.Tx{
		Version: 2, In: []wire.TxIn{{Witness: [][]byte{make([]byte, 400_000)}}}, Out: []wire.TxOut{{Value: 1}},
	}).Seal()
	s.send(&wire.MsgTx{Tx: huge})
	s.send(&wire.MsgPing{Nonce: 3})
	if m := s.expect("pong").(*wire.MsgPong); m.Nonce != 3 {
		t.Errorf("pong %d", m.Nonce)
	}
	close(pool.judge)
}

// Who comes back again and again has no more on its way than its places allow:
// a place is free once what came through it has been judged.
func TestPlaceIsTakenUntilAllIsJudged(t *testing.T) {
	network := newMemoryNet()
	n, pool := startSlowNode(t, network)
	const places = 10 + 16 // those that are admitted, and a few to be turned away
	for i := range places {
		s := dialIn(t, network, "127.0.0.1:1001")
		s.send(&wire.MsgTx{Tx: (&wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Txid: wire.Txid{1, byte(i)}}}}, Out: []wire.TxOut{{Value: 1}}}).Seal()})
		s.send(&wire.MsgFeeFilter{Rate: wire.FeeRate(1000 + i)})
		waitFor(t, "the transaction is there", func() bool {
			list := n.Peers()
			return len(list) > 0 && list[len(list)-1].FeeFilter == wire.FeeRate(1000+i)
		})
		_ = s.Close() // the pipe is in memory
		waitFor(t, "the peer is gone", func() bool { return len(n.Peers()) == 0 })
	}
	nc, err := network.connect(t.Context(), "127.0.0.1:1001")
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetReadDeadline(time.Now().Add(time.Minute)) // pipes take any
	if _, err := nc.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("one more is let in while nothing was judged: %v", err)
	}
	if got := pool.reached.Load(); got != 1 {
		t.Errorf("%d transactions are being judged at once", got)
	}
	close(pool.judge)
	waitFor(t, "all are judged", func() bool { return pool.reached.Load() == places })
	waitFor(t, "there is room again", func() bool {
		nc, err := network.connect(t.Context(), "127.0.0.1:1001")
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		_, err = nc.Write(transport.AppendV1(nil, n.chain.Params().Magic, &wire.MsgVersion{Version: 70016, Nonce: 1}))
		return err == nil
	})
}

// slowChain judges blocks when it is told to.
type slowChain struct {
	p2p.Owners
	reached chan struct{}
	judge   chan struct{}
}

func (o *slowChain) SubmitBlock(ctx context.Context, _ *wire.Block, _ bool) (bool, error) {
	select {
	case o.reached <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	select {
	case <-o.judge:
	case <-ctx.Done():
	}
	return false, errors.New("a failure of ours")
}

// Messages that take far more than their bytes take turns over all peers, and one
// that has left keeps nobody from his.
func TestLargestMessagesTakeTurns(t *testing.T) {
	network := newMemoryNet()
	ledger := &slowChain{reached: make(chan struct{}), judge: make(chan struct{})}
	n := startNodeWith(t, network, "127.0.0.1:1001", func(cfg *p2p.Config) {
		ledger.Owners = cfg.Owners
		cfg.Owners = ledger
	})
	// 2.8 MB each, and 70 MB decoded.
	block := wire.NewBlock(wire.Header{}, []wire.Tx{{In: []wire.TxIn{{Witness: make([][]byte, 2_800_000)}}, Out: []wire.TxOut{{}}}})
	for i := range 3 {
		s := dialIn(t, network, "127.0.0.1:1001")
		s.send(&wire.MsgBlock{Block: block})
		if i == 0 {
			<-ledger.reached
			_ = s.Close() // the pipe is in memory
			waitFor(t, "the first peer is gone", func() bool { return len(n.Peers()) == 0 })
		}
	}
	select {
	case <-ledger.reached:
		t.Fatal("a second one is decoded while the first is being judged")
	case <-time.After(300 * time.Millisecond):
	}
	for range 2 {
		ledger.judge <- struct{}{}
		<-ledger.reached
	}
	ledger.judge <- struct{}{}
}

// blockWatch tells of a block that is to be judged.
type blockWatch struct {
	p2p.Owners
	reached chan struct{}
}

func (o blockWatch) SubmitBlock(context.Context, *wire.Block, bool) (bool, error) {
	close(o.reached)
	return false, errors.New("a failure of ours")
}

// Questions wait for their peer to read what it was answered. Those of twenty peers that
// do not, of the largest size, do not keep the large blocks of others out.
func TestQuestionsHoldNoShare(t *testing.T) {
	network := newMemoryNet()
	watch := blockWatch{reached: make(chan struct{})}
	startNodeWith(t, network, "127.0.0.1:1001", func(cfg *p2p.Config) {
		watch.Owners = cfg.Owners
		cfg.Owners = watch
		cfg.Core.Conn.MaxInbound = 30
	})
	question := &wire.MsgGetData{Items: make([]wire.Inv, wire.MaxInv)}
	for i := range question.Items {
		question.Items[i] = wire.InvOfTx(wire.ByTxid(wire.Txid{1, byte(i), byte(i >> 8)}))
	}
	for range 20 {
		s := dialIn(t, network, "127.0.0.1:1001")
		s.send(question) // answered by a notfound of 1.8 MB
		s.send(question)
	}
	s := dialIn(t, network, "127.0.0.1:1001")
	s.send(&wire.MsgBlock{Block: wire.NewBlock(wire.Header{}, []wire.Tx{{In: []wire.TxIn{{Witness: make([][]byte, 200_000)}}, Out: []wire.TxOut{{}}}})})
	select {
	case <-watch.reached:
	case <-time.After(10 * time.Second):
		t.Error("a block of 5 MB in memory has to wait")
	}
}
