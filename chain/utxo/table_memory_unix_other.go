//go:build unix && !linux

package utxo

// adviseHuge: these systems choose page sizes on their own.
func adviseHuge([]byte) {}
