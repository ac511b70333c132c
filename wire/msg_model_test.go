package wire_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"reflect"

	. "grapevine/wire"
)

// model is a second codec for messages, written the plain way: it reads a
// payload from a stream and writes, as it goes, what the message encodes to.
// It knows nothing of the types in the package.
type model struct {
	naive
	out []byte
}

// copy passes n bytes through.
func (m *model) copy(n int) []byte {
	b := m.bytes(n)
	m.out = append(m.out, b...)
	return b
}

// number passes a compact size through, which has one form only.
func (m *model) number() int {
	before, _ := m.r.Seek(0, io.SeekCurrent)
	n := m.size()
	after, _ := m.r.Seek(0, io.SeekCurrent)
	_, _ = m.r.Seek(before, io.SeekStart)
	m.copy(int(after - before))
	return n
}

func (m *model) list(most int, element func()) {
	n := m.number()
	if n > most {
		panic(errNaive)
	}
	for range n {
		element()
	}
}

func (m *model) blob(most int) int {
	n := m.number()
	if n > most {
		panic(errNaive)
	}
	m.copy(n)
	return n
}

func (m *model) more() bool { return m.r.Len() > 0 }

func (m *model) bool() {
	if m.bytes(1)[0] != 0 {
		m.out = append(m.out, 1)
	} else {
		m.out = append(m.out, 0)
	}
}

func (m *model) demand(ok bool) {
	if !ok {
		panic(errNaive)
	}
}

func (m *model) fullTx() *Tx {
	tx := m.tx(true)
	m.out = tx.AppendTo(m.out)
	return tx
}

// blankAddr appends the unspecified address instead of what cannot be one.
func (m *model) blankAddr() { m.out = append(m.out, make([]byte, 16)...) }

func (m *model) addrV1() {
	m.copy(8)
	if b := m.bytes(16); bytes.HasPrefix(b, []byte{0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43}) {
		m.blankAddr()
	} else {
		m.out = append(m.out, b...)
	}
	m.copy(2)
}

func (m *model) addrV2() {
	m.copy(4)
	switch first := m.copy(1)[0]; first { // services: a compact size of any value
	case 253:
		m.demand(binary.LittleEndian.Uint16(m.copy(2)) >= 253)
	case 254:
		m.demand(binary.LittleEndian.Uint32(m.copy(4)) > 0xffff)
	case 255:
		m.demand(binary.LittleEndian.Uint64(m.copy(8)) > 0xffffffff)
	}
	network, size := m.bytes(1)[0], m.size()
	m.demand(size <= 512)
	want, known := map[byte]int{1: 4, 2: 16, 4: 32, 5: 32, 6: 16}[network]
	m.demand(!known || size == want)
	b := m.bytes(size)
	inside := network == 2 && (bytes.HasPrefix(b, append(make([]byte, 10), 0xff, 0xff)) ||
		bytes.HasPrefix(b, []byte{0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43}))
	if !known || inside {
		m.out = append(m.out, 2, 16)
		m.blankAddr()
	} else {
		m.out = append(append(m.out, network, byte(size)), b...)
	}
	m.copy(2)
}

func (m *model) version() {
	m.copy(20)
	m.addrV1()
	rest := append(make([]byte, 26), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1)
	if !m.more() {
		m.out = append(m.out, rest...)
		return
	}
	m.addrV1()
	m.copy(8)
	if !m.more() {
		m.out = append(m.out, rest[34:]...)
		return
	}
	m.blob(256)
	if !m.more() {
		m.out = append(m.out, rest[35:]...)
		return
	}
	m.copy(4)
	if !m.more() {
		m.out = append(m.out, rest[39:]...)
		return
	}
	m.bool()
}

func (m *model) cmpctBlock() {
	header := m.copy(80)
	m.demand(!bytes.Equal(header[72:76], make([]byte, 4)))
	m.copy(8)
	short, i, next := 0, 0, 0
	m.list(65535, func() { m.copy(6); short++ })
	m.list(65535-short, func() {
		next += m.number()
		m.demand(next <= short+i)
		tx := m.fullTx()
		m.demand(len(tx.In)+len(tx.Out) > 0)
		i++
		next++
	})
	m.demand(short+i > 0)
}

func (m *model) getBlockTxn() {
	m.copy(32)
	next := 0
	m.list(1<<25, func() {
		next += m.number()
		m.demand(next <= 65535)
		next++
	})
}

func (m *model) block() {
	m.copy(80)
	m.list(1<<25, func() { m.fullTx() })
}

func (m *model) feature() {
	m.demand(m.blob(80) >= 4)
	m.blob(512)
	m.demand(!m.more())
}

// models says how each message is to be read, by the rules of the reference.
var models = map[string]func(m *model){
	"version": (*model).version, "addr": func(m *model) { m.list(1000, func() { m.copy(4); m.addrV1() }) },
	"addrv2":      func(m *model) { m.list(1000, m.addrV2) },
	"sendtxrcncl": func(m *model) { m.copy(12) }, "feature": (*model).feature,
	"inv":      func(m *model) { m.list(50000, func() { m.copy(36) }) },
	"getdata":  func(m *model) { m.list(50000, func() { m.copy(36) }) },
	"notfound": func(m *model) { m.list(1<<25, func() { m.copy(36) }) },
	"tx":       func(m *model) { m.fullTx() }, "block": (*model).block,
	"headers":    func(m *model) { m.list(2000, func() { m.copy(80); m.size(); m.out = append(m.out, 0) }) },
	"getheaders": func(m *model) { m.copy(4); m.list(101, func() { m.copy(32) }); m.copy(32) },
	"getblocks":  func(m *model) { m.copy(4); m.list(101, func() { m.copy(32) }); m.copy(32) },
	"ping": func(m *model) {
		if m.more() {
			m.copy(8)
		}
	},
	"pong": func(m *model) {
		if m.r.Len() >= 8 {
			m.copy(8)
		}
	},
	"feefilter":  func(m *model) { m.copy(8) },
	"sendcmpct":  func(m *model) { m.demand(m.copy(1)[0] <= 1); m.copy(8) },
	"cmpctblock": (*model).cmpctBlock, "getblocktxn": (*model).getBlockTxn,
	"blocktxn": func(m *model) { m.copy(32); m.list(65536, func() { m.fullTx() }) },
	"filterload": func(m *model) {
		m.blob(36000)
		m.demand(binary.LittleEndian.Uint32(m.copy(4)) <= 50)
		m.copy(5)
	},
	"filteradd":   func(m *model) { m.blob(520) },
	"merkleblock": func(m *model) { m.copy(84); m.list(1<<25, func() { m.copy(32) }); m.blob(1 << 25) },
	"getcfilters": func(m *model) { m.copy(37) }, "getcfheaders": func(m *model) { m.copy(37) },
	"getcfcheckpt": func(m *model) { m.copy(33) },
	"cfilter":      func(m *model) { m.copy(33); m.blob(1 << 25) },
	"cfheaders":    func(m *model) { m.copy(97 - 32); m.list(2000, func() { m.copy(32) }) },
	"cfcheckpt":    func(m *model) { m.copy(33); m.list(1<<25, func() { m.copy(32) }) },
	"verack":       func(*model) {}, "wtxidrelay": func(*model) {}, "sendaddrv2": func(*model) {}, "getaddr": func(*model) {},
	"mempool": func(*model) {}, "sendheaders": func(*model) {}, "filterclear": func(*model) {},
}

// footprint returns the bytes that are reachable from v, counting what
// aliases the payload as if it were a copy.
func footprint(v reflect.Value) int {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return 0
		}
		n := footprint(v.Elem())
		if v.Kind() == reflect.Pointer {
			n += int(v.Elem().Type().Size())
		}
		return n
	case reflect.String:
		return v.Len()
	case reflect.Slice:
		n := v.Cap() * int(v.Type().Elem().Size())
		for i := range v.Len() {
			n += footprint(v.Index(i))
		}
		return n
	case reflect.Struct:
		n := 0
		for i := range v.NumField() {
			n += footprint(v.Field(i))
		}
		return n
	default:
		return 0
	}
}
