package rpc

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Table is the set of methods a server answers. It is complete before the server runs; only the list of running calls and
// the warm-up status change later, both safe for concurrent use.
type Table struct {
	methods map[string]*method
	sorted  []*method // by category, then name

	mu      sync.Mutex
	warmup  string // status while starting; answered with CodeInWarmup
	warm    bool   // start-up is over
	running map[*running]struct{}
	seq     uint64
}

// running is a call in progress.
type running struct {
	method string
	start  time.Time
	seq    uint64
}

// NewTable makes a table of the commands. Two of the same name, or one that lacks a part, are an error.
func NewTable(groups ...[]Command) (*Table, error) {
	t := &Table{methods: map[string]*method{}, warmup: "RPC server started", running: map[*running]struct{}{}}
	for _, g := range groups {
		if err := t.Add(g...); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Add adds commands. It must not be called any more once calls are answered after [Table.SetReady]; during warm-up, when no
// method is looked up, it may.
func (t *Table) Add(cmds ...Command) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range cmds {
		m, err := newMethod(c)
		if err != nil {
			return err
		}
		if t.methods[c.Name] != nil {
			return fmt.Errorf("rpc: command %q defined twice", c.Name)
		}
		t.methods[c.Name] = m
		t.sorted = append(t.sorted, m)
	}
	slices.SortFunc(t.sorted, func(a, b *method) int {
		return strings.Compare(a.Category+a.Name, b.Category+b.Name)
	})
	return nil
}

// SetWarmup sets what calls are told until [Table.SetReady]: "Loading block index…".
func (t *Table) SetWarmup(status string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.warmup = status
}

// SetReady ends the warm-up: methods answer from now on.
func (t *Table) SetReady() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.warm = true
}

// lookup finds a method, unless the node is still starting.
func (t *Table) lookup(name string) (*method, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.warm {
		return nil, &Error{Code: CodeInWarmup, Message: t.warmup}
	}
	m := t.methods[name]
	if m == nil {
		return nil, &Error{Code: CodeMethodNotFound, Message: "Method not found"}
	}
	return m, nil
}

// Call answers one call into w. On an error nothing that the handler wrote stays.
func (t *Table) Call(ctx context.Context, req Request, params Value, w *Writer) error {
	m, err := t.lookup(req.Method)
	if err != nil {
		return err
	}
	done := t.track(req.Method)
	defer done()
	if params.Kind() == Object {
		if params, err = m.positional(params); err != nil {
			return err
		}
	}
	if err := m.check(params); err != nil {
		return err
	}
	req.params, req.m, req.table = params, m, t
	start, comma := len(w.buf), w.comma
	if err := m.Handler(ctx, &req, w); err != nil {
		w.buf, w.comma = w.buf[:start], comma
		return err
	}
	if len(w.buf) == start {
		w.Null()
	}
	return nil
}

// track lists a call as running until the returned function is called.
func (t *Table) track(name string) (done func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seq++
	r := &running{name, time.Now(), t.seq}
	t.running[r] = struct{}{}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.running, r)
	}
}

// active returns the running calls, oldest first.
func (t *Table) active() []running {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]running, 0, len(t.running))
	for r := range t.running {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b running) int { return int(a.seq) - int(b.seq) })
	return out
}
