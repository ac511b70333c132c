package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	. "grapevine/wire"
)

// naive is a second reader, written the plain way: a stream, one value after
// the other, every list grown by append. The fuzz targets hold the fast one
// against it.
type naive struct{ r *bytes.Reader }

var errNaive = errors.New("refused")

func (s naive) bytes(n int) []byte {
	if n > s.r.Len() {
		panic(errNaive)
	}
	b := make([]byte, n)
	_, _ = io.ReadFull(s.r, b)
	return b
}

func (s naive) size() int {
	first := s.bytes(1)[0]
	width, least := map[byte]int{253: 2, 254: 4, 255: 8}[first], map[byte]uint64{253: 253, 254: 1 << 16, 255: 1 << 32}[first]
	if width == 0 {
		return int(first)
	}
	n := binary.LittleEndian.Uint64(append(s.bytes(width), make([]byte, 8)...))
	if n < least || n > 32<<20 {
		panic(errNaive)
	}
	return int(n)
}

func (s naive) inputs() (list []TxIn) {
	for n := s.size(); n > 0; n-- {
		var in TxIn
		copy(in.PrevOut.Txid[:], s.bytes(32))
		in.PrevOut.Index = binary.LittleEndian.Uint32(s.bytes(4))
		in.ScriptSig = s.bytes(s.size())
		in.Sequence = binary.LittleEndian.Uint32(s.bytes(4))
		list = append(list, in)
	}
	return list
}

func (s naive) outputs() (list []TxOut) {
	for n := s.size(); n > 0; n-- {
		value := Amount(binary.LittleEndian.Uint64(s.bytes(8)))
		list = append(list, TxOut{Value: value, PkScript: s.bytes(s.size())})
	}
	return list
}

func (s naive) tx(allowWitness bool) *Tx {
	tx := &Tx{Version: binary.LittleEndian.Uint32(s.bytes(4))}
	tx.In = s.inputs()
	flags := byte(0)
	if len(tx.In) == 0 && allowWitness {
		if flags = s.bytes(1)[0]; flags != 0 {
			tx.In = s.inputs()
			tx.Out = s.outputs()
		}
	} else {
		tx.Out = s.outputs()
	}
	if flags&1 != 0 {
		for i := range tx.In {
			for n := s.size(); n > 0; n-- {
				tx.In[i].Witness = append(tx.In[i].Witness, s.bytes(s.size()))
			}
		}
	}
	if flags > 1 || flags == 1 && !tx.HasWitness() {
		panic(errNaive)
	}
	tx.LockTime = binary.LittleEndian.Uint32(s.bytes(4))
	return tx
}

// naively runs a reader over all of buf and reports whether it accepted it.
func naively(buf []byte, read func(naive)) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			if p != errNaive {
				panic(p)
			}
			ok = false
		}
	}()
	s := naive{bytes.NewReader(buf)}
	read(s)
	return s.r.Len() == 0
}

func seedTxs(f *testing.F) {
	for _, s := range []string{
		ver + in1 + out1 + lock, ver + in1 + out0 + lock, ver + "0000" + lock, ver + "00" + out1 + lock,
		ver + "0001" + in1 + out1 + "0201aa00" + lock, ver + "0001" + in1 + out1 + "00" + lock,
		ver + "0003" + in1 + out1 + "0101aa" + lock, ver + "fd0100" + in1[2:] + out1 + lock, ver + "fe00000002",
	} {
		f.Add(unhex(f, s))
	}
}

func FuzzDecodeTx(f *testing.F) {
	seedTxs(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, allowWitness := range []bool{true, false} {
			decode := DecodeTx
			if !allowWitness {
				decode = DecodeTxNoWitness
			}
			var want *Tx
			ok := naively(raw, func(s naive) { want = s.tx(allowWitness) })
			tx, err := decode(raw)
			if (err == nil) != ok {
				t.Fatalf("witness %v: %v, the plain reader accepts: %v", allowWitness, err, ok)
			}
			if err != nil {
				var e *Error
				if !errors.As(err, &e) || e.Offset > len(raw) {
					t.Fatalf("untyped error or wild offset: %v", err)
				}
				continue
			}
			if got := tx.AppendTo(nil); !bytes.Equal(got, raw) {
				t.Fatalf("witness %v: encodes to %x", allowWitness, got)
			}
			checkSeal(t, want, tx)
			checkSeal(t, tx.Clone(), tx)
		}
	})
}

func FuzzDecodeBlock(f *testing.F) {
	block := NewBlock(Header{Version: 4}, []Tx{
		{In: []TxIn{{}}, Out: []TxOut{{Value: 1}}},
		{In: []TxIn{{Witness: [][]byte{{1}}}}, Out: []TxOut{{Value: 1}}},
	}).Raw()
	f.Add(block)
	f.Add(block[:HeaderSize])
	f.Add(append(block[:HeaderSize:HeaderSize], 0))
	f.Fuzz(func(t *testing.T, raw []byte) {
		txs := 0
		ok := naively(raw, func(s naive) {
			s.bytes(80)
			for txs = s.size(); txs > 0; txs-- {
				s.tx(true)
			}
		})
		b, err := DecodeBlock(raw)
		if (err == nil) != ok {
			t.Fatalf("%v, the plain reader accepts: %v", err, ok)
		}
		if err != nil {
			return
		}
		if !bytes.Equal(NewBlock(b.Header, b.Txs).Raw(), raw) {
			t.Fatal("does not round trip")
		}
	})
}

func FuzzDecodeHeader(f *testing.F) {
	f.Add(unhex(f, genesisHeader))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := DecodeHeader(raw)
		if (err == nil) != (len(raw) == HeaderSize) {
			t.Fatalf("%d bytes: %v", len(raw), err)
		}
		if err == nil && !bytes.Equal(h.AppendTo(nil), raw) {
			t.Fatal("does not round trip")
		}
	})
}

func FuzzReadCompactSize(f *testing.F) {
	for _, s := range []string{"00", "fc", "fdfd00", "fdfc00", "fe00000002", "fe01000002", "ffffffffffffffffff", ""} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		want := 0
		var used int
		ok := naively(raw, func(s naive) {
			want = s.size()
			used = len(raw) - s.r.Len()
			s.bytes(s.r.Len())
		})
		n, size, err := ReadCompactSize(raw)
		if (err == nil) != ok || ok && (n != uint64(want) || size != used) {
			t.Fatalf("%d in %d bytes, %v; want %d in %d, %v", n, size, err, want, used, ok)
		}
		if ok && !bytes.Equal(AppendCompactSize(nil, n), raw[:size]) {
			t.Fatal("does not round trip")
		}
	})
}
