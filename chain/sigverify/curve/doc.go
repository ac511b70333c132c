// Package curve computes on secp256k1 for the verification of signatures: sums
// u*G + v*P of many points at once, in Go without assembly.
//
// # How
//
// Field elements have five limbs of 52 bits in 64-bit words, so that sums need
// no carries and products fit pairs of words. [Table.Sums] interleaves the two
// scalars (Strauss): v is split in two halves of 128 bits by the endomorphism
// of the curve (Gallant, Lambert, Vanstone), u in its upper and lower half; all
// four share 128 doublings. Odd multiples of P, made affine for all points of
// a call with one inversion, serve windows of 5 bits; odd multiples of G and
// 2^128*G, made when the Table is, windows of 12.
//
// # Magnitudes
//
// Additions do not reduce. Each function says how large its operands may be and
// how large its result gets, as a magnitude w: limbs are at most w times
// 2^52+2^45, the top limb w times 2^48. Products take operands whose magnitudes
// multiply to 64 at most and give magnitude 1.
//
// # The attacker
//
// He chooses points and scalars. Everything here takes variable time, which is
// right for verification and for nothing else: no secret may pass through. The
// exceptional cases of addition, equal or opposite points and infinity, are
// looked for in every addition, since he can provoke them.
//
// # State
//
// A [Table] is immutable after [NewTable], about 160 KiB, and safe for
// concurrent use. Other values belong to their caller.
package curve
