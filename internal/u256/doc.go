// Package u256 is a 256-bit unsigned integer with just the arithmetic that
// proof of work needs: targets, the compact form of a target in a header, and
// the sum of work in a chain.
//
// [Int] is a plain value: copying it copies the number, the zero value is zero,
// and nothing here allocates or keeps state, so any goroutine may use it. All
// arithmetic is modulo 2^256, as it is in the node software that defined the
// rules: a target that grows past 256 bits loses its high bits, and callers
// that care look at the overflow flag of [FromCompact] first.
//
// The attacker chooses the compact bits of a header. Every one of the 2^32
// values has a defined reading (see [FromCompact]), and no operation panics
// except [Int.Div] by zero, which is a broken invariant of the caller.
package u256
