package scripttest

import (
	"math/rand/v2"
	"testing"

	"grapevine/chain/script"
	"grapevine/chain/sigverify"
)

// A generator that makes nothing valid, or nothing invalid, or nothing with a
// signature would leave its users testing nothing.
func TestGenerate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	type tally struct{ valid, invalid, signed int }
	count := map[Kind]*tally{}
	errs := map[script.ErrorKind]int{}
	for range 6000 {
		data := make([]byte, 200)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		s := Generate(data)
		c := count[s.Kind]
		if c == nil {
			c = new(tally)
			count[s.Kind] = c
		}
		m := script.NewMidstates(s.Tx, s.Spent)
		err := script.Verify(s.Tx, s.In, s.Flags, m, sigverify.Direct{})
		if err != nil {
			c.invalid++
			errs[err.(*script.Error).Kind]++
			continue
		}
		c.valid++
		b := sigverify.NewBatch(nil, nil)
		if script.VerifyBatched(s.Tx, s.In, s.Flags, m, b); b.Len() > 0 {
			c.signed++
		}
	}
	for k := range kinds {
		c := count[k]
		t.Logf("%-14s %+v", k, *c)
		if c.valid < 50 || c.invalid < 50 || k != OtherProgram && c.signed < 20 {
			t.Errorf("%s: %+v", k, *c)
		}
	}
	t.Log(len(errs), errs)
	if len(errs) < 40 {
		t.Errorf("only %d kinds of errors", len(errs))
	}
}
