package logging

// SetProgress shows a line at the bottom of the terminal, below the log, until it is set again; "" removes it. It does nothing
// where the console is no terminal: there, the steady lines of the log tell the same.
func (l *Log) SetProgress(text string) {
	if !l.cfg.Terminal || l.cfg.Console == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.opened || text == l.progress {
		return
	}
	l.clearProgress()
	l.progress = string(appendEscaped(nil, text))
	l.drawProgress()
}

// clearProgress empties the line that the cursor stands on; drawProgress writes the progress there, without wrapping where it is
// too long, and goes back to its start.
func (l *Log) clearProgress() {
	if l.progress != "" {
		_, _ = l.cfg.Console.Write([]byte("\r\x1b[K"))
	}
}

func (l *Log) drawProgress() {
	if l.progress != "" {
		_, _ = l.cfg.Console.Write([]byte("\x1b[?7l" + l.progress + "\x1b[?7h\r"))
	}
}
