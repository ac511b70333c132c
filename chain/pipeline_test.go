package chain

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/chain/utxo"
	"grapevine/wire"
)

// accepted gives blocks to the owner, who is the caller, without connecting
// them. Unless keep is set they have to be read back from disk.
func accepted(t *testing.T, c *Chain, keep bool, blocks ...*wire.Block) {
	t.Helper()
	for _, b := range blocks {
		n, _, err := c.acceptBlock(b, arrival{})
		if err != nil {
			t.Error(err)
			return
		}
		if !keep {
			c.recent.drop(n)
		}
	}
}

// What has to run alone gets its turn while blocks of a better branch are
// still being read: the reorganisation is completed first.
func TestAloneDuringReorganisation(t *testing.T) {
	trunk, winner, loser := branches(t, 40, 3)
	c := start(t, regtest(t))
	submit(t, c.Chain, loser.Blocks...)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := c.ask(ctx, func(reply func(error)) error {
		accepted(t, c.Chain, false, winner.Blocks[len(trunk.Blocks):]...)
		if err := c.advance(); err != nil {
			return err
		}
		if !c.pipe.reorganising(c.tip()) {
			t.Error("no reorganisation is under way")
		}
		c.exclusive = append(c.exclusive, func() error {
			if len(c.pipe.steps) > 0 {
				t.Error("not alone")
			}
			reply(nil)
			return nil
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.quiesce(ctx); err != nil {
		t.Fatal(err)
	}
	wantCoins(t, c.Chain, winner)
}

// A block whose verdict came together with that of its invalid child becomes
// the tip at once: no worker wakes the owner for it again.
func TestGoodBlockBeforeAFailedOne(t *testing.T) {
	c, b := trunk(t)
	good := b.Mine(1, 0)[0]
	tx := spend(b, 0, unchanged)
	tx.Out[0].Value--
	bad := b.Draft(*tx.Clone()).Block()
	ownedBy(t, c.Chain, func() {
		accepted(t, c.Chain, true, good, bad)
		for range 2 {
			if more, err := c.startNext(); err != nil || !more {
				t.Errorf("a step did not start: %v", err)
				return
			}
		}
		for _, s := range c.pipe.steps {
			for !s.job.done.Load() {
				runtime.Gosched()
			}
		}
		if err := c.settle(); err != nil {
			t.Error(err)
		}
		if n := c.tree.Lookup(bad.Hash()); n.Status()&headers.StatusFailed == 0 {
			t.Error("the bad block is not marked")
		}
		if len(c.pipe.steps) > 0 || c.tip().Hash() != good.Hash() {
			t.Errorf("%d steps left, tip %d", len(c.pipe.steps), c.tip().Height())
		}
	})
	wantCoins(t, c.Chain, b)
}

// Coins that are not what a block left are never built on: taking the block
// off them ends the ledger.
func TestDisconnectFromOtherCoins(t *testing.T) {
	b := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	b.Mine(3, 0)
	c, err := Open(regtest(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	submit(t, c, b.Blocks...)
	err = c.alone(ctx, func() error {
		tx := &b.Blocks[len(b.Blocks)-1].Txs[0]
		o := utxo.NewOverlay(nil, c.coins)
		o.Spend(wire.OutPoint{Txid: tx.Txid()})
		return c.coins.Merge(c.tip().Hash(), o)
	})
	if err != nil {
		t.Fatal(err)
	}
	tip := c.Active().Tip()
	if err := c.Invalidate(ctx, tip.Hash()); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("error %v; want %v", err, ErrCorrupt)
	}
	if err := <-ended; !errors.Is(err, ErrCorrupt) {
		t.Errorf("the chain ended with %v; want %v", err, ErrCorrupt)
	}
	if c.Active().Tip() != tip {
		t.Error("the tip moved")
	}
}

// The signatures of a template that holds are known when its block comes.
func TestTemplateFillsTheSignatureCache(t *testing.T) {
	c, b := trunk(t)
	tx := spend(b, 0, unchanged)
	op := tx.In[0].PrevOut
	m := script.NewMidstates(&tx, []wire.TxOut{b.Coins[op].Out})
	waiting := func() int {
		batch := sigverify.NewBatch(nil, c.scripts.cache)
		if err := script.VerifyBatched(&tx, 0, script.VerifyP2SH|script.VerifyWitness|script.VerifyTaproot, m, batch); err != nil {
			t.Fatal(err)
		}
		return batch.Len()
	}
	if n := waiting(); n != 1 {
		t.Fatalf("%d checks before the template; want one", n)
	}
	if err := c.CheckTemplate(t.Context(), b.Draft(tx).Block()); err != nil {
		t.Fatal(err)
	}
	if n := waiting(); n != 0 {
		t.Errorf("%d checks after the template; want none", n)
	}
}

// Blocks that wait for a slow one before them are bounded in bytes; once it
// has passed there is room again, however much is held.
func TestBlocksBehindASlowOne(t *testing.T) {
	var p pipeline
	slow := &step{overlay: &utxo.Overlay{}, job: &scriptJob{}, bytes: 1}
	p.push(slow)
	held := 1
	for p.room() {
		s := &step{overlay: &utxo.Overlay{}, job: &scriptJob{}, bytes: 1 << 20}
		p.push(s)
		held += s.bytes
		s.job.done.Store(true)
		if failed := p.retire(); failed != nil || held > 2*maxHeldBytes {
			t.Fatalf("%d bytes held", held)
		}
	}
	if held < maxHeldBytes || p.bytes != 1 {
		t.Errorf("no room with %d bytes held, %d being checked", held, p.bytes)
	}
	slow.job.done.Store(true)
	if p.retire(); !p.room() {
		t.Error("no room although nothing runs")
	}
}

// A snapshot that comes when its caller has gone is closed.
func TestSnapshotForNobody(t *testing.T) {
	c, _ := trunk(t)
	for _, gone := range []bool{false, true} {
		ownedBy(t, c.Chain, func() {
			if err := c.flushAll(); err != nil {
				t.Error(err)
				return
			}
			snap, err := c.coins.Snapshot()
			if err != nil {
				t.Error(err)
				return
			}
			defer snap.Close()
			var taken takenSnapshot
			if gone {
				taken.take()
			}
			taken.put(snap, c.tip())
			if open := snap.Next(); open == gone {
				t.Errorf("caller gone %v, snapshot open %v", gone, open)
			}
			if s, _ := taken.take(); (s == nil) != gone {
				t.Errorf("caller gone %v, got %p", gone, s)
			}
		})
	}
}
