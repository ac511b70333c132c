package benchchain

import (
	"fmt"
	"runtime"
)

// Kind is the form of a coin.
type Kind uint8

const (
	P2PKH Kind = iota
	P2WPKH
	P2TRKey    // spent with one signature for the tweaked key
	P2TRScript // spent through a leaf with one key
	P2WSH      // multisig, 2 of 3
	kinds
)

// String returns the name that the flags use.
func (k Kind) String() string {
	return [...]string{"p2pkh", "p2wpkh", "p2tr-key", "p2tr-script", "p2wsh"}[k]
}

// signatures is what an input of this kind takes.
func (k Kind) signatures() int {
	if k == P2WSH {
		return 2
	}
	return 1
}

// keys is how many keys a coin has.
func (k Kind) keys() int {
	if k == P2WSH {
		return 3
	}
	return 1
}

// Sizes in bytes, signatures at their longest: what a block's size is planned
// with.
func (k Kind) inputSize() int {
	return [...]int{
		P2PKH:      41 + 1 + 73 + 1 + 33 + 1,
		P2WPKH:     41 + 1 + 1 + 73 + 1 + 33,
		P2TRKey:    41 + 1 + 1 + 64,
		P2TRScript: 41 + 1 + 1 + 64 + 1 + 34 + 1 + 33,
		P2WSH:      41 + 1 + 1 + 2*(1+73) + 1 + 105,
	}[k]
}

func (k Kind) outputSize() int {
	return 9 + [...]int{P2PKH: 25, P2WPKH: 22, P2TRKey: 34, P2TRScript: 34, P2WSH: 34}[k]
}

const (
	maxBlockBytes = 990_000 // four weight units a byte at worst, below 4,000,000
	minBlockBytes = 2_000
	maxOutputSize = 43
	blockOverhead = 400 // header, coinbase, counts
	txOverhead    = 12
	maxFanOuts    = 600 // later coinbases are too small to be split
	maxSignatures = 1 << 30
)

// Config says what to write. The zero value is the chain of the documentation:
// about 255 blocks, 98 MB, 245,000 transactions and 550,000 signatures.
type Config struct {
	Seed       uint64
	Signatures int        // at least this many; zero means 550,000
	Coins      int        // alive at a time; zero means 40,000
	BlockBytes int        // at most, from 2,000 to 990,000; zero means 690,000
	Mix        [kinds]int // weights by Kind; all zero means 125, 500, 250, 0, 125
	Workers    int        // goroutines that sign; zero means one a core
}

func (c *Config) fill() error {
	setDefault(&c.Signatures, 550_000)
	setDefault(&c.Coins, 40_000)
	setDefault(&c.BlockBytes, 690_000)
	setDefault(&c.Workers, runtime.GOMAXPROCS(0))
	if c.Mix == [kinds]int{} {
		c.Mix = [kinds]int{P2PKH: 125, P2WPKH: 500, P2TRKey: 250, P2WSH: 125}
	}
	for k, weight := range c.Mix {
		if weight < 0 || weight > 1_000_000 {
			return fmt.Errorf("weight %d of %s: want 0 to 1000000", weight, Kind(k))
		}
	}
	switch {
	case c.BlockBytes < minBlockBytes || c.BlockBytes > maxBlockBytes:
		return fmt.Errorf("block of %d bytes: want %d to %d", c.BlockBytes, minBlockBytes, maxBlockBytes)
	case c.Signatures < 1 || c.Signatures > maxSignatures:
		return fmt.Errorf("%d signatures: want 1 to %d", c.Signatures, maxSignatures)
	case c.Coins < 2 || c.fanOuts() > maxFanOuts:
		return fmt.Errorf("%d coins: want 2 to %d with blocks of %d bytes", c.Coins, maxFanOuts*c.coinsPerFanOut(), c.BlockBytes)
	case c.Workers < 1:
		return fmt.Errorf("%d workers", c.Workers)
	}
	return nil
}

func setDefault(v *int, def int) {
	if *v == 0 {
		*v = def
	}
}

func (c *Config) coinsPerFanOut() int { return (c.BlockBytes - blockOverhead - 200) / maxOutputSize }

func (c *Config) fanOuts() int {
	per := c.coinsPerFanOut()
	return (c.Coins + per - 1) / per
}

// random is splitmix64: fixed for ever, unlike the generators of a library.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number from 0 to n-1; that some come up more often by one
// in 2^40 does not matter here.
func (r *random) below(n int) int { return int(r.next() % uint64(n)) }

// kind draws by weight.
func (r *random) kind(mix *[kinds]int) Kind {
	total := 0
	for _, w := range mix {
		total += w
	}
	n := r.below(total)
	for k, w := range mix {
		if n -= w; n < 0 {
			return Kind(k)
		}
	}
	panic("unreachable: weights sum up to total")
}
