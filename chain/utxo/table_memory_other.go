//go:build !unix && !windows

package utxo

// mapMemory returns n zero bytes of the Go heap, without pointers in them.
func mapMemory(n int) ([]byte, error) { return make([]byte, n), nil }

// unmapMemory leaves the bytes to the garbage collector.
func unmapMemory([]byte) error { return nil }
