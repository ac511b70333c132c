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

// checkImports finds files that are not there before anything starts: a typing error should not cost a start.
func checkImports(paths []string) error {
	for _, p := range paths {
		if _, err := os.Stat(p); errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("-loadblock=%s: there is no such file or directory", p)
		} else if err != nil {
			return fmt.Errorf("-loadblock=%s: %w", p, err)
		}
	}
	return nil
}

// showProgress keeps a line at the bottom of a terminal while blocks are imported.
func (n *Node) showProgress(ctx context.Context, c *chain.Chain) {
	const interval = 500 * time.Millisecond
	defer n.sink.SetProgress("")
	last, at := c.Active().Tip().ChainTxCount(), time.Now()
	rate := 0.0
	for wait(ctx, interval) {
		tip := c.Active().Tip()
		count, now := tip.ChainTxCount(), time.Now()
		if count >= last {
			// Halfway to the newest figure each time: steady enough to read, quick enough to believe.
			rate = (rate + float64(count-last)/now.Sub(at).Seconds()) / 2
		}
		last, at = count, now
		s := c.Status()
		what := "importing"
		if s.Reindexing {
			what = "reindexing"
		}
		n.sink.SetProgress(fmt.Sprintf("%s: height %d, %s, %.2f %% of the network, %.0f tx/s, %d MiB on disk",
			what, tip.Height(), time.Unix(int64(tip.Time()), 0).UTC().Format("2006-01-02"), s.VerificationProgress*100, rate, s.SizeOnDisk>>20))
	}
}
