package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// returns mutates the verdict of a return statement: the condition that it
// computes, or the one that stands at the end of a function or in a case of a
// switch, where no condition guards it.
func (f *finder) returns(r *ast.ReturnStmt) {
	if len(r.Results) == 0 {
		return
	}
	last := r.Results[len(r.Results)-1]
	if f.computes(last) {
		f.done[last] = true
		if b, ok := unparen(last).(*ast.BinaryExpr); !ok || b.Op != token.LAND && b.Op != token.LOR {
			f.wrap(last, "Always", "return true for "+f.code(last))
		}
		f.inside(last)
		return
	}
	if isGood(last) || f.guarded() || !f.fits(r) {
		return
	}
	good := f.goodOf(last)
	if good == "" {
		return
	}
	results := make([]string, 0, len(r.Results))
	for _, e := range r.Results[:len(r.Results)-1] {
		results = append(results, f.code(e))
	}
	id := f.add(r, fmt.Sprintf("return %s for %s", good, f.code(last)))
	text := fmt.Sprintf("if probe.On(%d) { return %s }; ", id, strings.Join(append(results, good), ", "))
	at := f.offset(r.Pos())
	f.edits = append(f.edits, edit{at: at, end: at, order: len(f.edits), text: text, mutants: []int{id}})
}

// computes reports whether e is a condition and not just a name or a constant.
func (f *finder) computes(e ast.Expr) bool {
	if !f.isBool(e) || f.info.Types[e].Value != nil {
		return false
	}
	_, name := e.(*ast.Ident)
	return !name
}

// guarded reports whether the return statement that is visited depends on a
// condition that is a mutant of its own.
func (f *finder) guarded() bool {
	switch f.stack[len(f.stack)-1].(type) {
	case *ast.CaseClause:
		c := f.stack[len(f.stack)-1].(*ast.CaseClause)
		s, ok := f.stack[len(f.stack)-3].(*ast.SwitchStmt)
		return ok && s.Tag == nil && c.List != nil
	case *ast.BlockStmt:
		_, ok := f.stack[len(f.stack)-2].(*ast.IfStmt)
		return ok
	}
	return false
}

// fits reports whether r has a value for each result, rather than one call
// that gives them all.
func (f *finder) fits(r *ast.ReturnStmt) bool {
	for i := len(f.stack) - 1; i >= 0; i-- {
		var t *ast.FuncType
		switch n := f.stack[i].(type) {
		case *ast.FuncLit:
			t = n.Type
		case *ast.FuncDecl:
			t = n.Type
		default:
			continue
		}
		return t.Results.NumFields() == len(r.Results)
	}
	return false
}

// goodOf returns the good verdict in the type of e, empty when there is none.
func (f *finder) goodOf(e ast.Expr) string {
	t := f.info.Types[e].Type
	switch name := types.TypeString(t, func(*types.Package) string { return "" }); name {
	case "bool", "untyped bool":
		return "true"
	case "error", "*Error":
		return "nil"
	case "ErrorKind":
		return `""`
	}
	return ""
}

// bound takes the second argument out of a call of max or min.
func (f *finder) bound(c *ast.CallExpr) {
	name, ok := c.Fun.(*ast.Ident)
	if !ok || len(c.Args) != 2 || f.info.Types[c].Value != nil {
		return
	}
	if _, builtin := f.info.Uses[name].(*types.Builtin); !builtin {
		return
	}
	kind := map[string]string{"max": "Max", "min": "Min"}[name.Name]
	if kind == "" {
		return
	}
	id := f.add(c, "without "+f.code(c.Args[1])+" in "+f.code(c))
	at := f.offset(c.Pos())
	f.edits = append(f.edits, edit{
		at: at, end: f.offset(c.Lparen) + 1, order: len(f.edits), text: fmt.Sprintf("probe.%s(%d, ", kind, id), mutants: []int{id},
	})
}
