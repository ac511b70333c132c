// Package tor makes the node an onion service, by way of a Tor that runs elsewhere on
// the machine and takes commands on its control port (Tor's control-spec).
//
// [Controller.Run] connects to the control port, shows who it is, asks where Tor's own
// SOCKS proxy listens and creates the service, which lives as long as the connection.
// When that ends, or anything was refused, it tries again: after a second, and half as
// long again with each failure, up to ten minutes. It owns all state; what it finds out
// it tells through [Config], from its own goroutine.
//
// Who we are is shown by nothing at all where Tor allows that, by knowing the contents
// of a file without telling them (SAFECOOKIE), or by a password; a password that was
// given is the only way tried. The key of the service is kept in a file, so that the
// address stays: the text that Tor names the key by, "ED25519-V3:" and base64. A file
// with anything else in it is left alone, and there is no service.
//
// The service asks clients for proof of work where Tor can do that. Its port always is
// the network's usual one, since another would show who runs several services.
//
// # Attackers
//
// Whoever answers at the control port. It learns our password if we have been given
// one for it. It cannot make us prove that we know a file that is not 32 bytes long,
// and never learns its contents. A line of its replies has 100,000 bytes at most, a
// reply 1,000 lines and 1 MB, and a minute to arrive. What it says is not passed on as
// a command: keys are checked character by character before they are sent back. The
// address it names is announced to peers only if it is one of an onion service.
//
// # Other than Bitcoin Core
//
// A refused command ends the connection, so that everything is tried again later; Core
// stays connected and does nothing until Tor restarts. A backslash in the password is
// sent as one. A SOCKS listener on a socket file is used where there is no other.
package tor
