package tor

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The bounds of a reply.
const (
	maxLine  = 100_000
	maxLines = 1000
	maxReply = 1 << 20
)

// errReply: bytes that are no reply of a control port.
var errReply = errors.New("tor: not a reply of a control port")

// reply is what the control port says to one command.
type reply struct {
	code  int
	lines []string // without their codes
}

// Codes that mean something to us.
const (
	codeOK     = 250
	codeSyntax = 512 // in an argument
	codeEvents = 600 // from here on, nobody has asked
)

// readReply reads the next reply, and passes over events.
func readReply(r *bufio.Reader) (reply, error) {
	for {
		rep, err := readAny(r)
		if err != nil || rep.code < codeEvents {
			return rep, err
		}
	}
}

func readAny(r *bufio.Reader) (reply, error) {
	var rep reply
	total := 0
	for {
		line, err := readLine(r, &total)
		if err != nil {
			return reply{}, err
		}
		if len(line) < 4 {
			return reply{}, fmt.Errorf("%w: a line of %d bytes", errReply, len(line))
		}
		code, err := strconv.ParseUint(line[:3], 10, 16)
		if err != nil || code < 100 || rep.code != 0 && int(code) != rep.code {
			return reply{}, fmt.Errorf("%w: code %q", errReply, line[:3])
		}
		if rep.code = int(code); len(rep.lines) == maxLines {
			return reply{}, fmt.Errorf("%w: more than %d lines", errReply, maxLines)
		}
		rep.lines = append(rep.lines, line[4:])
		switch line[3] {
		case ' ':
			return rep, nil
		case '-':
		case '+': // lines of data follow, which nothing of ours asks for
			for data := ""; data != "."; {
				if data, err = readLine(r, &total); err != nil {
					return reply{}, err
				}
			}
		default:
			return reply{}, fmt.Errorf("%w: separator %q", errReply, line[3])
		}
	}
}

// readLine reads a line and counts its bytes towards those of the reply.
func readLine(r *bufio.Reader, total *int) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxLine || *total+len(part) > maxReply {
			return "", fmt.Errorf("%w: too long", errReply)
		}
		*total += len(part)
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return "", io.ErrUnexpectedEOF
		case err != nil:
			return "", err
		default:
			return strings.TrimSuffix(string(line[:len(line)-1]), "\r"), nil
		}
	}
}

// fields reads the pairs of a line such as `METHODS=COOKIE COOKIEFILE="/a b"`, up to
// the first word that is none. ok is false when a quoted value does not end.
func fields(s string) (pairs map[string]string, ok bool) {
	pairs = map[string]string{}
	for s != "" {
		key, rest, found := strings.Cut(s, "=")
		if !found || strings.Contains(key, " ") {
			return pairs, true
		}
		var value string
		if strings.HasPrefix(rest, `"`) {
			if value, rest, ok = unquote(rest[1:]); !ok {
				return nil, false
			}
			rest = strings.TrimPrefix(rest, " ")
		} else {
			value, rest, _ = strings.Cut(rest, " ")
		}
		pairs[key], s = value, rest
	}
	return pairs, true
}

// unquote reads a quoted value up to its end, with the escapes that the control-spec
// asks a controller to read (2.1.1): \n, \t, \r, up to three octal digits, and any other
// character as itself.
func unquote(s string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			return b.String(), s[i+1:], true
		}
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			break
		}
		switch c := s[i]; {
		case c == 'n':
			b.WriteByte('\n')
		case c == 't':
			b.WriteByte('\t')
		case c == 'r':
			b.WriteByte('\r')
		case '0' <= c && c <= '7':
			n, end := octal(s[i:])
			b.WriteByte(n)
			i += end - 1
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// octal reads one to three digits, as many as fit into a byte.
func octal(s string) (n byte, length int) {
	limit := 3
	if s[0] > '3' {
		limit = 2
	}
	for length < len(s) && length < limit && '0' <= s[length] && s[length] <= '7' {
		n = n*8 + s[length] - '0'
		length++
	}
	return n, length
}

// quote writes a value as the control port reads it.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
