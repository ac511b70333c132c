package node

import (
	"errors"
	"testing"

	"grapevine/mempool"
	"grapevine/wire"
)

// What peers are told to do about a refused transaction follows from why it was
// refused.
func TestTxVerdicts(t *testing.T) {
	for _, c := range []struct {
		name                string
		err                 error
		unsettled, outright bool
		missing             int
	}{
		{name: "taken"},
		{name: "failure of ours", err: mempool.ErrClosed, unsettled: true},
		{name: "witness stripped", err: &mempool.Error{Kind: mempool.ErrScript, Cause: mempool.CauseWitnessStripped}, unsettled: true},
		{name: "witness mutated", err: &mempool.Error{Kind: mempool.ErrScript, Cause: mempool.CauseWitnessMutated}},
		{name: "inputs not standard", err: &mempool.Error{Cause: mempool.CauseInputsNotStandard}, outright: true},
		{name: "parents missing", err: &mempool.Error{Kind: mempool.ErrMissingInputs, Cause: mempool.CauseMissingInputs, Missing: []wire.Txid{{1}, {2}}}, missing: 2},
		{name: "too cheap", err: &mempool.Error{Kind: mempool.ErrMinFee, Cause: mempool.CauseReconsiderable}},
	} {
		v := txVerdict(c.err)
		if !errors.Is(v.Err, c.err) || v.Unsettled != c.unsettled || v.Outright != c.outright || len(v.Missing) != c.missing {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}
