package rpc

import (
	"context"
	"errors"
	"fmt"
)

// Code is a JSON-RPC error code as the ecosystem's clients know it.
type Code int

// The codes. Names follow what each is used for; several clients match on the numbers.
const (
	CodeInvalidRequest Code = -32600 // HTTP 400 for legacy calls
	CodeMethodNotFound Code = -32601 // HTTP 404 for legacy calls
	CodeInvalidParams  Code = -32602
	CodeInternal       Code = -32603
	CodeParse          Code = -32700

	CodeMisc                Code = -1 // whatever has no code of its own; also the help text after a wrong number of arguments
	CodeType                Code = -3
	CodeWallet              Code = -4
	CodeInvalidAddressOrKey Code = -5
	CodeOutOfMemory         Code = -7
	CodeInvalidParameter    Code = -8
	CodeDatabase            Code = -20
	CodeDeserialization     Code = -22
	CodeVerify              Code = -25
	CodeVerifyRejected      Code = -26
	CodeAlreadyInUTXOSet    Code = -27
	CodeInWarmup            Code = -28
	CodeMethodDeprecated    Code = -32
	CodeLimitExceeded       Code = -37

	CodeClientNotConnected  Code = -9
	CodeInInitialDownload   Code = -10
	CodeNodeAlreadyAdded    Code = -23
	CodeNodeNotAdded        Code = -24
	CodeNodeNotConnected    Code = -29
	CodeInvalidIPOrSubnet   Code = -30
	CodeP2PDisabled         Code = -31
	CodeNodeCapacityReached Code = -34
	CodeMempoolDisabled     Code = -33
)

// Error is an answer that says why not. Handlers return it; any other error becomes [CodeMisc] with its text.
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return e.Message }

// Errorf builds an [Error].
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// asError finds the answer inside err.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.Canceled) {
		return &Error{Code: CodeClientNotConnected, Message: "Shutting down"}
	}
	return &Error{Code: CodeMisc, Message: err.Error()}
}
