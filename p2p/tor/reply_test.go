package tor

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestReadReply(t *testing.T) {
	for _, c := range []struct {
		in    string
		code  int
		lines []string
	}{
		{"250 OK\r\n", 250, []string{"OK"}},
		{"250 OK\n", 250, []string{"OK"}},
		{"250-one\r\n250-two\r\n250 OK\r\n", 250, []string{"one", "two", "OK"}},
		{"250+config=\r\nA\r\n250 no end\r\n.\r\n250 OK\r\n", 250, []string{"config=", "OK"}},
		{"650 EVENT\r\n650-A\r\n650 B\r\n250 OK\r\n", 250, []string{"OK"}},
		{"510 Unrecognized command \"X\"\r\n", 510, []string{`Unrecognized command "X"`}},
		{"250 \r\n", 250, []string{""}},
	} {
		r, err := readReply(bufio.NewReader(strings.NewReader(c.in)))
		if err != nil || r.code != c.code || !slices.Equal(r.lines, c.lines) {
			t.Errorf("%q: %d %q, %v", c.in, r.code, r.lines, err)
		}
	}
}

func TestReadReplyRefuses(t *testing.T) {
	for _, c := range []struct {
		in   string
		want error
	}{
		{"", io.EOF},
		{"250 OK", io.ErrUnexpectedEOF},
		{"250-one\r\n", io.EOF},
		{"250\r\n", errReply},
		{"\r\n", errReply},
		{"HTTP/1.1 400 Bad Request\r\n", errReply},
		{"099 OK\r\n", errReply},
		{"250-one\r\n251 OK\r\n", errReply},
		{"250*one\r\n", errReply},
		{"250 " + strings.Repeat("x", maxLine) + "\r\n", errReply},
		{"250 " + strings.Repeat("x", maxLine), errReply},
		{strings.Repeat("250-x\r\n", maxLines+1), errReply},
		{"250+x\r\n" + strings.Repeat(strings.Repeat("y", 50_000)+"\r\n", 100), errReply},
		{"250+x\r\nno end\r\n", io.EOF},
	} {
		if r, err := readReply(bufio.NewReader(strings.NewReader(c.in))); !errors.Is(err, c.want) {
			t.Errorf("%.30q: %v, %v, want %v", c.in, r, err, c.want)
		}
	}
}

func TestFields(t *testing.T) {
	for in, want := range map[string]map[string]string{
		``:    {},
		`A=B`: {"A": "B"},
		`METHODS=COOKIE,SAFECOOKIE COOKIEFILE="/home/x/.tor/control auth"`: {"METHODS": "COOKIE,SAFECOOKIE", "COOKIEFILE": "/home/x/.tor/control auth"},
		`A=B=C D=`:                 {"A": "B=C", "D": ""},
		`A="B C" D="E"`:            {"A": "B C", "D": "E"},
		`A=1 optional words B=2`:   {"A": "1"},
		`A="q\"uo\\te"`:            {"A": `q"uo\te`},
		`A="\n\t\r\x"`:             {"A": "\n\t\rx"},
		`A="\101\7\18\400\377\0z"`: {"A": "A\a\x018\x200\xff\x00z"},
		`A=""`:                     {"A": ""},
	} {
		if got, ok := fields(in); !ok || !maps.Equal(got, want) {
			t.Errorf("%s: %q, %v", in, got, ok)
		}
	}
	for _, in := range []string{`A="`, `A="b`, `A="b\`, `A="b\"`} {
		if got, ok := fields(in); ok {
			t.Errorf("%s: %q", in, got)
		}
	}
}

func FuzzFields(f *testing.F) {
	f.Add(`METHODS=COOKIE COOKIEFILE="/a\040b"`)
	f.Add(`A="\\\"\777"`)
	f.Fuzz(func(t *testing.T, s string) {
		_, _ = fields(s) // it ends, and does not panic
		got, ok := fields("K=" + quote(s))
		if !ok || got["K"] != s {
			t.Fatalf("%q is read as %q", s, got["K"])
		}
	})
}

func FuzzReadReply(f *testing.F) {
	f.Add("250-AUTH METHODS=NULL\r\n250 OK\r\n")
	f.Add("650 X\r\n250+d\r\n.\r\n250 OK\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := readReply(bufio.NewReader(strings.NewReader(s)))
		if err == nil && (len(r.lines) == 0 || len(r.lines) > maxLines || r.code < 100 || r.code >= codeEvents) {
			t.Fatalf("%q: %+v", s, r)
		}
	})
}
