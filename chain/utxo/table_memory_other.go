//go:build (!unix && !windows) || race

package utxo

// The race detector knows of accesses to the Go heap alone, so under it the
// tables lie there.

// mapMemory returns n zero bytes of the Go heap, without pointers in them.
func mapMemory(n int) ([]byte, error) { return make([]byte, n), nil }

// unmapMemory leaves the bytes to the garbage collector.
func unmapMemory([]byte) error { return nil }
