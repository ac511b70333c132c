package sigverify

import "testing"

func BenchmarkECDSA(b *testing.B) {
	s := &samples(b, 1)[0]
	b.ReportAllocs()
	for b.Loop() {
		if !ECDSA(s.key, s.sig, &s.hash) {
			b.Fatal("invalid")
		}
	}
}

func BenchmarkSchnorr(b *testing.B) {
	s := &samples(b, 3)[2]
	b.ReportAllocs()
	for b.Loop() {
		if !Schnorr(s.key, s.sig, &s.hash) {
			b.Fatal("invalid")
		}
	}
}

func BenchmarkTapTweak(b *testing.B) {
	s := &samples(b, 3)[2]
	tweak := TapTweakHash(s.key, nil)
	out, parity, _ := TaprootOutputKey(s.key, nil)
	for b.Loop() {
		if !TapTweak(out[:], s.key, &tweak, parity) {
			b.Fatal("invalid")
		}
	}
}

// BenchmarkBatch gives the time of one check in a batch of 240.
func BenchmarkBatch(b *testing.B) {
	b.Run("reference", func(b *testing.B) { benchmarkBatch(b, Reference{}) })
	b.Run("portable", func(b *testing.B) { benchmarkBatch(b, portable) })
}

func benchmarkBatch(b *testing.B, engine Engine) {
	all := samples(b, 240)
	batch := NewBatch(engine, nil)
	for i := range all {
		all[i].addTo(batch)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if !batch.Verify() {
			b.Fatal("invalid")
		}
		n += batch.Len()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/check")
}

func BenchmarkBatchAdd(b *testing.B) {
	s := &samples(b, 1)[0]
	var batch Batch
	b.ReportAllocs()
	for b.Loop() {
		if batch.Len() == 4096 {
			batch.Reset()
		}
		s.addTo(&batch)
	}
}

func BenchmarkCacheContains(b *testing.B) {
	s := &samples(b, 1)[0]
	c := NewCache(0)
	c.AddECDSA(s.key, s.sig, &s.hash)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if !c.ContainsECDSA(s.key, s.sig, &s.hash) {
				b.Error("missing")
			}
		}
	})
}

func BenchmarkCacheAdd(b *testing.B) {
	c := NewCache(0)
	var hash [32]byte
	s := &samples(b, 1)[0]
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		hash[0], hash[1], hash[2] = byte(i), byte(i>>8), byte(i>>16)
		c.AddECDSA(s.key, s.sig, &hash)
	}
}
