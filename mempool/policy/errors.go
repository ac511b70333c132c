package policy

// ErrorKind is a reason in the words that the ecosystem knows.
type ErrorKind string

// The reasons for which a transaction is not standard.
const (
	ErrVersion           ErrorKind = "version"
	ErrTxSize            ErrorKind = "tx-size"
	ErrTxSizeSmall       ErrorKind = "tx-size-small"
	ErrScriptSigSize     ErrorKind = "scriptsig-size"
	ErrScriptSigPushOnly ErrorKind = "scriptsig-not-pushonly"
	ErrScriptPubKey      ErrorKind = "scriptpubkey"
	ErrDataCarrier       ErrorKind = "datacarrier"
	ErrBareMultisig      ErrorKind = "bare-multisig"
	ErrDust              ErrorKind = "dust"
	ErrInputs            ErrorKind = "bad-txns-nonstandard-inputs"
	ErrWitness           ErrorKind = "bad-witness-nonstandard"
	ErrSigOps            ErrorKind = "bad-txns-too-many-sigops"
)

// Error returns the reason.
func (k ErrorKind) Error() string { return string(k) }

// Error is a broken rule of relay.
type Error struct {
	Kind   ErrorKind
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

func broken(kind ErrorKind) error { return &Error{Kind: kind} }
