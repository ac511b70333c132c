package transport_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	. "grapevine/p2p/transport"
	"grapevine/wire"
)

var mainMagic = [4]byte{0xf9, 0xbe, 0xb4, 0xd9}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// TestV1KnownFrame holds a frame against bytes that were put together by hand:
// 5df6e0e2 begins the double hash of nothing.
func TestV1KnownFrame(t *testing.T) {
	want := unhex(t, "f9beb4d9 76657261636b000000000000 00000000 5df6e0e2")
	if got := AppendV1(nil, mainMagic, &wire.MsgVerack{}); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// TestV1ReadsWhatItWrites sends one message of each size class in all ways and
// reads them back in pieces of all kinds.
func TestV1ReadsWhatItWrites(t *testing.T) {
	var stream []byte
	var want []Frame
	w := V1Writer{Magic: mainMagic}
	for _, size := range []int{0, 1, 32<<10 - 1, 32 << 10, 32<<10 + 1, 1 << 20, wire.MaxPayload} {
		payload := bytes.Repeat([]byte{byte(size)}, size)
		before := len(stream)
		stream = w.Append(stream, &wire.MsgUnknown{Name: "twelve-bytes", Data: payload})
		if raw := w.AppendRaw(nil, "twelve-bytes", payload); !bytes.Equal(raw, stream[before:]) {
			t.Fatalf("%d bytes: Append and AppendRaw differ", size)
		}
		head, ok := w.AppendHeader([]byte{1}, "twelve-bytes", payload)
		if !ok || !bytes.Equal(head[1:], stream[before:][:V1HeaderSize]) {
			t.Fatalf("%d bytes: Append and AppendHeader differ", size)
		}
		want = append(want, Frame{Command: "twelve-bytes", Payload: payload, Size: V1HeaderSize + size})
	}
	for name, r := range map[string]io.Reader{
		"whole":  bytes.NewReader(stream),
		"halves": iotest.HalfReader(bytes.NewReader(stream)),
		"early":  iotest.DataErrReader(bytes.NewReader(stream)),
	} {
		v := NewV1Reader(r, mainMagic)
		for i := range want {
			got, err := v.Next()
			if err != nil {
				t.Fatalf("%s: frame %d: %v", name, i, err)
			}
			if got.Command != want[i].Command || got.Size != want[i].Size || !bytes.Equal(got.Payload, want[i].Payload) {
				t.Fatalf("%s: frame %d is %q, %d bytes", name, i, got.Command, got.Size)
			}
		}
		if _, err := v.Next(); err != io.EOF {
			t.Errorf("%s: %v at the end", name, err)
		}
	}
}

func TestV1RefusesWrongFrames(t *testing.T) {
	const head, sum = "f9beb4d9", "5df6e0e2"
	ping := "70696e670000000000000000"
	for _, c := range []struct {
		name, frame string
		want        error
		fatal       bool
	}{
		{"other magic", "f9beb4d8" + ping + "00000000" + sum, ErrMagic, true},
		{"a byte too long", head + ping + "01093d00" + sum, ErrTooLarge, true},
		{"longest claim", head + ping + "ffffffff" + sum, ErrTooLarge, true},
		{"checksum", head + ping + "00000000" + "5df6e0e3", ErrChecksum, false},
		{"checksum of content", head + ping + "01000000" + sum + "00", ErrChecksum, false},
		{"not printable", head + "7069096700000000000000000000000000"[:24] + "00000000" + sum, ErrCommand, false},
		{"high bit", head + "70e96e670000000000000000" + "00000000" + sum, ErrCommand, false},
		{"delete", head + "707f6e670000000000000000" + "00000000" + sum, ErrCommand, false},
		{"gap", head + "70696e670000000000000061" + "00000000" + sum, ErrCommand, false},
		{"nameless", head + "000000000000000000000000" + "00000000" + sum, nil, false},
		{"all printable", head + "207e20202020202020202020" + "00000000" + sum, nil, false},
		{"half a header", head + "7069", io.ErrUnexpectedEOF, false},
		{"no payload", head + ping + "08000000" + sum, io.ErrUnexpectedEOF, false},
		{"half a payload", head + ping + "08000000" + sum + "00000000", io.ErrUnexpectedEOF, false},
	} {
		next := AppendV1(nil, mainMagic, &wire.MsgVerack{})
		v := NewV1Reader(io.MultiReader(bytes.NewReader(unhex(t, c.frame)), bytes.NewReader(next)), mainMagic)
		if c.want == io.ErrUnexpectedEOF {
			v = NewV1Reader(bytes.NewReader(unhex(t, c.frame)), mainMagic)
		}
		f, err := v.Next()
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
			continue
		}
		var e *Error
		if !errors.As(err, &e) {
			if err != nil && (f.Command != "" || f.Size != 0 || f.Payload != nil) {
				t.Errorf("%s: %+v beside the error", c.name, f)
			}
			continue
		}
		if e.Fatal() != c.fatal || f.Payload != nil {
			t.Errorf("%s: fatal %v, payload %x", c.name, e.Fatal(), f.Payload)
		}
		if c.fatal {
			continue
		}
		if f.Size != len(unhex(t, c.frame)) {
			t.Errorf("%s: size %d", c.name, f.Size)
		}
		if f, err = v.Next(); err != nil || f.Command != "verack" {
			t.Errorf("%s: behind it %+v, %v", c.name, f, err)
		}
	}
}

// greedy gives out n bytes of src and notes how much memory was behind it when
// it was asked for more.
type greedy struct {
	src  *bytes.Reader
	got  int
	most map[int]int // memory for the payload by bytes of it that had come
}

func (g *greedy) Read(p []byte) (int, error) {
	payload := g.got - V1HeaderSize
	if payload > 0 {
		g.most[payload] = max(g.most[payload], payload+len(p))
	}
	n, err := g.src.Read(p[:min(len(p), 1000)])
	g.got += n
	return n, err
}

// TestV1MemoryFollowsArrival: a claim of 4 MB takes no more memory than four
// times what has come.
func TestV1MemoryFollowsArrival(t *testing.T) {
	const claimed = wire.MaxPayload
	frame := AppendV1Raw(nil, mainMagic, "block", make([]byte, claimed))
	g := &greedy{src: bytes.NewReader(frame), most: map[int]int{}}
	if _, err := NewV1Reader(g, mainMagic).Next(); err != nil {
		t.Fatal(err)
	}
	if len(g.most) < claimed/1000-100 {
		t.Fatalf("measured at %d places", len(g.most))
	}
	for got, held := range g.most {
		if held > max(4*got, 64<<10) {
			t.Errorf("%d bytes held when %d had come", held, got)
		}
	}
	// The claim alone: the read buffer and the first step.
	silent := frame[:V1HeaderSize]
	held := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = NewV1Reader(bytes.NewReader(silent), mainMagic).Next()
		}
	}).AllocedBytesPerOp()
	if held > 66<<10 {
		t.Errorf("a silent claim takes %d bytes", held)
	}
}

// TestV1WriterTakesMemoryOnce: once for the whole frame; the race detector makes
// it two.
func TestV1WriterTakesMemoryOnce(t *testing.T) {
	msg := &wire.MsgInv{Items: make([]wire.Inv, 1000)}
	if n := testing.AllocsPerRun(100, func() { AppendV1(nil, mainMagic, msg) }); n > 2 {
		t.Errorf("%v allocations", n)
	}
	buf := make([]byte, 0, 64<<10)
	if n := testing.AllocsPerRun(100, func() { AppendV1(buf, mainMagic, msg) }); n > 0 {
		t.Errorf("%v allocations into a buffer that is large enough", n)
	}
}

func TestV1RefusesToFrameALongCommand(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("framed")
		}
	}()
	AppendV1(nil, mainMagic, &wire.MsgUnknown{Name: "thirteen-byte"})
}

// FuzzV1Reader cuts a stream by hand and compares.
func FuzzV1Reader(f *testing.F) {
	good := AppendV1(AppendV1(nil, mainMagic, &wire.MsgPing{Nonce: 1}), mainMagic, &wire.MsgVerack{})
	f.Add(good, uint8(1))
	f.Add(good[:len(good)-1], uint8(3))
	f.Add(append(bytes.Clone(good[:20]), good...), uint8(7))
	long := bytes.Clone(good)
	long[19] = 1
	f.Add(long, uint8(50))
	f.Fuzz(func(t *testing.T, stream []byte, chunk uint8) {
		v := NewV1Reader(&chunked{stream, int(chunk) + 1}, mainMagic)
		for rest := stream; ; {
			got, err := v.Next()
			switch {
			case len(rest) == 0:
				if err != io.EOF {
					t.Fatalf("at the end: %v", err)
				}
				return
			case len(rest) >= 24 && !bytes.Equal(rest[:4], mainMagic[:]):
				if !errors.Is(err, ErrMagic) {
					t.Fatalf("other magic: %v", err)
				}
				return
			case len(rest) >= 24 && binary.LittleEndian.Uint32(rest[16:]) > 4_000_000:
				if !errors.Is(err, ErrTooLarge) {
					t.Fatalf("too large: %v", err)
				}
				return
			case len(rest) < 24 || len(rest)-24 < int(binary.LittleEndian.Uint32(rest[16:])):
				if err != io.ErrUnexpectedEOF {
					t.Fatalf("cut: %v", err)
				}
				return
			}
			size := 24 + int(binary.LittleEndian.Uint32(rest[16:]))
			if got.Size != size {
				t.Fatalf("size %d, want %d", got.Size, size)
			}
			if err == nil {
				if again := AppendV1Raw(nil, mainMagic, got.Command, got.Payload); !bytes.Equal(again, rest[:size]) {
					t.Fatalf("does not round trip: %x", again)
				}
			} else {
				var e *Error
				if !errors.As(err, &e) || e.Fatal() {
					t.Fatalf("dropped with %v", err)
				}
				whole := AppendV1Raw(nil, mainMagic, got.Command, rest[24:size])
				if e.Kind == ErrChecksum && bytes.Equal(whole[20:24], rest[20:24]) {
					t.Fatal("a right checksum was refused")
				}
			}
			rest = rest[size:]
		}
	})
}

type chunked struct {
	rest []byte
	n    int
}

func (c *chunked) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.n)], c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func BenchmarkV1Read(b *testing.B) {
	for name, size := range map[string]int{"ping": 8, "block": 1 << 20} {
		b.Run(name, func(b *testing.B) {
			frame := AppendV1Raw(nil, mainMagic, name, make([]byte, size))
			src := bytes.NewReader(frame)
			v := NewV1Reader(src, mainMagic)
			b.SetBytes(int64(len(frame)))
			b.ReportAllocs()
			for b.Loop() {
				src.Reset(frame)
				if _, err := v.Next(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkV1Append(b *testing.B) {
	payload := make([]byte, 1<<20)
	buf := make([]byte, 0, 2<<20)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		AppendV1Raw(buf, mainMagic, "block", payload)
	}
}
