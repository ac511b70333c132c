package consensus

import (
	"errors"
	"strings"
)

// ErrorKind is a reason in the words that the ecosystem knows. Two kinds are
// followed by a bracket with particulars, "bad-version(0x00000001)": errors.Is
// matches such a reason with its bare kind too.
type ErrorKind string

// The reasons for which a transaction, a header or a block is refused.
const (
	// Headers.
	ErrHighHash        ErrorKind = "high-hash"
	ErrBadDiffBits     ErrorKind = "bad-diffbits"
	ErrTimeTooOld      ErrorKind = "time-too-old"
	ErrTimeTooNew      ErrorKind = "time-too-new"
	ErrTimewarp        ErrorKind = "time-timewarp-attack"
	ErrBadVersion      ErrorKind = "bad-version"
	ErrDuplicateHeader ErrorKind = "duplicate-invalid"
	ErrPrevNotFound    ErrorKind = "prev-blk-not-found"
	ErrPrevInvalid     ErrorKind = "bad-prevblk"
	ErrLowChainWork    ErrorKind = "too-little-chainwork"

	// Blocks by themselves.
	ErrSignetSolution    ErrorKind = "bad-signet-blksig"
	ErrMerkleRoot        ErrorKind = "bad-txnmrklroot"
	ErrTxsDuplicate      ErrorKind = "bad-txns-duplicate"
	ErrBlockLength       ErrorKind = "bad-blk-length"
	ErrCoinbaseMissing   ErrorKind = "bad-cb-missing"
	ErrCoinbaseMultiple  ErrorKind = "bad-cb-multiple"
	ErrBlockSigOps       ErrorKind = "bad-blk-sigops"
	ErrTxNonFinal        ErrorKind = "bad-txns-nonfinal"
	ErrCoinbaseHeight    ErrorKind = "bad-cb-height"
	ErrWitnessNonceSize  ErrorKind = "bad-witness-nonce-size"
	ErrWitnessCommitment ErrorKind = "bad-witness-merkle-match"
	ErrUnexpectedWitness ErrorKind = "unexpected-witness"
	ErrBlockWeight       ErrorKind = "bad-blk-weight"

	// Blocks with their coins.
	ErrBIP30           ErrorKind = "bad-txns-BIP30"
	ErrAccumulatedFees ErrorKind = "bad-txns-accumulated-fee-outofrange"
	ErrCoinbaseAmount  ErrorKind = "bad-cb-amount"
	ErrBlockScript     ErrorKind = "block-script-verify-flag-failed"

	// Transactions by themselves.
	ErrNoInputs         ErrorKind = "bad-txns-vin-empty"
	ErrNoOutputs        ErrorKind = "bad-txns-vout-empty"
	ErrTxOversize       ErrorKind = "bad-txns-oversize"
	ErrOutputNegative   ErrorKind = "bad-txns-vout-negative"
	ErrOutputTooLarge   ErrorKind = "bad-txns-vout-toolarge"
	ErrOutputsTooLarge  ErrorKind = "bad-txns-txouttotal-toolarge"
	ErrInputsDuplicate  ErrorKind = "bad-txns-inputs-duplicate"
	ErrCoinbaseLength   ErrorKind = "bad-cb-length"
	ErrPrevOutNull      ErrorKind = "bad-txns-prevout-null"
	ErrInputsMissing    ErrorKind = "bad-txns-inputs-missingorspent"
	ErrPrematureSpend   ErrorKind = "bad-txns-premature-spend-of-coinbase"
	ErrInputValues      ErrorKind = "bad-txns-inputvalues-outofrange"
	ErrInputsBelowOut   ErrorKind = "bad-txns-in-belowout"
	ErrNotBestPrevBlock ErrorKind = "inconclusive-not-best-prevblk"
)

// Error returns the reason.
func (k ErrorKind) Error() string { return string(k) }

// Is makes a reason with particulars match its bare kind.
func (k ErrorKind) Is(target error) bool {
	kind, ok := target.(ErrorKind)
	bare, _, found := strings.Cut(string(k), "(")
	return ok && found && strings.TrimRight(bare, " ") == string(kind)
}

// Result says what a refusal means for the thing refused.
type Result uint8

// The results. The last two are of transactions.
const (
	ResultUnset          Result = iota
	ResultConsensus             // invalid for good
	ResultCachedInvalid         // found invalid before
	ResultInvalidHeader         // proof of work, time or version
	ResultMutated               // the data are not what the hash stands for
	ResultMissingPrev           // the parent is not known
	ResultInvalidPrev           // the parent, or one before it, is invalid
	ResultTimeFuture            // more than two hours ahead of our clock
	ResultHeaderLowWork         // part of a chain that may have too little work
	ResultMissingInputs         // spends what is not there, or not any more
	ResultPrematureSpend        // spends a coinbase too early, or is locked
)

// MarksHeader reports whether a block refused so is invalid whatever data a peer
// sends for its hash.
func (r Result) MarksHeader() bool {
	switch r {
	case ResultConsensus, ResultInvalidHeader, ResultCachedInvalid, ResultInvalidPrev:
		return true
	}
	return false
}

// Error is a broken rule.
type Error struct {
	Kind   ErrorKind
	Result Result
	Detail string // for people; may be empty
}

// Error returns the reason and, after a comma, the detail.
func (e *Error) Error() string {
	if e.Detail == "" {
		return string(e.Kind)
	}
	return string(e.Kind) + ", " + e.Detail
}

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

func invalid(kind ErrorKind, result Result, detail string) error {
	return &Error{Kind: kind, Result: result, Detail: detail}
}

// WithDetail returns a copy of a rule error with another result and something
// appended to its detail: how an error of a transaction becomes one of a block.
// Any other error comes back unchanged.
func WithDetail(err error, result Result, suffix string) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	return &Error{Kind: e.Kind, Result: result, Detail: e.Detail + suffix}
}
