//go:build unix && !linux && !race

package utxo

// adviseHuge: these systems choose page sizes on their own.
func adviseHuge([]byte) {}
