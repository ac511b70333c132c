//go:build !amd64

package muhash

func (n *num) keystream(key *[32]byte) { n.keystreamGeneric(key) }
