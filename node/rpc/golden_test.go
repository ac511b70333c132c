package rpc

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"grapevine/internal/testdata"
)

// recorded is a call that was made to Bitcoin Core, with its answer.
type recorded struct {
	line   int
	method string
	params Value
	status int64
	result Value
	err    Value
}

// readRecorded reads the recorded calls of some methods.
func readRecorded(t *testing.T, methods ...string) (list []recorded) {
	t.Helper()
	data, err := os.ReadFile(testdata.Shared(t, "golden/rpc.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	for n := 1; lines.Scan(); n++ {
		v, err := ParseAnswer(lines.Bytes())
		if err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		c := recorded{line: n, method: v.Member("method").Text(), params: unfold(v.Member("params")), result: unfold(v.Member("result")), err: v.Member("error")}
		if c.status, err = v.Member("status").Int64(); err != nil {
			t.Fatal(err)
		}
		for _, m := range methods {
			if c.method == m {
				list = append(list, c)
			}
		}
	}
	return list
}

// unfold turns {"number": text}, as which a number with a fraction was
// recorded, back into the number.
func unfold(v Value) Value {
	if v.comp == nil {
		return v
	}
	if v.Kind() == Object && v.Len() == 1 && v.KeyAt(0) == "number" && v.At(0).Kind() == String {
		return Value{kind: Number, text: v.At(0).Text()}
	}
	items := make([]Value, v.Len())
	for i := range items {
		items[i] = unfold(v.At(i))
	}
	return Value{kind: v.kind, comp: &composite{keys: v.comp.keys, items: items}}
}

// differs makes the call and tells what differs from the recorded answer, ""
// when nothing does: every byte of the result counts.
func (c *recorded) differs(ctx context.Context, table *Table) string {
	var w Writer
	var got, want string
	if err := table.Call(ctx, Request{Method: c.method}, c.params, &w); err != nil {
		e := asError(err)
		if strings.Contains(e.Message, "\n") {
			e = &Error{Code: e.Code, Message: "HELP"}
		}
		got = string(ObjectValue([]string{"code", "message"}, []Value{IntValue(int64(e.Code)), StringValue(e.Message)}).AppendJSON(nil))
	} else {
		got = string(w.Bytes())
	}
	if want = string(c.result.AppendJSON(nil)); !c.err.IsNull() {
		want = string(c.err.AppendJSON(nil))
	}
	if got == want {
		return ""
	}
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	clip := func(s string) string { return s[max(0, min(at, len(s))-60):min(len(s), at+200)] }
	return "got  .." + clip(got) + "\nwant .." + clip(want)
}
