package sigverify

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// DefaultCacheBytes is the size of each of the two caches, of signatures and
// of whole transactions' scripts: half of the 32 MiB that -maxsigcachesize
// stands for. At 32 bytes an entry it holds 524,288 signatures.
const DefaultCacheBytes = 16 << 20

const (
	entryBytes = 32
	ways       = 8   // entries a set: a key may stand in any of them
	shardBits  = 6   // locks
	maxStack   = 320 // bytes hashed without allocation: the longest valid check has 205
)

// Entry is what a cache stores: a salted hash, so that nobody outside can
// choose where one lands.
type Entry [entryBytes]byte

// Cache is a set of salted hashes of fixed size. It forgets: when a set of 8
// ways is full, one of the 8 goes, chosen by bits of the new entry. It never
// claims to hold what was not added, up to collisions of SHA-256.
//
// Safe for concurrent use; a lock covers a 64th of the table for the time of
// a look at 256 bytes.
type Cache struct {
	salt   [32]byte
	mask   uint64 // sets a shard, minus one
	shards [1 << shardBits]shard
}

type shard struct {
	mu   sync.RWMutex
	sets [][ways]Entry
	_    [64]byte // shards on cache lines of their own
}

// NewCache makes a cache of at most this many bytes, rounded down to a power
// of two and up to the minimum of 16 KiB. Zero or less means
// [DefaultCacheBytes].
func NewCache(bytes int) *Cache {
	if bytes <= 0 {
		bytes = DefaultCacheBytes
	}
	c := new(Cache)
	rand.Read(c.salt[:]) // never fails: the runtime aborts instead
	sets := 1
	for sets*2*ways*entryBytes<<shardBits <= bytes {
		sets *= 2
	}
	c.mask = uint64(sets - 1)
	for i := range c.shards {
		c.shards[i].sets = make([][ways]Entry, sets)
	}
	return c
}

// Key computes the entry for a kind and the parts that identify the fact. The
// lengths of all parts but the last must follow from the kind.
func (c *Cache) Key(kind byte, parts ...[]byte) Entry {
	var buf [maxStack]byte
	b := append(buf[:0], c.salt[:]...)
	b = append(b, kind)
	for _, p := range parts {
		b = append(b, p...)
	}
	return sha256.Sum256(b)
}

func (c *Cache) set(e *Entry) (*shard, *[ways]Entry) {
	bits := binary.LittleEndian.Uint64(e[:8])
	s := &c.shards[bits&(1<<shardBits-1)]
	return s, &s.sets[bits>>shardBits&c.mask]
}

// Contains reports whether the entry is stored.
func (c *Cache) Contains(e Entry) bool {
	s, set := c.set(&e)
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i := range set {
		if set[i] == e {
			return true
		}
	}
	return false
}

// Add stores the entry, in a free place of its set if there is one.
func (c *Cache) Add(e Entry) {
	s, set := c.set(&e)
	s.mu.Lock()
	defer s.mu.Unlock()
	at := -1
	for i := range set {
		if set[i] == e {
			return
		}
		if at < 0 && set[i] == (Entry{}) {
			at = i
		}
	}
	if at < 0 {
		at = int(e[31] % ways)
	}
	set[at] = e
}

// Remove forgets the entry, to make room once it is not needed any more.
func (c *Cache) Remove(e Entry) {
	s, set := c.set(&e)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range set {
		if set[i] == e {
			set[i] = Entry{}
		}
	}
}

// ecdsaShape and schnorrShape are what any true check has. Only such checks
// have an entry: with keys of any length, one byte of length would leave two
// readings of the same bytes, and one could vouch for the other.
func ecdsaShape(pubkey []byte) bool { return len(pubkey) == 33 || len(pubkey) == 65 }

func schnorrShape(xonly, sig []byte) bool { return len(xonly) == 32 && len(sig) == 64 }

func (c *Cache) ecdsaKey(pubkey, sig []byte, hash *[32]byte) Entry {
	// The key's length is in the kind, as signatures vary too.
	return c.Key(byte(len(pubkey)), hash[:], pubkey, sig)
}

func (c *Cache) schnorrKey(xonly, sig []byte, msg *[32]byte) Entry {
	return c.Key(0xff, msg[:], xonly, sig)
}

// ContainsECDSA reports whether this check is known to hold.
func (c *Cache) ContainsECDSA(pubkey, sig []byte, hash *[32]byte) bool {
	return ecdsaShape(pubkey) && c.Contains(c.ecdsaKey(pubkey, sig, hash))
}

// AddECDSA stores that this check holds.
func (c *Cache) AddECDSA(pubkey, sig []byte, hash *[32]byte) {
	if ecdsaShape(pubkey) {
		c.Add(c.ecdsaKey(pubkey, sig, hash))
	}
}

// ContainsSchnorr reports whether this check is known to hold.
func (c *Cache) ContainsSchnorr(xonly, sig []byte, msg *[32]byte) bool {
	return schnorrShape(xonly, sig) && c.Contains(c.schnorrKey(xonly, sig, msg))
}

// AddSchnorr stores that this check holds.
func (c *Cache) AddSchnorr(xonly, sig []byte, msg *[32]byte) {
	if schnorrShape(xonly, sig) {
		c.Add(c.schnorrKey(xonly, sig, msg))
	}
}

// Cached is a Verifier that asks its cache first and stores what holds.
// Failures are not stored: they end the transaction anyway.
type Cached struct {
	Cache  *Cache
	Store  bool     // whether to remember new results; off for blocks
	Verify Verifier // nil means Direct
}

func (v Cached) verifier() Verifier {
	if v.Verify == nil {
		return Direct{}
	}
	return v.Verify
}

// ECDSA implements [Verifier].
func (v Cached) ECDSA(pubkey, sig []byte, hash *[32]byte) bool {
	if !ecdsaShape(pubkey) {
		return false
	}
	e := v.Cache.ecdsaKey(pubkey, sig, hash)
	if v.Cache.Contains(e) {
		return true
	}
	ok := v.verifier().ECDSA(pubkey, sig, hash)
	if ok && v.Store {
		v.Cache.Add(e)
	}
	return ok
}

// Schnorr implements [Verifier].
func (v Cached) Schnorr(xonly, sig []byte, msg *[32]byte) bool {
	if !schnorrShape(xonly, sig) {
		return false
	}
	e := v.Cache.schnorrKey(xonly, sig, msg)
	if v.Cache.Contains(e) {
		return true
	}
	ok := v.verifier().Schnorr(xonly, sig, msg)
	if ok && v.Store {
		v.Cache.Add(e)
	}
	return ok
}

// TapTweak implements [Verifier]. It is not cached, as it costs less than half
// of a signature and stands beside one.
func (v Cached) TapTweak(outputKey, internalKey []byte, tweak *[32]byte, parity byte) bool {
	return v.verifier().TapTweak(outputKey, internalKey, tweak, parity)
}
