package network

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// buildDir is where the programs are built; TestMain removes it.
var buildDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "grapevine-interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	buildDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

var (
	grapevine = sync.OnceValues(func() (string, error) { return build("grapevine", "../..", "./cmd/grapevine") })
	btcd      = sync.OnceValues(func() (string, error) { return build("btcd", ".", "github.com/btcsuite/btcd") })
)

// build makes a program, btcd in the version that this module asks for.
func build(name, dir, pkg string) (string, error) {
	path := filepath.Join(buildDir, name)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	cmd := exec.Command("go", "build", "-o", path, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, out)
	}
	return path, nil
}

// program is a running process and the end of what it said.
type program struct {
	name string
	cmd  *exec.Cmd
	out  tail
	done chan struct{}
	err  error // once done is closed
}

// tail keeps the last part of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailBytes = 16 << 10

func (o *tail) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf = append(o.buf, p...)
	if len(o.buf) > 2*tailBytes {
		o.buf = slices.Clone(o.buf[len(o.buf)-tailBytes:])
	}
	return len(p), nil
}

func (o *tail) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(bytes.ToValidUTF8(o.buf, nil))
}

// launch starts a program that is stopped when the test ends. What it said is
// shown when the test failed.
func launch(t *testing.T, name, path string, home string, args ...string) *program {
	t.Helper()
	p := &program{name: name, cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	p.cmd.Env = append(os.Environ(), "HOME="+home) // nobody's own configuration is read
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("%s said at last:\n%s", name, p.out.String())
		}
	})
	return p
}

// stop asks the program to end, and ends it when it does not. It may be called
// twice.
func (p *program) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		_ = p.cmd.Process.Kill() // where there are no signals
	}
	select {
	case <-p.done:
	case <-time.After(patience):
		t.Errorf("%s did not stop", p.name)
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// patience is how long anything may take; nothing takes a tenth of it.
const patience = 2 * time.Minute

// until asks again and again whether something has come about, and what the
// state is while it has not.
func until(t *testing.T, what string, ask func() (done bool, state string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		done, state := ask()
		if done {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not after %v; %s", what, patience, state)
		case <-tick.C:
		}
	}
}

// freeAddress returns a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))) // below what systems hand out
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

func portOf(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }
