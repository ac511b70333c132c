package wire_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"runtime"
	"testing"

	. "grapevine/wire"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// Parts of encodings; an empty list of inputs is also the marker of BIP 144.
const (
	ver  = "01000000"
	lock = "00000000"
	in1  = "01" + "0000000000000000000000000000000000000000000000000000000000000000" + "ffffffff" + "0151" + "ffffffff"
	out1 = "01" + "00f2052a01000000" + "0151"
	out0 = "00"
)

// TestDecodeTxForms is the reading of BIP 144 with the cases that the marker
// makes ambiguous.
func TestDecodeTxForms(t *testing.T) {
	for _, c := range []struct {
		name           string
		raw            string
		want, original ErrorKind // with witness allowed, and in the original form
	}{
		{"plain", ver + in1 + out1 + lock, "", ""},
		{"no outputs", ver + in1 + out0 + lock, "", ""},
		{"neither inputs nor outputs", ver + "00" + "00" + lock, "", ""},
		{"no inputs, one output: output count read as flag", ver + "00" + out1 + lock, ErrTruncated, ""},
		{"witness", ver + "0001" + in1 + out1 + "0101aa" + lock, "", ErrTrailing},
		{"witness with an empty item", ver + "0001" + in1 + out1 + "0100" + lock, "", ErrTrailing},
		{"witness record with empty stack", ver + "0001" + in1 + out1 + "00" + lock, ErrSuperfluousWitness, ErrTrailing},
		{"witness record without inputs", ver + "0001" + "00" + out1 + lock, ErrSuperfluousWitness, ErrTrailing},
		{"flag 2", ver + "0002" + in1 + out1 + lock, ErrUnknownTxData, ErrTrailing},
		{"flag 3", ver + "0003" + in1 + out1 + "0101aa" + lock, ErrUnknownTxData, ErrTrailing},
		{"flag 3, empty stack", ver + "0003" + in1 + out1 + "00" + lock, ErrSuperfluousWitness, ErrTrailing},
		{"flag 128", ver + "0080" + in1 + out1 + lock, ErrUnknownTxData, ErrTooLarge},
		{"bytes after", ver + in1 + out1 + lock + "00", ErrTrailing, ErrTrailing},
		{"long input count", ver + "fd0100" + in1[2:] + out1 + lock, ErrNonCanonical, ErrNonCanonical},
		{"long output count", ver + in1 + "fd0100" + out1[2:] + lock, ErrNonCanonical, ErrNonCanonical},
		{"long script length", ver + in1[:74] + "fd010051ffffffff" + out1 + lock, ErrNonCanonical, ErrNonCanonical},
		{"long item length", ver + "0001" + in1 + out1 + "01fd0100aa" + lock, ErrNonCanonical, ErrTrailing},
		{"long item count", ver + "0001" + in1 + out1 + "fd010001aa" + lock, ErrNonCanonical, ErrTrailing},
		{"huge input count", ver + "fe00000002" + in1[2:] + out1 + lock, ErrTruncated, ErrTruncated},
		{"input count over the limit", ver + "fe01000002" + in1[2:] + out1 + lock, ErrTooLarge, ErrTooLarge},
		{"script over the limit", ver + in1[:74] + "fe01000002" + "ffffffff" + out1 + lock, ErrTooLarge, ErrTooLarge},
		{"script over the bytes", ver + in1[:74] + "20" + "51ffffffff" + out1 + lock, ErrTruncated, ErrTruncated},
		{"huge witness count", ver + "0001" + in1 + out1 + "fe00000002" + lock, ErrTruncated, ErrTrailing},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := unhex(t, c.raw)
			checkDecodedTx(t, raw, c.want, DecodeTx)
			checkDecodedTx(t, raw, c.original, DecodeTxNoWitness)
		})
	}
}

func checkDecodedTx(t *testing.T, raw []byte, want ErrorKind, decode func([]byte) (*Tx, error)) {
	t.Helper()
	tx, err := decode(raw)
	checkKind(t, want, err)
	if err == nil && !bytes.Equal(tx.AppendTo(nil), raw) {
		t.Errorf("encodes to %x, was %x", tx.AppendTo(nil), raw)
	}
}

// TestDecodeTxTruncated cuts a transaction at every byte.
func TestDecodeTxTruncated(t *testing.T) {
	for _, s := range []string{ver + in1 + out1 + lock, ver + "0001" + in1 + out1 + "0201aa02bbcc" + lock} {
		raw := unhex(t, s)
		for n := range raw {
			checkKind(t, ErrTruncated, decodeErr(DecodeTx(raw[:n])))
		}
	}
}

// TestDecodeTxTruncatedBeforeNonsense: where the bytes end is judged before
// what they would say when read as something else.
func TestDecodeTxTruncatedBeforeNonsense(t *testing.T) {
	const longOne = "fd0100" // a compact size that has a shorter form
	for _, s := range []string{longOne, ver + in1[:len(in1)-8] + longOne} {
		checkKind(t, ErrTruncated, decodeErr(DecodeTx(unhex(t, s))))
	}
}

// TestDecodeHuge: offsets are kept in 32 bits. The pages of the buffer are
// never touched, so that it takes no memory.
func TestDecodeHuge(t *testing.T) {
	if math.MaxInt == math.MaxInt32 {
		t.Skip("no buffer can be that large")
	}
	limit := math.MaxInt32
	buf := make([]byte, limit+1)
	checkKind(t, ErrTrailing, decodeErr(DecodeTx(buf[:limit])))
	checkKind(t, ErrTooLarge, decodeErr(DecodeTx(buf)))
	checkKind(t, ErrTrailing, decodeErr(DecodeBlock(buf[:limit])))
	checkKind(t, ErrTooLarge, decodeErr(DecodeBlock(buf)))
}

func TestDecodeTxPrefix(t *testing.T) {
	raw := unhex(t, ver+in1+out1+lock)
	tx, n, err := DecodeTxPrefix(append(raw[:len(raw):len(raw)], 1, 2, 3))
	if err != nil || n != len(raw) || tx.TotalSize() != n {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if _, _, err := DecodeTxPrefix(raw[:len(raw)-1]); err == nil {
		t.Error("cut transaction accepted")
	}
}

// TestTxKnown pins a transaction with witness whose identifiers are published:
// the signed P2WPKH example of BIP 143.
func TestTxKnown(t *testing.T) {
	raw := unhex(t, "01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee635711000000")
	tx, err := DecodeTx(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got := tx.Txid().String(); got != "e8151a2af31c368a35053ddd4bdb285a8595c769a3ad83e0fa02314a602d4609" {
		t.Errorf("txid %s", got)
	}
	if got := tx.Wtxid().String(); got != "c36c38370907df2324d9ce9d149d191192f338b37665a82e78e76a12c909b762" {
		t.Errorf("wtxid %s", got)
	}
	if tx.BaseSize() != 233 || tx.TotalSize() != 343 || tx.Weight() != 1042 || tx.VSize() != 261 {
		t.Errorf("sizes %d, %d, %d, %d", tx.BaseSize(), tx.TotalSize(), tx.Weight(), tx.VSize())
	}
	if tx.Version != 1 || tx.LockTime != 17 || len(tx.In) != 2 || len(tx.Out) != 2 {
		t.Errorf("version %d, lock time %d, %d inputs, %d outputs", tx.Version, tx.LockTime, len(tx.In), len(tx.Out))
	}
	if tx.In[0].Witness != nil || len(tx.In[1].Witness) != 2 || tx.In[0].Sequence != 0xffffffee || tx.In[1].PrevOut.Index != 1 {
		t.Error("inputs misread")
	}
	if tx.Out[0].Value != 112340000 || tx.Out[1].Value != 223450000 {
		t.Errorf("values %s, %s", tx.Out[0].Value, tx.Out[1].Value)
	}
	if !tx.HasWitness() || tx.IsCoinbase() {
		t.Error("witness or coinbase misread")
	}
}

// TestTxAllocs bounds the allocations of a single transaction: the value and
// three slabs.
func TestTxAllocs(t *testing.T) {
	raw := unhex(t, ver+"0001"+in1+out1+"0101aa"+lock)
	if got := testing.AllocsPerRun(20, func() { _, _ = DecodeTx(raw) }); got > 4 {
		t.Errorf("%v allocations", got)
	}
	tx, err := DecodeTx(raw)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 0, 2*len(raw))
	if got := testing.AllocsPerRun(20, func() { tx.Txid(); tx.Wtxid() }); got != 0 {
		t.Errorf("identifiers: %v allocations", got)
	}
	if got := testing.AllocsPerRun(20, func() { buf = tx.AppendTo(buf[:0]) }); got != 0 {
		t.Errorf("AppendTo: %v allocations", got)
	}
	var h Header
	if got := testing.AllocsPerRun(20, func() { h.Nonce++; h.Hash() }); got != 0 {
		t.Errorf("Header.Hash: %v allocations", got)
	}
}

// TestDecodeAllocBound: what an attacker's claim costs is bounded by the bytes
// that came with it.
func TestDecodeAllocBound(t *testing.T) {
	claims := [][]byte{
		unhex(t, ver+"fe00000002"),                            // 33 million inputs
		unhex(t, ver+in1+"fe00000002"),                        // as many outputs
		unhex(t, ver+"0001"+in1+out1+"fe00000002"),            // as many witness items
		unhex(t, ver+in1[:74]+"fe00000002"),                   // a script of 32 MiB
		append(make([]byte, HeaderSize), 254, 0, 0, 0, 2, 0),  // as many transactions
		unhex(t, ver+"0001"+in1+out1+"0101aa"+"fe00000002ff"), // bytes after the lock time
	}
	for i, raw := range claims {
		got := allocated(func() {
			_, _ = DecodeTx(raw)
			_, _ = DecodeTxNoWitness(raw)
			_, _ = DecodeBlock(raw)
		})
		if got > 4096 {
			t.Errorf("claim %d (%d bytes) allocates %d bytes", i, len(raw), got)
		}
	}
}

// allocated returns the mean number of bytes that f allocates.
func allocated(f func()) uint64 {
	const runs = 50
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / runs
}

// TestSeal: sealing computes from the fields, and a second call
// changes nothing.
func TestSeal(t *testing.T) {
	tx := &Tx{Version: 2, In: []TxIn{{PrevOut: OutPoint{Index: 7}, Witness: [][]byte{{1}, {}}}}, Out: []TxOut{{Value: 5}}}
	open := tx.Clone()
	if tx.Seal() != tx {
		t.Fatal("Seal returns another transaction")
	}
	checkSeal(t, open, tx)
	if got, want := tx.Weight(), Weight(3*tx.BaseSize()+tx.TotalSize()); got != want {
		t.Errorf("weight %d, want %d", got, want)
	}
	if got := tx.VSize(); got != (int(tx.Weight())+3)/4 {
		t.Errorf("vsize %d", got)
	}
	id := tx.Txid()
	tx.Seal()
	if tx.Txid() != id {
		t.Error("second Seal changed the txid")
	}
}

func TestIsCoinbase(t *testing.T) {
	null, other := TxIn{PrevOut: OutPoint{Index: 0xffffffff}}, TxIn{}
	for _, c := range []struct {
		in   []TxIn
		want bool
	}{
		{[]TxIn{null}, true}, {[]TxIn{other}, false}, {[]TxIn{null, other}, false}, {[]TxIn{null, null}, false}, {nil, false},
	} {
		if got := (&Tx{In: c.in}).IsCoinbase(); got != c.want {
			t.Errorf("%v: %v", c.in, got)
		}
	}
}

func TestOutPoint(t *testing.T) {
	null := OutPoint{Index: 0xffffffff}
	if !null.IsNull() || (OutPoint{}).IsNull() || (OutPoint{Txid: Txid{1}, Index: 0xffffffff}).IsNull() {
		t.Error("IsNull")
	}
	got := OutPoint{Txid: Txid{0xab}, Index: 3}.String()
	if want := "00000000000000000000000000000000000000000000000000000000000000ab:3"; got != want {
		t.Errorf("%s", got)
	}
}
