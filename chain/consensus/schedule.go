package consensus

import (
	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/wire"
)

// bip30Limit is the height from which BIP 30 is checked again although BIP 34
// holds: the lowest height that an old coinbase names by accident and that is
// still ahead, so that a new block could repeat that coinbase.
const bip30Limit = 1_983_702

// Subsidy returns what a block of that height may create: nothing any more once
// all bits are shifted out.
func Subsidy(height int32, p *params.Params) wire.Amount {
	halvings := height / p.SubsidyHalvingInterval
	return 50 * wire.Coin >> halvings
}

// ScriptFlagsAt returns the script rules for a block. P2SH, witness and taproot
// hold from genesis on, since only the excepted blocks break them.
func ScriptFlagsAt(height int32, hash wire.BlockHash, p *params.Params) script.Flags {
	flags := script.VerifyP2SH | script.VerifyWitness | script.VerifyTaproot
	if bits, ok := p.ScriptFlagExceptions[hash]; ok {
		flags = script.Flags(bits)
	}
	if height >= p.BIP66Height {
		flags |= script.VerifyDERSig
	}
	if height >= p.BIP65Height {
		flags |= script.VerifyCheckLockTime
	}
	if height >= p.CSVHeight {
		flags |= script.VerifyCheckSequence
	}
	if height >= p.SegwitHeight {
		flags |= script.VerifyNullDummy
	}
	return flags
}

// EnforcesBIP30 reports whether a block must not create an output that is there
// unspent already. At34 is the hash of the block's ancestor at BIP34Height, zero
// when the chain below it does not reach that: where it is the network's own,
// coinbases cannot repeat, until bip30Limit.
func EnforcesBIP30(height int32, hash, at34 wire.BlockHash, p *params.Params) bool {
	if height >= bip30Limit {
		return true
	}
	if IsBIP30Repeat(height, hash, p) {
		return false
	}
	return at34.IsZero() || at34 != p.BIP34Hash
}

// IsBIP30Repeat reports whether the block is one of the two whose coinbase
// repeats an unspent one.
func IsBIP30Repeat(height int32, hash wire.BlockHash, p *params.Params) bool {
	at, ok := p.BIP30Repeats[height]
	return ok && at == hash
}

// IsBIP30Overwritten reports whether the block is one of the two whose coinbase
// was overwritten: when it is disconnected, its outputs are not there.
func IsBIP30Overwritten(height int32, hash wire.BlockHash, p *params.Params) bool {
	at, ok := p.BIP30Overwritten[height]
	return ok && at == hash
}
