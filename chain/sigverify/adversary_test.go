package sigverify

import (
	"math/big"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// An adversary chooses all numbers of a check, so he can choose the two scalars
// and the key that the engine multiplies: these are drawn from numbers where
// halves, windows and additions are extreme.

// adversary draws checks.
type adversary struct {
	*rand.Rand
	scalars []*big.Int
}

func newAdversary(seed uint64) *adversary {
	n := secp.Params().N
	a := &adversary{Rand: rand.New(rand.NewPCG(seed, 77))}
	lambda, _ := new(big.Int).SetString("5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72", 16)
	bases := []*big.Int{new(big.Int), new(big.Int).Rsh(n, 1), n, lambda, new(big.Int).Mul(lambda, lambda),
		new(big.Int).Rsh(lambda, 1), new(big.Int).Sub(secp.Params().P, n)}
	for _, bit := range []uint{11, 12, 63, 64, 127, 128, 129, 140, 191, 192, 255} {
		bases = append(bases, new(big.Int).Lsh(big.NewInt(1), bit))
	}
	for _, v := range bases {
		for d := int64(-3); d <= 3; d++ {
			x := new(big.Int).Add(v, big.NewInt(d))
			a.scalars = append(a.scalars, x.Mod(x, n))
		}
	}
	return a
}

// scalar draws an extreme number, or a combination of two with lambda.
func (a *adversary) scalar() *big.Int {
	n := secp.Params().N
	pick := func() *big.Int { return a.scalars[a.IntN(len(a.scalars))] }
	switch a.IntN(6) {
	case 0:
		var b [32]byte
		for i := range b {
			b[i] = byte(a.Uint32())
		}
		return new(big.Int).Mod(new(big.Int).SetBytes(b[:]), n)
	case 1:
		return new(big.Int).Mod(new(big.Int).Mul(pick(), pick()), n)
	case 2:
		return new(big.Int).Mod(new(big.Int).Sub(pick(), pick()), n)
	case 3:
		return big.NewInt(a.Int64N(40))
	}
	return pick()
}

func modN(v *big.Int) (s secp.ModNScalar) {
	s.SetByteSlice(v.Bytes())
	return s
}

// pointOf returns k*G, false for infinity.
func pointOf(k *big.Int) (p secp.JacobianPoint, ok bool) {
	s := modN(k)
	secp.ScalarBaseMultNonConst(&s, &p)
	if infinite(&p) {
		return p, false
	}
	p.ToAffine()
	return p, true
}

// check is one question to all engines, with the key's discrete logarithm at
// hand. Where that leaves R a point, the signature is made to hold.
type check struct {
	key, sig []byte
	msg      [32]byte
	schnorr  bool
	want     bool
}

// ecdsa draws u1, u2 and the key; r is the X of u1*G + u2*P, so that with
// s = r/u2 and m = u1*s the engine computes with just these scalars.
func (a *adversary) ecdsa() (c check, ok bool) {
	n := secp.Params().N
	u1, u2, d := a.scalar(), a.scalar(), a.scalar()
	P, ok := pointOf(d)
	if !ok || u2.Sign() == 0 {
		return c, false
	}
	c.key = secp.NewPublicKey(&P.X, &P.Y).SerializeCompressed()
	k := new(big.Int).Mul(u2, d)
	k.Add(k, u1).Mod(k, n)
	R, finite := pointOf(k)
	r := big.NewInt(1 + a.Int64N(3)) // whatever is claimed of infinity
	if finite {
		r.SetBytes(R.X.Bytes()[:])
		r.Mod(r, n)
	}
	s := new(big.Int).ModInverse(u2, n)
	s.Mul(s, r).Mod(s, n)
	new(big.Int).Mod(new(big.Int).Mul(u1, s), n).FillBytes(c.msg[:])
	c.want = finite
	if a.IntN(4) == 0 {
		s.Sub(n, s)
	}
	if a.IntN(4) == 0 {
		c.want = false
		r.Add(r, big.NewInt(1)).Mod(r, n)
	}
	c.sig = derSig(minimal(r), minimal(s))
	return c, true
}

// minimal returns a number as DER writes it, so that strict parsers take it.
func minimal(v *big.Int) []byte {
	b := v.Bytes()
	if len(b) == 0 || b[0]&0x80 != 0 {
		return append([]byte{0}, b...)
	}
	return b
}

// bip340 draws key and nonce, or s at will.
func (a *adversary) bip340() (c check, ok bool) {
	n := secp.Params().N
	d, k := a.scalar(), a.scalar()
	P, ok := pointOf(d)
	R, ok2 := pointOf(k)
	if !ok || !ok2 {
		return c, false
	}
	c.schnorr = true
	odd := R.Y.IsOdd()
	if P.Y.IsOdd() {
		d = new(big.Int).Sub(n, d)
	}
	x := P.X.Bytes()
	c.key = x[:]
	a.scalar().FillBytes(c.msg[:])
	rx := R.X.Bytes()
	var e [32]byte
	challenge(&e, rx, x, c.msg[:])
	s := new(big.Int).SetBytes(e[:])
	s.Mul(s, d)
	switch a.IntN(4) {
	case 0: // R is infinity
	case 1: // the nonce's own parity, which may be wrong
		s.Add(s, k)
		c.want = !odd
	default:
		c.want = true
		if odd {
			k = new(big.Int).Sub(n, k)
		}
		s.Add(s, k)
	}
	var sb [32]byte
	s.Mod(s, n).FillBytes(sb[:])
	c.sig = append(append([]byte(nil), rx[:]...), sb[:]...)
	return c, true
}

func (a *adversary) next() check {
	for {
		draw := a.ecdsa
		if a.IntN(3) == 0 {
			draw = a.bip340
		}
		if c, ok := draw(); ok {
			return c
		}
	}
}

func (c *check) add(b *Batch) {
	if c.schnorr {
		b.AddSchnorr(c.key, c.sig, &c.msg)
	} else {
		b.AddECDSA(c.key, c.sig, &c.msg)
	}
}

// btcec asks the library's own verification, with its own parsers.
func (c *check) btcec() bool {
	if c.schnorr {
		key, err := schnorr.ParsePubKey(c.key)
		if err != nil {
			return false
		}
		sig, err := schnorr.ParseSignature(c.sig)
		return err == nil && sig.Verify(c.msg[:], key)
	}
	key, err := btcec.ParsePubKey(c.key)
	if err != nil {
		return false
	}
	sig, err := ecdsa.ParseDERSignature(c.sig)
	return err == nil && sig.Verify(c.msg[:], key)
}

// TestAdversary asks all engines, alone and in groups with at most one check
// that does not hold, at any place of the group.
func TestAdversary(t *testing.T) {
	count, seed := 1200, uint64(1)
	if s := os.Getenv("GRAPEVINE_LONG"); s != "" {
		count, seed = 50_000, uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	a := newAdversary(seed)
	held := 0
	batch := NewBatch(portable, nil)
	for range count {
		c := a.next()
		var got bool
		if c.schnorr {
			got = bothSchnorr(t, c.key, c.sig, &c.msg)
		} else {
			got = both(t, c.key, c.sig, &c.msg)
		}
		if lib := c.btcec(); got != c.want || lib != c.want {
			t.Fatalf("we say %v, the library %v; want %v: schnorr %v key %x sig %x msg %x", got, lib, c.want, c.schnorr, c.key, c.sig, c.msg)
		}
		if got {
			held++
			c.add(batch)
			if batch.Len() == groupSize+3 {
				if !batch.Verify() {
					t.Fatal("a batch of what holds fails")
				}
				batch.Reset()
			}
			continue
		}
		// Among those that hold, it has to be found; behind it, too.
		if c.add(batch); batch.Verify() {
			t.Fatalf("a batch holds with key %x sig %x msg %x", c.key, c.sig, c.msg)
		}
		batch.Reset()
	}
	t.Logf("%d checks, %d of them hold", count, held)
	if held < count/3 || held > count*9/10 {
		t.Error("the draw is lopsided")
	}
}
