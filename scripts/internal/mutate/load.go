package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// source is one file that is mutated.
type source struct {
	name string // from the module's root, with slashes
	text []byte
	file *ast.File
	fset *token.FileSet
	info *types.Info
	pkg  *types.Package
}

// load parses and type-checks the targets.
func load(root string, list []target) ([]*source, error) {
	exports, err := exportFiles(root, list)
	if err != nil {
		return nil, err
	}
	var all []*source
	for _, t := range list {
		files, err := loadPackage(root, t, exports)
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	return all, nil
}

// exportFiles maps import paths to what the compiler says that they export.
func exportFiles(root string, list []target) (map[string]string, error) {
	args := []string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}"}
	for _, t := range list {
		args = append(args, "./"+t.dir)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	exports := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		exports[name] = file
	}
	return exports, nil
}

func loadPackage(root string, t target, exports map[string]string) ([]*source, error) {
	fset := token.NewFileSet()
	entries, err := os.ReadDir(filepath.Join(root, t.dir))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	var sources []*source
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if ours, err := build.Default.MatchFile(filepath.Join(root, t.dir), name); err != nil || !ours {
			continue // for another system; the compiler says what is wrong with it
		}
		text, err := os.ReadFile(filepath.Join(root, t.dir, name))
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
		if t.files == nil || slices.Contains(t.files, name) {
			sources = append(sources, &source{name: t.dir + "/" + name, text: text, file: file, fset: fset})
		}
	}
	if t.files != nil && len(sources) != len(t.files) {
		return nil, fmt.Errorf("%s: found %d of the %d files in the list of targets", t.dir, len(sources), len(t.files))
	}
	lookup := func(name string) (io.ReadCloser, error) { return os.Open(exports[name]) }
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", lookup)}
	info := &types.Info{
		Types: make(map[ast.Expr]types.TypeAndValue),
		Uses:  make(map[*ast.Ident]types.Object),
		Defs:  make(map[*ast.Ident]types.Object),
	}
	pkg, err := conf.Check(t.dir, fset, files, info)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		s.info, s.pkg = info, pkg
	}
	return sources, nil
}

func (s *source) dir() string { return path.Dir(s.name) }

func (s *source) offset(p token.Pos) int { return s.fset.Position(p).Offset }

func (s *source) line(p token.Pos) int { return s.fset.Position(p).Line }

// code is the text of a node on one line.
func (s *source) code(n ast.Node) string {
	text := s.text[s.offset(n.Pos()):s.offset(n.End())]
	return string(bytes.Join(bytes.Fields(text), []byte(" ")))
}
