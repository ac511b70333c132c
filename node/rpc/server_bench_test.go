package rpc

import (
	"log/slog"
	"strings"
	"testing"

	"grapevine/wire"
)

// BenchmarkServe is one small call through HTTP handling, authentication and dispatch.
func BenchmarkServe(b *testing.B) {
	f := &fixture{auth: NewAuth()}
	f.auth.AddPassword("u", "p")
	f.srv = New(Config{Table: testTable(b), Auth: f.auth, Logger: slog.New(slog.DiscardHandler)})
	b.ReportAllocs()
	for b.Loop() {
		if status, _ := f.post(`{"method":"echo","params":[1,"a"],"id":1}`); status != 200 {
			b.Fatal(status)
		}
	}
}

// BenchmarkParseBlock is a block in hex as submitblock gets it.
func BenchmarkParseBlock(b *testing.B) {
	body := []byte(`{"method":"submitblock","params":["` + strings.Repeat("0f", 4_000_000) + `"],"id":1}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseJSON(body); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWriteOutputs is the part of a decoded transaction that blocks are full of.
func BenchmarkWriteOutputs(b *testing.B) {
	script := make([]byte, 25)
	w := Writer{buf: make([]byte, 0, 1<<20)}
	b.ReportAllocs()
	for b.Loop() {
		w.buf, w.comma = w.buf[:0], false
		w.Arr()
		for i := range 1000 {
			w.Obj().Key("value").Amount(wire.Amount(i) * 12345).Key("n").Int(int64(i)).Key("hex").Hex(script).Key("hash").Hash([32]byte{1}).EndObj()
		}
		w.EndArr()
	}
}
