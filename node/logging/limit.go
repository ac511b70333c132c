package logging

import (
	"fmt"
	"time"
)

const (
	// limitBytes in limitWindow is what one place in the code may write: a peer that makes the node complain without end costs
	// 24 MiB of disk a day for each place that complains, and there are some hundreds.
	limitBytes  = 1 << 20
	limitWindow = time.Hour
)

// limiter holds a budget for each place in the code that has written. There are as many as there are log calls. The same line of
// code has several program counters where the compiler put it in several functions; budgets go by the line.
type limiter struct {
	byPC   map[uintptr]*budget
	byName map[string]*budget
}

func newLimiter() limiter { return limiter{byPC: map[uintptr]*budget{}, byName: map[string]*budget{}} }

type budget struct {
	where   string
	until   time.Time // end of the window
	left    int
	full    bool // the budget is used up
	dropped int  // bytes since then
}

func (l *limiter) at(pc uintptr) *budget {
	b := l.byPC[pc]
	if b == nil {
		file, line, function := source(pc)
		name := fmt.Sprintf("%s:%d (%s)", file, line, function)
		if b = l.byName[name]; b == nil {
			b = &budget{where: name}
			l.byName[name] = b
		}
		l.byPC[pc] = b
	}
	return b
}

// take asks for a line of n bytes. It reports whether the line may go to the file, and what should be said about it, if anything.
func (l *limiter) take(pc uintptr, n int, now time.Time) (ok bool, notice string) {
	b := l.at(pc)
	if !now.Before(b.until) {
		if b.dropped > 0 {
			notice = fmt.Sprintf("Restarting logging from %s: %d bytes were dropped during the last %.0fs.", b.where, b.dropped, limitWindow.Seconds())
		}
		b.until, b.left, b.full, b.dropped = now.Add(limitWindow), limitBytes, false, 0
	}
	if !b.full && n <= b.left {
		b.left -= n
		return true, notice
	}
	if !b.full {
		b.full = true
		return true, fmt.Sprintf("Excessive logging detected from %s: >%d bytes logged during the last time window of %.0fs. "+
			"Suppressing logging to disk from this source location until time window resets. Console logging unaffected. Last log entry.",
			b.where, limitBytes, limitWindow.Seconds())
	}
	b.dropped += n
	return false, notice
}
