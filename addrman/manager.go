package addrman

import (
	"context"
	crand "crypto/rand"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"grapevine/internal/netgroup"
	"grapevine/internal/vfs"
	"grapevine/wire"
)

// Config says where addresses are kept and how they are grouped.
type Config struct {
	// FS is where Dir lies; nil is the machine's own.
	FS vfs.FS
	// Dir is the store's directory, made when missing. Empty keeps nothing.
	Dir string
	// Groups tells operators apart; nil goes by prefixes.
	Groups *netgroup.Groups
	// Key decides about buckets in a store made anew; nil draws one. Tests set it.
	Key *Key
	// Rand is what choices are drawn from; nil is seeded from the system. It is the
	// manager's alone.
	Rand *rand.Rand
	// WriteInterval is how often changes are written, a minute if zero: what a kill
	// may take.
	WriteInterval time.Duration
	// Logger gets warnings and what happened at opening; nil for none.
	Logger *slog.Logger
}

// Manager keeps addresses. Its methods may be called from any goroutine; none waits
// for the disk but Open, Run and Close.
type Manager struct {
	cfg    Config
	groups *netgroup.Groups
	log    *slog.Logger

	mu   sync.Mutex
	book *book // under mu

	writing sync.Mutex // held while writing; before mu
	store   *store     // under writing; nil when there is none, or it has failed
	closed  bool       // under writing
	failing bool       // under writing: the failure was told
}

// Open loads what is stored. A store that cannot be read is set aside, and a new one
// made; errors are those of a disk that takes none, and of a store in use.
func Open(cfg Config) (*Manager, error) {
	if cfg.Groups == nil {
		cfg.Groups = netgroup.New()
	}
	if cfg.FS == nil {
		cfg.FS = vfs.OS()
	}
	if cfg.WriteInterval <= 0 {
		cfg.WriteInterval = time.Minute
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Rand == nil {
		var seed [32]byte
		_, _ = crand.Read(seed[:]) // never fails
		cfg.Rand = rand.New(rand.NewChaCha8(seed))
	}
	m := &Manager{cfg: cfg, groups: cfg.Groups, log: cfg.Logger}
	if cfg.Dir == "" {
		m.book = newBook(m.newKey(), m.groups, cfg.Rand)
		return m, nil
	}
	err := m.open()
	if err != nil && rescuable(err) {
		if err = m.replace(err); err == nil {
			err = m.open()
		}
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (m *Manager) newKey() (k Key) {
	if m.cfg.Key != nil {
		return *m.cfg.Key
	}
	_, _ = crand.Read(k[:]) // never fails
	return k
}

// replace sets a store that gives err aside.
func (m *Manager) replace(cause error) error {
	name, err := setAside(m.cfg.FS, m.cfg.Dir)
	if err != nil {
		return errors.Join(cause, err)
	}
	m.log.Warn("the store of peer addresses cannot be read: it is set aside, and a new one made", "dir", m.cfg.Dir, "aside", name, "err", cause)
	return nil
}

// open opens the store and loads it.
func (m *Manager) open() error {
	s, err := openStore(m.cfg.FS, m.cfg.Dir, m.log)
	if err != nil {
		return err
	}
	if err := m.load(s); err != nil {
		_ = s.close()
		return err
	}
	m.store = s
	return nil
}

func (m *Manager) load(s *store) error {
	h, err := s.header()
	if err != nil {
		return err
	}
	sameMap := h.made && h.mapped == m.groups.Version()
	if !h.made {
		h.secret = m.newKey()
	}
	m.book = newBook(h.secret, m.groups, m.cfg.Rand)
	l := loader{b: m.book, sameMap: sameMap}
	if err := s.each(l.load); err != nil {
		return err
	}
	l.finish()
	if h.made {
		m.log.Info("loaded peer addresses", "new", m.book.total.fresh, "tried", m.book.total.tried, "lost", l.lost())
	} else if l.seen > 0 {
		return damaged("records without a header")
	}
	if sameMap {
		return nil
	}
	// All or nothing: buckets of the old map under the new map's version would go
	// unnoticed.
	if h.made {
		m.log.Info("the map of autonomous systems has changed: peer addresses are in other buckets now")
	}
	b := new(batch)
	h.mapped = m.groups.Version()
	h.put(&b.writes)
	b.take(m.book, 0, allPlaces)
	return s.write(&b.writes)
}

// Close writes what has changed and closes the store. It is called after Run has
// returned, once; methods that only use memory still work.
func (m *Manager) Close() error {
	err := m.flush()
	m.writing.Lock()
	defer m.writing.Unlock()
	m.closed = true
	if m.store != nil {
		err = errors.Join(err, m.store.close())
		m.store = nil
	}
	return err
}

// Run writes changes until the context ends. What cannot be written is tried again: a
// full disk costs the node no more than addresses.
func (m *Manager) Run(ctx context.Context) error {
	if m.cfg.Dir == "" {
		<-ctx.Done()
		return nil
	}
	t := time.NewTicker(m.cfg.WriteInterval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			m.report(m.flush())
		}
	}
}

// report tells of a failure and of its end once.
func (m *Manager) report(err error) {
	m.writing.Lock()
	defer m.writing.Unlock()
	switch {
	case err != nil && !m.failing:
		m.log.Warn("peer addresses cannot be written", "dir", m.cfg.Dir, "err", err)
	case err == nil && m.failing:
		m.log.Info("peer addresses can be written again", "dir", m.cfg.Dir)
	}
	m.failing = err != nil
}

// locked runs fn on the book.
func locked[T any](m *Manager, fn func(b *book) T) T {
	m.mu.Lock()
	defer m.mu.Unlock()
	return fn(m.book)
}

// seconds is a time as the book has it.
func seconds(t time.Time) int64 { return max(0, t.Unix()) }

// moment is a time of the book, zero for never.
func moment(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0)
}

func ep(a wire.NetAddr) endpoint { return endpoint{a.Addr, a.Port} }
