//go:build unix

package main

import (
	"os"
	"syscall"
)

func stopSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} }

// isHangup reports whether a signal asks for the log to be opened anew.
func isHangup(s os.Signal) bool { return s == syscall.SIGHUP }
