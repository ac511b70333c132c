package config

import (
	"slices"
	"strings"
)

// HelpRequested reports whether the user asks for help.
func (a *Args) HelpRequested() bool {
	return a.IsSet("help") || a.IsSet("h") || a.IsSet("?") || a.IsSet("help-debug")
}

// Help returns the list of options; those for debugging only with -help-debug.
func (a *Args) Help() string {
	const width = 79
	debug := a.Bool("help-debug", false)
	var b strings.Builder
	for _, g := range groups() {
		var opts []*Option
		for _, o := range a.options {
			if o.Group == g && o.Help != "" && (debug || o.Flags&Debug == 0) {
				opts = append(opts, o)
			}
		}
		if len(opts) == 0 {
			continue
		}
		slices.SortFunc(opts, func(x, y *Option) int { return strings.Compare(x.Name, y.Name) })
		b.WriteString(g + ":\n\n")
		for _, o := range opts {
			text := o.Help
			switch o.Support {
			case NoEffect:
				text += " (not supported by this version: no effect)"
			case Refused:
				text += " (not supported by this version: refused)"
			}
			b.WriteString("  -" + o.Name + o.Hint + "\n" + paragraph(text, width, 7) + "\n\n")
		}
	}
	return b.String()
}

// paragraph breaks text into lines, all of them indented.
func paragraph(text string, width, indent int) string {
	var b strings.Builder
	col := 0
	for _, word := range strings.Fields(text) {
		switch {
		case col == 0:
			b.WriteString(strings.Repeat(" ", indent))
			col = indent
		case col+1+len(word) > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			col = indent
		default:
			b.WriteByte(' ')
			col++
		}
		b.WriteString(word)
		col += len(word)
	}
	return b.String()
}
