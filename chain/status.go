package chain

import (
	"context"
	"fmt"
	"sync"
	"time"

	"grapevine/chain/headers"
	"grapevine/chain/utxo"
)

// Status is how the ledger stands.
type Status struct {
	// InitialBlockDownload is set until the tip was once recent and had the
	// minimum of work.
	InitialBlockDownload bool
	// VerificationProgress estimates the share of all transactions that are
	// verified, between 0 and 1.
	VerificationProgress float64
	// SizeOnDisk is what block and undo data take, in bytes.
	SizeOnDisk uint64
	// Reindexing is set while block files are being indexed anew.
	Reindexing bool
	// Warnings are for people, most important first.
	Warnings []string
}

// Status returns how the ledger stands.
func (c *Chain) Status() Status {
	tip := c.tip()
	s := Status{
		InitialBlockDownload: c.state.initialDownload.Load(),
		VerificationProgress: c.progress(tip),
		SizeOnDisk:           c.store.SizeOnDisk(),
		Reindexing:           c.state.reindexing.Load(),
	}
	if c.state.largeInvalid.Load() {
		s.Warnings = append(s.Warnings, "Warning: Found invalid chain more than 6 blocks longer than our best chain. This could be due to database corruption or consensus incompatibility with peers.")
	}
	return s
}

// updateDownloadState ends the initial download, for good, once the tip is
// recent and has enough work. While block files are indexed anew the tip says
// nothing: there is more on the disk.
func (c *Chain) updateDownloadState() {
	if !c.state.initialDownload.Load() || c.state.reindexing.Load() {
		return
	}
	tip := c.tip()
	if tip == nil || tip.ChainWork().Cmp(*c.cfg.MinimumChainWork) < 0 {
		return
	}
	if time.Unix(tip.Time(), 0).Before(c.cfg.Now().Add(-c.cfg.MaxTipAge)) {
		return
	}
	c.log.Info("Leaving InitialBlockDownload (latching to false)")
	c.state.initialDownload.Store(false)
}

// progress estimates the share of transactions up to n among all that exist,
// from the network's known count and rate.
func (c *Chain) progress(n *headers.Node) float64 {
	if n == nil || n.ChainTxCount() == 0 {
		return 0
	}
	data := c.params.ChainTxData
	now := c.cfg.Now().Unix()
	blockTime := n.Time()
	if best := c.tree.Best(); best != nil && best.Height() >= n.Height() && max(now-blockTime, blockTime-now) <= 2*60*60 {
		// Close to the present the height says more than the miner's clock.
		blockTime = now - int64(best.Height()-n.Height())*c.params.TargetSpacing
	}
	count := float64(n.ChainTxCount())
	var total float64
	if n.ChainTxCount() <= data.TxCount {
		total = float64(data.TxCount) + float64(now-data.Time)*data.Rate
	} else {
		total = count + float64(now-blockTime)*data.Rate
	}
	return min(count/total, 1)
}

// progressText is progress as the log shows it.
func (c *Chain) progressText(n *headers.Node) string { return fmt.Sprintf("%.6f", c.progress(n)) }

func (c *Chain) tipDate() string {
	return time.Unix(c.tip().Time(), 0).UTC().Format(time.RFC3339)
}

// maxOverlayBytes is how much the overlays of one reorganisation may take
// before it is committed in steps: an eighth of the cache, 16 MiB at least.
func (c *Chain) maxOverlayBytes() int64 { return max(c.cfg.CacheBytes/8, 16<<20) }

// CoinStats computes statistics of all coins at one tip, whose node it
// returns. The coins are flushed first; blocks go on being connected while
// the statistics are computed.
func (c *Chain) CoinStats(ctx context.Context, kind utxo.HashKind) (*utxo.Stats, *headers.Node, error) {
	var taken takenSnapshot
	err := c.alone(ctx, func() error {
		if err := ctx.Err(); err != nil {
			return err // nobody waits any more
		}
		if err := c.flushAll(); err != nil {
			return err
		}
		snap, err := c.coins.Snapshot()
		if err == nil {
			taken.put(snap, c.tip())
		}
		return err
	})
	snap, tip := taken.take()
	if err != nil {
		if snap != nil {
			snap.Close()
		}
		return nil, nil, err
	}
	defer snap.Close()
	stats, err := utxo.ComputeStats(ctx, kind, snap)
	if err != nil {
		return nil, nil, fmt.Errorf("statistics of coins: %w", err)
	}
	stats.Height, stats.Best = tip.Height(), tip.Hash()
	if stats.DiskSize, err = c.coins.DiskSize(); err != nil {
		return nil, nil, err
	}
	return stats, tip, nil
}

// takenSnapshot hands a snapshot from the owner to a caller who may have gone
// by the time it is taken.
type takenSnapshot struct {
	mu   sync.Mutex
	snap *utxo.Snapshot
	tip  *headers.Node
	gone bool
}

func (t *takenSnapshot) put(snap *utxo.Snapshot, tip *headers.Node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone {
		snap.Close()
		return
	}
	t.snap, t.tip = snap, tip
}

func (t *takenSnapshot) take() (*utxo.Snapshot, *headers.Node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = true
	return t.snap, t.tip
}
