package compact

// ErrorKind says why a compact block does not become a block.
type ErrorKind string

const (
	// ErrInvalid: the sender broke the protocol.
	ErrInvalid ErrorKind = "invalid compact block"
	// ErrCollision: the names do not lead to the block, which may be nobody's fault.
	// The whole block has to be asked for.
	ErrCollision ErrorKind = "compact block does not lead to its block"
)

// Error implements error.
func (k ErrorKind) Error() string { return string(k) }

// Error is a kind with its circumstances.
type Error struct {
	Kind   ErrorKind
	Detail string
	Err    error // what was found to be wrong with the block, if that is why
}

// Error implements error.
func (e *Error) Error() string {
	s := string(e.Kind) + ": " + e.Detail
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap lets errors.Is find the kind.
func (e *Error) Unwrap() []error { return []error{e.Kind, e.Err} }

func invalid(detail string) error { return &Error{Kind: ErrInvalid, Detail: detail} }

func collision(detail string, err error) error {
	return &Error{Kind: ErrCollision, Detail: detail, Err: err}
}
