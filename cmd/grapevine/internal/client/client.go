package client

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"grapevine/node/config"
	"grapevine/node/rpc"
)

// Version is printed by -version.
type Version string

// Run is the client with a command line. It returns the exit code.
func Run(program config.Program, version Version, args []string, in *os.File, out, errs io.Writer) int {
	a, err := config.Parse(program, args)
	if err != nil {
		fmt.Fprintln(errs, err)
		return 1
	}
	switch {
	case a.Bool("version", false):
		fmt.Fprintln(out, "Grapevine RPC client version "+string(version))
		return 0
	case len(args) == 0 || a.HelpRequested():
		usage(a, version, out)
		if len(args) == 0 {
			fmt.Fprintln(errs, "Error: too few parameters")
			return 1
		}
		return 0
	}
	network, err := a.ReadClientFiles()
	if err != nil {
		fmt.Fprintln(errs, "Error:", err)
		return 1
	}
	for _, w := range a.Warnings {
		if !strings.HasPrefix(w, "Ignoring unknown configuration value") { // the node's options, mostly
			fmt.Fprintln(errs, "Warning:", w)
		}
	}
	c := &client{args: a, network: network, version: version, now: time.Now, in: in, out: out, errs: errs}
	text, code, err := c.run()
	if err != nil {
		text, code = "error: "+err.Error(), 1
	}
	if text != "" {
		w := out
		if code != 0 {
			w = errs
		}
		fmt.Fprintln(w, text)
	}
	return code
}

func usage(a *config.Args, version Version, out io.Writer) {
	name := a.Program().Command()
	fmt.Fprintf(out, "Grapevine RPC client version %s\n\nCalls a node over JSON-RPC.\n\n"+
		"Usage: %[2]s [options] <command> [params]\nor:    %[2]s [options] -named <command> [name=value]...\nor:    %[2]s [options] help\n"+
		"or:    %[2]s [options] help <command>\n\n%[3]s", version, name, a.Help())
}

// client is one run.
type client struct {
	args    *config.Args
	network string
	version Version
	now     func() time.Time
	in      *os.File
	lines   *bufio.Reader
	out     io.Writer
	errs    io.Writer
	end     *endpoint
}

// run does what the command line says and returns what to print and the exit code.
func (c *client) run() (string, int, error) {
	c.lines = bufio.NewReader(c.in)
	words := c.args.Words()
	var pass *string
	if c.args.Bool("stdinrpcpass", false) {
		p, err := c.secret("RPC password> ", "-stdinrpcpass")
		if err != nil {
			return "", 1, err
		}
		pass = &p
	}
	if c.args.Bool("stdinwalletpassphrase", false) {
		if len(words) == 0 || !strings.HasPrefix(words[0], "walletpassphrase") {
			return "", 1, errors.New("-stdinwalletpassphrase is only applicable for walletpassphrase(change)")
		}
		p, err := c.secret("Wallet passphrase> ", "-stdinwalletpassphrase")
		if err != nil {
			return "", 1, err
		}
		words = append([]string{words[0], p}, words[1:]...)
	}
	if c.args.Bool("stdin", false) {
		more, err := c.rest()
		if err != nil {
			return "", 1, err
		}
		words = append(words, more...)
	}
	var err error
	if c.end, err = newEndpoint(c.args, c.network, pass, c.errs); err != nil {
		return "", 1, err
	}
	return c.command(words)
}

// command chooses between a plain call and the composed ones.
func (c *client) command(words []string) (string, int, error) {
	var found []string
	for _, name := range []string{"addrinfo", "generate", "getinfo", "netinfo"} {
		if c.args.IsSet(name) {
			found = append(found, "-"+name)
		}
	}
	switch {
	case len(found) > 1:
		return "", 1, fmt.Errorf("Only one of %s may be specified.", strings.Join(found, ", "))
	case c.args.Bool("getinfo", false):
		return c.getInfo(words)
	case c.args.Bool("netinfo", false):
		return c.netInfo(words)
	case c.args.Bool("addrinfo", false):
		return c.addrInfo(words)
	case c.args.Bool("generate", false):
		return c.generate(words)
	case len(words) == 0:
		return "", 1, errors.New("too few parameters (need at least command)")
	}
	params, err := c.params(words[0], words[1:])
	if err != nil {
		return "", 1, err
	}
	reply, err := c.call(c.request(words[0], params, rpc.StringValue(c.args.String("rpcid", "1"))))
	if err != nil {
		return "", 1, err
	}
	return printed(reply)
}

func (c *client) params(method string, words []string) (rpc.Value, error) {
	conv, err := newConverter(method)
	if err != nil {
		return rpc.Value{}, err
	}
	if c.args.Bool("named", false) {
		return conv.byName(words)
	}
	return conv.positional(words)
}

func (c *client) request(method string, params, id rpc.Value) rpc.Value {
	return rpc.ObjectValue([]string{"method", "params", "id", "jsonrpc"}, []rpc.Value{rpc.StringValue(method), params, id, rpc.StringValue("2.0")})
}

// call sends a request, again and again with -rpcwait until the node is up.
func (c *client) call(req rpc.Value) (rpc.Value, error) {
	waits := c.args.Bool("rpcwait", false)
	timeout := c.args.Int("rpcwaittimeout", 0)
	deadline := time.Now().Add(time.Duration(min(max(timeout, 0), 1<<31)) * time.Second)
	for {
		reply, err := c.end.post(req)
		if err == nil && waits && reply.Member("error").Member("code").Text() == "-28" {
			err = &unreachable{errors.New("server in warmup")}
		}
		var passing *unreachable
		var denied *refused
		switch {
		case !waits:
			return reply, err
		case errors.As(err, &denied) && c.end.cookie != "":
			// The node may have written its cookie after it was read here; the same one again is an answer.
			used := c.end.userPass
			if rerr := c.end.readCookie(c.args); rerr != nil || c.end.userPass == used {
				return reply, err
			}
			continue
		case !errors.As(err, &passing):
			return reply, err
		case timeout > 0 && !time.Now().Before(deadline):
			return reply, fmt.Errorf("timeout on transient error: %w", err)
		}
		time.Sleep(time.Second)
		// A node that starts writes a new cookie.
		if c.end.cookie != "" {
			if err := c.end.readCookie(c.args); err != nil {
				return reply, err
			}
		}
	}
}

// printed is what a reply looks like, and the exit code.
func printed(reply rpc.Value) (string, int, error) {
	if e := reply.Member("error"); !e.IsNull() {
		return printedError(e)
	}
	switch r := reply.Member("result"); r.Kind() {
	case rpc.Null:
		return "", 0, nil
	case rpc.String:
		return r.Text(), 0, nil
	default:
		return string(r.Indented(nil, 2)), 0, nil
	}
}

func printedError(e rpc.Value) (string, int, error) {
	code, err := e.Member("code").Int32()
	if e.Kind() != rpc.Object || err != nil {
		return "error: " + string(e.AppendJSON(nil)), 1, nil
	}
	text := fmt.Sprintf("error code: %d", code)
	if m := e.Member("message"); m.Kind() == rpc.String {
		text += "\nerror message:\n" + m.Text()
	}
	return text, int(max(code, -code)), nil
}

// secret reads one line without showing it.
func (c *client) secret(prompt, option string) (string, error) {
	fd := int(c.in.Fd())
	if term.IsTerminal(fd) {
		fmt.Fprint(c.errs, prompt)
		b, err := term.ReadPassword(fd)
		fmt.Fprintln(c.errs)
		return string(b), err
	}
	line, err := c.lines.ReadString('\n')
	if err != nil && line == "" {
		return "", fmt.Errorf("%s specified but failed to read from standard input", option)
	}
	return strings.TrimSuffix(line, "\n"), nil
}

// rest reads the remaining lines.
func (c *client) rest() ([]string, error) {
	b, err := io.ReadAll(c.lines)
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(b)) {
		out = append(out, strings.TrimSuffix(line, "\n"))
	}
	return out, nil
}
