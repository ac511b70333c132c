package mempool

import (
	"errors"
	"strings"

	"grapevine/chain/consensus"
	"grapevine/mempool/policy"
	"grapevine/wire"
)

// Failures: these say nothing about a transaction.
var (
	// ErrClosed is returned to callers when the pool has ended.
	ErrClosed = errors.New("mempool: closed")
	// ErrLagged is returned by [Cursor.Next] when events were lost.
	ErrLagged = errors.New("mempool: consumer fell behind the events")
)

// ErrorKind is a reason for which a transaction is refused, in the words that
// the ecosystem knows: one of those below, of package policy, or of package
// consensus.
type ErrorKind string

// The reasons that only a pool has.
const (
	ErrCoinbase       ErrorKind = "coinbase"
	ErrNonFinal       ErrorKind = "non-final"
	ErrInPool         ErrorKind = "txn-already-in-mempool"
	ErrSameNonWitness ErrorKind = "txn-same-nonwitness-data-in-mempool"
	ErrAlreadyKnown   ErrorKind = "txn-already-known"
	ErrConflict       ErrorKind = "txn-mempool-conflict"
	ErrMissingInputs  ErrorKind = ErrorKind(consensus.ErrInputsMissing)
	ErrNonBIP68Final  ErrorKind = "non-BIP68-final"
	ErrMinFee         ErrorKind = "mempool min fee not met"
	ErrMinRelayFee    ErrorKind = "min relay fee not met"
	ErrTruc           ErrorKind = "TRUC-violation"
	ErrLargeCluster   ErrorKind = "too-large-cluster"
	ErrEphemeral      ErrorKind = "missing-ephemeral-spends"
	ErrMaxFee         ErrorKind = "max-fee-exceeded"
	ErrFull           ErrorKind = "mempool full"

	// The reasons for which a package is refused as a whole.
	ErrPackageCount      ErrorKind = "package-too-many-transactions"
	ErrPackageWeight     ErrorKind = "package-too-large"
	ErrPackageDuplicates ErrorKind = "package-contains-duplicates"
	ErrPackageOrder      ErrorKind = "package-not-sorted"
	ErrPackageConflict   ErrorKind = "conflict-in-package"
	ErrPackageTopology   ErrorKind = "package-not-child-with-parents"
	ErrPackageTx         ErrorKind = "transaction failed" // the verdicts on its transactions say more
	ErrUnspentDust       ErrorKind = "unspent-dust"

	// ErrScript is followed by what the interpreter said, in brackets; errors.Is
	// matches such a reason with the bare kind too.
	ErrScript ErrorKind = "mempool-script-verify-flag-failed"
)

// Error returns the reason.
func (k ErrorKind) Error() string { return string(k) }

// Is makes a reason with particulars match its bare kind.
func (k ErrorKind) Is(target error) bool {
	t, ok := target.(ErrorKind)
	return ok && t == ErrScript && strings.HasPrefix(string(k), string(t)+" (")
}

// Cause says what a refusal means for the transaction, and for other copies of
// it.
type Cause uint8

// The causes. Their names are those of the reference.
const (
	// CauseConsensus: no block can hold it.
	CauseConsensus Cause = iota + 1
	// CauseNotStandard: it is not relayed, whatever it pays.
	CauseNotStandard
	// CauseInputsNotStandard: it spends what is not standard.
	CauseInputsNotStandard
	// CauseMissingInputs: it spends what neither chain nor pool has; its parents
	// may be on their way.
	CauseMissingInputs
	// CausePrematureSpend: it is locked, or spends a young coinbase.
	CausePrematureSpend
	// CauseWitnessMutated: the witness is bad, another copy may have a better one.
	CauseWitnessMutated
	// CauseWitnessStripped: there is no witness, and another copy may have it.
	CauseWitnessStripped
	// CauseConflict: it, or one with its txid, is here or in the chain already.
	CauseConflict
	// CausePolicy: the pool does not take it as it stands.
	CausePolicy
	// CauseReconsiderable: it pays too little, by itself and for now.
	CauseReconsiderable
)

// Error is why a transaction was refused. It unwraps to its kind and, where a
// rule of another package was broken, to that package's error.
type Error struct {
	Kind   ErrorKind
	Cause  Cause
	Detail string // for people; may be empty
	// Missing are the transactions whose outputs are missing, for
	// [CauseMissingInputs], each once.
	Missing []wire.Txid

	err error
}

// Error returns the reason and, after a comma, the detail.
func (e *Error) Error() string {
	if e.Detail == "" {
		return string(e.Kind)
	}
	return string(e.Kind) + ", " + e.Detail
}

// Unwrap returns the kind, and the error below where there is one.
func (e *Error) Unwrap() []error {
	if e.err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.err}
}

func refuse(kind ErrorKind, cause Cause, detail string) error {
	return &Error{Kind: kind, Cause: cause, Detail: detail}
}

// ofConsensus makes an error of the pool from one of a consensus rule; another
// one comes back as it is.
func ofConsensus(err error) error {
	var e *consensus.Error
	if !errors.As(err, &e) {
		return err
	}
	cause := CauseConsensus
	switch e.Result {
	case consensus.ResultMissingInputs:
		cause = CauseMissingInputs
	case consensus.ResultPrematureSpend:
		cause = CausePrematureSpend
	}
	return &Error{Kind: ErrorKind(e.Kind), Cause: cause, Detail: e.Detail, err: err}
}

// ofPolicy makes an error of the pool from one of a standardness rule.
func ofPolicy(err error, cause Cause) error {
	var e *policy.Error
	if !errors.As(err, &e) {
		return err
	}
	return &Error{Kind: ErrorKind(e.Kind), Cause: cause, Detail: e.Detail, err: err}
}

func notStandard(kind policy.ErrorKind, detail string) error {
	return ofPolicy(&policy.Error{Kind: kind, Detail: detail}, CauseNotStandard)
}
