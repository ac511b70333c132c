package sigverify

// Kind tells the two signature schemes apart.
type Kind uint8

const (
	KindECDSA Kind = iota
	KindSchnorr
)

// Check is one signature check in fixed arrays, so that a slice of them is
// one allocation without pointers. It takes 163 bytes.
type Check struct {
	Kind   Kind
	KeyLen uint8    // 33 or 65 for ECDSA, 32 for Schnorr
	Key    [65]byte // the first KeyLen bytes count
	R, S   [32]byte // big endian; parsed from DER for ECDSA
	Msg    [32]byte // the hash that was signed; for Schnorr the message
}

func (c *Check) key() []byte { return c.Key[:c.KeyLen] }

// setECDSA fills in the check. It reports false when the answer is false
// whatever the curve says.
func (c *Check) setECDSA(pubkey, sig []byte, hash *[32]byte) bool {
	if !ecdsaShape(pubkey) || !parseDERLax(sig, &c.R, &c.S) {
		return false
	}
	c.Kind = KindECDSA
	c.KeyLen = uint8(copy(c.Key[:], pubkey))
	c.Msg = *hash
	return true
}

func (c *Check) setSchnorr(xonly, sig []byte, msg *[32]byte) bool {
	if !schnorrShape(xonly, sig) {
		return false
	}
	c.Kind = KindSchnorr
	c.KeyLen = uint8(copy(c.Key[:], xonly))
	copy(c.R[:], sig)
	copy(c.S[:], sig[32:])
	c.Msg = *msg
	return true
}

// Engine verifies many checks at once. It is safe for concurrent use and
// keeps nothing of what it is given.
type Engine interface {
	// VerifyAll reports whether every check holds.
	VerifyAll(checks []Check) bool
}

// Batch collects signature checks and verifies them together. Its slabs are
// kept by Reset, so that a reused batch allocates nothing. The zero value
// works, with the Reference engine and no cache. It belongs to one goroutine.
type Batch struct {
	engine Engine
	cache  *Cache
	checks []Check
	bad    bool // a check that can only fail was added
}

// NewBatch returns a batch on an engine, nil for the [Reference]. Checks that
// the cache already holds are not added again; nil means no cache. Results
// are not stored in it, since what a block contains is not asked for again.
func NewBatch(engine Engine, cache *Cache) *Batch {
	return &Batch{engine: engine, cache: cache}
}

// AddECDSA adds a check; see [Verifier]. The slices are copied.
func (b *Batch) AddECDSA(pubkey, sig []byte, hash *[32]byte) {
	if b.cache != nil && b.cache.ContainsECDSA(pubkey, sig, hash) {
		return
	}
	if c := b.next(); !c.setECDSA(pubkey, sig, hash) {
		b.drop()
	}
}

// AddSchnorr adds a check; see [Verifier]. The slices are copied.
func (b *Batch) AddSchnorr(xonly, sig []byte, msg *[32]byte) {
	if b.cache != nil && b.cache.ContainsSchnorr(xonly, sig, msg) {
		return
	}
	if c := b.next(); !c.setSchnorr(xonly, sig, msg) {
		b.drop()
	}
}

// next extends the slab by one slot without clearing it: the setters overwrite
// all that is read later.
func (b *Batch) next() *Check {
	n := len(b.checks)
	if n < cap(b.checks) {
		b.checks = b.checks[:n+1]
	} else {
		b.checks = append(b.checks, Check{})
	}
	return &b.checks[n]
}

func (b *Batch) drop() {
	b.checks = b.checks[:len(b.checks)-1]
	b.bad = true
}

// Verifier returns what answers at once where an answer cannot wait: the
// batch's engine if it can, else [Direct].
func (b *Batch) Verifier() Verifier {
	if v, ok := b.engine.(Verifier); ok {
		return v
	}
	return Direct{}
}

// Len returns the number of checks that wait.
func (b *Batch) Len() int { return len(b.checks) }

// Reset empties the batch.
func (b *Batch) Reset() { b.checks, b.bad = b.checks[:0], false }

// Verify reports whether every check that was added since the last Reset
// holds. It leaves the batch as it is.
func (b *Batch) Verify() bool {
	if b.bad {
		return false
	}
	if b.engine == nil {
		return Reference{}.VerifyAll(b.checks)
	}
	return b.engine.VerifyAll(b.checks)
}
