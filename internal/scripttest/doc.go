// Package scripttest makes spends at random for the fuzz targets of the
// interpreter: a transaction, the outputs that it spends, an input to judge and
// flags to judge it by. The bytes that the fuzzer varies are read as choices
// in a grammar of scripts, so that most of what comes out gets past the first
// instruction, and much of it is valid: stack depths are kept track of,
// branches are balanced, signatures are real ones for the very script, and
// only now and then something is broken on purpose.
//
// Only tests import it. Nothing in it is shared between goroutines.
package scripttest
