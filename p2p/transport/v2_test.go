package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/iotest"

	. "grapevine/p2p/transport"
	"grapevine/p2p/transport/bip324"
	"grapevine/wire"
)

// end is one side of a connection in memory.
type end struct {
	*Link
	nc net.Conn
	w  Writer
}

// connect makes a connection and runs the handshake of both ends.
func connect(tb testing.TB, a, b net.Conn) (initiator, responder *end) {
	tb.Helper()
	l, err := Initiate(a, mainMagic)
	if err != nil {
		tb.Fatal(err)
	}
	initiator, responder = &end{Link: l, nc: a}, &end{Link: Respond(b, mainMagic), nc: b}
	var wait sync.WaitGroup
	for _, e := range []*end{initiator, responder} {
		wait.Go(func() {
			if err := e.Negotiate(); err != nil {
				tb.Error(err)
			}
		})
		wait.Go(func() {
			var err error
			if e.w, err = e.Open(tb.Context(), e.nc); err != nil {
				tb.Error(err)
			}
		})
	}
	wait.Wait()
	if tb.Failed() {
		tb.FailNow()
	}
	return initiator, responder
}

func pipe(tb testing.TB) (a, b net.Conn) {
	a, b = net.Pipe()
	tb.Cleanup(func() {
		_ = a.Close() // pipes close without error
		_ = b.Close()
	})
	return a, b
}

// Both ends agree on a session, and messages of all sizes go both ways.
func TestV2ReadsWhatItWrites(t *testing.T) {
	initiator, responder := pipedEnds(t)
	p, id := initiator.Protocol()
	q, other := responder.Protocol()
	if p != V2 || q != V2 || id != other || id == [32]byte{} {
		t.Fatalf("%v %x and %v %x", p, id, q, other)
	}
	for _, way := range [][2]*end{{initiator, responder}, {responder, initiator}} {
		for _, command := range []string{"twelve-bytes", "tx"} {
			for _, size := range []int{0, 1, 32<<10 - 1, 32<<10 + 1, 1 << 20, wire.MaxPayload} {
				payload := bytes.Repeat([]byte{byte(size)}, size)
				frame := way[0].w.Append([]byte("x"), &wire.MsgUnknown{Name: command, Data: payload})[1:]
				if want := size + way[0].w.Overhead(command); len(frame) != want {
					t.Fatalf("%s of %d bytes takes %d, want %d", command, size, len(frame), want)
				}
				go way[0].nc.Write(frame) // what fails here, fails at the other end
				got, err := way[1].Next()
				if err != nil || got.Command != command || got.Size != len(frame) || !bytes.Equal(got.Payload, payload) {
					t.Fatalf("%s of %d bytes: %q, %d bytes, %v", command, size, got.Command, got.Size, err)
				}
				if held := way[1].Held(); held != 32<<10 {
					t.Errorf("%d bytes are held when all is read", held)
				}
			}
		}
	}
}

// pipedEnds returns both ends of an encrypted connection.
func pipedEnds(t *testing.T) (initiator, responder *end) {
	a, b := pipe(t)
	return connect(t, a, b)
}

// The frame of a payload that is encoded already is that of the message, and never
// in two parts.
func TestV2Raw(t *testing.T) {
	a, b := pipedEnds(t)
	payload := []byte{1, 2, 3}
	if out, ok := a.w.AppendHeader([]byte{9}, "block", payload); ok || !bytes.Equal(out, []byte{9}) {
		t.Errorf("header %x", out)
	}
	go a.nc.Write(a.w.AppendRaw(nil, "block", payload)) // what fails here, fails at the other end
	if got, err := b.Next(); err != nil || got.Command != "block" || !bytes.Equal(got.Payload, payload) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, command := range []string{"block", "twelve-bytes"} {
		room := append(make([]byte, 0, len(payload)+a.w.Overhead(command)), payload...)
		if _, ok := a.w.Enclose(command, room[:len(room):cap(room)-1]); ok {
			t.Errorf("%s: enclosed with a byte too little room", command)
		}
		frame, ok := a.w.Enclose(command, room)
		if !ok || &frame[0] != &room[0] || len(frame) != cap(room) || cap(room) > len(payload)+MaxOverhead {
			t.Fatalf("%s: %x, in another place than its payload", command, frame)
		}
		go a.nc.Write(frame) // what fails here, fails at the other end
		if got, err := b.Next(); err != nil || got.Command != command || !bytes.Equal(got.Payload, payload) {
			t.Errorf("%s: %+v, %v", command, got, err)
		}
	}
	if _, ok := (V1Writer{}).Enclose("block", make([]byte, 3, 100)); ok {
		t.Error("version 1 has no need of it")
	}
}

// script plays the other end by hand, as initiator: it sends key and garbage, and
// returns the session.
func script(t *testing.T, nc net.Conn, garbage []byte, magic [4]byte) *bip324.Session {
	t.Helper()
	key, err := bip324.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	public := key.Public()
	sent := make(chan error, 1)
	go func() {
		_, err := nc.Write(append(public[:], garbage...))
		sent <- err
	}()
	var theirs bip324.PublicKey
	if _, err := io.ReadFull(nc, theirs[:]); err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err != nil && !errors.Is(err, io.ErrClosedPipe) {
		t.Fatal(err)
	}
	s, err := key.Session(theirs, true, magic)
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, nc) // what else the other end says: it ends with the pipe
	return s
}

func seal(s *bip324.Session, contents []byte, decoy bool, aad []byte) []byte {
	b, start := s.Send.Begin(nil)
	return s.Send.Finish(append(b, contents...), start, decoy, aad)
}

// respond runs the end under test, and returns what its first frame was.
func respond(t *testing.T, nc net.Conn) (result func() (Frame, error), link *Link) {
	l := Respond(nc, mainMagic)
	type outcome struct {
		f   Frame
		err error
	}
	done := make(chan outcome, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go l.Open(ctx, nc) // what fails here, fails for the reader
	go func() {
		f, err := l.Next()
		_ = nc.Close() // a pipe closes without error
		cancel()
		done <- outcome{f, err}
	}()
	return func() (Frame, error) {
		o := <-done
		return o.f, o.err
	}, l
}

// Garbage of any length, with decoys before and behind the version packet, whose
// contents are for a later version.
func TestV2Handshakes(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 4095} {
		a, b := pipe(t)
		result, link := respond(t, b)
		garbage := bytes.Repeat([]byte{7}, n)
		s := script(t, a, garbage, mainMagic)
		if p, _ := link.Protocol(); p != Detecting {
			t.Errorf("it takes the session for %v already", p)
		}
		out := append([]byte{}, s.SendTerminator[:]...)
		out = append(out, seal(s, []byte("nothing to see"), true, garbage)...) // the first packet holds the garbage
		out = append(out, seal(s, []byte("features of the future"), false, nil)...)
		out = append(out, seal(s, make([]byte, 100_000), true, nil)...)
		out = append(out, seal(s, []byte{18, 1, 2, 3}, false, nil)...)
		go a.Write(out) // what fails here, fails at the other end
		f, err := result()
		if err != nil || f.Command != "ping" || !bytes.Equal(f.Payload, []byte{1, 2, 3}) {
			t.Errorf("%d bytes of garbage: %+v, %v", n, f, err)
		}
		if p, id := link.Protocol(); p != V2 || id != s.ID {
			t.Errorf("%v %x, want v2 %x", p, id, s.ID)
		}
	}
}

func TestV2RefusesWrongHandshakes(t *testing.T) {
	garbage := []byte("garbage")
	for _, c := range []struct {
		name    string
		garbage []byte
		magic   [4]byte
		rest    func(s *bip324.Session) []byte
		want    error
	}{
		{"a byte too much garbage", make([]byte, 4096), mainMagic, func(s *bip324.Session) []byte { return s.SendTerminator[:] }, ErrGarbage},
		{"no terminator", nil, mainMagic, func(*bip324.Session) []byte { return make([]byte, 5000) }, ErrGarbage},
		{"another network", nil, [4]byte{1}, func(s *bip324.Session) []byte { return append(s.SendTerminator[:], make([]byte, 5000)...) }, ErrGarbage},
		{"garbage that was not sent", garbage, mainMagic, func(s *bip324.Session) []byte {
			return append(s.SendTerminator[:], seal(s, nil, false, []byte("other garbage"))...)
		}, ErrNotAuthentic},
		{"a forged version packet", garbage, mainMagic, func(s *bip324.Session) []byte {
			p := seal(s, nil, false, garbage)
			p[4] ^= 1
			return append(s.SendTerminator[:], p...)
		}, ErrNotAuthentic},
		{"a length that nobody sends", garbage, mainMagic, func(s *bip324.Session) []byte {
			return append(s.SendTerminator[:], seal(s, make([]byte, 4_000_014), false, garbage)...)
		}, ErrTooLarge},
	} {
		a, b := pipe(t)
		result, _ := respond(t, b)
		s := script(t, a, c.garbage, c.magic)
		go a.Write(c.rest(s)) // it fails once the other end has hung up
		f, err := result()
		var e *Error
		if !errors.Is(err, c.want) || !errors.As(err, &e) || !e.Fatal() || f.Payload != nil {
			t.Errorf("%s: %+v, %v, want %v", c.name, f, err, c.want)
		}
	}
}

// What is wrong with one message spoils that one only.
func TestV2PassesOverUnknownCommands(t *testing.T) {
	for name, contents := range map[string][]byte{
		"nothing":            {},
		"id 29":              {29, 1},
		"id 38":              {38, 1},
		"id 255":             {255},
		"a command cut":      append([]byte{0}, "pingpingpin"...),
		"an unprintable one": append([]byte{0}, "pi\x01g\x00\x00\x00\x00\x00\x00\x00\x00"...),
		"one with a gap":     append([]byte{0}, "ping\x00\x00\x00\x00\x00\x00\x00x"...),
	} {
		a, b := pipe(t)
		l := Respond(b, mainMagic)
		go l.Open(t.Context(), b) // what fails here, fails for the reader
		agreed := make(chan error, 1)
		go func() { agreed <- l.Negotiate() }()
		s := handshake(t, a)
		if err := <-agreed; err != nil {
			t.Fatal(err)
		}
		go a.Write(bytes.Join([][]byte{seal(s, contents, false, nil), seal(s, append([]byte{0}, "verack\x00\x00\x00\x00\x00\x00"...), false, nil)}, nil))
		f, err := l.Next()
		var e *Error
		if !errors.Is(err, ErrCommand) || !errors.As(err, &e) || e.Fatal() || f.Size != len(contents)+20 {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
		if f, err := l.Next(); err != nil || f.Command != "verack" || f.Payload == nil || len(f.Payload) != 0 {
			t.Errorf("%s: behind it %+v, %v", name, f, err)
		}
	}
}

// handshake plays the whole handshake of an initiator.
func handshake(t *testing.T, nc net.Conn) *bip324.Session {
	t.Helper()
	s := script(t, nc, nil, mainMagic)
	if _, err := nc.Write(append(s.SendTerminator[:], seal(s, nil, false, nil)...)); err != nil {
		t.Fatal(err)
	}
	return s
}

// Every command of the tables in BIP 324 and BIP 434 has its byte.
func TestV2ShortIDs(t *testing.T) {
	a, b := pipedEnds(t)
	short := 0
	for id, command := range []string{1: "addr", 2: "block", 3: "blocktxn", 4: "cmpctblock", 5: "feefilter", 6: "filteradd", 7: "filterclear",
		8: "filterload", 9: "getblocks", 10: "getblocktxn", 11: "getdata", 12: "getheaders", 13: "headers", 14: "inv", 15: "mempool",
		16: "merkleblock", 17: "notfound", 18: "ping", 19: "pong", 20: "sendcmpct", 21: "tx", 22: "getcfilters", 23: "cfilter",
		24: "getcfheaders", 25: "cfheaders", 26: "getcfcheckpt", 27: "cfcheckpt", 28: "addrv2", 37: "feature", 38: "version", 39: "verack"} {
		if command == "" {
			continue
		}
		want := 21
		if id > 37 {
			want = 33
		} else {
			short++
		}
		frame := a.w.Append(nil, &wire.MsgUnknown{Name: command})
		if len(frame) != want || a.w.Overhead(command) != want {
			t.Errorf("%s takes %d bytes, want %d", command, len(frame), want)
		}
		go a.nc.Write(frame) // what fails here, fails at the other end
		if f, err := b.Next(); err != nil || f.Command != command {
			t.Errorf("%s: %+v, %v", command, f, err)
		}
	}
	if short != 29 {
		t.Errorf("%d short ids", short)
	}
}

// An end that is called tells by the first bytes what is spoken, however they come.
func TestRespondDetectsV1(t *testing.T) {
	version := &wire.MsgVersion{Version: 70016, UserAgent: "/x/"}
	stream := AppendV1(AppendV1(nil, mainMagic, version), mainMagic, &wire.MsgVerack{})
	l := Respond(iotest.OneByteReader(bytes.NewReader(stream)), mainMagic)
	for _, want := range []string{"version", "verack"} {
		if f, err := l.Next(); err != nil || f.Command != want {
			t.Fatalf("%+v, %v, want %s", f, err, want)
		}
	}
	if _, err := l.Next(); err != io.EOF {
		t.Errorf("%v at the end", err)
	}
	w, err := l.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p, _ := l.Protocol(); p != V1 || !bytes.Equal(w.Append(nil, version), AppendV1(nil, mainMagic, version)) {
		t.Errorf("it answers in %v", p)
	}
	for n := range 16 {
		l := Respond(bytes.NewReader(stream[:n]), mainMagic)
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		if _, err := l.Next(); err != want {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	foreign := bytes.Clone(stream)
	foreign[3] ^= 1
	if _, err := Respond(bytes.NewReader(foreign), mainMagic).Next(); !errors.Is(err, ErrMagic) {
		t.Errorf("version 1 of another network: %v", err)
	}
}

// The first byte that is not of version 1 brings our key (BIP 324, "Handshake"),
// wherever it stands; one byte less brings nothing.
func TestRespondSendsItsKeyAtOnce(t *testing.T) {
	v1 := append(mainMagic[:], "version\x00\x00\x00\x00\x00"...)
	for n := range v1 {
		in, out := io.Pipe()
		l := Respond(in, mainMagic)
		go l.Next() // it ends with the pipe
		sent := make(chan int, 1)
		go l.Open(t.Context(), writerFunc(func(p []byte) (int, error) {
			sent <- len(p)
			return 0, io.ErrClosedPipe
		}))
		if _, err := out.Write(v1[:n]); err != nil {
			t.Fatal(err)
		}
		select {
		case <-sent:
			t.Errorf("%d bytes of version 1 are taken for a key", n)
		default: // nothing can be on its way: the link has asked for more
		}
		if _, err := out.Write([]byte{v1[n] ^ 1}); err != nil {
			t.Fatal(err)
		}
		if got := <-sent; got < 64 {
			t.Errorf("%d bytes are sent", got)
		}
		_ = out.Close() // in memory
	}
}

// A peer that hangs up on our key is told apart from one that breaks off later.
func TestInitiatorIsNotAnswered(t *testing.T) {
	for answer, want := range map[string]error{"": ErrSilent, "x": io.ErrUnexpectedEOF} {
		l, err := Initiate(bytes.NewReader([]byte(answer)), mainMagic)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Negotiate(); !errors.Is(err, want) || want != ErrSilent && errors.Is(err, ErrSilent) {
			t.Errorf("%q: %v", answer, err)
		}
	}
	// The writing half does not wait for ever.
	l, err := Initiate(bytes.NewReader(nil), mainMagic)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	sent := 0
	if _, err := l.Open(ctx, writerFunc(func(p []byte) (int, error) {
		cancel() // once our key is sent
		sent += len(p)
		return len(p), nil
	})); !errors.Is(err, context.Canceled) || sent < 64 || sent > 64+4095 {
		t.Errorf("%d bytes sent, %v", sent, err)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A claim of 4 MB takes no more memory than four times what has come.
func TestV2MemoryFollowsArrival(t *testing.T) {
	a, b := pipedEnds(t)
	frame := a.w.AppendRaw(nil, "block", make([]byte, wire.MaxPayload))
	most := 0
	done := make(chan error, 1)
	go func() {
		_, err := b.Next()
		done <- err
	}()
	for sent := 0; sent < len(frame); {
		n, err := a.nc.Write(frame[sent:min(sent+10_000, len(frame))])
		if err != nil {
			t.Fatal(err)
		}
		sent += n
		held := b.Held()
		if most = max(most, held); held > max(5*sent, 64<<10)+32<<10 {
			t.Fatalf("%d bytes held when %d were sent", held, sent)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Logf("at most %d bytes held for %d", most, len(frame))
	if most < wire.MaxPayload {
		t.Error("nothing was measured")
	}
}

// Whatever comes, a responder neither panics nor takes it for a frame, but for
// those of version 1.
func FuzzRespond(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 64))
	f.Add(make([]byte, 64+4095+16))
	f.Add(AppendV1(nil, mainMagic, &wire.MsgVersion{Version: 70016}))
	f.Fuzz(func(t *testing.T, stream []byte) {
		l := Respond(bytes.NewReader(stream), mainMagic)
		frame, err := l.Next()
		p, _ := l.Protocol()
		v1 := bytes.HasPrefix(stream, append(mainMagic[:], "version\x00\x00\x00\x00\x00"...))
		if v1 != (p == V1) {
			t.Errorf("it is taken for %v", p)
		}
		if err == nil && !v1 {
			t.Errorf("a frame %+v of noise", frame)
		}
	})
}

// What frames cost at both ends, side by side.
func BenchmarkTransport(b *testing.B) {
	for _, size := range []int{36, 250, 2000, 1 << 20} {
		payload := make([]byte, size)
		b.Run(fmt.Sprintf("v1/%d", size), func(b *testing.B) {
			benchmarkFrames(b, V1Writer{Magic: mainMagic}, func(r io.Reader) Reader { return NewV1Reader(r, mainMagic) }, payload)
		})
		b.Run(fmt.Sprintf("v2/%d", size), func(b *testing.B) {
			x, y := net.Pipe()
			initiator, responder := connect(b, x, y)
			benchmarkFrames(b, initiator.w, func(r io.Reader) Reader {
				return ReadFrom(responder.Link, r)
			}, payload)
			_, _ = x.Close(), y.Close() // pipes close without error
		})
	}
}

// benchmarkFrames writes a frame and reads it, again and again.
func benchmarkFrames(b *testing.B, w Writer, reader func(io.Reader) Reader, payload []byte) {
	var stream bytes.Buffer
	r := reader(&stream)
	buf := make([]byte, 0, len(payload)+64)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		stream.Write(w.AppendRaw(buf[:0], "block", payload))
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
	}
}
