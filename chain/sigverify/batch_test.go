package sigverify

import (
	"crypto/sha256"
	"sync"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
)

type sample struct {
	schnorr  bool
	key, sig []byte
	hash     [32]byte
}

// samples makes n valid signatures, every third a Schnorr one.
func samples(t testing.TB, n int) []sample {
	out := make([]sample, n)
	for i := range out {
		s := &out[i]
		priv := testKey(byte(i))
		s.hash = sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		if s.schnorr = i%3 == 2; s.schnorr {
			sig, err := schnorr.Sign(priv, s.hash[:])
			if err != nil {
				t.Fatal(err)
			}
			s.key, s.sig = schnorr.SerializePubKey(priv.PubKey()), sig.Serialize()
			continue
		}
		s.key, s.sig = priv.PubKey().SerializeCompressed(), ecdsa.Sign(priv, s.hash[:]).Serialize()
	}
	return out
}

func (s *sample) addTo(b *Batch) {
	if s.schnorr {
		b.AddSchnorr(s.key, s.sig, &s.hash)
	} else {
		b.AddECDSA(s.key, s.sig, &s.hash)
	}
}

// TestBatchFindsEachBadOne spoils one check at a time, over a number that is
// not a multiple of the group.
func TestBatchFindsEachBadOne(t *testing.T) {
	t.Run("reference", func(t *testing.T) { findEachBadOne(t, new(Batch)) })
	t.Run("portable", func(t *testing.T) { findEachBadOne(t, NewBatch(portable, nil)) })
}

func findEachBadOne(t *testing.T, b *Batch) {
	all := samples(t, 2*groupSize+7)
	if !b.Verify() {
		t.Error("an empty batch fails")
	}
	for i := range all {
		all[i].addTo(b)
	}
	if b.Len() != len(all) || !b.Verify() {
		t.Fatal("valid batch fails")
	}
	for i := range all {
		b.checks[i].Msg[7] ^= 1
		if b.Verify() {
			t.Errorf("check %d spoiled, batch passes", i)
		}
		b.checks[i].Msg[7] ^= 1
	}
	if !b.Verify() {
		t.Fatal("restored batch fails")
	}
	b.AddECDSA(all[0].key, []byte{0x30}, &all[0].hash)
	if b.Verify() || b.Len() != len(all) {
		t.Error("a signature that does not parse passes")
	}
	b.Reset()
	if !b.Verify() || b.Len() != 0 {
		t.Error("reset batch is not empty")
	}
}

func TestBatchAllocations(t *testing.T) {
	all := samples(t, 60)
	var b Batch
	round := func() {
		b.Reset()
		for i := range all {
			all[i].addTo(&b)
		}
	}
	round()
	if n := testing.AllocsPerRun(20, round); n != 0 {
		t.Errorf("adding allocates %v times", n)
	}
	// What is left is big.Int inside the shared inversion.
	if n := testing.AllocsPerRun(5, func() { b.Verify() }); n > 40 {
		t.Errorf("verifying 60 checks allocates %v times", n)
	}
	b.engine = portable
	b.Verify() // takes its working memory
	if n := testing.AllocsPerRun(5, func() { b.Verify() }); n > 40 {
		t.Errorf("verifying 60 checks with portable allocates %v times", n)
	}
	c := NewCache(1 << 20)
	s := &all[0]
	if n := testing.AllocsPerRun(20, func() {
		c.AddECDSA(s.key, s.sig, &s.hash)
		c.ContainsECDSA(s.key, s.sig, &s.hash)
	}); n != 0 {
		t.Errorf("the cache allocates %v times", n)
	}
}

func TestBatchUsesCache(t *testing.T) {
	all := samples(t, 6)
	c := NewCache(1 << 16)
	c.AddECDSA(all[0].key, all[0].sig, &all[0].hash)
	c.AddSchnorr(all[2].key, all[2].sig, &all[2].hash)
	b := NewBatch(Reference{}, c)
	for i := range all {
		all[i].addTo(b)
	}
	if b.Len() != 4 || !b.Verify() {
		t.Errorf("%d checks wait, want 4", b.Len())
	}
}

// countingVerifier counts how often it is asked.
type countingVerifier struct {
	Direct
	n int
}

func (v *countingVerifier) ECDSA(k, s []byte, h *[32]byte) bool {
	v.n++
	return v.Direct.ECDSA(k, s, h)
}

func (v *countingVerifier) Schnorr(k, s []byte, h *[32]byte) bool {
	v.n++
	return v.Direct.Schnorr(k, s, h)
}

func TestCachedVerifier(t *testing.T) {
	all := samples(t, 3)
	inner := new(countingVerifier)
	v := Cached{Cache: NewCache(1 << 16), Verify: inner}
	e, s := &all[0], &all[2]
	ask := func(want bool, calls int, what string) {
		t.Helper()
		inner.n = 0
		if v.ECDSA(e.key, e.sig, &e.hash) != want || v.Schnorr(s.key, s.sig, &s.hash) != want {
			t.Errorf("%s: not %v", what, want)
		}
		if inner.n != calls {
			t.Errorf("%s: %d calls, want %d", what, inner.n, calls)
		}
	}
	ask(true, 2, "empty cache")
	ask(true, 2, "not stored")
	v.Store = true
	ask(true, 2, "storing")
	ask(true, 0, "stored")
	e.hash[0] ^= 1
	s.hash[0] ^= 1
	ask(false, 2, "other message")
	ask(false, 2, "failures are not stored")
}

// TestCacheNoTwoReadings: the bytes of a true check, cut differently into key
// and signature, are another check.
func TestCacheNoTwoReadings(t *testing.T) {
	s := &samples(t, 1)[0]
	c := NewCache(1 << 16)
	padded := append(append([]byte(nil), s.sig...), make([]byte, 300)...)
	if !ECDSA(s.key, padded, &s.hash) {
		t.Fatal("garbage behind a signature is consensus")
	}
	c.AddECDSA(s.key, padded, &s.hash)
	whole := append(append([]byte(nil), s.key...), padded...)
	for cut := 0; cut < len(whole); cut++ {
		if cut == 33 {
			continue
		}
		if c.ContainsECDSA(whole[:cut], whole[cut:], &s.hash) || c.ContainsSchnorr(whole[:cut], whole[cut:], &s.hash) {
			t.Errorf("cut at %d the same bytes count as known", cut)
		}
	}
}

func TestCacheSizeAndEviction(t *testing.T) {
	for _, size := range []int{1, 16 << 10, 1 << 20, 3 << 20} {
		c := NewCache(size)
		got := 0
		for i := range c.shards {
			got += len(c.shards[i].sets) * ways * entryBytes
		}
		if got > max(size, 16<<10) || got*2 <= size {
			t.Errorf("asked for %d bytes, got %d", size, got)
		}
	}
	c := NewCache(16 << 10) // 512 entries
	key := func(i int) Entry { return c.Key(1, []byte{byte(i), byte(i >> 8)}) }
	for i := 0; i < 5000; i++ {
		c.Add(key(i))
		if !c.Contains(key(i)) {
			t.Fatal("the newest entry is missing")
		}
	}
	left := 0
	for i := 0; i < 5000; i++ {
		if c.Contains(key(i)) {
			left++
		}
	}
	if left < 450 || left > 512 {
		t.Errorf("%d of 512 places hold an entry", left)
	}
	c.Remove(key(4999))
	if c.Contains(key(4999)) {
		t.Error("removed entry is still there")
	}
	if NewCache(16<<10).Key(1, []byte{1}) == c.Key(1, []byte{1}) {
		t.Error("two caches share a salt")
	}
}

func TestCacheConcurrent(t *testing.T) {
	c := NewCache(64 << 10)
	var wg sync.WaitGroup
	for g := 0; g < 8; g++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < 2000; i++ {
				e := c.Key(byte(g), []byte{byte(i), byte(i >> 8)})
				c.Add(e)
				c.Contains(e)
				if i%7 == 0 {
					c.Remove(e)
				}
			}
		}()
	}
	wg.Wait()
}

// TestPortableConcurrent shares the engine and its working memory.
func TestPortableConcurrent(t *testing.T) {
	all := samples(t, 40)
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			b := NewBatch(portable, nil)
			for i := range all {
				all[i].addTo(b)
			}
			if g%2 == 1 {
				b.checks[g].S[9] ^= 4
			}
			for range 5 {
				if b.Verify() != (g%2 == 0) {
					t.Errorf("goroutine %d: wrong verdict", g)
				}
			}
		}()
	}
	wg.Wait()
}

func TestBatchVerifier(t *testing.T) {
	if v := NewBatch(portable, nil).Verifier(); v != Verifier(portable) {
		t.Errorf("%T", v)
	}
	for _, b := range []*Batch{new(Batch), NewBatch(Reference{}, nil)} {
		if v := b.Verifier(); v != Verifier(Direct{}) {
			t.Errorf("%T", v)
		}
	}
}
