package rpc

import (
	"context"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
)

func (l *ledger) getDeploymentInfo(_ context.Context, r *Request, w *Writer) error {
	n := l.Blocks.Active().Tip()
	if r.Has(0) {
		var err error
		if n, err = l.block(r.Arg(0), "blockhash"); err != nil {
			return err
		}
	}
	w.Obj()
	w.Key("hash").Hash(n.Hash())
	w.Key("height").Int(int64(n.Height()))
	w.Key("script_flags").Arr()
	for _, name := range consensus.ScriptFlagsAt(n.Height(), n.Hash(), l.params).Names() {
		w.String(name)
	}
	w.EndArr()
	w.Key("deployments").Obj()
	for _, f := range l.Versions.SoftForks(n) {
		l.writeSoftFork(w, &f)
	}
	l.writeTaproot(w, n)
	w.EndObj().EndObj()
	return nil
}

// writeTaproot lists taproot among the deployments although its rules hold from
// the first block on, but for named exceptions: released wallets look for it
// here before they make such outputs. On regtest, where nothing was ever
// deployed, the answer is the bare list.
func (l *ledger) writeTaproot(w *Writer, n *headers.Node) {
	if l.params.MineOnDemand() {
		return
	}
	w.Key("taproot").Obj()
	w.Key("type").String("buried")
	w.Key("active").Bool(n.Height()+1 >= l.params.TaprootHeight)
	w.Key("height").Int(int64(l.params.TaprootHeight))
	w.EndObj()
}

func (l *ledger) writeSoftFork(w *Writer, f *headers.SoftFork) {
	w.Key(f.Name).Obj()
	if f.BIP9 == nil {
		w.Key("type").String("buried")
		w.Key("active").Bool(f.Active)
		w.Key("height").Int(int64(f.Height))
		w.EndObj()
		return
	}
	w.Key("type").String("bip9")
	if f.Height >= 0 {
		w.Key("height").Int(int64(f.Height))
	}
	w.Key("active").Bool(f.Active)
	w.Key("bip9").Obj()
	l.writeBIP9(w, f)
	w.EndObj().EndObj()
}

func (l *ledger) writeBIP9(w *Writer, f *headers.SoftFork) {
	d, info := &l.params.Deployments[f.Dep], f.BIP9
	if info.Stats != nil {
		w.Key("bit").Uint(uint64(d.Bit))
	}
	w.Key("start_time").Int(d.StartTime)
	w.Key("timeout").Int(d.Timeout)
	w.Key("min_activation_height").Int(int64(d.MinActivationHeight))
	w.Key("status").String(info.State.String())
	w.Key("since").Int(int64(info.Since))
	w.Key("status_next").String(info.NextState.String())
	s := info.Stats
	if s == nil {
		return
	}
	w.Key("statistics").Obj()
	w.Key("period").Int(int64(s.Period))
	w.Key("elapsed").Int(int64(s.Elapsed))
	w.Key("count").Int(int64(s.Count))
	if s.Threshold > 0 || s.Possible {
		w.Key("threshold").Int(int64(s.Threshold))
		w.Key("possible").Bool(s.Possible)
	}
	w.EndObj()
	w.Key("signalling").String(info.Signalling)
}
