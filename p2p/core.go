package p2p

// Core decides. It is stepped by one goroutine.
type Core struct{}
