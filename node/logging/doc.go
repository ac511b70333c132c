// Package logging writes debug.log and the console in the ecosystem's line form, so that the tools that read such logs go on
// working: "2026-01-01T00:00:00Z [validation] message key=value".
//
// A [Log] is a sink with any number of [slog.Logger]s, one a category ([Log.Logger]). Lines from info on are always written; debug
// and trace lines only of categories that are switched on, which may change at run time. Before [Log.Open] lines are kept, so that
// a second node that finds the data directory locked writes nothing into the first one's log.
//
// # Ownership and concurrency
//
// Loggers may be used from any goroutine. One mutex guards the file, the console and the rate limiter; a line is formatted before
// it is taken and written under it, so that lines never mix.
//
// # Attacker
//
// A peer that makes the node log as fast as it can: each place in the code may write 1 MiB an hour of lines that are always
// written, the rest goes to the console only ([Config.RateLimit]). Control characters in text from outside are escaped, so that it
// cannot forge lines or command a terminal.
package logging
