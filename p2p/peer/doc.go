// Package peer names peers, says what kind of connection leads to them, and what an
// operator grants them. It is the vocabulary that the parts of p2p share; all values
// are plain data, safe to share.
package peer
