package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"grapevine/cmd/grapevine/internal/benchchain"
)

// Lines of the log that say where an import stands.
const (
	lineImport   = "Loading blocks"
	lineImported = "Stopping after block import"
	lineFlush    = "flush begins"
	lineFlushed  = "flush ended"
	lineReplay   = "Replaying blocks after an interrupted flush"
)

// importBench is a block file that a small cache takes in with many flushes,
// and what its import comes to when nobody disturbs it.
type importBench struct {
	blocks string
	want   coinInfo
	took   time.Duration // of the import
	flush  time.Duration // of one flush
}

// coinInfo is what gettxoutsetinfo tells of the coins.
type coinInfo struct {
	Height    int
	BestBlock string
	TxOuts    int
	Hash      string `json:"hash_serialized_3"`
}

func newImportBench(t *testing.T, coins int) *importBench {
	t.Helper()
	b := &importBench{blocks: filepath.Join(t.TempDir(), "blocks.dat")}
	f, err := os.Create(b.blocks)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	stats, err := benchchain.Write(t.Context(), benchchain.Config{Signatures: 1000, Coins: coins, BlockBytes: 250_000}, w)
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var began time.Time
	p := b.start(t, dir)
	for line := range p.lines {
		switch {
		case strings.Contains(line, lineImport):
			began = time.Now()
		case strings.Contains(line, lineImported):
			b.took = time.Since(began)
		}
	}
	if code := p.wait(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, p.log())
	}
	flushes := p.count(lineFlush)
	b.flush = b.took / time.Duration(flushes)
	b.want = b.coins(t, dir)
	t.Logf("%d blocks, %d coins, %d flushes in %v", stats.Height, b.want.TxOuts, flushes, b.took.Round(time.Millisecond))
	if b.want.Height != int(stats.Height) || b.want.BestBlock != stats.Tip.String() || flushes < 8 {
		t.Fatalf("the undisturbed import came to %+v", b.want)
	}
	return b
}

// process is the product importing.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string // of its log
	seen  []string    // those that have been received
}

// start imports into dir; the process ends by itself when the import has.
func (b *importBench) start(t *testing.T, dir string) *process {
	t.Helper()
	p := &process{t: t, cmd: command(t, "grapevine", "node", "-regtest", "-datadir="+dir, "-dbcache=4", "-loadblock="+b.blocks,
		"-debug=coindb", "-connect=0", "-listen=0", "-server=0", "-stopafterblockimport", "-printtoconsole=1"), lines: make(chan string)}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p.cmd.Stdout
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string)
	go scan(out, lines)
	go func() { // notes what passes, so that nothing is read but in one place
		defer close(p.lines)
		for line := range lines {
			p.seen = append(p.seen, line)
			select {
			case p.lines <- line:
			case <-t.Context().Done():
			}
		}
	}()
	return p
}

func scan(r io.Reader, lines chan<- string) {
	defer close(lines)
	s := bufio.NewScanner(r)
	for s.Scan() {
		lines <- s.Text()
	}
}

// wait reads the log to its end and returns the exit code, -1 after a kill.
func (p *process) wait() int {
	for range p.lines {
	}
	_ = p.cmd.Wait() // the code says it
	return p.cmd.ProcessState.ExitCode()
}

// The log may be looked at after wait.
func (p *process) log() string { return strings.Join(p.seen, "\n") }

func (p *process) count(text string) int { return strings.Count(p.log(), text) }

// moment is when a process is stopped: some time after the n-th line with a
// text.
type moment struct {
	line  string
	n     int
	after time.Duration
}

// await returns true at the moment, false when the log ended before.
func (p *process) await(m moment) bool {
	for line := range p.lines {
		if strings.Contains(line, m.line) {
			m.n--
		}
		if m.n == 0 {
			break
		}
	}
	if m.n > 0 {
		return false
	}
	due := time.After(m.after)
	for {
		select {
		case _, ok := <-p.lines:
			if !ok {
				return false
			}
		case <-due:
			return true
		}
	}
}

// coins asks a node on dir for its coins.
func (b *importBench) coins(t *testing.T, dir string) (info coinInfo) {
	t.Helper()
	port := freePort(t)
	flags := []string{"-regtest", "-datadir=" + dir, "-rpcport=" + port}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	node := command(t, "grapevine", append([]string{"node", "-connect=0", "-listen=0", "-printtoconsole=0", "-dbcache=4"}, flags...)...)
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	defer context.AfterFunc(ctx, func() { _ = node.Process.Kill() })() // where the test ends before the node
	got := execute(t, "bitcoin-cli", append(flags, "-rpcwait", "gettxoutsetinfo")...)
	if err := json.Unmarshal([]byte(got.out), &info); err != nil {
		t.Fatalf("%+v", got)
	}
	if got := execute(t, "bitcoin-cli", append(flags, "stop")...); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if err := node.Wait(); err != nil {
		t.Errorf("stop: %v", err)
	}
	return info
}

// finish lets an import that was stopped go to its end, and compares.
func (b *importBench) finish(t *testing.T, dir, what string) {
	t.Helper()
	p := b.start(t, dir)
	if code := p.wait(); code != 0 {
		t.Fatalf("%s: exit code %d\n%s", what, code, p.log())
	}
	b.compare(t, dir, what)
}

func (b *importBench) compare(t *testing.T, dir, what string) {
	t.Helper()
	if got := b.coins(t, dir); got != b.want {
		t.Fatalf("%s: %+v; want %+v", what, got, b.want)
	}
}

// TestStoppedImports stops imports by force and by request.
func TestStoppedImports(t *testing.T) {
	if testing.Short() {
		t.Skip("takes the race detector minutes")
	}
	b := newImportBench(t, 120_000)
	t.Run("killed", func(t *testing.T) { b.kill(t, 5, 1) })
	t.Run("terminated", b.terminate)
}

func TestKilledImportsLong(t *testing.T) {
	if os.Getenv("GRAPEVINE_LONG") == "" {
		t.Skip("set GRAPEVINE_LONG=1")
	}
	newImportBench(t, 300_000).kill(t, 30, 10)
}

// kill kills imports at so many moments, restarting each on what the killed one
// left, and fails when fewer than flushes of them fell inside a flush. An
// import that comes to its end is compared, and the next begins with nothing.
// Kills before the import goes on, in the replay of a flush that was
// interrupted, come on top.
func (b *importBench) kill(t *testing.T, kills, flushes int) {
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	done, inFlush, replays, inReplay, ended := 0, 0, 0, 0, 0
	for tries := 0; done < kills; tries++ {
		if tries > 10*kills {
			t.Fatalf("only %d of %d tries were killed in the middle of the import", done, tries)
		}
		m := moment{lineImport, 1, below(rng, b.took/4)}
		switch {
		case tries%6 == 5:
			m = moment{lineReplay, 1, below(rng, b.flush/4)}
		case tries%2 == 0:
			m = moment{lineFlush, 1 + rng.IntN(2), below(rng, b.flush/2)}
		}
		p := b.start(t, dir)
		if p.await(m) {
			_ = p.cmd.Process.Kill() // too late is seen below
		}
		code := p.wait()
		replays += min(1, p.count(lineReplay))
		switch {
		case code == 0:
			b.compare(t, dir, "an import that came to its end")
			ended++
			dir = t.TempDir()
		case code > 0:
			t.Fatalf("exit code %d\n%s", code, p.log())
		case p.count(lineImported) > 0: // in the stop after it
		case p.count(lineImport) == 0:
			inReplay++
		default:
			done++
			if p.count(lineFlush) > p.count(lineFlushed) {
				inFlush++
			}
		}
	}
	b.finish(t, dir, "after the last kill")
	t.Logf("seed %d: %d kills inside an import, %d of them inside a flush; %d more before the import; %d starts rolled a flush forward; %d imports ended in between",
		seed, done, inFlush, inReplay, replays, ended)
	if inFlush < flushes {
		t.Errorf("only %d kills fell inside a flush, want %d", inFlush, flushes)
	}
	if inFlush >= 10 && replays == 0 {
		t.Error("no start had to roll a flush forward")
	}
}

func below(rng *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(rng.Int64N(int64(max(d, 1))))
}

// terminate asks imports to stop, at their begin and inside flushes: they do
// so at once and cleanly, and the next start goes on.
func (b *importBench) terminate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGTERM on Windows")
	}
	dir := t.TempDir()
	stopped := 0
	for _, m := range []moment{{lineImport, 1, 0}, {lineFlush, 2, 0}, {lineFlush, 2, b.flush / 2}} {
		p := b.start(t, dir)
		if !p.await(m) {
			break
		}
		began := time.Now()
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		code := p.wait()
		took := time.Since(began)
		t.Logf("%d. %q: stopped within %v", m.n, m.line, took.Round(time.Millisecond))
		if code != 0 || !strings.HasSuffix(p.log(), "Shutdown done") {
			t.Fatalf("exit code %d\n%s", code, p.log())
		}
		// The promise is ten seconds; a machine with more to do gets some more.
		if took > 30*time.Second {
			t.Errorf("the stop took %v", took)
		}
		if p.count(lineImported) == 0 {
			stopped++
		}
	}
	if stopped < 2 {
		t.Errorf("%d imports were stopped in their middle", stopped)
	}
	b.finish(t, dir, "after the terminations")
}
