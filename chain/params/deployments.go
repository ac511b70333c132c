package params

import (
	"fmt"
	"strconv"
	"strings"

	"grapevine/wire"
)

// Special values of [Deployment.StartTime].
const (
	AlwaysActive = -1 // active from genesis on, without signalling
	NeverActive  = -2 // defined in code only
)

// SoftForks says from when on each rule change holds.
type SoftForks struct {
	// Heights of the first block under each buried rule (BIP 90).
	BIP34Height  int32 // coinbase begins with the height
	BIP65Height  int32 // CHECKLOCKTIMEVERIFY
	BIP66Height  int32 // strict DER signatures
	CSVHeight    int32 // BIPs 68, 112, 113
	SegwitHeight int32 // BIPs 141, 143, 147
	// TaprootHeight is only reported: the rules of BIP 341 hold from genesis on
	// except for ScriptFlagExceptions.
	TaprootHeight int32
	// BIP34Hash is the block at BIP34Height on the network's own chain, above
	// which duplicate transactions cannot occur; zero where that is not known.
	BIP34Hash wire.BlockHash

	// MinBIP9WarningHeight is below which unknown version bits give no warning.
	MinBIP9WarningHeight int32
	Deployments          []Deployment

	// ScriptFlagExceptions are blocks that fail under today's script rules: the
	// flag bits that replace P2SH, witness and taproot for them.
	ScriptFlagExceptions map[wire.BlockHash]uint32
	// BIP30Repeats are the two blocks that repeat an unspent coinbase, by height.
	BIP30Repeats map[int32]wire.BlockHash
	// BIP30Overwritten are the two blocks whose coinbase was lost to the repeat.
	BIP30Overwritten map[int32]wire.BlockHash
}

// Deployment is a rule change decided by version bits (BIP 9).
type Deployment struct {
	Name                string
	Bit                 uint8
	StartTime           int64 // median time past, or AlwaysActive, NeverActive
	Timeout             int64 // median time past
	MinActivationHeight int32
	Period              int32 // blocks
	Threshold           int32 // signalling blocks of a period that lock it in
	// OptionalRule says that a miner who does not know the rule may still build
	// on a template with it.
	OptionalRule bool
}

// Buried is a rule change with a fixed height.
type Buried string

// The buried rule changes, under the names that -testactivationheight takes.
const (
	BuriedBIP34  Buried = "bip34"
	BuriedBIP66  Buried = "dersig"
	BuriedBIP65  Buried = "cltv"
	BuriedCSV    Buried = "csv"
	BuriedSegwit Buried = "segwit"
)

// BuriedFork is a row of [SoftForks.Buried].
type BuriedFork struct {
	Name   string // as RPC shows it
	Height int32
}

// Buried lists the buried rule changes in the order in which they are shown.
func (s *SoftForks) Buried() []BuriedFork {
	return []BuriedFork{
		{"bip34", s.BIP34Height},
		{"bip66", s.BIP66Height},
		{"bip65", s.BIP65Height},
		{"csv", s.CSVHeight},
		{"segwit", s.SegwitHeight},
	}
}

// DeploymentOptions move rule changes, for tests. Nil maps move none.
type DeploymentOptions struct {
	ActivationHeights map[Buried]int32
	VersionBits       map[string]VersionBits // by deployment name
}

// VersionBits are the movable parts of a [Deployment].
type VersionBits struct {
	StartTime           int64
	Timeout             int64
	MinActivationHeight int32
}

// AddActivationHeight reads one value of -testactivationheight, name@height.
func (o *DeploymentOptions) AddActivationHeight(arg string) error {
	name, value, ok := strings.Cut(arg, "@")
	if !ok {
		return fmt.Errorf("Invalid format (%s) for -testactivationheight=name@height.", arg)
	}
	height, err := parseInt(value, 32)
	// The largest height means a rule that is never enabled.
	if err != nil || height < 0 || height == 1<<31-1 {
		return fmt.Errorf("Invalid height value (%s) for -testactivationheight=name@height.", arg)
	}
	switch b := Buried(name); b {
	case BuriedBIP34, BuriedBIP65, BuriedBIP66, BuriedCSV, BuriedSegwit:
		if o.ActivationHeights == nil {
			o.ActivationHeights = make(map[Buried]int32)
		}
		o.ActivationHeights[b] = int32(height)
		return nil
	}
	return fmt.Errorf("Invalid name (%s) for -testactivationheight=name@height.", arg)
}

// AddVersionBits reads one value of -vbparams:
// deployment:start:end[:min_activation_height].
func (o *DeploymentOptions) AddVersionBits(arg string) error {
	parts := strings.Split(arg, ":")
	if len(parts) < 3 || len(parts) > 4 {
		return fmt.Errorf("Version bits parameters malformed, expecting deployment:start:end[:min_activation_height]")
	}
	var v VersionBits
	var err error
	if v.StartTime, err = parseInt(parts[1], 64); err != nil {
		return fmt.Errorf("Invalid nStartTime (%s)", parts[1])
	}
	if v.Timeout, err = parseInt(parts[2], 64); err != nil {
		return fmt.Errorf("Invalid nTimeout (%s)", parts[2])
	}
	if len(parts) == 4 {
		height, err := parseInt(parts[3], 32)
		if err != nil {
			return fmt.Errorf("Invalid min_activation_height (%s)", parts[3])
		}
		v.MinActivationHeight = int32(height)
	}
	if parts[0] != testDummyName {
		return fmt.Errorf("Invalid deployment (%s)", parts[0])
	}
	if o.VersionBits == nil {
		o.VersionBits = make(map[string]VersionBits)
	}
	o.VersionBits[parts[0]] = v
	return nil
}

// parseInt reads decimal digits with an optional minus and nothing else.
func parseInt(s string, size int) (int64, error) {
	if strings.HasPrefix(s, "+") {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseInt(s, 10, size)
}

func (s *SoftForks) apply(o DeploymentOptions) {
	for name, height := range o.ActivationHeights {
		switch name {
		case BuriedBIP34:
			s.BIP34Height = height
		case BuriedBIP65:
			s.BIP65Height = height
		case BuriedBIP66:
			s.BIP66Height = height
		case BuriedCSV:
			s.CSVHeight = height
		case BuriedSegwit:
			s.SegwitHeight = height
		}
	}
	for i := range s.Deployments {
		d := &s.Deployments[i]
		if v, ok := o.VersionBits[d.Name]; ok {
			d.StartTime, d.Timeout, d.MinActivationHeight = v.StartTime, v.Timeout, v.MinActivationHeight
		}
	}
}

const testDummyName = "testdummy"

// testDummy is the deployment that exists for tests: off but on regtest.
func testDummy(start int64, threshold, period int32) []Deployment {
	return []Deployment{{
		Name:         testDummyName,
		Bit:          28,
		StartTime:    start,
		Timeout:      NoTimeout,
		Period:       period,
		Threshold:    threshold,
		OptionalRule: true,
	}}
}
