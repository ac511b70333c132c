package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"golang.org/x/term"

	"grapevine/node"
	"grapevine/node/config"
)

// runNode is `grapevine node`: exit code 0 after a clean stop, 1 for anything else.
func runNode(program config.Program, args []string) int {
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, "Error:", err)
		return 1
	}
	a, err := config.Parse(program, args)
	if err != nil {
		return fail(err)
	}
	switch {
	case a.Bool("version", false):
		fmt.Println("Grapevine version " + node.Version)
		return 0
	case a.HelpRequested():
		fmt.Print("Grapevine node version "+node.Version+"\n\nUsage: "+program.Command()+" [options]\n\n", a.Help())
		return 0
	}
	settle()
	cfg, err := a.Load()
	if err != nil {
		return fail(err)
	}
	for _, w := range cfg.Warnings {
		fmt.Fprintln(os.Stderr, "Warning:", w)
	}
	ready, background := daemonReady()
	n, err := node.New(cfg, node.Console{Out: os.Stdout, Terminal: term.IsTerminal(int(os.Stdout.Fd())), Ready: ready})
	if err != nil {
		return fail(err)
	}
	if cfg.Daemon && !background {
		if err := n.Probe(); err != nil {
			return fail(err)
		}
		fmt.Println("Bitcoin Core starting") // what scripts wait for
		if err := startDaemon(cfg.DaemonWait); err != nil {
			return fail(err)
		}
		return 0
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	defer watchSignals(stop, n.Reopen)()
	if err := n.Run(ctx); err != nil {
		return fail(err)
	}
	return 0
}

// sameSignal is how long after the first signal to stop others are taken for the same wish: an interrupt from the keyboard reaches
// the node directly and once more from a program between, such as timeout or sudo, that passes it on.
const sameSignal = time.Second

// watchSignals stops on the first interrupt or termination and ends the process on a later one. The returned function ends the
// watch.
func watchSignals(stop, reopen func()) (done func()) {
	// Two are enough: nothing here waits, and a missed hang-up is followed by the next rotation.
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, stopSignals()...)
	quit := make(chan struct{})
	go func() {
		var stopping time.Time // when the stop was asked for
		for {
			select {
			case s := <-ch:
				switch {
				case isHangup(s):
					reopen()
				case stopping.IsZero():
					stopping = time.Now()
					stop()
				case time.Since(stopping) >= sameSignal:
					fmt.Fprintln(os.Stderr, "Second signal: stopping at once. What was not written is recovered by the next start.")
					os.Exit(1)
				}
			case <-quit:
				return
			}
		}
	}()
	return func() {
		signal.Stop(ch)
		close(quit)
	}
}
