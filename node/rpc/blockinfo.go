package rpc

import (
	"context"

	"grapevine/chain"
	"grapevine/chain/headers"
)

// warnings writes the list of warnings: the chain's own first.
func (l *ledger) warnings(w *Writer, st *chain.Status) { writeWarnings(w, st.Warnings, l.Warnings) }

// writeWarnings writes what is wrong with the chain, and what more says.
func writeWarnings(w *Writer, chain []string, more func() []string) {
	w.Key("warnings").Arr()
	for _, s := range chain {
		w.String(s)
	}
	if more != nil {
		for _, s := range more() {
			w.String(s)
		}
	}
	w.EndArr()
}

// signetChallenge writes the block script of a signet, nothing elsewhere.
func (l *ledger) signetChallenge(w *Writer) {
	if l.params.IsSignet() {
		w.Key("signet_challenge").Hex(l.params.SignetChallenge)
	}
}

func (l *ledger) bestHeaderHeight() int64 { return int64(l.Blocks.BestHeader().Height()) }

func (l *ledger) getBlockchainInfo(_ context.Context, _ *Request, w *Writer) error {
	active := l.Blocks.Active()
	tip := active.Tip()
	st := l.Blocks.Status()
	w.Obj()
	w.Key("chain").String(l.params.Name)
	w.Key("blocks").Int(int64(tip.Height()))
	w.Key("headers").Int(l.bestHeaderHeight())
	w.Key("bestblockhash").Hash(tip.Hash())
	w.Key("bits").bitsHex(tip.Bits())
	w.Key("target").target(tip.Bits())
	w.Key("difficulty").Float(difficulty(tip.Bits()))
	w.Key("time").Int(tip.Time())
	w.Key("mediantime").Int(tip.MedianTimePast())
	w.Key("verificationprogress").Float(st.VerificationProgress)
	w.Key("initialblockdownload").Bool(st.InitialBlockDownload)
	w.Key("chainwork").String(tip.ChainWork().Hex())
	w.Key("size_on_disk").Uint(st.SizeOnDisk)
	w.Key("pruned").Bool(false) // every block is kept
	l.signetChallenge(w)
	l.warnings(w, &st)
	w.EndObj()
	return nil
}

func (l *ledger) getChainStates(_ context.Context, _ *Request, w *Writer) error {
	tip := l.Blocks.Active().Tip()
	st := l.Blocks.Status()
	w.Obj()
	w.Key("headers").Int(l.bestHeaderHeight())
	w.Key("chainstates").Arr().Obj()
	w.Key("blocks").Int(int64(tip.Height()))
	w.Key("bestblockhash").Hash(tip.Hash())
	w.Key("bits").bitsHex(tip.Bits())
	w.Key("target").target(tip.Bits())
	w.Key("difficulty").Float(difficulty(tip.Bits()))
	w.Key("verificationprogress").Float(st.VerificationProgress)
	w.Key("coins_db_cache_bytes").Int(l.DatabaseCacheBytes)
	w.Key("coins_tip_cache_bytes").Int(l.CoinsCacheBytes)
	w.Key("validated").Bool(true)
	w.EndObj().EndArr().EndObj()
	return nil
}

func (l *ledger) getChainTips(_ context.Context, _ *Request, w *Writer) error {
	active := l.Blocks.Active()
	tips := l.Blocks.Tree().Tips(active)
	w.Arr()
	for _, n := range tips {
		w.Obj()
		w.Key("height").Int(int64(n.Height()))
		w.Key("hash").Hash(n.Hash())
		w.Key("branchlen").Int(int64(n.Height() - active.Fork(n).Height()))
		w.Key("status").String(tipStatus(n, active))
		w.EndObj()
	}
	w.EndArr()
	return nil
}

func tipStatus(n *headers.Node, active *headers.Chain) string {
	switch st := n.Status(); {
	case active.Contains(n):
		return "active"
	case st.Invalid():
		return "invalid"
	case n.ChainTxCount() == 0:
		// Its transactions, or those of a block before it, are not here.
		return "headers-only"
	case st.Has(headers.StatusValidScripts):
		return "valid-fork"
	}
	return "valid-headers"
}

// defaultStatsWindow is the window of getchaintxstats in seconds: a month.
const defaultStatsWindow = 30 * 24 * 60 * 60

func (l *ledger) getChainTxStats(_ context.Context, r *Request, w *Writer) error {
	active := l.Blocks.Active()
	n := active.Tip()
	if r.Has(1) {
		var err error
		if n, err = l.block(r.Arg(1), "blockhash"); err != nil {
			return err
		}
		if !active.Contains(n) {
			return Errorf(CodeInvalidParameter, "Block is not in main chain")
		}
	}
	count := min(int32(defaultStatsWindow/l.params.TargetSpacing), n.Height()-1)
	count = max(0, count)
	if r.Has(0) {
		var err error
		if count, err = r.Int32(0); err != nil {
			return err
		}
		if count < 0 || (count > 0 && count >= n.Height()) {
			return Errorf(CodeInvalidParameter, "Invalid block count: should be between 0 and the block's height - 1")
		}
	}
	writeTxStats(w, n, active.At(n.Height()-count), count)
	return nil
}

// writeTxStats writes the rate of transactions in the blocks after past up to n.
func writeTxStats(w *Writer, n, past *headers.Node, count int32) {
	interval := n.MedianTimePast() - past.MedianTimePast()
	w.Obj()
	w.Key("time").Int(n.Time())
	if n.ChainTxCount() > 0 {
		w.Key("txcount").Uint(n.ChainTxCount())
	}
	w.Key("window_final_block_hash").Hash(n.Hash())
	w.Key("window_final_block_height").Int(int64(n.Height()))
	w.Key("window_block_count").Int(int64(count))
	if count > 0 {
		w.Key("window_interval").Int(interval)
		if n.ChainTxCount() > 0 && past.ChainTxCount() > 0 {
			txs := n.ChainTxCount() - past.ChainTxCount()
			w.Key("window_tx_count").Uint(txs)
			if interval > 0 {
				w.Key("txrate").Float(float64(txs) / float64(interval))
			}
		}
	}
	w.EndObj()
}
