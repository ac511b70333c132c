package bip324

import (
	"bytes"
	"errors"
	"testing"
)

var testMagic = [4]byte{1, 2, 3, 4}

// pair makes the two ends of a connection.
func pair(tb testing.TB) (initiator, responder *Session) {
	tb.Helper()
	a, err := NewKey()
	if err != nil {
		tb.Fatal(err)
	}
	b, err := NewKey()
	if err != nil {
		tb.Fatal(err)
	}
	if initiator, err = a.Session(b.Public(), true, testMagic); err != nil {
		tb.Fatal(err)
	}
	if responder, err = b.Session(a.Public(), false, testMagic); err != nil {
		tb.Fatal(err)
	}
	return initiator, responder
}

func seal(s *Sealer, contents []byte, decoy bool, aad []byte) []byte {
	b, start := s.Begin(nil)
	return s.Finish(append(b, contents...), start, decoy, aad)
}

func open(o *Opener, packet, aad []byte) ([]byte, bool, error) {
	if n := o.Length([LengthSize]byte(packet)); n != len(packet)-Expansion {
		return nil, false, errors.New("another length")
	}
	return o.Open(bytes.Clone(packet[LengthSize:]), aad)
}

// Both ways, over several changes of keys, each packet is another one.
func TestEndsUnderstandEachOther(t *testing.T) {
	a, b := pair(t)
	if a.ID != b.ID || a.SendTerminator != b.ReceiveTerminator || a.ReceiveTerminator != b.SendTerminator || a.SendTerminator == a.ReceiveTerminator {
		t.Fatalf("%+v and %+v", a, b)
	}
	seen := map[string]bool{}
	contents, aad := []byte("the same each time"), []byte("aad")
	for i := range 3*rekeyInterval + 2 {
		for _, way := range [][2]*Session{{a, b}, {b, a}} {
			packet := seal(way[0].Send, contents, i%2 == 1, aad)
			if seen[string(packet)] {
				t.Fatalf("packet %d was sent before", i)
			}
			seen[string(packet)] = true
			got, decoy, err := open(way[1].Receive, packet, aad)
			if err != nil || !bytes.Equal(got, contents) || decoy != (i%2 == 1) {
				t.Fatalf("packet %d: %q, %v, %v", i, got, decoy, err)
			}
		}
	}
}

func TestForgedPacketsAreRefused(t *testing.T) {
	for name, forge := range map[string]func(p []byte) (packet, aad []byte){
		"a bit of the contents": func(p []byte) ([]byte, []byte) { p[5] ^= 1; return p, nil },
		"the header":            func(p []byte) ([]byte, []byte) { p[3] ^= decoyBit; return p, nil },
		"the tag":               func(p []byte) ([]byte, []byte) { p[len(p)-1] ^= 0x80; return p, nil },
		"other aad":             func(p []byte) ([]byte, []byte) { return p, []byte{1} },
	} {
		a, b := pair(t)
		packet, aad := forge(seal(a.Send, []byte("abc"), false, nil))
		if got, _, err := open(b.Receive, packet, aad); !errors.Is(err, ErrNotAuthentic) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	a, b := pair(t)
	seal(a.Send, nil, false, nil)
	if _, _, err := b.Receive.Open(seal(a.Send, nil, false, nil)[LengthSize:], nil); !errors.Is(err, ErrNotAuthentic) {
		t.Errorf("a packet was left out: %v", err)
	}
	if _, _, err := b.Receive.Open(nil, nil); !errors.Is(err, ErrNotAuthentic) {
		t.Errorf("nothing: %v", err)
	}
}

// Nodes of two networks derive different sessions.
func TestMagicSeparatesNetworks(t *testing.T) {
	a, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	one, err := a.Session(PublicKey{}, true, testMagic)
	if err != nil {
		t.Fatal(err)
	}
	two, err := a.Session(PublicKey{}, true, [4]byte{1, 2, 3, 5})
	if err != nil {
		t.Fatal(err)
	}
	if one.ID == two.ID || one.SendTerminator == two.SendTerminator {
		t.Error("the same session on two networks")
	}
}

// Sealing allocates nothing where there is room, and opening nothing.
func TestPacketsAreMadeInPlace(t *testing.T) {
	a, b := pair(t)
	buf := make([]byte, 0, 4096)
	contents := make([]byte, 1000)
	allocs := testing.AllocsPerRun(rekeyInterval/2-2, func() {
		p, start := a.Send.Begin(buf)
		p = a.Send.Finish(append(p, contents...), start, false, nil)
		if b.Receive.Length([LengthSize]byte(p)) != len(contents) {
			t.Fatal("wrong length")
		}
		if _, _, err := b.Receive.Open(p[LengthSize:], nil); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a packet", allocs)
	}
}

// Whatever is opened, nothing panics, and only what was sealed is authentic.
func FuzzOpen(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add(make([]byte, 17), []byte("aad"))
	f.Add(make([]byte, 16), []byte{})
	f.Fuzz(func(t *testing.T, body, aad []byte) {
		m, err := derive([32]byte{1}, testMagic)
		if err != nil {
			t.Fatal(err)
		}
		o := Opener{newLengthCipher(&m.initiatorL), newPacketCipher(&m.initiatorP)}
		if _, _, err := o.Open(bytes.Clone(body), aad); !errors.Is(err, ErrNotAuthentic) {
			t.Errorf("%x was never sealed: %v", body, err)
		}
	})
}

func BenchmarkHandshake(b *testing.B) {
	for b.Loop() {
		key, err := NewKey()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := key.Session(PublicKey{1}, false, testMagic); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	for _, size := range []int{64, 1 << 10, 1 << 20} {
		b.Run(map[int]string{64: "64B", 1 << 10: "1kB", 1 << 20: "1MB"}[size], func(b *testing.B) {
			a, _ := pair(b)
			buf := make([]byte, 0, size+Expansion)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				p, start := a.Send.Begin(buf)
				a.Send.Finish(p[:len(p)+size], start, false, nil)
			}
		})
	}
}
