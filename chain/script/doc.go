// Package script runs Bitcoin scripts and knows the forms they take: the
// interpreter, signature hashes, signature operation counts, patterns of
// outputs, addresses.
//
// # State
//
// The package has none. [Verify] and [VerifyBatched] take a transaction, the
// outputs that it spends (inside [Midstates]) and [Flags], and return a
// verdict: nil, or an [Error] that names the rule. Any number of goroutines may
// call them at once on the same transaction; the scratch memory that a call
// needs comes from a pool and goes back to it. Inputs are only read, and
// nothing returned aliases the scratch memory, except where a function says
// that it returns a slice of its argument.
//
// # The attacker
//
// Whoever makes a transaction chooses scripts, witness and signatures, and
// wants one of three things: a verdict other than the rest of the network's
// (a chain split), a verdict that depends on the caller (batched or not,
// cached or not), or a cost out of proportion to the fee. Against the first
// two stand the vectors, an oracle under fuzz in interop/, and a fuzz target
// that compares [VerifyBatched] with [Verify]. Against the third:
//   - the limits in pattern.go are those of consensus, nothing is allocated
//     ahead of what arrived, and nothing recurses;
//   - a condition stack is two counters, so nested IFs cost nothing each;
//   - legacy hashes cover the whole transaction once for every signature, the
//     quadratic cost of old: the parts outside the input at hand are serialised
//     once, and the hash state before the hash type byte is kept for each kind
//     of hash type, so that a multisig of 20 keys hashes the transaction once;
//   - segwit v0 and taproot hashes are of constant size on top of midstates
//     that are computed once for each transaction.
//
// # Order of checks
//
// A script often breaks more than one rule; clients and tests see the first.
// The order is that of Bitcoin Core, and the vectors pin it.
//
// # Standards
//
// BIP 11 (multisig), 16 (P2SH), 65 (CHECKLOCKTIMEVERIFY), 66 (strict DER), 68
// (the sequence encoding), 112 (CHECKSEQUENCEVERIFY), 141 (witness programs),
// 143 (segwit v0 hashes), 146 (NULLFAIL, LOW_S; policy), 147 (NULLDUMMY), 340
// (Schnorr, checked by sigverify), 341 (taproot), 342 (tapscript).
package script
