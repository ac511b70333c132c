// Package signing signs the inputs of a transaction with private keys that the
// caller hands over for the one call, as the wallets behind
// signrawtransactionwithkey do.
//
// # What it signs
//
// A [Keyring] holds keys and scripts. [Transaction] goes over the inputs and
// solves those whose outputs have one of the standard forms: bare keys, key
// hashes, multisig, each of them also below P2SH, P2WSH and P2WSH in P2SH (BIP
// 16, 141, 143), P2WPKH (BIP 141), the key path of taproot (BIP 341), and the
// anchor that needs no signature. What an input carries already is kept: a
// complete input is left alone, valid signatures of a multisig are put beside
// new ones, so that several holders of keys can sign in turn.
//
// A taproot output is signed by the key that it names, or by the key that gives
// it when tweaked without scripts (BIP 86). Script paths and other scripts below
// P2WSH need more knowledge than keys; their inputs stay as they are.
//
// # Signatures
//
// ECDSA nonces follow RFC 6979 and are drawn anew, with a counter as extra
// data, until R takes 32 bytes, so that the same key and message give the same
// 71 bytes or fewer as with Bitcoin Core; S is in the lower half (BIP 62, 146).
// Schnorr signatures follow BIP 340 with 32 zero bytes as auxiliary data. Each
// input is judged by the interpreter with the flags of relay policy before it
// counts as complete, which also catches a computation gone wrong.
//
// # State, concurrency, attacker
//
// The package has no state. A [Keyring] is filled, then only read. Nothing here
// writes a key to a log or keeps it past the call; the group arithmetic behind
// the signatures does not run in constant time in every step, so that keys
// should be handed to a node only by who trusts those who share its machine. The
// transaction may come from anyone: the cost is one signature for each input and
// key, and what the interpreter bounds.
package signing
