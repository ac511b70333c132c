package script

// arena is the memory of computed items: hashes, and numbers of more than one
// byte. It is cut from the front and never reused while a slice may point
// there; when it is full, the items that are still on a stack move to the
// other half. A tapscript can compute millions of items in one run, but no
// more than MaxStackSize of them are alive at a time.
type arena struct {
	halves [2][]byte
	active int
}

const (
	maxComputed = 32 // bytes of the largest computed item, a SHA-256
	// An instruction pushes at most three items past MaxStackSize before it is
	// stopped. Twice what they can take, 64,512 bytes: at least as many items can
	// be computed between two moves as one move copies.
	arenaHalf  = 2 * (MaxStackSize + 8) * maxComputed
	arenaStart = 1024 // most inputs never need more
)

func (e *engine) arenaCopy(item []byte) []byte {
	half := e.arena.halves[e.arena.active]
	switch {
	case half == nil:
		half = make([]byte, 0, arenaStart)
	case len(half)+len(item) > cap(half):
		half = e.arenaMove()
	}
	at := len(half)
	half = append(half, item...)
	e.arena.halves[e.arena.active] = half
	return half[at:len(half):len(half)]
}

// arenaMove goes over to the other half, with a copy of every item on a stack
// that may be a computed one. Items in scripts that are as short move too:
// that changes nothing, since items are never written to.
func (e *engine) arenaMove() []byte {
	a := &e.arena
	a.active ^= 1
	if cap(a.halves[a.active]) < arenaHalf {
		a.halves[a.active] = make([]byte, 0, arenaHalf)
	}
	half := a.halves[a.active][:0]
	for _, items := range [...][][]byte{e.stack, e.alt, e.saved} {
		for i, item := range items {
			if len(item) > 0 && len(item) <= maxComputed {
				at := len(half)
				half = append(half, item...)
				items[i] = half[at:len(half):len(half)]
			}
		}
	}
	a.halves[a.active] = half
	return half
}

func (a *arena) reset() {
	for i := range a.halves {
		a.halves[i] = a.halves[i][:0]
	}
}
