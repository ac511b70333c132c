// Package bip324 is the cryptography of the encrypted transport, BIP 324: keys
// that look like noise on the wire, the secrets that both ends derive from them,
// and the ciphers of packets. It knows neither sockets nor messages.
//
// # What it is worth
//
// Who listens sees bytes that cannot be told from random ones: no magic, no command,
// no length. Nobody is authenticated: who sits in between and speaks to both ends is
// noticed by those who compare session ids, and by nobody else. It is that a state or a
// provider has to sit in between, with every connection, instead of reading along.
//
// Keys are made for one connection and thrown away with it, and those of the ciphers are
// replaced every 224 packets, so that who takes over a machine cannot read what was
// recorded before. Arithmetic on the curve takes time that depends on the secret: it is
// used for a single exchange, so that there is nothing to average over.
//
// # Packets
//
//	bytes  content
//	3      length of the contents, little endian, encrypted with ChaCha20
//	1      header: bit 7 marks a decoy             \
//	n      contents                                 } ChaCha20-Poly1305
//	16     authentication tag                      /
//
// The length is not authenticated by itself: a wrong one makes the packet fail. A
// [Sealer] and an [Opener] count packets and have to be used for every packet in
// its order. Both work in place, and neither is safe for concurrent use; they
// are independent of each other.
package bip324
