// Package config turns the command line, settings.json and bitcoin.conf into a [Config], in bitcoind's forms and with its
// precedence, so that an existing set-up works unchanged.
//
// # Sources
//
// In order of precedence: the command line, settings.json, the section of bitcoin.conf for the network ("[regtest]" or
// "regtest.x="), the rest of bitcoin.conf. On the command line the last value of an option counts, in bitcoin.conf the first.
// Options that take lists collect the values of all sources; -noX drops what came before it and what comes from below. Options
// that only make sense for one network (ports, peers, bind addresses) are read from bitcoin.conf's own section on every network
// but mainnet; leaving them outside is an error that names them.
//
// # What is known
//
// Every option that bitcoind defines is in one table, which also writes the help text. What this version does not support yet is
// there too, marked: setting it to anything but "off" is either refused (where going on would do what the user did not want, as
// with -prune) or reported by name as having no effect. Nothing is silently accepted.
//
// # Ownership
//
// An [Args] belongs to the goroutine that parses; a Config is read-only once built and may be shared.
//
// # Attacker
//
// None: whoever writes these files runs the node. Sensitive values are kept out of logs.
package config
