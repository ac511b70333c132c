package addrman

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"grapevine/internal/netgroup"
	"grapevine/wire"
)

// model is the rules once more, by searching: nothing is kept that can be found, and
// all that it shares with the book are the groups and the random numbers.
type model struct {
	key    Key
	groups *netgroup.Groups
	rng    *rand.Rand

	known    map[endpoint]*fact
	fresh    map[[2]int]endpoint // by bucket and position
	tried    map[[2]int]endpoint
	waiting  []endpoint
	lastGood int64
}

type fact struct {
	services                             wire.ServiceFlags
	source                               wire.NetworkAddress
	seen, lastTry, lastCounted, lastGood int64
	attempts                             uint32
}

func newModel(key Key, groups *netgroup.Groups) *model {
	return &model{key: key, groups: groups, known: map[endpoint]*fact{}, fresh: map[[2]int]endpoint{}, tried: map[[2]int]endpoint{}, lastGood: 1}
}

// hash is of the key and the parts as Core writes them.
func (m *model) hash(parts ...any) uint64 {
	var b bytes.Buffer
	b.Write(m.key[:])
	for _, p := range parts {
		if s, ok := p.(string); ok {
			b.WriteByte(byte(len(s)))
			b.WriteString(s)
			continue
		}
		if err := binary.Write(&b, binary.LittleEndian, p); err != nil {
			panic(err)
		}
	}
	once := sha256.Sum256(b.Bytes())
	twice := sha256.Sum256(once[:])
	return binary.LittleEndian.Uint64(twice[:8])
}

func (m *model) keyOf(ep endpoint) string {
	raw := string(ep.addr.Bytes())
	if len(raw) == 4 {
		raw = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff" + raw
	}
	return raw + string([]byte{byte(ep.port >> 8), byte(ep.port)})
}

func (m *model) freshAt(ep endpoint, source wire.NetworkAddress) [2]int {
	from := m.groups.Group(source)
	n := m.hash(m.groups.Group(ep.addr), from) % 64
	bucket := int(m.hash(from, n) % 1024)
	return [2]int{bucket, m.position('N', bucket, ep)}
}

func (m *model) triedAt(ep endpoint) [2]int {
	n := m.hash(m.keyOf(ep)) % 8
	bucket := int(m.hash(m.groups.Group(ep.addr), n) % 256)
	return [2]int{bucket, m.position('K', bucket, ep)}
}

func (m *model) position(letter byte, bucket int, ep endpoint) int {
	return int(m.hash(letter, int32(bucket), m.keyOf(ep)) % 64)
}

func (m *model) refs(ep endpoint) (n int) {
	for _, x := range m.fresh {
		if x == ep {
			n++
		}
	}
	return n
}

func (m *model) isTried(ep endpoint) bool {
	for _, x := range m.tried {
		if x == ep {
			return true
		}
	}
	return false
}

func (f *fact) terrible(now int64) bool {
	if now-f.lastTry <= 60 {
		return false
	}
	return f.seen > now+600 || now-f.seen > 30*86400 || f.lastGood == 0 && f.attempts >= 3 || now-f.lastGood > 7*86400 && f.attempts >= 10
}

// vacate empties a place of the new table.
func (m *model) vacate(at [2]int) {
	old, there := m.fresh[at]
	delete(m.fresh, at)
	if there && m.refs(old) == 0 {
		m.forget(old)
	}
}

func (m *model) forget(ep endpoint) {
	delete(m.known, ep)
	m.waiting = slices.DeleteFunc(m.waiting, func(x endpoint) bool { return x == ep })
}

func (m *model) add(now int64, a wire.TimedAddr, source wire.NetworkAddress, penalty int64) bool {
	if !a.Addr.Routable() {
		return false
	}
	ep, said := endpoint{a.Addr, a.Port}, int64(a.Time)
	if a.Addr == source {
		penalty = 0
	}
	f := m.known[ep]
	if f != nil {
		interval := int64(24 * 3600)
		if now-said < 24*3600 {
			interval = 3600
		}
		if f.seen < said-interval-penalty {
			f.seen = max(0, said-penalty)
		}
		f.services |= a.Services
		refs := m.refs(ep)
		if said <= f.seen || m.isTried(ep) || refs == 8 {
			return false
		}
		if m.rng.Uint64N(uint64(math.Pow(2, float64(refs)))) != 0 {
			return false
		}
	} else {
		f = &fact{services: a.Services, source: source, seen: max(0, said-penalty)}
		m.known[ep] = f
	}
	at := m.freshAt(ep, source)
	there, taken := m.fresh[at]
	switch {
	case taken && there == ep:
		return false
	case !taken:
	case m.known[there].terrible(now), m.refs(there) > 1 && m.refs(ep) == 0:
		m.vacate(at)
	default:
		if m.refs(ep) == 0 {
			m.forget(ep)
		}
		return false
	}
	m.fresh[at] = ep
	return true
}

func (m *model) good(now int64, ep endpoint, test bool) bool {
	m.lastGood = now
	f := m.known[ep]
	if f == nil {
		return false
	}
	f.lastGood, f.lastTry, f.attempts = now, now, 0
	if m.isTried(ep) {
		return false
	}
	at := m.triedAt(ep)
	old, taken := m.tried[at]
	if taken && test {
		if len(m.waiting) < 10 && !slices.Contains(m.waiting, ep) {
			m.waiting = append(m.waiting, ep)
		}
		return false
	}
	for p, x := range m.fresh {
		if x == ep {
			delete(m.fresh, p)
		}
	}
	if taken {
		delete(m.tried, at)
		back := m.freshAt(old, m.known[old].source)
		m.vacate(back)
		m.fresh[back] = old
	}
	m.tried[at] = ep
	m.waiting = slices.DeleteFunc(m.waiting, func(x endpoint) bool { return x == ep })
	return true
}

func (m *model) attempt(now int64, ep endpoint, counts bool) {
	f := m.known[ep]
	if f == nil {
		return
	}
	f.lastTry = now
	if counts && f.lastCounted < m.lastGood {
		f.lastCounted = now
		f.attempts++
	}
}

func (m *model) connected(now int64, ep endpoint) {
	if f := m.known[ep]; f != nil && now-f.seen > 20*60 {
		f.seen = now
	}
}

func (m *model) resolve(now int64) {
	for _, ep := range slices.Clone(m.waiting) {
		if !slices.Contains(m.waiting, ep) {
			continue
		}
		old, taken := m.tried[m.triedAt(ep)]
		move, stop := !taken, false
		if taken {
			o := m.known[old]
			if now-o.lastGood < 4*3600 {
				stop = true
			} else if now-o.lastTry < 4*3600 {
				move = now-o.lastTry > 60
			} else {
				move = now-m.known[ep].lastGood > 40*60
			}
		}
		if move || stop {
			m.waiting = slices.DeleteFunc(m.waiting, func(x endpoint) bool { return x == ep })
		}
		if move {
			m.good(now, ep, false)
		}
	}
}

// choose makes the draws of [book.choose].
func (m *model) choose(now int64, freshOnly bool, networks []wire.Network) (endpoint, bool) {
	wanted := func(ep endpoint) bool { return len(networks) == 0 || slices.Contains(networks, ep.addr.Network()) }
	var fresh, tried int
	for ep := range m.known {
		if wanted(ep) && m.isTried(ep) {
			tried++
		} else if wanted(ep) {
			fresh++
		}
	}
	if fresh+tried == 0 || freshOnly && fresh == 0 {
		return endpoint{}, false
	}
	table, buckets := m.fresh, 1024
	if !freshOnly && tried > 0 && (fresh == 0 || m.rng.Uint64()%2 == 0) {
		table, buckets = m.tried, 256
	}
	var filled []int
	for bucket := range buckets {
		for i := range 64 {
			if ep, there := table[[2]int{bucket, i}]; there && wanted(ep) {
				filled = append(filled, bucket)
				break
			}
		}
	}
	for factor := 1.0; ; {
		bucket, from := filled[m.rng.IntN(len(filled))], m.rng.IntN(64)
		for i := range 64 {
			ep, there := table[[2]int{bucket, (from + i) % 64}]
			if !there || !wanted(ep) {
				continue
			}
			f := m.known[ep]
			chance := factor * math.Pow(0.66, min(float64(f.attempts), 8))
			if now-f.lastTry < 600 {
				chance *= 0.01
			}
			if m.rng.Float64() < chance {
				return ep, true
			}
			factor *= 1.2
			break
		}
	}
}

// restart forgets what is not kept on disk.
func (m *model) restart() {
	for _, f := range m.known {
		f.lastTry, f.lastCounted = 0, 0
	}
	m.waiting, m.lastGood = nil, 1
}

// same compares the book with the model.
func (m *model) same(b *book) error {
	if len(b.random) != len(m.known) {
		return fmt.Errorf("%d entries, model has %d", len(b.random), len(m.known))
	}
	for _, n := range b.random {
		e := b.entry(n)
		f := m.known[e.endpoint]
		if f == nil {
			return fmt.Errorf("%s is not in the model", e.netAddr())
		}
		got := fact{e.services, e.source, e.seen, e.lastTry, e.lastCounted, e.lastSuccess, e.attempts}
		if got != *f {
			return fmt.Errorf("%s: %+v, model has %+v", e.netAddr(), got, *f)
		}
		if e.tried {
			p := b.triedPlaceOf(e)
			if m.tried[[2]int{p.bucket(), p.position()}] != e.endpoint {
				return fmt.Errorf("%s is not tried in the model", e.netAddr())
			}
			continue
		}
		for _, p := range e.places[:e.refs] {
			if m.fresh[[2]int{p.bucket(), p.position()}] != e.endpoint {
				return fmt.Errorf("%s is not at new %d/%d in the model", e.netAddr(), p.bucket(), p.position())
			}
		}
		if refs := m.refs(e.endpoint); refs != int(e.refs) {
			return fmt.Errorf("%s has %d references, %d in the model", e.netAddr(), e.refs, refs)
		}
	}
	if len(b.collisions) != len(m.waiting) {
		return fmt.Errorf("%d wait, %d in the model", len(b.collisions), len(m.waiting))
	}
	for i, n := range b.collisions {
		if b.entry(n).endpoint != m.waiting[i] {
			return fmt.Errorf("waiting number %d differs", i)
		}
	}
	return nil
}

// disk is what is stored: what was dirty is written when it is saved.
type disk map[place][]byte

func (d disk) save(b *book) {
	for p := range place(allPlaces) {
		if !b.dirty.has(p) {
			continue
		}
		b.dirty.remove(p)
		delete(d, p)
		if n := b.at[p]; n != noID {
			d[p] = appendEntry(nil, b.entry(n))
		}
	}
}

func (d disk) load(key Key, groups *netgroup.Groups) (*book, error) {
	b := newBook(key, groups, seeded(0))
	l := loader{b: b, sameMap: true}
	for p := range place(allPlaces) {
		if rec, ok := d[p]; ok {
			if err := l.load(p, rec); err != nil {
				return nil, err
			}
		}
	}
	l.finish()
	for p := range place(allPlaces) {
		if b.dirty.has(p) {
			return nil, fmt.Errorf("place %d is dirty after loading", p)
		}
	}
	return b, nil
}

// universe is few addresses that get into each other's way: most of them share four
// places of the tried table, and four of the new one if the first source tells of them.
func universe() (addrs []wire.NetAddr, sources []wire.NetworkAddress) {
	for i := range 12 {
		sources = append(sources, ip(fmt.Sprintf("30.%d.0.1", i)))
	}
	sources = append(sources, ip("30.1.0.2"), wire.NetworkAddress{}, netgroup.Named("seed"))
	k, g := numberKey(1), netgroup.New()
	tried, fresh := map[place]bool{}, map[place]bool{}
	for i := 0; len(addrs) < 36; i++ {
		a := addr(fmt.Sprintf("20.1.%d.%d:8333", i>>8&255, i&255))
		bucket := k.newBucket(g, a.Addr, sources[0])
		f := newPlace(bucket, k.position(false, bucket, a.Addr, a.Port))
		bucket = k.triedBucket(g, a.Addr, a.Port)
		p := triedPlace(bucket, k.position(true, bucket, a.Addr, a.Port))
		if len(tried) < 4 {
			tried[p] = true
		}
		if len(fresh) < 6 && tried[p] {
			fresh[f] = true
		}
		if tried[p] && fresh[f] {
			addrs = append(addrs, a)
		}
	}
	r := seeded(99)
	for range 8 {
		addrs = append(addrs, anyAddr(r))
	}
	addrs = append(addrs, addr("10.0.0.1:8333"), addr("127.0.0.1:8333"))
	other := addrs[0]
	other.Port++
	addrs = append(addrs, other)
	return addrs, append(sources, addrs[0].Addr, addrs[1].Addr)
}

// operations draws operations for the model.
func operations(seed uint64, n int) []byte {
	r := seeded(seed)
	b := make([]byte, 4*n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestModel(t *testing.T) {
	addrs, sources := universe()
	seeds := uint64(8)
	if raceEnabled {
		seeds = 1 // nothing here runs at the same time
	}
	for seed := range seeds {
		runModel(t, seed, operations(seed, 2000), addrs, sources)
	}
}

func FuzzModel(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed, operations(seed, 100))
	}
	addrs, sources := universe()
	f.Fuzz(func(t *testing.T, seed uint64, ops []byte) {
		runModel(t, seed, ops[:min(len(ops), 4*500)], addrs, sources)
	})
}

// runModel does operations of four bytes each: which, on what, and two of detail.
func runModel(t *testing.T, seed uint64, ops []byte, addrs []wire.NetAddr, sources []wire.NetworkAddress) {
	now := start.Unix()
	groups := netgroup.New()
	b := newBook(*numberKey(1), groups, nil)
	m := newModel(*numberKey(1), groups)
	stored := disk{}
	for step := 0; len(ops) >= 4; step++ {
		op, what, x, y := ops[0], ops[1], ops[2], ops[3]
		ops = ops[4:]
		b.rng, m.rng = rand.New(rand.NewPCG(seed, uint64(step))), rand.New(rand.NewPCG(seed, uint64(step)))
		a := addrs[int(what)%len(addrs)]
		e := endpoint{a.Addr, a.Port}
		name := ""
		switch op % 24 {
		case 0, 1, 2, 3, 4, 5, 16, 17:
			source := sources[int(x)%len(sources)]
			said := now + []int64{0, -60, -7200, -86400, -3 * 86400, -20 * 86400, -40 * 86400, 300, 700, -math.MaxUint32}[int(y)%10] + int64(y/10)
			list := wire.TimedAddr{Time: uint32(max(0, said)), NetAddr: a}
			list.Services = wire.ServiceFlags(y)
			penalty := int64(op%2) * 7200
			name = fmt.Sprintf("add %s %d from %s", a, said-now, source)
			if got, want := b.add(now, list, source, penalty), m.add(now, list, source, penalty); got != want {
				t.Fatalf("step %d: %s: %v, model %v", step, name, got, want)
			}
		case 6, 7, 18, 19:
			name = "good " + a.String()
			if got, want := b.good(now, e, true), m.good(now, e, true); got != want {
				t.Fatalf("step %d: %s: %v, model %v", step, name, got, want)
			}
		case 8, 20, 21, 22, 23:
			name = "attempt " + a.String()
			for range y % 16 { // with a success of another peer between two
				b.attempt(now, e, x%4 > 0)
				m.attempt(now, e, x%4 > 0)
				if x%8 > 2 {
					b.good(now+1, endpoint{}, true)
					m.good(now+1, endpoint{}, true)
				}
			}
		case 9:
			name = "connected " + a.String()
			b.connected(now, e)
			m.connected(now, e)
		case 10:
			name = "services of " + a.String()
			b.setServices(e, wire.ServiceFlags(x))
			if f := m.known[e]; f != nil {
				f.services = wire.ServiceFlags(x)
			}
		case 11:
			name = "resolve"
			b.resolveCollisions(now)
			m.resolve(now)
		case 12:
			name = "choose"
			checkChoice(t, b, m, now, x, y)
		case 13:
			name = "sample"
			checkSample(t, b, m, now, int(x), int(y))
		case 14:
			now += []int64{1, 30, 61, 61, 100, 700, 1500, 2500, 3600, 2 * 3600, 3 * 3600, 5 * 3600, 86400, 2 * 86400, 8 * 86400, 31 * 86400}[x%16]
		case 15:
			name = "restart"
			stored.save(b)
			if x%16 > 0 {
				break
			}
			var err error
			if b, err = stored.load(b.key, groups); err != nil {
				t.Fatal(err)
			}
			m.restart()
		}
		if err := m.same(b); err != nil {
			t.Fatalf("step %d: %s: %v", step, name, err)
		}
		if step%256 == 0 || len(ops) < 4 {
			if err := b.check(); err != nil {
				t.Fatalf("step %d: %s: %v", step, name, err)
			}
		}
	}
}

func checkChoice(t *testing.T, b *book, m *model, now int64, x, y byte) {
	t.Helper()
	networks := [][]wire.Network{nil, {wire.NetIPv4}, {wire.NetTorV3}, {wire.NetI2P, wire.NetIPv6}, {wire.NetNone}, {200}}[int(x)%6]
	e := b.choose(now, y%2 == 0, networks)
	want, ok := m.choose(now, y%2 == 0, networks)
	if (e != nil) != ok || ok && e.endpoint != want {
		t.Fatalf("chosen %v, model %v %v", e, want, ok)
	}
	c := b.collision()
	var list []endpoint
	for _, ep := range m.waiting {
		if old, taken := m.tried[m.triedAt(ep)]; taken {
			list = append(list, old)
		}
	}
	if c != nil && !slices.Contains(list, c.endpoint) || c == nil && len(list) == len(m.waiting) && len(list) > 0 {
		t.Fatalf("collision %v, model %v", c, list)
	}
}

// checkSample asks for addresses and compares with what may come.
func checkSample(t *testing.T, b *book, m *model, now int64, x, y int) {
	t.Helper()
	limit, percent := []int{0, 1, 10, 1000}[x%4], []int{0, 23, 100, 120}[x/4%4]
	network := []wire.Network{wire.NetNone, wire.NetNone, wire.NetIPv4, wire.NetTorV3}[y%4]
	worthy := y/4%2 == 0
	may := map[wire.NetAddr]uint32{}
	for ep, f := range m.known {
		if (network == wire.NetNone || ep.addr.Network() == network) && !(worthy && f.terrible(now)) {
			may[wire.NetAddr{Services: f.services, Addr: ep.addr, Port: ep.port}] = uint32(f.seen)
		}
	}
	want := len(m.known)
	if percent > 0 {
		want = want * min(percent, 100) / 100
	}
	if limit > 0 {
		want = min(want, limit)
	}
	got := b.sample(now, limit, percent, network, worthy)
	if len(got) != min(want, len(may)) {
		t.Fatalf("%d addresses, want %d of %d", len(got), want, len(may))
	}
	for _, a := range got {
		seen, ok := may[a.NetAddr]
		if !ok || seen != a.Time {
			t.Fatalf("%s at %d: known %v at %d", a.NetAddr, a.Time, ok, seen)
		}
		delete(may, a.NetAddr) // each once
	}
}
