// Package i2p connects to peers in I2P, and takes connections from there, by way of a
// router that speaks SAM 3.1.
//
// [Router] keeps one session: an address of ours that lives as long as the connection it
// was asked for on. It has either the key that is kept in a file, so that the address
// stays (persistent, three tunnels each way), or one that the router makes and forgets
// (transient, one tunnel each way). [Router.Dial] makes the session when it first needs
// it; [Router.Run] makes it to take connections, and comes back by itself when it ends:
// after a second, and a second more with each failure, up to five minutes. A private
// connection, and every one where none are taken, has a transient session of its own,
// which ends with it; when the connection fails the session is kept for the next, ten
// of them at most, as making one takes the router long.
//
// Keys, the file's included, are the bytes that SAM's base64 stands for: destination,
// private key, signing key. Ports mean nothing in SAM 3.1: they are 0 on both sides, and
// addresses with another are not connected to.
//
// A Router is safe for concurrent use. A mutex guards the sessions, each of which never
// changes once it is made and has a goroutine that ends with its connection; the
// persistent one is made by one goroutine at a time, while others wait for that
// without holding the mutex. [Router.Run] ends all sessions.
//
// # Attackers
//
// The router sees everything, as a proxy does. A line of its answers has 65,536 bytes at
// most; an answer may take three minutes, since the router looks peers up in I2P. What
// it says is not passed on in commands: base64 is decoded and encoded again. Who
// connects from I2P is known by the hash of a destination that costs nothing to make.
//
// # Other than Bitcoin Core
//
// A key file that does not hold a destination is refused before it is sent to the router.
// One connection is waited for at a time, as there; the next wait begins before the
// one that came is dealt with.
package i2p
