// Package peer names peers and says what kind of connection leads to them. It
// is the vocabulary that the parts of p2p share; all values are plain data.
package peer
