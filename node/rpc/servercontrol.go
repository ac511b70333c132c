package rpc

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// LogCategories is what the logging method reads and sets.
type LogCategories interface {
	// Categories returns all names in order.
	Categories() []string
	// CategoryActive reports whether debug lines of a category are written.
	CategoryActive(name string) bool
	// SetCategory switches a category, or all with "all" or "1"; false for a name that is none.
	SetCategory(name string, on bool) bool
}

// Control is what the methods about the server itself need.
type Control struct {
	// Stop asks the node to stop; it returns at once.
	Stop func()
	// Started is when the node began, for uptime.
	Started time.Time
	// LogPath is the path of debug.log, "" when there is none.
	LogPath string
	// Log switches debug categories.
	Log LogCategories
	// SetMockTime sets the node's clock to a fixed time, zero to the system's. Nil on networks whose clock is not for tests to set.
	SetMockTime func(t time.Time)
}

// ControlCommands returns the methods about the server itself: help, stop, uptime, getrpcinfo, logging, and the hidden echo,
// echojson and setmocktime.
func ControlCommands(c Control) []Command {
	return []Command{
		{
			Category: "control", Name: "getrpcinfo", Handler: c.rpcInfo,
			Description: "Tells which calls are running and where the log is.",
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResArr, Key: "active_commands", Description: "The calls in progress", Inner: []Result{
					{Type: ResObj, Description: "One call", Inner: []Result{
						{Type: ResStr, Key: "method", Description: "The method called"},
						{Type: ResNum, Key: "duration", Description: "Microseconds since it began"},
					}},
				}},
				{Type: ResStr, Key: "logpath", Description: "The full path of the debug log"},
			}}},
			Examples: ExampleCLI("getrpcinfo", "") + ExampleRPC("getrpcinfo", ""),
		},
		{
			Category: "control", Name: "help", Handler: help,
			Description: "Lists all methods, or explains one.",
			Args: []Arg{
				{Names: "command", Type: ArgStr, Hint: "all commands", Description: "The method to explain"},
			},
			Results: []Result{{Type: ResStr, Description: "The text"}, {Type: ResAny}},
		},
		{
			Category: "control", Name: "logging", Handler: c.logging,
			Description: "Shows or changes which categories are logged in detail.\n" +
				"Without arguments it only shows. Categories in \"include\" are switched on first, those in \"exclude\" off after that.\n" +
				"The categories are: " + strings.Join(c.Log.Categories(), ", ") + "\n" +
				"The names \"all\" and \"1\" stand for all of them.",
			Args: []Arg{
				{Names: "include", Type: ArgArr, Optional: true, Description: "Categories to log", Inner: []Arg{
					{Names: "include_category", Type: ArgStr, Optional: true, Description: "name of a category"},
				}},
				{Names: "exclude", Type: ArgArr, Optional: true, Description: "Categories not to log", Inner: []Arg{
					{Names: "exclude_category", Type: ArgStr, Optional: true, Description: "name of a category"},
				}},
			},
			Results: []Result{{Type: ResObjDyn, Description: "all categories by name", Inner: []Result{
				{Type: ResBool, Key: "category", Description: "whether it is logged"},
			}}},
			Examples: ExampleCLI("logging", `"[\"all\"]" "[\"http\"]"`) + ExampleRPC("logging", `["all"], ["leveldb"]`),
		},
		{
			Category: "control", Name: "stop", Handler: c.stop,
			Description: "Asks the node to stop cleanly.",
			Args: []Arg{
				{Names: "wait", Type: ArgNum, Optional: true, Hidden: true, Description: "milliseconds to wait before answering"},
			},
			Results: []Result{{Type: ResStr, Description: "The text '" + stopping + "'"}},
		},
		{
			Category: "control", Name: "uptime", Handler: c.uptime,
			Description: "Tells how long the node has been running.",
			Results:     []Result{{Type: ResNum, Description: "Seconds since the start"}},
			Examples:    ExampleCLI("uptime", "") + ExampleRPC("uptime", ""),
		},
		echoCommand("echo"), echoCommand("echojson"),
		{
			Category: "hidden", Name: "setmocktime", Handler: c.mockTime,
			Description: "Sets the node's clock to a fixed time (regtest only).",
			Args: []Arg{{Names: "timestamp", Type: ArgNum, Description: "Seconds since 1970 (UNIX epoch time)\n" +
				"0 goes back to the system's clock."}},
			Results: []Result{{Type: ResNone}},
		},
	}
}

// stopping is the answer to stop that scripts wait for, in the reference client's name.
const stopping = "Bitcoin Core stopping"

func (c Control) rpcInfo(_ context.Context, r *Request, w *Writer) error {
	w.Obj().Key("active_commands").Arr()
	for _, a := range r.table.active() {
		w.Obj().Key("method").String(a.method).Key("duration").Int(time.Since(a.start).Microseconds()).EndObj()
	}
	w.EndArr().Key("logpath").String(c.LogPath).EndObj()
	return nil
}

func (c Control) stop(_ context.Context, r *Request, w *Writer) error {
	wait := int32(0)
	if r.Has(0) {
		var err error
		if wait, err = r.Int32(0); err != nil {
			return err
		}
	}
	c.Stop()
	if wait > 0 {
		// Not cut short by the stop that it has just asked for, so that a test can see the server in between.
		<-time.After(min(time.Duration(wait)*time.Millisecond, stopGrace-time.Second))
	}
	w.String(stopping)
	return nil
}

func (c Control) uptime(_ context.Context, _ *Request, w *Writer) error {
	w.Int(int64(time.Since(c.Started).Seconds()))
	return nil
}

func (c Control) logging(_ context.Context, r *Request, w *Writer) error {
	for i, on := range []bool{true, false} {
		cats := r.Given(i)
		for j := range cats.Len() {
			name, err := cats.At(j).Str()
			if err != nil {
				return err
			}
			if !c.Log.SetCategory(name, on) {
				return Errorf(CodeInvalidParameter, "unknown logging category %s", name)
			}
		}
	}
	w.Obj()
	for _, name := range c.Log.Categories() {
		w.Key(name).Bool(c.Log.CategoryActive(name))
	}
	w.EndObj()
	return nil
}

func (c Control) mockTime(_ context.Context, r *Request, w *Writer) error {
	if c.SetMockTime == nil {
		return Errorf(CodeMisc, "setmocktime is for regression testing (-regtest mode) only")
	}
	t, err := r.Int64(0)
	if err != nil {
		return err
	}
	if t < 0 || t > math.MaxUint32 {
		return Errorf(CodeInvalidParameter, "Mocktime must be in the range [0, %d], not %d.", uint32(math.MaxUint32), t)
	}
	if t == 0 {
		c.SetMockTime(time.Time{})
	} else {
		c.SetMockTime(time.Unix(t, 0))
	}
	w.Null()
	return nil
}

func echoCommand(name string) Command {
	args := make([]Arg, 10)
	for i := range args {
		args[i] = Arg{Names: fmt.Sprintf("arg%d", i), Type: ArgStr, Optional: true, AnyKind: true}
	}
	return Command{
		Category: "hidden", Name: name, Args: args,
		Description: "Answers with its own arguments, for tests of clients.\n\n" +
			"The command line client sends echojson's arguments as JSON and echo's as strings; the server treats both the same.",
		Results: []Result{{Type: ResAny}},
		Handler: func(_ context.Context, r *Request, w *Writer) error {
			w.Value(r.params)
			return nil
		},
	}
}

func help(_ context.Context, r *Request, w *Writer) error {
	command := r.Given(0).Text()
	if command == "dump_all_command_conversions" {
		r.table.dumpArgs(w)
		return nil
	}
	w.String(r.table.Help(command))
	return nil
}

// Help returns the list of all methods (name ""), or the text of one.
func (t *Table) Help(name string) string {
	t.mu.Lock()
	sorted := slices.Clone(t.sorted)
	t.mu.Unlock()
	var b strings.Builder
	category := ""
	for _, m := range sorted {
		switch {
		case name == m.Name:
			return m.help()
		case name != "" || m.Category == "hidden":
			continue
		}
		if m.Category != category {
			if category != "" {
				b.WriteByte('\n')
			}
			category = m.Category
			b.WriteString("== " + strings.ToUpper(category[:1]) + category[1:] + " ==\n")
		}
		b.WriteString(m.summary() + "\n")
	}
	if name != "" {
		return "help: unknown command: " + name
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// dumpArgs writes which arguments of which method are strings: clients check their own conversion tables against it.
func (t *Table) dumpArgs(w *Writer) {
	t.mu.Lock()
	sorted := slices.Clone(t.sorted)
	t.mu.Unlock()
	slices.SortFunc(sorted, func(a, b *method) int { return strings.Compare(a.Name, b.Name) })
	w.Arr()
	row := func(m *method, pos int, names string, typ ArgType) {
		for _, n := range strings.Split(names, "|") {
			w.Arr().String(m.Name).Int(int64(pos)).String(n).Bool(typ == ArgStr || typ == ArgHex).EndArr()
		}
	}
	for _, m := range sorted {
		for i := range m.Args {
			a := &m.Args[i]
			row(m, i, a.Names, a.Type)
			if a.Type != ArgObjNamed {
				continue
			}
			for j := range a.Inner {
				row(m, i, a.Inner[j].Names, a.Inner[j].Type)
			}
		}
	}
	w.EndArr()
}
