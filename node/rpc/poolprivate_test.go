package rpc

import (
	"slices"
	"testing"

	"grapevine/chain/params"
	"grapevine/p2p/privatebroadcast"
	"grapevine/wire"
)

// A transaction that is sent privately is judged, but the pool never holds it.
func TestSendPrivately(t *testing.T) {
	w := newCoinWallet(t, 3)
	var sent []wire.Txid
	full, hidden := false, false
	cmds, err := PoolCommands(PoolConfig{
		Params: params.Regtest(params.RegtestOptions{}), Pool: w.pool, Coins: w,
		CanSendPrivately: func() bool { return hidden },
		SendPrivately: func(tx *wire.Tx) error {
			if full {
				return privatebroadcast.ErrFull
			}
			sent = append(sent, tx.Txid())
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	openly := w.table
	if w.table, err = NewTable(cmds); err != nil {
		t.Fatal(err)
	}
	w.table.SetReady()
	tx, rich, waiting := w.spend(1000, 1, w.coin()), w.spend(wire.Coin, 1, w.coin()), w.spend(2000, 1, w.coin())
	raw := func(tx *wire.Tx) string { return `"` + rawOf(tx) + `"` }
	w.refused("sendrawtransaction", raw(tx), CodeMisc, "-privatebroadcast is enabled, but none of the Tor or I2P networks is reachable. Maybe the location of the Tor proxy "+
		"couldn't be retrieved from the Tor daemon at startup. Check whether the Tor daemon is running and that -torcontrol, -torpassword and -i2psam are configured properly.")
	hidden = true
	if got := w.call("sendrawtransaction", raw(tx)); got != `"`+tx.Txid().String()+`"` {
		t.Error(got)
	}
	w.refused("sendrawtransaction", raw(rich), CodeVerify, "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)")
	bad := w.spend(1000, 1, tx) // its parent is nowhere yet
	w.refused("sendrawtransaction", raw(bad), CodeVerify, "bad-txns-inputs-missingorspent")
	if !slices.Equal(sent, []wire.Txid{tx.Txid()}) || w.pool.Info().Size != 0 {
		t.Errorf("sent %v; the pool holds %d", sent, w.pool.Info().Size)
	}
	// One that the pool has from elsewhere is sent as well.
	w.table, openly = openly, w.table
	w.send(waiting)
	w.table = openly
	w.call("sendrawtransaction", raw(waiting))
	if len(sent) != 2 {
		t.Errorf("sent %v", sent)
	}
	full = true
	w.refused("sendrawtransaction", raw(tx), CodeVerify, "Private broadcast queue is full")
}
