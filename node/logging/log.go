package logging

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Config says what is logged where. The zero value logs nothing anywhere.
type Config struct {
	// File is the path of the log file; "" means none.
	File string
	// Shrink cuts a file of more than 11 MB down to its last 10 MB when it is opened.
	Shrink bool
	// Console gets every line; nil means none. Terminal says that it is one: then [Log.SetProgress] shows a line at its bottom.
	Console  io.Writer
	Terminal bool
	// Debug and Exclude are categories to log in detail, or not; Levels are "level" or "category:level".
	Debug, Exclude, Levels []string
	// NoTime leaves out the time; Micros adds microseconds to it.
	NoTime, Micros bool
	// Component, Sources and AlwaysLevel put the category, the place in the code, and category and level before each line.
	Component, Sources, AlwaysLevel bool
	// RateLimit bounds what one place in the code may write to the file in an hour.
	RateLimit bool
	// Now is the clock of the lines; nil means time.Now.
	Now func() time.Time
	// MockTime is the clock that validation sees where a test has set one, zero elsewhere; nil means never.
	MockTime func() time.Time
}

const (
	shrinkAbove = 11_000_000
	shrinkTo    = 10_000_000
	// maxEarly bounds the lines kept before Open; a start writes some kilobytes.
	maxEarly = 1 << 20
)

// Log is where lines go.
type Log struct {
	cfg  Config
	cats *categories

	mu       sync.Mutex
	opened   bool
	early    []byte // lines before Open
	dropped  int    // of them, for lack of room
	file     *os.File
	fileErr  bool // the file failed once; said on the console, not again
	limits   limiter
	progress string // at the bottom of the terminal
}

// New returns a log that keeps its lines until [Log.Open]. It refuses categories and levels that do not exist.
func New(cfg Config) (*Log, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	l := &Log{cfg: cfg, cats: newCategories(), limits: newLimiter()}
	if err := l.cats.configure(cfg.Debug, cfg.Exclude, cfg.Levels); err != nil {
		return nil, err
	}
	return l, nil
}

// Logger returns the logger of a category; "" is for lines that belong to none.
func (l *Log) Logger(category string) *slog.Logger {
	return slog.New(&handler{log: l, category: l.cats.index(category), name: category})
}

// Open opens the file, writes what was kept, and writes lines as they come from now on.
func (l *Log) Open() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cfg.File != "" {
		if l.cfg.Shrink {
			if err := shrink(l.cfg.File); err != nil {
				l.early = append(l.early, fmt.Sprintf("[warning] Failed to shrink debug log file: %v\n", err)...)
			}
		}
		f, err := os.OpenFile(l.cfg.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("Could not open debug log file %s: %w", l.cfg.File, err)
		}
		l.file = f
		_, _ = f.WriteString("\n\n\n\n\n") // sets runs apart
	}
	l.opened = true
	if l.dropped > 0 {
		l.early = append(l.early, fmt.Sprintf("Early logging buffer overflowed, %d log lines discarded.\n", l.dropped)...)
	}
	l.writeFile(l.early)
	l.writeConsole(l.early)
	l.early = nil
	return nil
}

// Close closes the file. Lines that come later still reach the console.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clearProgress()
	l.progress = ""
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// Reopen opens the file anew: after a rotation has renamed it, lines go to a new one. The old one stays in use when that fails.
func (l *Log) Reopen() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	f, err := os.OpenFile(l.cfg.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("reopen of the debug log: %w", err)
	}
	_ = l.file.Close() // every line is written already
	l.file = f
	l.fileErr = false
	return nil
}

// Path returns where the log file is, "" without one.
func (l *Log) Path() string { return l.cfg.File }

// write takes one complete line from a place in the code. limited lines count against its budget.
func (l *Log) write(line []byte, place uintptr, limited bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.opened {
		if len(l.early)+len(line) > maxEarly {
			l.dropped++
			return
		}
		l.early = append(l.early, line...)
		return
	}
	toFile := true
	if limited && l.cfg.RateLimit {
		var notice string
		toFile, notice = l.limits.take(place, len(line), l.cfg.Now())
		if notice != "" {
			n := l.stamp(nil, l.cfg.Now())
			n = append(append(n, "[warning] "...), notice...)
			n = append(n, '\n')
			l.writeFile(n)
			l.writeConsole(n)
		}
	}
	if toFile {
		l.writeFile(line)
	}
	l.writeConsole(line)
}

func (l *Log) writeFile(b []byte) {
	if l.file == nil || len(b) == 0 {
		return
	}
	if _, err := l.file.Write(b); err != nil && !l.fileErr {
		// A full disk must not end the node here; those who write what matters notice by themselves.
		l.fileErr = true
		l.writeConsole(fmt.Appendf(nil, "[warning] debug log: %v\n", err))
	}
}

func (l *Log) writeConsole(b []byte) {
	if l.cfg.Console == nil || len(b) == 0 {
		return
	}
	if l.progress != "" {
		l.clearProgress()
		defer l.drawProgress()
	}
	_, _ = l.cfg.Console.Write(b) // nobody to tell
}

// shrink keeps the end of a long file.
func shrink(path string) error {
	st, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil || st.Size() <= shrinkAbove {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Seek(-shrinkTo, io.SeekEnd); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = io.Copy(tmp, f)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		_ = f.Close() // some systems do not rename over an open file
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}
