package logging

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func fixed() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC) }

func open(t *testing.T, cfg Config) (*Log, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	cfg.Console = &out
	if cfg.Now == nil {
		cfg.Now = fixed
	}
	l, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, &out
}

// emit logs with a fixed time.
func emit(l *slog.Logger, level slog.Level, msg string, args ...any) {
	if !l.Enabled(context.Background(), level) {
		return
	}
	r := slog.NewRecord(fixed(), level, msg, 0)
	r.Add(args...)
	_ = l.Handler().Handle(context.Background(), r)
}

func TestLineForms(t *testing.T) {
	cases := []struct {
		name     string
		cfg      Config
		category string
		level    slog.Level
		want     string
	}{
		{"info", Config{}, "", slog.LevelInfo, "2026-01-02T03:04:05Z m\n"},
		{"info of a category", Config{}, "net", slog.LevelInfo, "2026-01-02T03:04:05Z m\n"},
		{"warning", Config{}, "net", slog.LevelWarn, "2026-01-02T03:04:05Z [warning] m\n"},
		{"error", Config{}, "", slog.LevelError, "2026-01-02T03:04:05Z [error] m\n"},
		{"debug off", Config{}, "net", slog.LevelDebug, ""},
		{"debug on", Config{Debug: []string{"net"}}, "net", slog.LevelDebug, "2026-01-02T03:04:05Z [net] m\n"},
		{"debug of another", Config{Debug: []string{"rpc"}}, "net", slog.LevelDebug, ""},
		{"debug of none", Config{Debug: []string{"1"}}, "", slog.LevelDebug, ""},
		{"excluded", Config{Debug: []string{"1"}, Exclude: []string{"net"}}, "net", slog.LevelDebug, ""},
		{"trace off", Config{Debug: []string{"1"}}, "net", Trace, ""},
		{"trace on", Config{Debug: []string{"1"}, Levels: []string{"trace"}}, "net", Trace, "2026-01-02T03:04:05Z [net:trace] m\n"},
		{"trace for one", Config{Debug: []string{"1"}, Levels: []string{"net:trace", "info"}}, "net", Trace, "2026-01-02T03:04:05Z [net:trace] m\n"},
		{"level info", Config{Debug: []string{"1"}, Levels: []string{"info"}}, "net", slog.LevelDebug, ""},
		{"always", Config{AlwaysLevel: true}, "", slog.LevelInfo, "2026-01-02T03:04:05Z [all:info] m\n"},
		{"always, category", Config{AlwaysLevel: true}, "net", slog.LevelWarn, "2026-01-02T03:04:05Z [net:warning] m\n"},
		{"always, debug", Config{AlwaysLevel: true, Debug: []string{"net"}}, "net", slog.LevelDebug, "2026-01-02T03:04:05Z [net:debug] m\n"},
		{"micros", Config{Micros: true}, "", slog.LevelInfo, "2026-01-02T03:04:05.678901Z m\n"},
		{"no time", Config{NoTime: true}, "", slog.LevelInfo, "m\n"},
		{"component", Config{Component: true}, "net", slog.LevelInfo, "2026-01-02T03:04:05Z [net] m\n"},
		{"mock", Config{MockTime: func() time.Time { return time.Unix(1e9, 0) }}, "", slog.LevelInfo, "2026-01-02T03:04:05Z (mocktime: 2001-09-09T01:46:40Z) m\n"},
	}
	for _, c := range cases {
		l, out := open(t, c.cfg)
		emit(l.Logger(c.category), c.level, "m")
		if out.String() != c.want {
			t.Errorf("%s: got %q, want %q", c.name, out, c.want)
		}
	}
}

func TestAttributes(t *testing.T) {
	l, out := open(t, Config{NoTime: true})
	log := l.Logger("").With("a", 1).WithGroup("g").With("b", "x y")
	emit(log, slog.LevelInfo, "m\x1b[0m\x7f\xff\u009b", "n", -5, "e", errors.New("bad\tthing"), slog.Group("h", "i", true), "s", "", "é", "ü")
	want := `m\x1b[0m\x7f\xff\xc2\x9b a=1 g.b="x y" g.n=-5 g.e=bad\x09thing g.h.i=true g.s="" g.é=ü` + "\n"
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", out, want)
	}
}

func TestRefusedSettings(t *testing.T) {
	for want, cfg := range map[string]Config{
		"Unsupported logging category -debug=nope.":                                                      {Debug: []string{"nope"}},
		"Unsupported logging category -debugexclude=nope.":                                               {Exclude: []string{"nope"}},
		"Unsupported global logging level -loglevel=loud. Valid values: info, debug, trace.":             {Levels: []string{"loud"}},
		"Unsupported category-specific logging level -loglevel=net:loud. Expected -loglevel=<category":   {Levels: []string{"net:loud"}},
		"Unsupported category-specific logging level -loglevel=nope:debug. Expected -loglevel=<category": {Levels: []string{"nope:debug"}},
	} {
		if _, err := New(cfg); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestCategoriesAtRunTime(t *testing.T) {
	l, out := open(t, Config{NoTime: true})
	log := l.Logger("rpc")
	log.Debug("one")
	if !l.SetCategory("rpc", true) || !l.CategoryActive("rpc") || l.CategoryActive("net") {
		t.Error("rpc was not switched on alone")
	}
	log.Debug("two")
	if !l.SetCategory("all", true) || !l.CategoryActive("net") || !l.SetCategory("1", false) || l.CategoryActive("rpc") {
		t.Error("all at once")
	}
	log.Debug("three")
	if l.SetCategory("nope", true) || l.CategoryActive("nope") {
		t.Error("a category that is none")
	}
	if out.String() != "[rpc] two\n" {
		t.Errorf("%q", out)
	}
	c := l.Categories()
	for i := 1; i < len(c); i++ {
		if c[i-1] >= c[i] {
			t.Errorf("%s stands before %s", c[i-1], c[i])
		}
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debug.log")
	l, err := New(Config{File: path, NoTime: true})
	if err != nil {
		t.Fatal(err)
	}
	l.Logger("").Info("early")
	if _, err := os.Stat(path); err == nil {
		t.Error("the file was made before Open")
	}
	if err := l.Open(); err != nil {
		t.Fatal(err)
	}
	l.Logger("").Info("late")
	if runtime.GOOS != "windows" { // which does not rename open files
		if err := os.Rename(path, path+".1"); err != nil {
			t.Fatal(err)
		}
		l.Logger("").Info("rotated")
		if err := l.Reopen(); err != nil {
			t.Fatal(err)
		}
		l.Logger("").Info("new file")
		if b, _ := os.ReadFile(path); string(b) != "new file\n" {
			t.Errorf("%q", b)
		}
		path += ".1"
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(path)
	if got, want := strings.TrimLeft(string(b), "\n"), "early\nlate\nrotated\n"; got != want && runtime.GOOS != "windows" {
		t.Errorf("%q, want %q", got, want)
	}
	l2, _ := New(Config{File: filepath.Join(t.TempDir(), "no", "debug.log")})
	if err := l2.Open(); err == nil || !strings.HasPrefix(err.Error(), "Could not open debug log file ") {
		t.Error(err)
	}
}

func TestEarlyLinesAreBounded(t *testing.T) {
	var out bytes.Buffer
	l, _ := New(Config{Console: &out, NoTime: true})
	long := strings.Repeat("x", 1000)
	for range 2000 {
		l.Logger("").Info(long)
	}
	if err := l.Open(); err != nil {
		t.Fatal(err)
	}
	if out.Len() > maxEarly+200 || !strings.Contains(out.String(), "Early logging buffer overflowed, 953 log lines discarded.") {
		t.Errorf("%d bytes, ends %q", out.Len(), out.String()[out.Len()-100:])
	}
}

func TestShrink(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debug.log")
	for size, want := range map[int]int64{shrinkAbove: shrinkAbove, shrinkAbove + 1: shrinkTo} {
		if err := os.WriteFile(path, append(bytes.Repeat([]byte("a"), size-3), "end"...), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := shrink(path); err != nil {
			t.Fatal(err)
		}
		b, _ := os.ReadFile(path)
		if int64(len(b)) != want || !bytes.HasSuffix(b, []byte("end")) {
			t.Errorf("%d bytes became %d", size, len(b))
		}
	}
	if err := shrink(path + ".none"); err != nil {
		t.Error(err)
	}
}

func TestRateLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "debug.log")
	now := fixed()
	l, out := open(t, Config{File: path, RateLimit: true, NoTime: true, Now: func() time.Time { return now }, Debug: []string{"net"}})
	log := l.Logger("net")
	line := strings.Repeat("x", 1023)
	flood := func(n int) {
		for range n {
			log.Info(line)
		}
	}
	size := func() int64 { st, _ := os.Stat(path); return st.Size() }
	flood(1024)
	full := size()
	if full != 5+1024*1024 {
		t.Fatalf("%d bytes: the budget itself is written", full)
	}
	flood(10)
	said := size()
	if extra := said - full; extra < 1024 || extra > 1024+600 {
		t.Errorf("%d bytes beyond the budget: the last line and a notice", extra)
	}
	log.Info("another place is not concerned")
	for range 3 {
		log.Debug("detail is never limited")
	}
	if size() == said {
		t.Error("another place was silenced too")
	}
	if n := strings.Count(out.String(), line); n != 1034 {
		t.Errorf("the console has %d lines", n)
	}
	now = now.Add(limitWindow)
	before := size()
	flood(1)
	if size()-before < 1024 || !strings.Contains(out.String(), ": 9216 bytes were dropped during the last 3600s.") {
		t.Errorf("after the window: %d bytes; %q", size()-before, out.String()[max(0, out.Len()-1500):out.Len()-1024])
	}
}

func TestProgress(t *testing.T) {
	l, out := open(t, Config{NoTime: true, Terminal: true})
	l.SetProgress("10 %")
	l.Logger("").Info("line")
	l.SetProgress("20 %")
	l.SetProgress("20 %")
	l.SetProgress("")
	on, off, clear := "\x1b[?7l", "\x1b[?7h\r", "\r\x1b[K"
	want := on + "10 %" + off + clear + "line\n" + on + "10 %" + off + clear + on + "20 %" + off + clear
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", out, want)
	}
	l, out = open(t, Config{NoTime: true})
	l.SetProgress("10 %")
	if out.Len() != 0 {
		t.Errorf("no terminal, but %q", out)
	}
}

func TestRecordOfAnotherCategory(t *testing.T) {
	l, out := open(t, Config{NoTime: true, Debug: []string{"coindb"}})
	log := l.Logger("validation")
	log.Debug("off")
	log.Debug("on", "category", "coindb", "n", 1)
	log.Debug("off", "category", "net")
	log.Info("plain", "category", "no such")
	if want := "[coindb] on n=1\nplain category=\"no such\"\n"; out.String() != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestConcurrentLines(t *testing.T) {
	l, out := open(t, Config{NoTime: true, RateLimit: true})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				l.Logger("net").Info("whole", "k", "v")
				l.SetCategory("net", true)
			}
		})
	}
	wg.Wait()
	if n := strings.Count(out.String(), "whole k=v\n"); n != 800 || out.Len() != 8000 {
		t.Errorf("%d whole lines in %d bytes", n, out.Len())
	}
}

func TestDisabledLinesAreFree(t *testing.T) {
	l, _ := open(t, Config{})
	log := l.Logger("net")
	if n := testing.AllocsPerRun(100, func() { log.Debug("x", "n", 5) }); n != 0 {
		t.Errorf("%v allocations for a line that is not written", n)
	}
}
