// Package chaintest builds branches of blocks for tests: valid by default, with
// real spends and real signatures, and bent on request. It keeps a naive model
// of the coins, a map, against which the ledger's own are compared.
//
// A [Branch] is a plain value of one goroutine; everything in it follows from
// its seed. Only tests import it.
package chaintest
