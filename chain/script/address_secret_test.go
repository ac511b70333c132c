package script

import (
	"testing"

	"grapevine/chain/params"
)

// FuzzDecodeSecret: a key that is read writes itself as it was, and has a
// public key.
func FuzzDecodeSecret(f *testing.F) {
	p := params.Regtest(params.RegtestOptions{})
	one := [32]byte{31: 1}
	for _, k := range []Secret{{Key: one, Compressed: true}, {Key: one}, {}} {
		f.Add(k.Encode(p))
		f.Add(k.Encode(params.Mainnet()))
	}
	f.Add(EncodeBase58Check(append(append([]byte{p.SecretKeyPrefix}, one[:]...), 2)))
	f.Fuzz(func(t *testing.T, s string) {
		k, ok := DecodeSecret(s, p)
		if !ok {
			return
		}
		if got := k.Encode(p); got != s {
			t.Fatalf("%s writes itself as %s", s, got)
		}
		if n := len(k.PubKey()); n != 33 && k.Compressed || n != 65 && !k.Compressed {
			t.Fatalf("%s has a public key of %d bytes", s, n)
		}
	})
}
