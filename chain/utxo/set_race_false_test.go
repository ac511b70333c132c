//go:build !race

package utxo

const raceDetector = false
