package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// results are the verdicts of earlier runs. One holds as long as neither the
// file of the mutant has changed nor the tests: for a mutant that was noticed
// those of the package that did, for a survivor all. What other code the tests
// run through is not looked at; -fresh asks everything again.
type results struct {
	path, root string
	judges     []string
	mu         sync.Mutex
	known      map[string]verdict
	hashes     map[string]string
}

func openResults(path, root string, judges []string, fresh bool) *results {
	r := &results{path: path, root: root, judges: judges, known: make(map[string]verdict), hashes: make(map[string]string)}
	if data, err := os.ReadFile(path); err == nil && !fresh {
		if json.Unmarshal(data, &r.known) != nil {
			r.known = make(map[string]verdict)
		}
	}
	return r
}

func (r *results) save() {
	r.mu.Lock()
	defer r.mu.Unlock()
	data, err := json.Marshal(r.known)
	if err == nil && os.MkdirAll(filepath.Dir(r.path), 0o755) == nil {
		os.WriteFile(r.path+".new", data, 0o644)
		os.Rename(r.path+".new", r.path)
	}
}

func (r *results) find(m *mutant) (verdict, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok := r.known[r.key(m, "")]; ok {
		return v, true
	}
	for _, dir := range r.judges {
		if v, ok := r.known[r.key(m, dir)]; ok {
			return v, true
		}
	}
	return verdict{}, false
}

func (r *results) store(m *mutant, v verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known[r.key(m, v.By)] = v
}

// key names a verdict and all that it depends on: by the tests of one package,
// or by those of all when dir is empty.
func (r *results) key(m *mutant, dir string) string {
	h := sha256.New()
	h.Write([]byte(m.name() + "\x00" + dir + "\x00" + r.hash(m.file)))
	for _, d := range r.judges {
		if dir == "" || dir == d {
			h.Write([]byte(r.testsHash(d)))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func (r *results) hash(name string) string {
	if r.hashes[name] == "" {
		data, _ := os.ReadFile(filepath.Join(r.root, name))
		sum := sha256.Sum256(data)
		r.hashes[name] = hex.EncodeToString(sum[:])
	}
	return r.hashes[name]
}

// testsHash covers the tests of a package and their data.
func (r *results) testsHash(dir string) string {
	if h := r.hashes["tests of "+dir]; h != "" {
		return h
	}
	h := sha256.New()
	entries, _ := os.ReadDir(filepath.Join(r.root, dir))
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), "_test.go") {
			h.Write([]byte(e.Name() + r.hash(dir+"/"+e.Name())))
		}
	}
	data := filepath.Join(r.root, dir, "testdata")
	filepath.WalkDir(data, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(r.root, path)
			h.Write([]byte(name + r.hash(name)))
		}
		return nil
	})
	sum := hex.EncodeToString(h.Sum(nil))
	r.hashes["tests of "+dir] = sum
	return sum
}
