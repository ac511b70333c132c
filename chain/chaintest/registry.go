package chaintest

import "sync"

// registry maps own output scripts to the numbers of their keys. Safe for
// concurrent use.
type registry struct {
	mu   sync.Mutex
	keys map[string]uint64
}

func newRegistry() *registry { return &registry{keys: make(map[string]uint64)} }

func (r *registry) note(script []byte, key uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys[string(script)] = key
}

func (r *registry) find(script []byte) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys[string(script)]
}
