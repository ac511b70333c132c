//go:build !unix

package main

import "errors"

func startDaemon(bool) error { return errors.New("-daemon is not supported on this operating system") }

func daemonReady() (ready func(), daemon bool) { return nil, false }
