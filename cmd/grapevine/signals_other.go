//go:build !unix

package main

import "os"

// settle does on other systems what here is the default.
func settle() {}

func stopSignals() []os.Signal { return []os.Signal{os.Interrupt} }

func isHangup(os.Signal) bool { return false }
