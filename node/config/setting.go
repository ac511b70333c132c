package config

import (
	"math"
	"strconv"
	"strings"
)

type kind uint8

const (
	unset kind = iota
	boolean
	text
	list
)

// setting is one value as a source gives it: -x=1 is the text "1", -nox is false, settings.json may hold any of them. The zero
// setting is an option that nobody set.
type setting struct {
	kind kind
	on   bool
	text string
	list []setting
	// num marks a text that settings.json holds as a number.
	num bool
}

func boolSetting(b bool) setting   { return setting{kind: boolean, on: b} }
func textSetting(s string) setting { return setting{kind: text, text: s} }
func (s setting) negated() bool    { return s.kind == boolean && !s.on }
func (s setting) string() string {
	switch {
	case s.kind == boolean && s.on:
		return "1"
	case s.kind == boolean:
		return "0"
	}
	return s.text
}

func (s setting) bool() bool {
	if s.kind == boolean {
		return s.on
	}
	return truth(s.text)
}

func (s setting) int() int64 {
	if s.kind == boolean {
		if s.on {
			return 1
		}
		return 0
	}
	return atoi(s.text)
}

// quoted is the setting as debug.log shows it.
func (s setting) quoted() string {
	switch {
	case s.kind == boolean:
		return strconv.FormatBool(s.on)
	case s.kind == list:
		parts := make([]string, len(s.list))
		for i, e := range s.list {
			parts[i] = e.quoted()
		}
		return "[" + strings.Join(parts, ",") + "]"
	case s.num:
		return s.text
	}
	return strconv.Quote(s.text)
}

// truth reads a text as a switch: empty (-x) is on, else a number other than 0; words are off, "true" included.
func truth(s string) bool { return s == "" || atoi(s) != 0 }

// atoi reads as much of a number as there is, 0 when there is none, the nearest value when it does not fit.
func atoi(s string) int64 {
	s = strings.Trim(s, " \f\n\r\t\v")
	if rest, plus := strings.CutPrefix(s, "+"); plus {
		if strings.HasPrefix(rest, "-") {
			return 0
		}
		s = rest
	}
	end := 0
	if strings.HasPrefix(s, "-") {
		end = 1
	}
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(s[:end], 10, 64)
	if err == nil {
		return n
	}
	switch {
	case end <= 1 && (s[:end] == "" || s[:end] == "-"):
		return 0
	case s[0] == '-':
		return math.MinInt64
	}
	return math.MaxInt64
}

// span is the values that one source gives for one option, in order.
type span []setting

// dropped returns how many values a -nox takes back: all up to the last one.
func (s span) dropped() int {
	for i := len(s); i > 0; i-- {
		if s[i-1].negated() {
			return i
		}
	}
	return 0
}

func (s span) lastNegated() bool { return len(s) > 0 && s[len(s)-1].negated() }
func (s span) empty() bool       { return len(s) == 0 || s.lastNegated() }
func (s span) live() span        { return s[s.dropped():] }
