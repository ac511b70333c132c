package script

import (
	"errors"
	"testing"

	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// The item that OP_CHECKMULTISIG takes too many is counted before any
// signature is looked at.
func TestMultiSigCountsTheDummyFirst(t *testing.T) {
	key := append([]byte{2}, make([]byte, 32)...)
	notDER := []byte{0x30, 1}
	pkScript := append(AppendPush([]byte{byte(Op1)}, key), byte(Op1), byte(OpCheckMultiSig))
	for _, tc := range []struct {
		scriptSig []byte
		want      ErrorKind
	}{
		{AppendPush(nil, notDER), ErrStack},
		{AppendPush([]byte{byte(Op0)}, notDER), ErrSigDER},
		{[]byte{byte(Op0)}, ErrStack},
		{[]byte{byte(Op0), byte(Op0)}, ErrEvalFalse},
	} {
		tx := &wire.Tx{In: []wire.TxIn{{ScriptSig: tc.scriptSig}}, Out: []wire.TxOut{{}}}
		m := NewMidstates(tx, []wire.TxOut{{PkScript: pkScript}})
		err := Verify(tx, 0, VerifyDERSig, m, sigverify.Direct{})
		if e := new(Error); !errors.As(err, &e) || e.Kind != tc.want {
			t.Errorf("input %x: %v; want %v", tc.scriptSig, err, tc.want)
		}
	}
}
