package client

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"grapevine/node/config"
	"grapevine/node/rpc"
)

// unreachable is an error that may pass: -rpcwait tries again.
type unreachable struct{ err error }

func (e *unreachable) Error() string { return e.err.Error() }
func (e *unreachable) Unwrap() error { return e.err }

// refused is an error of authentication: it may pass where the cookie was read before the node wrote its new one.
type refused struct{ err error }

func (e *refused) Error() string { return e.err.Error() }
func (e *refused) Unwrap() error { return e.err }

// maxAnswer bounds what is read of an answer: the largest are lists of some hundred megabytes.
const maxAnswer = 4 << 30

// endpoint is where and as whom to call.
type endpoint struct {
	host     string
	port     uint16
	path     string
	userPass string
	cookie   string // what became of the cookie: "" when a password is used
	conf     string
	timeout  time.Duration
	program  config.Program
	warn     io.Writer
}

func defaultPort(network string) uint16 {
	switch network {
	case "test":
		return 18332
	case "testnet4":
		return 48332
	case "signet":
		return 38332
	case "regtest":
		return 18443
	}
	return 8332
}

// newEndpoint reads the options. The password may come from standard input instead.
func newEndpoint(a *config.Args, network string, stdinPass *string, warn io.Writer) (*endpoint, error) {
	e := &endpoint{path: "/", program: a.Program(), conf: a.ConfPath(), warn: warn}
	connect := a.String("rpcconnect", "127.0.0.1")
	host, connectPort, ok := config.SplitHostPort(connect, 0)
	if !ok {
		return nil, fmt.Errorf("Invalid port provided in -rpcconnect: %s", connect)
	}
	e.host, e.port = host, defaultPort(network)
	if connectPort != 0 {
		e.port = connectPort
	}
	if a.IsSet("rpcport") {
		p := a.String("rpcport", "")
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("Invalid port provided in -rpcport: %s", p)
		}
		e.port = uint16(n)
		if connectPort != 0 {
			fmt.Fprintf(warn, "Warning: Port specified in both -rpcconnect and -rpcport. Using -rpcport %d\n", e.port)
		}
	}
	if t := a.Int("rpcclienttimeout", 900); t > 0 {
		e.timeout = time.Duration(min(t, 1<<31)) * time.Second
	}
	if w := a.String("rpcwallet", ""); a.IsSet("rpcwallet") && !a.IsNegated("rpcwallet") {
		e.path = "/wallet/" + urlEncode(w)
	}
	password := a.String("rpcpassword", "")
	if stdinPass != nil {
		password = *stdinPass
	}
	if password != "" {
		e.userPass = a.String("rpcuser", "") + ":" + password
		return e, nil
	}
	return e, e.readCookie(a)
}

// readCookie notes what it finds; a missing cookie matters only once the node refuses.
func (e *endpoint) readCookie(a *config.Args) error {
	path, err := a.CookiePath()
	if err != nil {
		return err
	}
	if path == "" {
		e.cookie = "Cookie file was disabled via -norpccookiefile and no rpcpassword was specified."
		return nil
	}
	line, err := rpc.ReadCookie(filepath.Clean(path))
	if err != nil {
		e.userPass, e.cookie = "", "Failed to read cookie file and no rpcpassword was specified."
		return nil // said when the node refuses
	}
	e.userPass, e.cookie = line, "Cookie file credentials were invalid and no rpcpassword was specified."
	return nil
}

// urlEncode keeps letters, digits and -._~ of a wallet's name.
func urlEncode(s string) string {
	var b []byte
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-' || c == '.' || c == '_' || c == '~' {
			b = append(b, c)
		} else {
			b = fmt.Appendf(b, "%%%02X", c)
		}
	}
	return string(b)
}

// post sends a request and returns the parsed answer.
func (e *endpoint) post(request rpc.Value) (rpc.Value, error) {
	status, body, err := e.exchange(append(request.AppendJSON(nil), '\n'))
	if err != nil {
		return rpc.Value{}, &unreachable{fmt.Errorf("Error while attempting to communicate with server %s:%d (%w)\n\n"+
			"Make sure that the node is running and that you are connecting to the correct RPC port.\nUse \"%s -help\" for more info.",
			e.host, e.port, err, e.program.Command())}
	}
	switch {
	case status == http.StatusUnauthorized:
		why := e.cookie
		if why == "" {
			why = "Incorrect rpcuser or rpcpassword were specified."
		}
		return rpc.Value{}, &refused{fmt.Errorf("Authorization failed: %s Configuration file: (%s)", why, e.conf)}
	case status == http.StatusServiceUnavailable:
		return rpc.Value{}, fmt.Errorf("Server response: %s", body)
	case status >= 400 && status != http.StatusBadRequest && status != http.StatusNotFound && status != http.StatusInternalServerError:
		return rpc.Value{}, fmt.Errorf("server returned HTTP error %d", status)
	case len(body) == 0:
		return rpc.Value{}, errors.New("no response from server")
	}
	v, err := rpc.ParseAnswer(body)
	if err != nil {
		return v, errors.New("couldn't parse reply from server")
	}
	if v.Len() == 0 {
		return v, errors.New("expected reply to have result, error and id properties")
	}
	return v, nil
}

func (e *endpoint) exchange(body []byte) (status int, answer []byte, err error) {
	url := "http://" + net.JoinHostPort(e.host, strconv.Itoa(int(e.port))) + e.path
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body)) // bounded by the timeout below
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(e.userPass)))
	req.Close = true
	// No proxy from the environment: calls carry a password and are meant for the machine itself.
	c := http.Client{Transport: &http.Transport{DisableCompression: true}, Timeout: e.timeout}
	resp, err := c.Do(req)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return 0, nil, errors.New("Could not connect to the server")
		}
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, answer, err
}
