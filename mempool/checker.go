package mempool

import (
	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// checker checks groups of inputs on one goroutine.
//
// Inputs of the common forms ask for exactly one signature check. It is put off,
// as if it held, and verified together with those of the group; when all of them
// do hold, then every script was run with the true answers, and they are
// remembered. All other inputs, and all of a group in which a check does not
// hold, are run with each check made at once: so whoever sends a bad signature
// makes at most the group that it is in cost some twice as much.
type checker struct {
	exact sigverify.Cached
	batch *sigverify.Batch
	asked []asked // what waits in the batch
}

// asked is a signature check that was put off.
type asked struct {
	schnorr bool
	key     [65]byte
	sig     [72]byte
	msg     [32]byte
	keyLen  int
	sigLen  int
}

func (s *scriptPool) checker() *checker {
	return &checker{
		// What holds is remembered: a block with the transaction will ask again.
		exact: sigverify.Cached{Cache: s.cache, Store: true, Verify: s.engine},
		batch: sigverify.NewBatch(s.engine, nil),
	}
}

// check runs the scripts of a group and notes what fails.
func (c *checker) check(group []span) {
	c.batch.Reset()
	c.asked = c.asked[:0]
	for _, s := range group {
		s.run(func(in int) error {
			if singleCheck(&s.work.tx.In[in], s.work.spent[in].PkScript) && s.work.verify(in, c) == nil {
				return nil
			}
			return s.work.verify(in, c.exact)
		})
	}
	if len(c.asked) == 0 {
		return
	}
	if c.batch.Verify() {
		for i := range c.asked {
			c.asked[i].remember(c.exact.Cache)
		}
		return
	}
	for _, s := range group {
		s.run(func(in int) error { return s.work.verify(in, c.exact) })
	}
}

// run checks the inputs up to the first that fails, of this span or of one before:
// the others do not save the transaction, and are not to cost anything.
func (s span) run(check func(in int) error) {
	for in := s.from; in < s.to && !s.work.failedBefore(in); in++ {
		if err := check(in); err != nil {
			s.work.fail(in, err)
		}
	}
}

// singleCheck reports whether an input is of a form that makes one signature
// check. Were it wrong, the batch would fail too often, nothing worse.
func singleCheck(in *wire.TxIn, pk []byte) bool {
	switch {
	case script.IsP2PKH(pk), script.IsP2WPKH(pk):
		return true
	case script.IsP2TR(pk):
		return len(in.Witness) == 1
	}
	return false
}

// ECDSA and Schnorr put a check off unless it is known to hold.
func (c *checker) ECDSA(pubkey, sig []byte, hash *[32]byte) bool {
	if len(pubkey) > 65 || len(sig) > 72 {
		return c.exact.ECDSA(pubkey, sig, hash)
	}
	if !c.exact.Cache.ContainsECDSA(pubkey, sig, hash) {
		c.batch.AddECDSA(pubkey, sig, hash)
		c.putOff(false, pubkey, sig, hash)
	}
	return true
}

func (c *checker) Schnorr(xonly, sig []byte, msg *[32]byte) bool {
	if len(xonly) > 65 || len(sig) > 72 {
		return c.exact.Schnorr(xonly, sig, msg)
	}
	if !c.exact.Cache.ContainsSchnorr(xonly, sig, msg) {
		c.batch.AddSchnorr(xonly, sig, msg)
		c.putOff(true, xonly, sig, msg)
	}
	return true
}

// TapTweak answers at once; no input with a single check asks.
func (c *checker) TapTweak(outputKey, internalKey []byte, tweak *[32]byte, parity byte) bool {
	return c.exact.TapTweak(outputKey, internalKey, tweak, parity)
}

func (c *checker) putOff(schnorr bool, key, sig []byte, msg *[32]byte) {
	c.asked = append(c.asked, asked{schnorr: schnorr, msg: *msg, keyLen: len(key), sigLen: len(sig)})
	a := &c.asked[len(c.asked)-1]
	copy(a.key[:], key)
	copy(a.sig[:], sig)
}

func (a *asked) remember(cache *sigverify.Cache) {
	if a.schnorr {
		cache.AddSchnorr(a.key[:a.keyLen], a.sig[:a.sigLen], &a.msg)
	} else {
		cache.AddECDSA(a.key[:a.keyLen], a.sig[:a.sigLen], &a.msg)
	}
}
