package crash

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"grapevine/internal/vfs"
)

// modelFile is every state of a file since its last sync, the present one last.
type modelFile struct{ versions [][]byte }

func (m *modelFile) now() []byte { return m.versions[len(m.versions)-1] }

func (m *modelFile) add(b []byte) { m.versions = append(m.versions, b) }

// model is a naive disk: it keeps all versions of all files and names.
type model struct {
	names map[string][]*modelFile // what each name stood for since the last SyncDir; nil: nothing
}

func (m *model) now(name string) *modelFile {
	v := m.names[name]
	if len(v) == 0 {
		return nil
	}
	return v[len(v)-1]
}

func (m *model) set(name string, f *modelFile) {
	if len(m.names[name]) == 0 {
		m.names[name] = []*modelFile{nil}
	}
	m.names[name] = append(m.names[name], f)
}

func (m *model) syncDir() {
	for name, v := range m.names {
		m.names[name] = v[len(v)-1:]
	}
}

// allowed reports whether a disk may show this content for a file.
func (m *modelFile) allowed(got []byte) error {
	okLen := false
	for _, v := range m.versions {
		okLen = okLen || len(v) == len(got)
	}
	// A torn write that lengthens the file may end at any sector of it.
	for i := 1; i < len(m.versions); i++ {
		okLen = okLen || len(got)%sector == 0 && len(got) > len(m.versions[i-1]) && len(got) < len(m.versions[i])
	}
	if !okLen {
		return fmt.Errorf("length %d was never there", len(got))
	}
	for at := 0; at < len(got); at += sector {
		part, ok := got[at:min(len(got), at+sector)], false
		for _, v := range m.versions {
			padded := make([]byte, len(part))
			if at < len(v) {
				copy(padded, v[at:])
			}
			ok = ok || bytes.Equal(padded, part)
		}
		if !ok {
			return fmt.Errorf("sector at %d never held this", at)
		}
	}
	return nil
}

// TestModel runs random calls on the disk and the model, cuts the power and
// checks that what comes back is among what the model allows.
func TestModel(t *testing.T) {
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		f, m := New(), &model{names: make(map[string][]*modelFile)}
		for range rng.IntN(60) {
			step(t, rng, f, m)
		}
		if seed%2 == 0 { // the copy of a moment is as good, whatever comes after
			f.CaptureAtSync(f.Counts().Syncs + 1)
			if err := f.SyncDir("/"); err != nil {
				t.Fatal(err)
			}
			for name := range m.names {
				h, err := f.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
				if err == nil {
					_, err = h.WriteAt([]byte("later"), 0)
				}
				if err := errors.Join(err, h.Sync()); err != nil {
					t.Fatal(err)
				}
			}
			f = f.Captured()
			if _, err := f.Stat("/"); !errors.Is(err, ErrPowerLost) {
				t.Fatal(err)
			}
		}
		for reopen := range uint64(6) {
			n := f.Reopen(reopen + 10*seed*uint64(min(reopen, 2)/2))
			checkAgainst(t, seed, reopen, n, m)
		}
	}
}

func step(t *testing.T, rng *rand.Rand, f *FS, m *model) {
	name := string(rune('a' + rng.IntN(3)))
	cur := m.now(name)
	open := func(flag int) vfs.File {
		h, err := f.OpenFile(name, flag)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	switch rng.IntN(9) {
	case 0:
		if err := f.SyncDir("/"); err != nil {
			t.Fatal(err)
		}
		m.syncDir()
	case 1:
		if cur == nil {
			open(os.O_RDWR | os.O_CREATE)
			m.set(name, &modelFile{versions: [][]byte{nil}})
		}
	case 2:
		err := f.Remove(name)
		if (err == nil) != (cur != nil) {
			t.Fatal("remove:", err)
		}
		if cur != nil {
			m.set(name, nil)
		}
	case 3:
		to := string(rune('a' + rng.IntN(3)))
		if cur != nil && to != name {
			if err := f.Rename(name, to); err != nil {
				t.Fatal(err)
			}
			m.set(to, cur)
			m.set(name, nil)
		}
	case 4:
		if cur != nil {
			if err := open(os.O_RDONLY).Sync(); err != nil {
				t.Fatal(err)
			}
			cur.versions = cur.versions[len(cur.versions)-1:]
		}
	case 5:
		if cur != nil {
			size := rng.IntN(3000)
			if err := open(os.O_RDWR).Truncate(int64(size)); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, size)
			copy(b, cur.now())
			cur.add(b)
		}
	default:
		if cur != nil {
			off, data := rng.IntN(2000), make([]byte, 1+rng.IntN(1500))
			for i := range data {
				data[i] = byte(rng.Uint32()) | 1
			}
			if _, err := open(os.O_RDWR).WriteAt(data, int64(off)); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, max(len(cur.now()), off+len(data)))
			copy(b, cur.now())
			copy(b[off:], data)
			cur.add(b)
		}
	}
}

func checkAgainst(t *testing.T, seed, reopen uint64, n *FS, m *model) {
	t.Helper()
	for name, states := range m.names {
		got, err := vfs.ReadFile(n, name, 1<<20)
		exists := err == nil
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		switch reopen {
		case 0:
			states = states[:1]
		case 1:
			states = states[len(states)-1:]
		}
		var why error = errors.New("no such state")
		for _, s := range states {
			switch {
			case s == nil && !exists:
				why = nil
			case s == nil || !exists:
			case reopen == 0:
				if bytes.Equal(got, s.versions[0]) {
					why = nil
				}
			case reopen == 1:
				if bytes.Equal(got, s.now()) {
					why = nil
				}
			default:
				if err := s.allowed(got); err == nil {
					why = nil
				} else if why != nil {
					why = err
				}
			}
			if why == nil {
				break
			}
		}
		if why != nil {
			t.Fatalf("seed %d, reopen %d: %s (exists: %v): %v", seed, reopen, name, exists, why)
		}
	}
}
