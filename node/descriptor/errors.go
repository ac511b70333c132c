package descriptor

import (
	"errors"
	"fmt"
)

// Error says why a text is no descriptor, in the sentence that clients know.
// The sentence is empty where trailing text follows a complete descriptor.
type Error struct {
	Message string
}

func (e *Error) Error() string { return e.Message }

func errorf(format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...)}
}

// ErrNeedsPrivateKeys means that a script depends on a hardened step from a
// key whose private half the descriptor does not hold.
var ErrNeedsPrivateKeys = errors.New("cannot derive script without private keys")
