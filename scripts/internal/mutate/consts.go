package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
)

// limit is a constant and the two mutants that move it.
type limit struct {
	id   int // one more; id+1 is one less
	used bool
	list []*mutant
}

// findLimits adds the constants of a file that bound something, by the path and
// name of their objects. Names in an enumeration are not among them.
func findLimits(s *source, next int, limits map[string]*limit) int {
	ast.Inspect(s.file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) == 0 || usesIota(spec) {
			return true
		}
		for _, name := range spec.Names {
			obj, ok := s.info.Defs[name].(*types.Const)
			if !ok || !isLimit(obj) {
				continue
			}
			l := &limit{id: next}
			for i, sign := range []string{"+", "-"} {
				l.list = append(l.list, &mutant{
					id: next + i, file: s.name, line: s.line(name.Pos()), text: fmt.Sprintf("const %s%s1", name.Name, sign),
				})
			}
			limits[objectKey(s, obj)] = l
			next += 2
		}
		return true
	})
	return next
}

func usesIota(spec ast.Spec) (found bool) {
	ast.Inspect(spec, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == "iota" {
			found = true
		}
		return true
	})
	return found
}

func isLimit(c *types.Const) bool {
	if c.Val().Kind() != constant.Int || c.Name() == "_" {
		return false
	}
	switch t := c.Type().(type) {
	case *types.Basic:
		return true
	case *types.Named:
		return limitTypes[t.Obj().Pkg().Name()+"."+t.Obj().Name()]
	}
	return false
}

// objectKey names a constant the same from inside its package and from others;
// local ones by their place.
func objectKey(s *source, c *types.Const) string {
	path := strings.TrimPrefix(c.Pkg().Path(), module+"/")
	if c.Parent() == c.Pkg().Scope() {
		return path + "." + c.Name()
	}
	return fmt.Sprintf("%s.%s@%s", path, c.Name(), s.fset.Position(c.Pos()))
}

// moveLimits wraps the uses of limits in a file's functions.
func moveLimits(s *source, limits map[string]*limit, edits []edit) []edit {
	f := &finder{source: s, edits: edits}
	for _, d := range s.file.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GenDecl:
					return n.Tok != token.CONST
				case *ast.ArrayType:
					return false // its length has to stay a constant
				case *ast.SelectorExpr:
					if _, ok := s.info.Uses[n.Sel].(*types.Const); ok {
						f.moveLimit(n, n.Sel, limits)
						return false
					}
				case *ast.Ident:
					f.moveLimit(n, n, limits)
				}
				return true
			})
		}
	}
	return f.edits
}

func (f *finder) moveLimit(e ast.Expr, name *ast.Ident, limits map[string]*limit) {
	obj, ok := f.info.Uses[name].(*types.Const)
	if !ok || obj.Pkg() == nil {
		return
	}
	l := limits[objectKey(f.source, obj)]
	if l == nil {
		return
	}
	t := f.info.Types[e].Type
	if b, ok := t.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		return // part of an expression that has to stay a constant
	}
	name2 := types.TypeString(t, func(p *types.Package) string {
		if p == f.pkg {
			return ""
		}
		return p.Name()
	})
	l.used = true
	f.around(e, fmt.Sprintf("probe.Const(%d, %s(", l.id, name2), "))", l.id, l.id+1)
}
