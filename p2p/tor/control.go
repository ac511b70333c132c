package tor

import (
	"bufio"
	"context"
	"crypto/hmac"
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

// replyTime is how long a reply may take.
const replyTime = time.Minute

// refusal is a reply other than "250 OK".
type refusal struct {
	command string // its first word
	code    int
	text    string
}

func (r *refusal) Error() string { return fmt.Sprintf("tor: %s: %d %s", r.command, r.code, r.text) }

// control is a connection to a control port, on which one command follows another.
type control struct {
	c   net.Conn
	r   *bufio.Reader
	ctx context.Context // of one call of session, which ends with it
}

func newControl(ctx context.Context, c net.Conn) *control {
	return &control{c: c, r: bufio.NewReader(c), ctx: ctx}
}

// ask sends a command and reads the reply to it. Other codes than 250 are a *refusal.
func (c *control) ask(words ...string) (reply, error) {
	command := strings.Join(words, " ")
	if strings.ContainsAny(command, "\r\n\x00") {
		return reply{}, fmt.Errorf("tor: %s: a line break in the command", words[0])
	}
	if err := c.c.SetDeadline(time.Now().Add(replyTime)); err != nil {
		return reply{}, err
	}
	if err := c.ctx.Err(); err != nil { // the deadline that ended it may be the one just replaced
		return reply{}, err
	}
	if _, err := io.WriteString(c.c, command+"\r\n"); err != nil {
		return reply{}, err
	}
	rep, err := readReply(c.r)
	if err != nil {
		return reply{}, fmt.Errorf("tor: %s: %w", words[0], err)
	}
	if rep.code != codeOK {
		return rep, &refusal{words[0], rep.code, printable(rep.lines[len(rep.lines)-1])}
	}
	return rep, nil
}

// printable cuts and cleans what goes into logs.
func printable(s string) string {
	s = s[:min(len(s), 100)]
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// Errors of showing who we are.
var (
	errPasswordUnwanted = errors.New("tor: a password was given (-torpassword), but the control port takes none")
	errPasswordMissing  = errors.New("tor: the control port takes a password only, and none was given (-torpassword)")
	errNoMethod         = errors.New("tor: no way to authenticate that both sides know")
)

// authenticate shows who we are.
func (c *control) authenticate(password string) error {
	rep, err := c.ask("PROTOCOLINFO", "1")
	if err != nil {
		return err
	}
	var methods []string
	var file string
	for _, line := range rep.lines {
		kind, rest, _ := strings.Cut(line, " ")
		if kind != "AUTH" {
			continue
		}
		pairs, ok := fields(rest)
		if !ok {
			return fmt.Errorf("%w: %s", errReply, printable(line))
		}
		methods, file = strings.Split(pairs["METHODS"], ","), pairs["COOKIEFILE"]
	}
	has := func(m string) bool { return slices.Contains(methods, m) }
	switch {
	case password != "" && !has("HASHEDPASSWORD"):
		return errPasswordUnwanted
	case password != "":
		_, err = c.ask("AUTHENTICATE", quote(password))
		return err
	case has("NULL"):
		_, err = c.ask("AUTHENTICATE")
		return err
	case has("SAFECOOKIE"):
		return c.safeCookie(file)
	case has("HASHEDPASSWORD"):
		return errPasswordMissing
	default:
		return errNoMethod
	}
}

// The keys of both sides' proofs, and the size of cookies and nonces.
const (
	serverKey  = "Tor safe cookie authentication server-to-controller hash"
	clientKey  = "Tor safe cookie authentication controller-to-server hash"
	cookieSize = 32
)

// safeCookie lets both sides prove that they know what is in a file.
func (c *control) safeCookie(file string) error {
	cookie, err := readCookie(file)
	if err != nil {
		return err
	}
	nonce := make([]byte, cookieSize)
	_, _ = crand.Read(nonce) // never fails
	rep, err := c.ask("AUTHCHALLENGE", "SAFECOOKIE", hex.EncodeToString(nonce))
	if err != nil {
		return err
	}
	kind, rest, _ := strings.Cut(rep.lines[0], " ")
	pairs, ok := fields(rest)
	theirs, err1 := hex.DecodeString(pairs["SERVERNONCE"])
	hash, err2 := hex.DecodeString(pairs["SERVERHASH"])
	if kind != "AUTHCHALLENGE" || !ok || err1 != nil || err2 != nil || len(theirs) != cookieSize {
		return fmt.Errorf("%w: challenge %q", errReply, printable(rep.lines[0]))
	}
	if !hmac.Equal(hash, proof(serverKey, cookie, nonce, theirs)) {
		return errors.New("tor: the control port does not know its own cookie")
	}
	_, err = c.ask("AUTHENTICATE", hex.EncodeToString(proof(clientKey, cookie, nonce, theirs)))
	return err
}

func proof(key string, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, []byte(key))
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func readCookie(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("tor: authentication cookie could not be opened (check permissions): %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() != cookieSize {
		return nil, fmt.Errorf("tor: authentication cookie %s is not exactly %d bytes, as is required by the spec", path, cookieSize)
	}
	b, err := os.ReadFile(path)
	if err == nil && len(b) != cookieSize {
		err = fmt.Errorf("it has %d bytes", len(b))
	}
	if err != nil {
		return nil, fmt.Errorf("tor: authentication cookie could not be read: %w", err)
	}
	return b, nil
}

// defaultSocks is where Tor listens unless it is told otherwise.
const defaultSocks = "127.0.0.1:9050"

// socks asks where Tor's proxy listens: an address of this machine where there is one,
// else any other, else a socket file ("unix:" and its path), else the usual place.
func (c *control) socks() (string, error) {
	rep, err := c.ask("GETINFO", "net/listeners/socks")
	if err != nil {
		return "", err
	}
	best := ""
	for _, line := range rep.lines {
		list, found := strings.CutPrefix(line, "net/listeners/socks=")
		if !found {
			continue
		}
		for at := range strings.FieldsSeq(list) {
			at = strings.Trim(at, `"'`)
			ap, err := netip.ParseAddrPort(at)
			switch {
			case err == nil && ap.Addr().IsLoopback() && ap.Addr().Is4():
				return at, nil
			case err == nil && (best == "" || strings.HasPrefix(best, "unix:")):
				best = at
			case strings.HasPrefix(at, "unix:/") && best == "":
				best = at
			}
		}
	}
	if best == "" {
		best = defaultSocks
	}
	return best, nil
}
