//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// daemonFD is the environment variable by which a node in the background knows that it is one: the number of the file that it
// writes one byte to when it answers calls.
const daemonFD = "GRAPEVINE_DAEMON_FD"

var errStillborn = errors.New("the node ended before it answered calls; its debug.log says why")

// startDaemon starts the same command again, in a session of its own and without a console, and returns when it runs; with wait,
// when it answers calls. Go cannot fork: the configuration has been checked by then, so that what is wrong with it is still
// said here.
func startDaemon(wait bool) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	c := exec.Command(self)
	c.Args = os.Args // the name that it was called by counts
	c.Env = append(os.Environ(), daemonFD+"=3")
	c.Stdin, c.Stdout, c.Stderr = null, null, null
	c.ExtraFiles = []*os.File{w}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = c.Start()
	_ = w.Close() // the child has its own
	if err != nil {
		return err
	}
	if wait {
		if n, _ := r.Read(make([]byte, 1)); n != 1 {
			_ = c.Wait()
			return errStillborn
		}
	}
	return c.Process.Release()
}

// daemonReady returns what a node in the background calls when it answers calls, and whether it is one.
func daemonReady() (ready func(), daemon bool) {
	fd, err := strconv.Atoi(os.Getenv(daemonFD))
	if err != nil {
		return nil, false
	}
	_ = os.Unsetenv(daemonFD)
	f := os.NewFile(uintptr(fd), "ready")
	return func() {
		_, _ = fmt.Fprint(f, "1") // nobody may be waiting
		_ = f.Close()
	}, true
}
