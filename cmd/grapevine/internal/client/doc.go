// Package client is the command line client: it makes a call of the words of a command line, sends it and prints the answer the way
// scripts expect it: results on standard output (strings raw, the rest as JSON indented by two), errors on standard error, the
// absolute value of the error code as exit code.
//
// It keeps no state and runs on one goroutine. What it reads from the node is trusted as far as the node is; it is parsed with the
// same bounds as what a node reads.
package client
