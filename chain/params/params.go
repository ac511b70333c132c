package params

import (
	"fmt"
	"math"

	"grapevine/internal/u256"
	"grapevine/wire"
)

// Params describes one network. It is read-only once built.
type Params struct {
	Identity
	Addresses
	ProofOfWork
	SoftForks
	Trust

	// SubsidyHalvingInterval is the number of blocks between two halvings.
	SubsidyHalvingInterval int32
	// SignetChallenge is the script that a block's solution must satisfy
	// (BIP 325); nil on every network but signet.
	SignetChallenge []byte
}

// Identity is how a network is named and found.
type Identity struct {
	Name        string  // "main", "test", "testnet4", "signet" or "regtest"
	DataDirName string  // folder below the data directory; empty for mainnet
	Magic       [4]byte // first bytes of each message and block record
	DefaultPort uint16  // for peers
	RPCPort     uint16
	// DNSSeeds are names under which lists of live nodes can be looked up, fully
	// qualified. Most answer for x<services in hex>.<name> too.
	DNSSeeds    []string
	Genesis     *wire.Block
	GenesisHash wire.BlockHash
	// DefaultConsistencyChecks turns costly self-checks on unless told otherwise.
	DefaultConsistencyChecks bool
	// Mockable says that the node's clock may be set over RPC.
	Mockable bool
}

// Addresses are the prefixes of encoded keys and scripts.
type Addresses struct {
	PubKeyHashPrefix byte
	ScriptHashPrefix byte
	SecretKeyPrefix  byte
	ExtPubPrefix     [4]byte // BIP 32 public keys
	ExtPrivPrefix    [4]byte
	Bech32HRP        string
}

// ProofOfWork holds the figures of difficulty. Times are in seconds.
type ProofOfWork struct {
	PowLimit       u256.Int // the easiest target
	TargetTimespan int64    // aim for one difficulty period
	TargetSpacing  int64    // aim for one block
	// AllowMinDifficulty lets a block that comes twenty minutes after its
	// parent use PowLimit.
	AllowMinDifficulty bool
	// EnforceBIP94 ties retargeting to the first block of a period and limits
	// how far time may run back at its start.
	EnforceBIP94  bool
	NoRetargeting bool
}

// RetargetInterval returns the number of blocks in a difficulty period.
func (p *ProofOfWork) RetargetInterval() int32 {
	return int32(p.TargetTimespan / p.TargetSpacing)
}

// Trust is what the software says about a network's history. None of it makes
// an invalid block valid except scripts below AssumeValid.
type Trust struct {
	// MinimumChainWork is what a chain must hold before the node believes that
	// it has seen the network.
	MinimumChainWork u256.Int
	// AssumeValid is a block whose ancestors' scripts are taken as checked;
	// zero for none.
	AssumeValid wire.BlockHash
	ChainTxData ChainTxData
	AssumeUTXO  []AssumeUTXO // by height

	AssumedBlockchainGB int // disk that the blocks take
	AssumedChainStateGB int // disk that the coins take
	// PruneAfterHeight is the height below which nothing is pruned.
	PruneAfterHeight int32
	HeadersSync      HeadersSync
}

// ChainTxData lets the progress of a sync be estimated.
type ChainTxData struct {
	Time    int64   // seconds since 1970 of the block counted up to
	TxCount uint64  // transactions up to there
	Rate    float64 // transactions a second from then on
}

// AssumeUTXO is a set of coins that a snapshot may be loaded for.
type AssumeUTXO struct {
	Height    int32
	BlockHash wire.BlockHash
	// CoinsHash is hash_serialized_3 of the coins after the block.
	CoinsHash    CoinsHash
	ChainTxCount uint64 // transactions up to and including the block
}

// CoinsHash is a hash over a set of coins, in the byte order of a block hash.
type CoinsHash [32]byte

// String returns the hash as reversed hex.
func (h CoinsHash) String() string { return wire.BlockHash(h).String() }

// HeadersSync bounds the memory of a first pass over a peer's headers.
type HeadersSync struct {
	CommitmentPeriod     int // blocks between two one-bit commitments
	RedownloadBufferSize int // headers held back in the second pass
}

// IsTest reports whether coins of the network are meant to be worthless.
func (p *Params) IsTest() bool { return p.Name != nameMain }

// IsSignet reports whether blocks need a solution to SignetChallenge.
func (p *Params) IsSignet() bool { return p.SignetChallenge != nil }

// MineOnDemand reports whether blocks can be found instantly.
func (p *Params) MineOnDemand() bool { return p.NoRetargeting }

// AssumeUTXOFor returns the known snapshot at a block, if there is one.
func (p *Params) AssumeUTXOFor(hash wire.BlockHash) (AssumeUTXO, bool) {
	for _, a := range p.AssumeUTXO {
		if a.BlockHash == hash {
			return a, true
		}
	}
	return AssumeUTXO{}, false
}

// Target returns the target that compact bits stand for; ok is false for a
// form that is negative, zero, past 256 bits or easier than the network allows.
func (p *Params) Target(bits uint32) (target u256.Int, ok bool) {
	target, negative, overflow := u256.FromCompact(bits)
	if negative || overflow || target.IsZero() {
		return u256.Int{}, false
	}
	if target.Cmp(p.PowLimit) > 0 {
		return u256.Int{}, false
	}
	return target, true
}

// CheckProofOfWork reports whether a block hash meets the target of its bits.
func (p *Params) CheckProofOfWork(hash wire.BlockHash, bits uint32) bool {
	target, ok := p.Target(bits)
	if !ok {
		return false
	}
	return u256.FromLE(hash).Cmp(target) <= 0
}

// Options are the settings that may vary a network. The zero value varies
// nothing.
type Options struct {
	Deployments DeploymentOptions
	// SignetChallenge replaces the challenge of the public signet, and with it
	// the magic; nil keeps it. Ignored by other networks.
	SignetChallenge []byte
	FastPrune       bool // regtest: prune from height 100
	EnforceBIP94    bool // regtest: testnet4's rules on time and difficulty
}

// New builds the network of that name. The error names an unknown one.
func New(name string, o Options) (*Params, error) {
	var p *Params
	switch name {
	case nameMain:
		p = Mainnet()
	case nameTest:
		p = Testnet3()
	case nameTestnet4:
		p = Testnet4()
	case nameSignet:
		p = Signet(o.SignetChallenge)
	case nameRegtest:
		return Regtest(RegtestOptions{o.Deployments, o.FastPrune, o.EnforceBIP94}), nil
	default:
		return nil, fmt.Errorf("Unknown chain %s.", name) // the text that users know
	}
	p.apply(o.Deployments)
	return p, nil
}

// ByName builds the network of that name without variation.
func ByName(name string) (*Params, error) { return New(name, Options{}) }

// NoTimeout is a deployment's timeout that never comes.
const NoTimeout = math.MaxInt64
