package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// finder walks the functions of a file and wraps what decides.
type finder struct {
	*source
	list  []*mutant
	edits []edit
	next  int // number of the next mutant

	fn    string
	stack []ast.Node
	done  map[ast.Expr]bool
}

// find returns the mutants of a file and the edits that make them, numbered
// from next on.
func find(s *source, next int) ([]*mutant, []edit) {
	f := &finder{source: s, next: next, done: make(map[ast.Expr]bool)}
	for _, d := range s.file.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil && !unruly[fn.Name.Name] {
			f.fn = funcName(fn)
			ast.Inspect(fn, f.visit)
		}
	}
	return f.list, f.edits
}

func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	t := fn.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if ix, ok := t.(*ast.IndexExpr); ok {
		t = ix.X
	}
	return t.(*ast.Ident).Name + "." + fn.Name.Name
}

func (f *finder) visit(n ast.Node) bool {
	if n == nil {
		f.stack = f.stack[:len(f.stack)-1]
		return true
	}
	switch n := n.(type) {
	case *ast.IfStmt:
		f.condition(n.Cond, f.branch(n), accepts(n.Body.List))
	case *ast.ForStmt:
		f.loop(n.Cond)
	case *ast.CaseClause:
		if f.tagless() {
			for _, e := range n.List {
				f.condition(e, f.code(e), accepts(n.Body))
			}
		}
	case *ast.ReturnStmt:
		f.returns(n)
	case *ast.BinaryExpr:
		f.value(n)
	case *ast.CallExpr:
		f.bound(n)
	}
	f.stack = append(f.stack, n)
	return true
}

// tagless reports whether the clause that is visited belongs to a switch that
// asks a condition at each case.
func (f *finder) tagless() bool {
	s, ok := f.stack[len(f.stack)-2].(*ast.SwitchStmt)
	return ok && s.Tag == nil
}

// accepts reports whether statements end by giving a good verdict, so that
// what is dangerous is to get there too often.
func accepts(body []ast.Stmt) bool {
	if len(body) == 0 {
		return false
	}
	switch s := body[len(body)-1].(type) {
	case *ast.ReturnStmt:
		return len(s.Results) > 0 && isGood(s.Results[len(s.Results)-1])
	case *ast.BranchStmt:
		return s.Tok == token.CONTINUE
	}
	return false
}

// isGood tells the verdicts that mean valid.
func isGood(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "nil" || e.Name == "true" || e.Name == "noError"
	case *ast.BasicLit:
		return e.Value == `""`
	}
	return false
}

// branch is the text of what an if statement asks.
func (f *finder) branch(s *ast.IfStmt) string {
	if s.Init == nil {
		return f.code(s.Cond)
	}
	return f.code(s.Init) + "; " + f.code(s.Cond)
}

// loop mutates the operands of a loop's condition, not the whole: a loop that
// never ends, or never runs, is noticed by everyone.
func (f *finder) loop(e ast.Expr) {
	b, ok := e.(*ast.BinaryExpr)
	if !ok {
		return
	}
	f.done[e] = true
	if b.Op == token.LAND || b.Op == token.LOR {
		f.inside(e)
	}
}

// condition mutates what a branch depends on, with text for its name.
func (f *finder) condition(e ast.Expr, text string, accept bool) {
	f.done[e] = true
	b, compound := unparen(e).(*ast.BinaryExpr)
	compound = compound && (b.Op == token.LAND || b.Op == token.LOR)
	if !compound || b.Op == token.LAND {
		f.wrap(e, "Never", "never "+text)
	}
	if accept && (!compound || b.Op == token.LOR) {
		f.wrap(e, "Always", "always "+text)
	}
	f.inside(e)
}

// inside mutates the operands of a condition, or shifts its bound.
func (f *finder) inside(e ast.Expr) {
	e = unparen(e)
	if not, ok := e.(*ast.UnaryExpr); ok && not.Op == token.NOT {
		f.done[not.X] = true
		f.inside(not.X)
		return
	}
	b, ok := e.(*ast.BinaryExpr)
	if !ok {
		return
	}
	f.done[e] = true
	switch b.Op {
	case token.LAND, token.LOR:
		f.operand(b.X, b)
		f.operand(b.Y, b)
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		f.shift(b)
	}
}

// operand drops one side of b; in "a && b && c" each of the three once.
func (f *finder) operand(e ast.Expr, b *ast.BinaryExpr) {
	f.done[e] = true
	if x, ok := unparen(e).(*ast.BinaryExpr); ok && x.Op == b.Op {
		f.inside(e)
		return
	}
	kind := "Never"
	if b.Op == token.LAND {
		kind = "Always"
	}
	f.wrap(e, kind, "without "+f.code(e)+" in "+f.code(b))
	f.inside(e)
}

// value mutates a condition whose result is kept or passed on.
func (f *finder) value(b *ast.BinaryExpr) {
	if f.done[b] || !f.isBool(b) || f.info.Types[b].Value != nil {
		return
	}
	if b.Op != token.LAND && b.Op != token.LOR {
		f.wrap(b, "Never", "never "+f.code(b))
		f.wrap(b, "Always", "always "+f.code(b))
	}
	f.inside(b)
	f.done[b] = true
}

func (f *finder) isBool(e ast.Expr) bool {
	t, ok := f.info.Types[e].Type.Underlying().(*types.Basic)
	return ok && t.Info()&types.IsBoolean != 0
}

// shift moves a bound by one.
func (f *finder) shift(b *ast.BinaryExpr) {
	name, other := "", ""
	switch b.Op {
	case token.LSS:
		name, other = "Less", "<="
	case token.LEQ:
		name, other = "LessEqual", "<"
	case token.GTR:
		name, other = "Greater", ">="
	case token.GEQ:
		name, other = "GreaterEqual", ">"
	}
	id := f.add(b, fmt.Sprintf("%s %s %s", f.code(b.X), other, f.code(b.Y)))
	order := len(f.edits)
	op := f.offset(b.OpPos)
	f.edits = append(f.edits,
		edit{at: f.offset(b.Pos()), end: f.offset(b.Pos()), order: order, text: fmt.Sprintf("probe.%s(%d, ", name, id), mutants: []int{id}},
		edit{at: op, end: op + len(b.Op.String()), order: order, text: ",", mutants: []int{id}},
		edit{at: f.offset(b.End()), end: f.offset(b.End()), order: order, closing: true, text: ")", mutants: []int{id}})
}

// wrap puts a call of the probe around an expression.
func (f *finder) wrap(e ast.Expr, kind, text string) {
	id := f.add(e, text)
	f.around(e, fmt.Sprintf("probe.%s(%d, ", kind, id), ")", id)
}

func (f *finder) around(e ast.Expr, open, shut string, ids ...int) {
	order := len(f.edits)
	f.edits = append(f.edits,
		edit{at: f.offset(e.Pos()), end: f.offset(e.Pos()), order: order, text: open, mutants: ids},
		edit{at: f.offset(e.End()), end: f.offset(e.End()), order: order, closing: true, text: shut, mutants: ids})
}

func (f *finder) add(n ast.Node, text string) int {
	f.next++
	f.list = append(f.list, &mutant{id: f.next - 1, file: f.name, line: f.line(n.Pos()), fn: f.fn, text: text})
	return f.next - 1
}

func unparen(e ast.Expr) ast.Expr {
	for {
		p, ok := e.(*ast.ParenExpr)
		if !ok {
			return e
		}
		e = p.X
	}
}
