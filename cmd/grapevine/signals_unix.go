//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// settle makes the process behave as a node should: files are its owner's alone, and a console that went away (a pipe into head)
// is no reason to die without writing what matters.
func settle() {
	syscall.Umask(0o077)
	signal.Ignore(syscall.SIGPIPE)
}

func stopSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} }

// isHangup reports whether a signal asks for the log to be opened anew.
func isHangup(s os.Signal) bool { return s == syscall.SIGHUP }
