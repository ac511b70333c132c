package network

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/rpcclient"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// wallet has one key, with btcd's code alone.
type wallet struct {
	key     *btcec.PrivateKey
	to      address.Address
	address string
	script  []byte
}

// own is the wallet that all blocks of the tests pay to.
var own = newWallet(1)

func newWallet(secret byte) *wallet {
	var b [32]byte
	b[31] = secret
	key, pub := btcec.PrivKeyFromBytes(b[:])
	to, err := address.NewAddressWitnessPubKeyHash(address.Hash160(pub.SerializeCompressed()), &chaincfg.RegressionNetParams)
	if err != nil {
		panic(err) // twenty bytes are a key hash
	}
	script, err := txscript.PayToAddrScript(to)
	if err != nil {
		panic(err) // and every address of one has a script
	}
	return &wallet{key: key, to: to, address: to.EncodeAddress(), script: script}
}

// coin is an output of the wallet.
type coin struct {
	txid  string
	value btcutil.Amount
}

// coinbaseOf returns what a block pays to the wallet, with output 0.
func (w *wallet) coinbaseOf(n *node, block string) coin {
	n.t.Helper()
	hash, err := chainhash.NewHashFromStr(block)
	if err != nil {
		n.t.Fatal(err)
	}
	b, err := n.client.GetBlock(hash)
	if err != nil {
		n.t.Fatalf("%s: getblock: %v", n.name, err)
	}
	return coin{txid: b.Transactions[0].TxID(), value: btcutil.Amount(b.Transactions[0].TxOut[0].Value)}
}

// spend has the node create a transaction with which the coin goes to another
// wallet, less a fee, and signs it here.
func (w *wallet) spend(n *node, c coin, to *wallet, fee btcutil.Amount) *wire.MsgTx {
	n.t.Helper()
	tx, err := n.client.CreateRawTransaction([]btcjson.TransactionInput{{Txid: c.txid, Vout: 0}},
		map[address.Address]btcutil.Amount{to.to: c.value - fee}, nil)
	if err != nil {
		n.t.Fatalf("%s: createrawtransaction: %v", n.name, err)
	}
	if len(tx.TxIn) != 1 || len(tx.TxOut) != 1 || tx.TxIn[0].PreviousOutPoint.Hash.String() != c.txid ||
		tx.TxOut[0].Value != int64(c.value-fee) || hex.EncodeToString(tx.TxOut[0].PkScript) != hex.EncodeToString(to.script) {
		n.t.Fatalf("%s created another transaction than asked for: %+v", n.name, tx)
	}
	fetcher := txscript.NewCannedPrevOutputFetcher(w.script, int64(c.value))
	witness, err := txscript.WitnessSignature(tx, txscript.NewTxSigHashes(tx, fetcher), 0, int64(c.value), w.script,
		txscript.SigHashAll, w.key, true)
	if err != nil {
		n.t.Fatal(err)
	}
	tx.TxIn[0].Witness = witness
	return tx
}

// send gives the transaction to a node and returns its id.
func send(n *node, tx *wire.MsgTx) string {
	n.t.Helper()
	txid, err := n.client.SendRawTransaction(tx, false)
	if err != nil {
		n.t.Fatalf("%s: sendrawtransaction: %v", n.name, err)
	}
	if txid.String() != tx.TxID() {
		n.t.Fatalf("%s sent %s, not %s", n.name, txid, tx.TxID())
	}
	return tx.TxID()
}

// fee is well above what btcd relays: 1,000 satoshi for 1,000 bytes.
const fee = 1000

// A wallet that was written for Bitcoin Core makes a transaction with our
// node, another of our nodes mines it, and the wallet sees that.
func TestWallet(t *testing.T) {
	a := ours(t, "-connect=0")
	b := ours(t, "-connect="+a.listen)
	blocks := a.mine(110)
	b.follows(a)

	version, err := a.client.BackendVersion()
	if err != nil || !version.SupportUnifiedSoftForks() {
		t.Fatalf("the client takes the node for %v: %v", version, err)
	}
	other := newWallet(2)
	mined := own.coinbaseOf(a, blocks[0])
	tx := own.spend(a, mined, other, fee)
	if res, err := a.client.TestMempoolAccept([]*wire.MsgTx{tx}, 0); err != nil || len(res) != 1 || !res[0].Allowed {
		t.Fatalf("testmempoolaccept: %+v, %v", res, err)
	}
	txid := send(a, tx)
	hash := tx.TxHash()
	if got, err := a.client.GetRawTransactionVerbose(&hash); err != nil || got.Confirmations != 0 || got.Txid != txid {
		t.Fatalf("before it is mined: %+v, %v", got, err)
	}
	if out, err := a.client.GetTxOut(&hash, 0, true); err != nil || out == nil || out.Confirmations != 0 {
		t.Fatalf("its output before it is mined: %+v, %v", out, err)
	}

	b.pool(txid)
	block := b.mine(1)[0]
	a.follows(b)
	a.pool()
	var got *btcjson.TxRawResult
	until(t, "the wallet sees it confirmed", func() (bool, string) { // the index of transactions may lag
		if got, err = a.client.GetRawTransactionVerbose(&hash); err != nil {
			return false, err.Error()
		}
		return got.Confirmations == 1, "not yet"
	})
	if got.BlockHash != block || got.Hash != tx.WitnessHash().String() {
		t.Errorf("confirmed in %s as %s; want %s, %s", got.BlockHash, got.Hash, block, tx.WitnessHash())
	}
	if out, err := a.client.GetTxOut(&hash, 0, true); err != nil || out == nil || out.Confirmations != 1 ||
		out.Value != (mined.value-fee).ToBTC() {
		t.Errorf("its output: %+v, %v", out, err)
	}

	wantSpent(t, a, own.spend(a, mined, other, 2*fee))
	var rpcErr *btcjson.RPCError
	if _, err := a.client.SendRawTransaction(tx, false); !errors.As(err, &rpcErr) || rpcErr.Code != -27 ||
		rpcErr.Message != "Transaction outputs already in utxo set" {
		t.Errorf("what is confirmed, sent again: %v", err)
	}
}

// wantSpent wants what bitcoind answers to a spend of a coin that is gone.
func wantSpent(t *testing.T, n *node, again *wire.MsgTx) {
	t.Helper()
	_, err := n.client.SendRawTransaction(again, false)
	var rpcErr *btcjson.RPCError
	if !errors.As(err, &rpcErr) || rpcErr.Code != -25 || rpcErr.Message != "bad-txns-inputs-missingorspent" {
		t.Errorf("a spent coin: %v", err)
	}
	if mapped := rpcclient.MapRPCErr(err); !errors.Is(mapped, rpcclient.ErrMissingInputsOrSpent) && !errors.Is(mapped, rpcclient.ErrMissingInputs) {
		t.Errorf("a spent coin means to the client: %v", mapped)
	}
	res, err := n.client.TestMempoolAccept([]*wire.MsgTx{again}, 0)
	if err != nil || len(res) != 1 || res[0].Allowed || !strings.Contains(res[0].RejectReason, "missing-inputs") {
		t.Errorf("a spent coin, tried: %+v, %v", res, err)
	}
}
