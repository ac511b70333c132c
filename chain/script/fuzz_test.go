package script_test

import (
	"math/rand/v2"
	"testing"

	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/internal/scripttest"
)

// checkSpend holds one random spend to what must be true of any:
//   - batched and direct verification agree, on the error too;
//   - dropping flags never makes it invalid, adding flags never makes it valid;
//   - running it again gives the same (nothing is left over in a pooled engine).
func checkSpend(t *testing.T, data []byte) {
	s := scripttest.Generate(data)
	m := script.NewMidstates(s.Tx, s.Spent)
	err := script.Verify(s.Tx, s.In, s.Flags, m, sigverify.Direct{})
	batch := sigverify.NewBatch(nil, nil)
	batched := script.VerifyBatched(s.Tx, s.In, s.Flags, m, batch)
	switch {
	case batched != nil && (err == nil || err.Error() != batched.Error()):
		t.Fatalf("%s: batched %v, direct %v", s.Kind, batched, err)
	case batched == nil && batch.Verify() != (err == nil):
		t.Fatalf("%s: batched nil and %d checks %v, direct %v", s.Kind, batch.Len(), batch.Verify(), err)
	}
	seed := uint64(len(data))
	for i, b := range data {
		seed += uint64(b) << (8 * (i % 8))
	}
	rng := rand.New(rand.NewPCG(seed, 7))
	for range 4 {
		flags := s.Flags &^ script.Flags(rng.Uint32())
		if err != nil {
			flags = s.Flags | script.Flags(rng.Uint32())&script.AllFlags
		}
		if !sensible(flags) {
			continue
		}
		if again := script.Verify(s.Tx, s.In, flags, m, sigverify.Direct{}); (again == nil) != (err == nil) {
			t.Fatalf("%s: %v under %v, %v under %v", s.Kind, err, s.Flags.Names(), again, flags.Names())
		}
	}
	if again := script.Verify(s.Tx, s.In, s.Flags, m, sigverify.Direct{}); (again == nil) != (err == nil) || err != nil && again.Error() != err.Error() {
		t.Fatalf("%s: first %v, then %v", s.Kind, err, again)
	}
}

func sensible(f script.Flags) bool {
	if f&(script.VerifyCleanStack|script.VerifyTaproot) != 0 && f&script.VerifyWitness == 0 {
		return false
	}
	return f&script.VerifyWitness == 0 || f&script.VerifyP2SH != 0
}

func FuzzBatched(f *testing.F) {
	rng := rand.New(rand.NewPCG(8, 9))
	for range 64 {
		f.Add(randomBytes(rng))
	}
	f.Fuzz(checkSpend)
}

func randomBytes(rng *rand.Rand) []byte {
	data := make([]byte, 160)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

// The same without the fuzzer, so that every run of the tests has some.
func TestBatchedRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 11))
	n := 5000
	if testing.Short() {
		n = 500
	}
	for range n {
		checkSpend(t, randomBytes(rng))
	}
}
