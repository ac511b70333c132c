package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"grapevine/chain"
)

// importBlocks takes in what the configuration names: first the node's own files when they are to be indexed anew, then others.
func (n *Node) importBlocks(ctx context.Context, c *chain.Chain) error {
	shown, hide := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.showProgress(shown, c)
	}()
	err := c.Reindex(ctx)
	if err == nil && len(n.cfg.LoadBlock) > 0 {
		err = c.Import(ctx, n.cfg.LoadBlock...)
	}
	hide()
	<-ended
	if err == nil && n.cfg.StopAfterImport {
		n.log.Info("Stopping after block import")
	}
	return err
}

// checkImports finds files that are not there before anything starts: a typing error should not cost a start. A pipe or a device is
// refused as well: it has no size to read up to, and opening a pipe that nobody writes to would hold up a stop for ever.
func checkImports(paths []string) error {
	for _, p := range paths {
		info, err := os.Stat(p)
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("-loadblock=%s: there is no such file or directory", p)
		} else if err != nil {
			return fmt.Errorf("-loadblock=%s: %w", p, err)
		}
		if !info.IsDir() && !info.Mode().IsRegular() {
			return fmt.Errorf("-loadblock=%s: neither a file nor a folder", p)
		}
	}
	return nil
}

// showProgress keeps a line at the bottom of a terminal while blocks are imported.
func (n *Node) showProgress(ctx context.Context, c *chain.Chain) {
	const interval = 500 * time.Millisecond
	defer n.sink.SetProgress("")
	var m meter
	m.add(c.Active().Tip().ChainTxCount(), time.Now())
	for wait(ctx, interval) {
		tip := c.Active().Tip()
		m.add(tip.ChainTxCount(), time.Now())
		s := c.Status()
		what := "importing"
		if s.Reindexing {
			what = "reindexing"
		}
		share := ""
		if n.cfg.Params.ChainTxData.TxCount > 0 { // elsewhere nobody knows how much there is
			share = fmt.Sprintf(", %.2f %% of the network", s.VerificationProgress*100)
		}
		n.sink.SetProgress(fmt.Sprintf("%s: height %d of %d, %s%s, %.0f tx/s, %d MiB on disk", what, tip.Height(), max(c.BestHeader().Height(), tip.Height()),
			time.Unix(int64(tip.Time()), 0).UTC().Format("2006-01-02"), share, m.rate, s.SizeOnDisk>>20))
	}
}

// meter estimates how fast a count grows.
type meter struct {
	last uint64
	at   time.Time
	rate float64 // a second
}

// add takes a new count: the rate moves halfway to the newest figure each time, steady enough to read, quick enough to believe.
func (m *meter) add(count uint64, now time.Time) {
	if d := now.Sub(m.at).Seconds(); !m.at.IsZero() && d > 0 && count >= m.last { // it shrinks in a reorganisation
		m.rate = (m.rate + float64(count-m.last)/d) / 2
	}
	m.last, m.at = count, now
}
