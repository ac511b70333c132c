// Command mutate takes the checks out of the consensus code one by one and
// lists those that no test misses. scripts/mutate runs it.
//
// A mutant is one check that is gone: a condition that never holds, or, where
// it leads to a good verdict, always; one operand of it that is left out; a
// bound that is moved by one, in a comparison or as a constant; a verdict at
// the end of a function that is always good.
//
// Compiling each mutant would take hours. So all of them are compiled into one
// test binary a package: each check is wrapped in a call of package probe, which
// does nothing until the environment names the mutant to be. The wrapped files
// take the place of the real ones by the -overlay flag of the go command: the
// work tree is not touched. Then each test runs once by itself with nothing
// mutated, while the probe notes for which mutants it comes to a value that
// would be another. Only those tests are asked about a mutant, one after the
// other until one fails; a mutant that no test reaches needs no run at all.
//
// A mutant that behaves as the product does, or differently in nothing that a
// rule is about, belongs into scripts/mutate-equivalent.txt with the reason.
package main
