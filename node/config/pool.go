package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"grapevine/chain/params"
	"grapevine/wire"
)

// Pool says what the pool of unconfirmed transactions takes and how much of it.
type Pool struct {
	MaxBytes int64         // of memory
	Expiry   time.Duration // how long a transaction may stay
	// MinRelay is the lowest feerate to relay, Incremental what limiting the pool and replacing add to it, Dust the one at which an
	// output that costs more to spend than it is worth is dust.
	MinRelay, Incremental, Dust wire.FeeRate
	DataCarrierBytes            int // in all outputs of a transaction; 0: none
	PermitBareMultisig          bool
	AcceptNonStandard           bool
	// ClusterCount and ClusterVBytes limit how many transactions, of what size, may be connected with each other.
	ClusterCount  int
	ClusterVBytes int64
}

// Mining says what goes into blocks that are made here.
type Mining struct {
	MaxWeight wire.Weight
	// Reserved is kept free for the header and the coinbase.
	Reserved wire.Weight
	// MinFeeRate is the lowest feerate of a transaction in a block.
	MinFeeRate wire.FeeRate
}

// The defaults and bounds of the pool's options.
const (
	defaultPoolMB        = 300
	defaultPoolBlocksMB  = 5 // with -blocksonly, where only own transactions enter it
	defaultExpiryHours   = 336
	defaultRelayRate     = 100
	defaultDustRate      = 3000
	defaultDataCarrier   = 100_000
	maxClusterCount      = 64
	defaultClusterKVB    = 101
	defaultReserved      = 8000
	minReserved          = 2000
	defaultBlockMinRate  = 1
	bytesPerClusterVByte = 40 // memory that a pool has to have for each virtual byte that a cluster may have
)

func (a *Args) pool(p *params.Params) (Pool, error) {
	c := Pool{
		MaxBytes:           min(max(a.Int("maxmempool", defaultPoolMB), -1), 1<<23) * 1_000_000, // below zero is refused below
		Expiry:             time.Duration(min(max(a.Int("mempoolexpiry", defaultExpiryHours), 0), 1<<21)) * time.Hour,
		PermitBareMultisig: a.Bool("permitbaremultisig", true),
		AcceptNonStandard:  a.Bool("acceptnonstdtxn", false),
		ClusterVBytes:      min(max(a.Int("limitclustersize", defaultClusterKVB), 0), 1<<20) * 1000,
	}
	if a.Bool("datacarrier", true) {
		c.DataCarrierBytes = int(min(max(a.Int("datacarriersize", defaultDataCarrier), 0), int64(wire.MaxBlockWeight)))
	}
	for _, r := range []struct {
		name string
		rate *wire.FeeRate
		def  wire.FeeRate
	}{{"incrementalrelayfee", &c.Incremental, defaultRelayRate}, {"minrelaytxfee", &c.MinRelay, defaultRelayRate}, {"dustrelayfee", &c.Dust, defaultDustRate}} {
		var err error
		if *r.rate, err = a.rate(r.name, r.def); err != nil {
			return c, err
		}
	}
	if !a.IsSet("minrelaytxfee") && c.Incremental > c.MinRelay { // one option may move both
		c.MinRelay = c.Incremental
		a.Notes = append(a.Notes, fmt.Sprintf("Increasing minrelaytxfee to %s BTC/kvB to match incrementalrelayfee", wire.Amount(c.MinRelay)))
	}
	if c.AcceptNonStandard && p.Name == "main" {
		return c, fmt.Errorf("acceptnonstdtxn is not currently supported for %s chain", p.Name)
	}
	count := a.Int("limitclustercount", maxClusterCount)
	if count < 0 || count > maxClusterCount {
		return c, fmt.Errorf("limitclustercount must be less than or equal to %d", maxClusterCount)
	}
	c.ClusterCount = int(count)
	if need := c.ClusterVBytes * bytesPerClusterVByte; c.MaxBytes < 0 || (c.MaxBytes > 0 && c.MaxBytes < need) {
		return c, fmt.Errorf("-maxmempool must be at least %d MB", (need+999_999)/1_000_000)
	}
	return c, nil
}

func (a *Args) mining() (Mining, error) {
	m := Mining{
		MaxWeight: wire.Weight(a.Int("blockmaxweight", int64(wire.MaxBlockWeight))),
		Reserved:  wire.Weight(a.Int("blockreservedweight", defaultReserved)),
	}
	var err error
	if m.MinFeeRate, err = a.rate("blockmintxfee", defaultBlockMinRate); err != nil {
		return m, err
	}
	switch {
	case m.Reserved >= 0 && m.Reserved < minReserved:
		return m, fmt.Errorf("-blockreservedweight (%d) is lower than minimum safety value of (%d)", m.Reserved, minReserved)
	case m.Reserved < 0 || m.Reserved > wire.MaxBlockWeight:
		return m, fmt.Errorf("-blockreservedweight (%d) exceeds consensus maximum block weight (%d)", m.Reserved, wire.MaxBlockWeight)
	case m.MaxWeight < 0 || m.MaxWeight > wire.MaxBlockWeight:
		return m, fmt.Errorf("-blockmaxweight (%d) exceeds consensus maximum block weight (%d)", m.MaxWeight, wire.MaxBlockWeight)
	case m.Reserved > m.MaxWeight:
		return m, fmt.Errorf("-blockreservedweight (%d) exceeds -blockmaxweight (%d)", m.Reserved, m.MaxWeight)
	}
	return m, nil
}

// rate reads an option that is an amount of bitcoins for a thousand virtual bytes.
func (a *Args) rate(name string, def wire.FeeRate) (wire.FeeRate, error) {
	if !a.IsSet(name) {
		return def, nil
	}
	text := a.String(name, "")
	v, ok := parseMoney(text)
	if !ok {
		return 0, fmt.Errorf("Invalid amount for -%s=<amount>: '%s'", name, text)
	}
	return wire.FeeRate(v), nil
}

// parseMoney reads bitcoins as users write them: digits, with at most eight behind a point, space around them, no sign, no exponent.
func parseMoney(s string) (wire.Amount, bool) {
	const decimals = 8
	s = strings.Trim(s, " \f\n\r\t\v")
	whole, part, _ := strings.Cut(s, ".")
	if s == "" || len(whole) > 10 || len(part) > decimals {
		return 0, false
	}
	digits := whole + part + strings.Repeat("0", decimals-len(part))
	if strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !wire.Amount(n).InRange() {
		return 0, false
	}
	return wire.Amount(n), true
}
