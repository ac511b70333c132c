//go:build race

package utxo

// raceDetector: its shadow memory and its pace are not those of the product.
const raceDetector = true
