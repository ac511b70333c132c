package blockstore

import (
	"slices"
	"sync"
)

// ledger is what the store knows of its files, in three stages: appended,
// synced, and written to the index.
//
// Invariants:
//   - len(written) <= len(synced) <= len(infos).
//   - every byte that infos counts has been written to its file; a file with
//     such bytes beyond those in synced is in dirty.
//   - written is what the index holds.
type ledger struct {
	mu      sync.Mutex
	infos   []FileInfo       // as appended
	synced  []FileInfo       // as of the start of the last Sync that succeeded
	written []FileInfo       // as in the index
	dirty   map[*handle]bool // each with a reference of ours
	names   bool             // a file was created since the last Sync
	pruned  map[uint32]bool  // cleared, but their files are still there
	failed  error            // after it no write is taken; nil while all is well
	closed  bool
}

func (l *ledger) load(infos []FileInfo) {
	l.infos, l.synced, l.written = infos, slices.Clone(infos), slices.Clone(infos)
	l.dirty, l.pruned = make(map[*handle]bool), make(map[uint32]bool)
}

// usable is nil while the store takes writes.
func (l *ledger) usable() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.usableLocked()
}

func (l *ledger) usableLocked() error {
	if l.closed {
		return &Error{Kind: ErrClosed, Offset: -1}
	}
	return l.failed
}

// fail makes the store refuse all further writes.
func (l *ledger) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		l.failed = err
	}
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.infos)
}

func (l *ledger) info(n uint32) FileInfo {
	l.mu.Lock()
	defer l.mu.Unlock()
	if int(n) >= len(l.infos) {
		return FileInfo{}
	}
	return l.infos[n]
}

// last is the file that blocks are appended to.
func (l *ledger) last() (uint32, FileInfo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.infos) == 0 {
		return 0, FileInfo{}
	}
	n := len(l.infos) - 1
	return uint32(n), l.infos[n]
}

func (l *ledger) size() (total uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.infos {
		total += uint64(l.infos[i].Size) + uint64(l.infos[i].UndoSize)
	}
	return total
}

// update changes one file's info after its bytes have been written through h.
// It reports whether it keeps the caller's reference to h, for the next Sync.
func (l *ledger) update(n uint32, h *handle, created bool, change func(*FileInfo)) (kept bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for int(n) >= len(l.infos) {
		l.infos = append(l.infos, FileInfo{})
	}
	change(&l.infos[n])
	l.names = l.names || created
	if l.dirty[h] {
		return false
	}
	l.dirty[h] = true
	return true
}

// syncJob is what one Sync has to do.
type syncJob struct {
	infos []FileInfo
	dirty map[*handle]bool
	names bool
}

// beginSync takes over what is dirty.
func (l *ledger) beginSync() (syncJob, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usableLocked(); err != nil {
		return syncJob{}, err
	}
	job := syncJob{infos: slices.Clone(l.infos), dirty: l.dirty, names: l.names}
	l.dirty, l.names = make(map[*handle]bool), false
	return job, nil
}

func (l *ledger) endSync(job syncJob) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.synced = job.infos
}

// indexJob is what one WriteIndex has to do.
type indexJob struct {
	changed map[uint32]FileInfo // that the index does not hold yet
	synced  []FileInfo          // not to be changed
	pruned  []uint32            // whose files go once changed is written
}

func (l *ledger) beginIndex() (job indexJob, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usableLocked(); err != nil {
		return job, err
	}
	job.synced, job.changed = l.synced, make(map[uint32]FileInfo)
	for i, fi := range l.synced {
		if i >= len(l.written) || l.written[i] != fi {
			job.changed[uint32(i)] = fi
		}
	}
	for n := range l.pruned {
		if l.synced[n] == (FileInfo{}) {
			job.pruned = append(job.pruned, n)
		}
	}
	slices.Sort(job.pruned)
	return job, nil
}

// endIndex notes what the index holds now.
func (l *ledger) endIndex(job indexJob) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.written = slices.Clone(job.synced)
	for _, n := range job.pruned {
		delete(l.pruned, n)
	}
}

// indexed is what the index holds; not to be changed.
func (l *ledger) indexed() []FileInfo {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written
}

func (l *ledger) close() (dirty map[*handle]bool, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, false
	}
	l.closed = true
	dirty, l.dirty = l.dirty, nil
	return dirty, true
}

// clear makes a complete file empty; n is below the last.
func (l *ledger) clear(n uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.infos[n] = FileInfo{}
	l.pruned[n] = true
}
