package rpc

import (
	"fmt"
	"strings"
)

// helpRow is one line of an arguments or result table: code on the left, words on the right, aligned over the whole table.
type helpRow struct{ left, right string }

type helpTable struct{ rows []helpRow }

func (t *helpTable) add(left, right string) { t.rows = append(t.rows, helpRow{left, right}) }

// dropComma removes the comma after the last member of a closed structure.
func (t *helpTable) dropComma() {
	last := &t.rows[len(t.rows)-1]
	last.left = strings.TrimSuffix(last.left, ",")
}

// text renders the table: the right column starts four columns behind the longest left one, further lines of a right side
// are aligned below its first.
func (t *helpTable) text() string {
	pad := 0
	for _, r := range t.rows {
		pad = max(pad, len(r.left))
	}
	pad += 4
	var b strings.Builder
	for _, r := range t.rows {
		if r.right == "" {
			b.WriteString(r.left + "\n")
			continue
		}
		fmt.Fprintf(&b, "%-*s", pad, r.left)
		for i, line := range strings.Split(r.right, "\n") {
			if i > 0 {
				b.WriteString("\n" + strings.Repeat(" ", pad))
				line = strings.TrimLeft(line, " ")
			}
			b.WriteString(line)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// summary is the first line of the help text: name and arguments, optional ones in parentheses.
func (m *method) summary() string {
	var b strings.Builder
	b.WriteString(m.Name)
	open := false
	for i := range m.Args {
		a := &m.Args[i]
		if a.Hidden {
			break
		}
		switch opt := a.optional(); {
		case opt && !open:
			b.WriteString(" (")
			open = true
		case !opt && open:
			b.WriteString(" )")
			open = false
		}
		b.WriteString(" " + a.shape(true))
	}
	if open {
		b.WriteString(" )")
	}
	return b.String()
}

// help is the whole text of `help <name>`.
func (m *method) help() string {
	var args, named helpTable
	for i := range m.Args {
		a := &m.Args[i]
		if a.Hidden {
			break
		}
		args.add(fmt.Sprintf("%d. %s", i+1, a.firstName()), a.describe(true))
		args.addArg(a, 5, outerNone)
		if a.Type == ArgObjNamed {
			for j := range a.Inner {
				in := &a.Inner[j]
				named.add(in.firstName(), in.describe(true))
				named.addArg(in, 5, outerNone)
			}
		}
	}
	var b strings.Builder
	b.WriteString(m.summary() + "\n\n" + strings.TrimSpace(m.Description) + "\n")
	if len(args.rows) > 0 {
		b.WriteString("\nArguments:\n" + args.text())
	}
	if len(named.rows) > 0 {
		b.WriteString("\nNamed Arguments:\n" + named.text())
	}
	for i := range m.Results {
		r := &m.Results[i]
		if r.Type == ResAny {
			continue
		}
		b.WriteString("\nResult")
		if r.Cond != "" {
			b.WriteString(" (" + r.Cond + ")")
		}
		b.WriteString(":\n")
		var t helpTable
		t.addResult(r, 0, outerNone)
		b.WriteString(t.text())
	}
	if m.Examples != "" {
		b.WriteString("\nExamples:\n" + m.Examples)
	}
	return b.String()
}

type outer uint8

const (
	outerNone outer = iota
	outerArr
	outerObj
)

// shape is the argument as JSON: `"name"`, `name`, `{"a":n}`, `["x",...]`.
func (a *Arg) shape(oneline bool) string {
	if oneline && a.Oneline != "" {
		return a.Oneline
	}
	switch a.Type {
	case ArgStr, ArgHex:
		return `"` + a.firstName() + `"`
	case ArgArr:
		var b strings.Builder
		b.WriteByte('[')
		for i := range a.Inner {
			b.WriteString(a.Inner[i].shape(oneline) + ",")
		}
		return b.String() + "...]"
	case ArgObj, ArgObjNamed, ArgObjUserKeys:
		members := make([]string, len(a.Inner))
		for i := range a.Inner {
			members[i] = a.Inner[i].member(oneline)
		}
		s := "{" + strings.Join(members, ",")
		if a.Type != ArgObj {
			s += ",..."
		}
		return s + "}"
	}
	return a.firstName()
}

// member is the argument as a member of an object: `"name":"str"`.
func (a *Arg) member(oneline bool) string {
	s := `"` + a.firstName() + `":`
	if !oneline {
		s += " "
	}
	switch a.Type {
	case ArgStr:
		return s + `"str"`
	case ArgHex:
		return s + `"hex"`
	case ArgNum:
		return s + "n"
	case ArgRange:
		return s + "n or [n,n]"
	case ArgAmount:
		return s + "amount"
	case ArgBool:
		return s + "bool"
	}
	return s + a.shape(oneline)
}

func (a *Arg) typeWords() string {
	if a.TypeText[1] != "" {
		return a.TypeText[1]
	}
	switch a.Type {
	case ArgStr, ArgHex:
		return "string"
	case ArgNum:
		return "numeric"
	case ArgAmount:
		return "numeric or string"
	case ArgRange:
		return "numeric or array"
	case ArgBool:
		return "boolean"
	case ArgArr:
		return "json array"
	}
	return "json object"
}

// describe is the right column of an argument: type, whether it is required, default, meaning.
func (a *Arg) describe(named bool) string {
	s := "(" + a.typeWords()
	switch {
	case a.Hint != "":
		s += ", optional, default=" + a.Hint
	case a.Default != "":
		s += ", optional, default=" + a.Default
	case !a.Optional:
		s += ", required"
	case named:
		s += ", optional"
	}
	s += ")"
	if a.Type == ArgObjNamed {
		s += " Options object; its members, listed below, may also be passed as named arguments."
	}
	if a.Description != "" {
		s += " " + a.Description
	}
	return s
}

// addArg adds the rows of what is inside an argument.
func (t *helpTable) addArg(a *Arg, indent int, o outer) {
	pre, next := strings.Repeat(" ", indent), strings.Repeat(" ", indent+2)
	words, key := "", ""
	if o != outerNone {
		words = a.describe(o == outerObj)
	}
	if o == outerObj {
		key = `"` + a.firstName() + `": `
	}
	end := ","
	if o == outerNone {
		end = ""
	}
	switch a.Type {
	case ArgArr, ArgObj, ArgObjUserKeys:
	default:
		switch {
		case o == outerNone:
		case a.TypeText[0] != "" && o == outerObj:
			t.add(pre+key+a.TypeText[0]+",", words)
		case o == outerObj:
			t.add(pre+a.member(false)+",", words)
		default:
			t.add(pre+a.shape(false)+",", words)
		}
		return
	}
	open, closing, inner := "{", "}", outerObj
	if a.Type == ArgArr {
		open, closing, inner = "[", "]", outerArr
	}
	t.add(pre+key+open, words)
	for i := range a.Inner {
		t.addArg(&a.Inner[i], indent+2, inner)
	}
	if a.Type != ArgObj {
		t.add(next+"...", "")
	}
	t.add(pre+closing+end, "")
}

// addResult adds the rows of an answer.
func (t *helpTable) addResult(r *Result, indent int, o outer) {
	pre, next := strings.Repeat(" ", indent), strings.Repeat(" ", indent+2)
	end, key := ",", ""
	if o == outerNone {
		end = ""
	}
	if o == outerObj {
		key = `"` + r.Key + `" : `
	}
	switch {
	case r.Elision != "":
		t.add(pre+"..."+end, r.Elision)
		return
	case r.Skip:
		return
	}
	words := func(kind string) string {
		s := "(" + kind
		if r.Optional {
			s += ", optional"
		}
		if s += ")"; r.Description != "" {
			s += " " + r.Description
		}
		return s
	}
	if shape, kind := r.scalar(); shape != "" {
		t.add(pre+key+shape+end, words(kind))
		return
	}
	if len(r.Inner) == 0 {
		t.add(pre+key+"{}"+end, words("empty JSON object"))
		return
	}
	open, closing, kind, inner := "{", "}", "json object", outerObj
	if r.Type == ResArr || r.Type == ResArrFixed {
		open, closing, kind, inner = "[", "]", "json array", outerArr
	}
	t.add(pre+key+open, words(kind))
	for i := range r.Inner {
		t.addResult(&r.Inner[i], indent+2, inner)
	}
	if last := r.Inner[len(r.Inner)-1]; r.Type == ResObjDyn || (r.Type == ResArr && last.Elision == "") {
		t.add(next+"...", "")
	} else {
		t.dropComma()
	}
	t.add(pre+closing+end, "")
}

// scalar returns how a result that is no structure looks and what its kind is called; "" for a structure.
func (r *Result) scalar() (shape, kind string) {
	switch r.Type {
	case ResStr:
		return `"str"`, "string"
	case ResHex:
		return `"hex"`, "string"
	case ResAmount, ResNum:
		return "n", "numeric"
	case ResTime:
		return "xxx", "numeric"
	case ResBool:
		return "true|false", "boolean"
	case ResNone:
		return "null", "json null"
	}
	return "", ""
}

// ExampleCLI is one example of a call from the command line, for [Command.Examples].
func ExampleCLI(method, args string) string {
	return strings.TrimRight("> bitcoin-cli "+method+" "+args, " ") + "\n"
}

// ExampleRPC is one example of a call over HTTP; args is the inside of the params array.
func ExampleRPC(method, args string) string {
	return `> curl --user myusername --data-binary '{"jsonrpc": "2.0", "id": "curltest", "method": "` + method +
		`", "params": [` + args + `]}' -H 'content-type: application/json' http://127.0.0.1:8332/` + "\n"
}
