package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"grapevine/internal/testdata"
)

// asProgram makes the test binary behave as the product.
const asProgram = "GRAPEVINE_TEST_AS"

func TestMain(m *testing.M) {
	if name := os.Getenv(asProgram); name != "" {
		os.Exit(run(append([]string{name}, os.Args[1:]...)))
	}
	os.Exit(m.Run())
}

func command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args...)
	c.Env = append(os.Environ(), asProgram+"="+name, "HOME="+t.TempDir())
	return c
}

type output struct {
	code      int
	out, errs string
}

func execute(t *testing.T, name string, args ...string) output {
	t.Helper()
	c := command(t, name, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return output{c.ProcessState.ExitCode(), out.String(), errs.String()}
}

func TestWhatUsersSee(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		line      string // the first word is the program's name
		code      int
		out, errs string // contained
	}{
		{"grapevine", 0, "node     run a node", ""},
		{"grapevine --help", 0, "cli      call a node", ""},
		{"grapevine version", 0, "Grapevine version ", ""},
		{"grapevine nope", 1, "", "there is no command \"nope\""},
		{"grapevine node -version", 0, "Grapevine version ", ""},
		{"grapevine node -help", 0, "  -datadir=<dir>\n", ""},
		{"grapevine node -?", 0, "  -datadir=<dir>\n", ""},
		{"bitcoind -h", 0, "Usage: bitcoind [options]", ""},
		{"bitcoind -help-debug", 0, "  -stopatheight=<n>\n", ""},
		{"bitcoind.exe -version", 0, "Grapevine version ", ""},
		{"bitcoind -nope", 1, "", "Error: Error parsing command line arguments: Invalid parameter -nope\n"},
		{"bitcoind nope", 1, "", "Error: Command line contains unexpected token 'nope', see bitcoind -h for a list of options.\n"},
		{"bitcoind -datadir=" + filepath.Join(dir, "none"), 1, "", "Error: Specified data directory \"" + filepath.Join(dir, "none") + "\" does not exist.\n"},
		{"bitcoind -datadir=" + dir + " -prune=550", 1, "", "Error: This version of Grapevine does not support -prune.\n"},
		{"bitcoind -datadir=" + dir + " -regtest -testnet", 1, "", "Error: Invalid combination of "},
		{"bitcoind -datadir=" + dir + " -loadblock=/no/such", 1, "", "Error: -loadblock=/no/such: there is no such file or directory\n"},
		{"bitcoin-cli -version", 0, "Grapevine RPC client version ", ""},
		{"bitcoin-cli", 1, "Usage: bitcoin-cli [options] <command> [params]", "Error: too few parameters\n"},
		{"grapevine cli -help", 0, "Usage: grapevine cli [options] <command> [params]", ""},
		{"grapevine bench", 0, "write a deterministic regtest chain", ""},
	} {
		words := strings.Fields(c.line)
		got := execute(t, words[0], words[1:]...)
		if got.code != c.code || !strings.Contains(got.out, c.out) || !strings.Contains(got.errs, c.errs) || (c.errs == "" && got.errs != "") {
			t.Errorf("%s: %+v", c.line, got)
		}
	}
}

// TestConsoleGoesAway: a node whose console is closed goes on, and keeps its files to itself.
func TestConsoleGoesAway(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("neither the signal nor the permissions are there")
	}
	dir, port := t.TempDir(), freePort(t)
	flags := []string{"-regtest", "-datadir=" + dir, "-rpcport=" + port}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	node := command(t, "bitcoind", append(flags, "-listen=0")...)
	node.Stdout = w
	_ = r.Close()
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	if got := execute(t, "bitcoin-cli", append(flags, "-rpcwait", "-rpcwaittimeout=60", "stop")...); got.code != 0 {
		t.Fatalf("%+v", got) // which ends the node too
	}
	if err := node.Wait(); err != nil {
		t.Error(err)
	}
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		if st, err := d.Info(); err != nil || st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, st.Mode(), err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestDaemon starts a node in the background.
func TestDaemon(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("-daemon is refused on Windows")
	}
	dir, port := t.TempDir(), freePort(t)
	flags := []string{"-regtest", "-datadir=" + dir, "-rpcport=" + port}
	got := execute(t, "bitcoind", append(flags, "-listen=0", "-daemonwait")...)
	if got != (output{0, "Bitcoin Core starting\n", ""}) {
		t.Fatalf("%+v", got)
	}
	if got := execute(t, "bitcoin-cli", append(flags, "getblockcount")...); got != (output{0, "0\n", ""}) {
		t.Errorf("the node does not answer at once: %+v", got)
	}
	if got := execute(t, "bitcoind", append(flags, "-listen=0", "-daemonwait")...); got.code != 1 || !strings.Contains(got.errs, "Error: Cannot obtain a lock on directory ") {
		t.Errorf("a second one: %+v", got)
	}
	if got := execute(t, "bitcoind", append(flags, "-listen=0", "-datadir="+t.TempDir(), "-daemonwait")...); got.code != 1 || !strings.Contains(got.errs, "Error: the node ended before it answered calls") {
		t.Errorf("one whose port is taken: %+v", got)
	}
	if got := execute(t, "bitcoin-cli", append(flags, "stop")...); got != (output{0, "Bitcoin Core stopping\n", ""}) {
		t.Errorf("%+v", got)
	}
	pid := filepath.Join(dir, "regtest", "bitcoind.pid")
	for deadline := time.Now().Add(30 * time.Second); ; runtime.Gosched() {
		if _, err := os.Stat(pid); errors.Is(err, os.ErrNotExist) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("still running")
		}
	}
}

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	return fmt.Sprint(testdata.FreePort(t))
}

// TestSignals runs the product as bitcoind with bitcoin-cli beside it: a termination in the middle of an import of real blocks is
// a clean stop within ten seconds.
func TestSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGTERM on Windows")
	}
	blocks := testdata.Module(t, "github.com/btcsuite/btcd", "v0.26.2", "blockchain/testdata/blk_0_to_14131.dat")
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		dir, port := t.TempDir(), freePort(t)
		node := command(t, "bitcoind", "-datadir="+dir, "-rpcport="+port, "-loadblock="+blocks, "-connect=0", "-printtoconsole=0", "-dbcache=4", "-coinstatsindex")
		var errs bytes.Buffer
		node.Stderr = &errs
		if err := node.Start(); err != nil {
			t.Fatal(err)
		}
		client := func(args ...string) output {
			return execute(t, "bitcoin-cli", append([]string{"-datadir=" + dir, "-rpcport=" + port, "-rpcwait", "-rpcwaittimeout=60"}, args...)...)
		}
		got := client("getblockchaininfo")
		var info struct {
			Chain  string
			Blocks int
		}
		if err := json.Unmarshal([]byte(got.out), &info); err != nil || info.Chain != "main" {
			t.Errorf("%+v", got)
		}
		if err := node.Process.Signal(syscall.SIGHUP); err != nil { // a rotation of the log does not end it
			t.Fatal(err)
		}
		if got := client("getblockhash", "x"); got.code != 1 || got.errs != "error: Error parsing JSON: x\n" {
			t.Errorf("%+v", got)
		}
		began := time.Now()
		for _, s := range []os.Signal{sig, syscall.SIGTERM, os.Interrupt} { // as programs between pass them on: still one wish
			if err := node.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
		}
		if err := node.Wait(); err != nil {
			t.Errorf("%v: %v, %s", sig, err, &errs)
		}
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("%v: the stop took %v", sig, d)
		}
		if !strings.HasPrefix(errs.String(), "Warning: This version of Grapevine does not support the following options, they have no effect: -coinstatsindex\n") {
			t.Errorf("%q", errs.String())
		}
		log, err := os.ReadFile(filepath.Join(dir, "debug.log"))
		if err != nil || !bytes.HasSuffix(log, []byte("Shutdown done\n")) {
			t.Errorf("%v\n%s", err, log)
		}
	}
}
