package consensus

import (
	"fmt"

	"grapevine/chain/params"
	"grapevine/wire"
)

const (
	// MaxFutureBlockTime is how many seconds a block may be ahead of the clock.
	MaxFutureBlockTime = 2 * 60 * 60
	// MaxTimewarp is how many seconds the first block of a difficulty period may
	// be before the last of the one before (BIP 94).
	MaxTimewarp = 600
)

// HeaderContext is what a header must fit: the chain below it and the clock.
type HeaderContext struct {
	Height       int32  // of the header
	PrevTime     int64  // the parent's time
	PrevMTP      int64  // median time past at the parent
	RequiredBits uint32 // the difficulty that the chain asks for
	Now          int64  // the node's clock, in seconds since 1970
}

// CheckHeader checks the proof of work that the header claims.
func CheckHeader(h *wire.Header, p *params.Params) error {
	return checkPow(h.Hash(), h.Bits, p)
}

func checkPow(hash wire.BlockHash, bits uint32, p *params.Params) error {
	if !p.CheckProofOfWork(hash, bits) {
		return invalid(ErrHighHash, ResultInvalidHeader, "proof of work failed")
	}
	return nil
}

// ContextualCheckHeader checks that a header fits on the chain below it.
func ContextualCheckHeader(h *wire.Header, c HeaderContext, p *params.Params) error {
	if h.Bits != c.RequiredBits {
		return invalid(ErrBadDiffBits, ResultInvalidHeader, "incorrect proof of work")
	}
	if int64(h.Time) <= c.PrevMTP {
		return invalid(ErrTimeTooOld, ResultInvalidHeader, "block's timestamp is too early")
	}
	if p.EnforceBIP94 && c.Height%p.RetargetInterval() == 0 {
		if int64(h.Time) < c.PrevTime-MaxTimewarp {
			return invalid(ErrTimewarp, ResultInvalidHeader, "block's timestamp is too early on diff adjustment block")
		}
	}
	if int64(h.Time) > c.Now+MaxFutureBlockTime {
		return invalid(ErrTimeTooNew, ResultTimeFuture, "block timestamp too far in the future")
	}
	return checkVersion(h.Version, c.Height, p)
}

// checkVersion refuses versions that a rule change has retired. They compare as
// signed numbers.
func checkVersion(version, height int32, p *params.Params) error {
	if version < 2 && height >= p.BIP34Height {
		return badVersion(version)
	}
	if version < 3 && height >= p.BIP66Height {
		return badVersion(version)
	}
	if version < 4 && height >= p.BIP65Height {
		return badVersion(version)
	}
	return nil
}

func badVersion(version int32) error {
	kind := ErrorKind(fmt.Sprintf("%s(0x%08x)", ErrBadVersion, uint32(version)))
	return invalid(kind, ResultInvalidHeader, fmt.Sprintf("rejected nVersion=0x%08x block", uint32(version)))
}
