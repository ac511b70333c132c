package client

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"grapevine/node/config"
	"grapevine/node/rpc"
)

func TestConversions(t *testing.T) {
	methods, arguments := 0, 0
	last := ""
	for line := range strings.Lines(conversions) {
		fields := strings.Fields(line)
		if fields[0] <= last {
			t.Errorf("%s stands behind %s", fields[0], last)
		}
		last = fields[0]
		methods++
		for _, f := range fields[1:] {
			if _, err := parseArgument(f); err != nil {
				t.Errorf("%s: %v", fields[0], err)
			}
			arguments++
		}
	}
	if methods != 109 || arguments != 337 { // as the reference client's table has them
		t.Errorf("%d methods with %d arguments", methods, arguments)
	}
	for _, bad := range []string{"", "x", "1", "1:", ":x", "s:x", "1x:y", "-:y"} {
		if _, err := parseArgument(bad); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

func TestParams(t *testing.T) {
	cases := []struct {
		named bool
		line  string
		want  string // JSON, or the error
	}{
		{false, "getblockhash 5", `[5]`},
		{false, "getblockhash x", `Error parsing JSON: x`},
		{false, "getblock 00ff 2", `["00ff",2]`},
		{false, "getblock 12 true", `["12",true]`},
		{false, "getblockstats 5", `[5]`},
		{false, "getblockstats 00ff", `["00ff"]`},
		{false, `getblockstats 00ff ["txs"]`, `["00ff",["txs"]]`},
		{false, "echo 5 {}", `["5","{}"]`},
		{false, "echojson 5 {}", `[5,{}]`},
		{false, "nosuchmethod 5", `["5"]`},
		{false, "createrawtransaction [] {\"data\":\"00\"}", `[[],{"data":"00"}]`},
		{false, "verifymessage a b= c=d", `["a","b=","c=d"]`},

		{true, "getblock blockhash=00ff verbosity=2", `{"blockhash":"00ff","verbosity":2}`},
		{true, "getblock 00ff verbosity=2", `{"verbosity":2,"args":["00ff"]}`},
		{true, "getblock 00ff 2", `{"args":["00ff",2]}`},
		{true, "getblock verbosity=1 verbosity=2", `{"verbosity":2}`},
		{true, "getblock verbosity=x", `Error parsing JSON: x`},
		{true, "createwallet my=wallet", `{"args":["my=wallet"]}`},
		{true, "createwallet wallet_name=w", `{"wallet_name":"w"}`},
		{true, "verifymessage address=a b= c=d", `{"address":"a","b":"","c":"d"}`},
		{true, "verifymessage a b= c=d", `{"args":["a","b=","c=d"]}`},
		{true, `echojson ["x=1"]`, `{"args":[["x=1"]]}`},
		{true, "echojson unknown=1", `{"unknown":"1"}`},
		{true, "echo args=5 x", `{"args":"5","args":["x"]}`},
	}
	for _, c := range cases {
		words := strings.Fields(c.line)
		conv, err := newConverter(words[0])
		if err != nil {
			t.Fatal(err)
		}
		var v rpc.Value
		if c.named {
			v, err = conv.byName(words[1:])
		} else {
			v, err = conv.positional(words[1:])
		}
		got := string(v.AppendJSON(nil))
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s (named %v): %s, want %s", c.line, c.named, got, c.want)
		}
	}
}

// fakeNode answers calls from a table of bodies by method; a batch gets one answer a call.
func fakeNode(t *testing.T, status int, answer func(body string) string) (port string, last *string) {
	t.Helper()
	last = new(string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		*last = string(b)
		if u, p, _ := r.BasicAuth(); u != "u" || p != "p" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer(string(b)))
	}))
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, last
}

type result struct {
	code      int
	out, errs string
}

// invoke runs the client; in is its standard input.
func invoke(t *testing.T, in string, args ...string) result {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	stdin, err := os.CreateTemp(t.TempDir(), "in")
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if _, err := stdin.WriteString(in); err != nil {
		t.Fatal(err)
	}
	if _, err := stdin.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code := Run(config.BitcoinCLI, "1.2.3", args, stdin, &out, &errs)
	return result{code, out.String(), errs.String()}
}

func TestAnswers(t *testing.T) {
	cases := []struct {
		status int
		answer string
		want   result
	}{
		{200, `{"jsonrpc":"2.0","result":"text\n","id":"1"}`, result{0, "text\n\n", ""}},
		{200, `{"jsonrpc":"2.0","result":5.0,"id":"1"}`, result{0, "5.0\n", ""}},
		{200, `{"jsonrpc":"2.0","result":null,"id":"1"}`, result{0, "", ""}},
		{200, `{"jsonrpc":"2.0","result":{"a":[1,{"b":[]}],"c":{}},"id":"1"}`, result{0, "{\n  \"a\": [\n    1,\n    {\n      \"b\": [\n      ]\n    }\n  ],\n  \"c\": {\n  }\n}\n", ""}},
		{200, `{"jsonrpc":"2.0","error":{"code":-5,"message":"Block not found"},"id":"1"}`, result{5, "", "error code: -5\nerror message:\nBlock not found\n"}},
		{500, `{"result":null,"error":{"code":-8,"message":"x"},"id":"1"}`, result{8, "", "error code: -8\nerror message:\nx\n"}},
		{404, `{"result":null,"error":{"code":-32601,"message":"Method not found"},"id":"1"}`, result{32601, "", "error code: -32601\nerror message:\nMethod not found\n"}},
		{200, `{"error":"odd","id":"1"}`, result{1, "", "error: \"odd\"\n"}},
		{503, `Work queue depth exceeded`, result{1, "", "error: Server response: Work queue depth exceeded\n"}},
		{403, ``, result{1, "", "error: server returned HTTP error 403\n"}},
		{200, ``, result{1, "", "error: no response from server\n"}},
		{200, `nonsense`, result{1, "", "error: couldn't parse reply from server\n"}},
		{200, `{}`, result{1, "", "error: expected reply to have result, error and id properties\n"}},
	}
	for _, c := range cases {
		port, last := fakeNode(t, c.status, func(string) string { return c.answer })
		got := invoke(t, "", "-rpcuser=u", "-rpcpassword=p", "-rpcport="+port, "getblockhash", "5")
		if got != c.want {
			t.Errorf("%s\n got  %+v\n want %+v", c.answer, got, c.want)
		}
		if want := `{"method":"getblockhash","params":[5],"id":"1","jsonrpc":"2.0"}` + "\n"; *last != want {
			t.Errorf("sent %s", *last)
		}
	}
}

func TestStandardInput(t *testing.T) {
	port, last := fakeNode(t, 200, func(string) string { return `{"result":1,"id":"1"}` })
	if got := invoke(t, "p\n7\n", "-rpcuser=u", "-stdinrpcpass", "-stdin", "-rpcid=x", "-rpcport="+port, "getblockhash"); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if want := `{"method":"getblockhash","params":[7],"id":"x","jsonrpc":"2.0"}` + "\n"; *last != want {
		t.Errorf("sent %s", *last)
	}
	if got := invoke(t, "getblockhash\n8", "-rpcuser=u", "-rpcpassword=p", "-stdin", "-rpcport="+port); got.code != 0 || !strings.Contains(*last, `"params":[8]`) {
		t.Errorf("%+v, sent %s", got, *last)
	}
	if got := invoke(t, "", "-stdinrpcpass", "uptime"); got.code != 1 || got.errs != "error: -stdinrpcpass specified but failed to read from standard input\n" {
		t.Errorf("%+v", got)
	}
	if got := invoke(t, "", "-stdinwalletpassphrase", "uptime"); got.code != 1 || !strings.HasPrefix(got.errs, "error: -stdinwalletpassphrase is only applicable") {
		t.Errorf("%+v", got)
	}
}

func TestAuthentication(t *testing.T) {
	port, _ := fakeNode(t, 200, func(string) string { return `{"result":1,"id":"1"}` })
	dir := t.TempDir()
	cookie := filepath.Join(dir, "regtest", ".cookie")
	if err := os.Mkdir(filepath.Dir(cookie), 0o700); err != nil {
		t.Fatal(err)
	}
	call := func(args ...string) result {
		return invoke(t, "", append(append([]string{"-regtest", "-datadir=" + dir, "-rpcport=" + port}, args...), "uptime")...)
	}
	conf := " Configuration file: (" + filepath.Join(dir, "bitcoin.conf") + ")\n"
	refused := func(got result, why string) {
		t.Helper()
		if got.code != 1 || got.errs != "error: Authorization failed: "+why+conf {
			t.Errorf("%+v", got)
		}
	}
	refused(call(), "Failed to read cookie file and no rpcpassword was specified.")
	refused(call("-norpccookiefile"), "Cookie file was disabled via -norpccookiefile and no rpcpassword was specified.")
	refused(call("-rpcuser=u", "-rpcpassword=wrong"), "Incorrect rpcuser or rpcpassword were specified.")
	if err := os.WriteFile(cookie, []byte("u:wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(call(), "Cookie file credentials were invalid and no rpcpassword was specified.")
	if err := os.WriteFile(cookie, []byte("u:p"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := call(); got != (result{0, "1\n", ""}) {
		t.Errorf("%+v", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "bitcoin.conf"), []byte("txindex=1\n[regtest]\nrpcuser=u\nrpcpassword=p\nrpcport="+port+"\nrpcconnect=127.0.0.1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := invoke(t, "", "-regtest", "-datadir="+dir, "uptime"); got != (result{0, "1\n", ""}) {
		t.Errorf("from bitcoin.conf: %+v", got)
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	got := invoke(t, "", "-rpcconnect=127.0.0.1:"+port, "-rpcuser=u", "-rpcpassword=p", "uptime")
	if want := "error: Error while attempting to communicate with server 127.0.0.1:" + port + " (Could not connect to the server)\n"; got.code != 1 || !strings.HasPrefix(got.errs, want) {
		t.Errorf("%+v", got)
	}
}

func TestWait(t *testing.T) {
	calls := 0
	port, _ := fakeNode(t, 500, func(string) string {
		if calls++; calls == 1 {
			return `{"result":null,"error":{"code":-28,"message":"Loading block index…"},"id":"1"}`
		}
		return `{"result":7,"error":null,"id":"1"}`
	})
	if got := invoke(t, "", "-rpcuser=u", "-rpcpassword=p", "-rpcport="+port, "-rpcwait", "uptime"); got != (result{0, "7\n", ""}) || calls != 2 {
		t.Errorf("%+v after %d calls", got, calls)
	}
	calls = 0
	if got := invoke(t, "", "-rpcuser=u", "-rpcpassword=p", "-rpcport="+port, "uptime"); got.code != 28 || calls != 1 {
		t.Errorf("%+v after %d calls", got, calls)
	}
}

// TestWaitForCookie: the node listens, and only then its cookie is there.
func TestWaitForCookie(t *testing.T) {
	dir := t.TempDir()
	cookie := filepath.Join(dir, ".cookie")
	calls := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		if u, p, _ := r.BasicAuth(); u != "u" || p != "p" {
			if err := os.WriteFile(cookie, []byte("u:p"), 0o600); err != nil {
				t.Error(err)
			}
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, `{"result":7,"error":null,"id":"1"}`)
	}))
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	if got := invoke(t, "", "-datadir="+dir, "-rpcport="+port, "-rpcwait", "uptime"); got != (result{0, "7\n", ""}) || calls != 2 {
		t.Errorf("%+v after %d calls", got, calls)
	}
	if got := invoke(t, "", "-datadir="+dir, "-rpcport="+port, "-rpcwait", "-rpcuser=u", "-rpcpassword=wrong", "uptime"); got.code != 1 {
		t.Errorf("%+v", got)
	}
}

func TestRefusedCommandLines(t *testing.T) {
	for line, want := range map[string]string{
		"-foo uptime":               "Error parsing command line arguments: Invalid parameter -foo\n",
		"-regtest -testnet4 uptime": "Error: Invalid combination of -regtest, -signet, -testnet, -testnet4 and -chain. Can use at most one.\n",
		"-datadir=/no/such uptime":  "Error: Specified data directory \"/no/such\" does not exist.\n",
		"-rpcport=0 uptime":         "error: Invalid port provided in -rpcport: 0\n",
		"-rpcconnect=h:x uptime":    "error: Invalid port provided in -rpcconnect: h:x\n",
		"-regtest":                  "error: too few parameters (need at least command)\n",
		"-getinfo -netinfo":         "error: Only one of -getinfo, -netinfo may be specified.\n",
		"-getinfo x":                "error: -getinfo takes no arguments\n",
		"-getinfo -color=x":         "error: Invalid value for -color option. Valid values: always, auto, never.\n",
		"-generate 1 2 3":           "error: too many arguments (maximum 2 for nblocks and maxtries)\n",
		"-generate 0":               "error: the first argument (number of blocks to generate, default: 1) must be an integer value greater than zero\n",
		"getblockhash x":            "error: Error parsing JSON: x\n",
	} {
		if got := invoke(t, "", strings.Fields(line)...); got.code != 1 || got.errs != want || got.out != "" {
			t.Errorf("%s: %+v", line, got)
		}
	}
	if got := invoke(t, ""); got.code != 1 || got.errs != "Error: too few parameters\n" || !strings.Contains(got.out, "Usage: bitcoin-cli [options] <command> [params]") {
		t.Errorf("%+v", got)
	}
	if got := invoke(t, "", "-version"); got != (result{0, "Grapevine RPC client version 1.2.3\n", ""}) {
		t.Errorf("%+v", got)
	}
}

func TestComposed(t *testing.T) {
	none := `{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":`
	chain := `{"jsonrpc":"2.0","result":{"chain":"regtest","blocks":3,"headers":4,"verificationprogress":0.25,"difficulty":4.6e-10,"warnings":["w","v"]},"id":1}`
	network := `{"jsonrpc":"2.0","result":{"version":310000,"connections_in":1,"connections_out":2,"connections":3,"timeoffset":0,"relayfee":0.00000100,"warnings":[],` +
		`"networks":[{"name":"ipv4","proxy":"p:1"},{"name":"onion","proxy":"p:1"},{"name":"i2p","proxy":""}]},"id":0}`
	answers := map[string]string{}
	port, last := fakeNode(t, 200, func(body string) string {
		for method, a := range answers {
			if strings.Contains(body, `"method":"`+method+`"`) {
				return a
			}
		}
		return none + `1}`
	})
	call := func(args ...string) result {
		return invoke(t, "", append([]string{"-rpcuser=u", "-rpcpassword=p", "-rpcport=" + port}, args...)...)
	}
	answers["getblockchaininfo"] = "[" + none + "0}," + chain + "," + none + "2}," + none + "3}]"
	want := "Chain: regtest\nBlocks: 3\nHeaders: 4\nVerification progress: " + strings.Repeat("▒", 5) + strings.Repeat("░", 15) + " 25.0000%\nDifficulty: 4.6e-10\n\nWarnings: w; v\n"
	if got := call("-getinfo"); got != (result{0, want, ""}) {
		t.Errorf("without a network: %+v", got)
	}
	answers["getblockchaininfo"] = "[" + network + "," + chain + "," + none + "2}," + none + "3}]"
	want = "\x1b[34mChain: regtest\x1b[0m\nBlocks: 3\nHeaders: 4\nVerification progress: " + strings.Repeat("▒", 5) + strings.Repeat("░", 15) + " 25.0000%\nDifficulty: 4.6e-10\n\n" +
		"\x1b[32mNetwork: in 1, out 2, total 3\x1b[0m\nVersion: 310000\nTime offset (s): 0\nProxies: p:1 (ipv4, onion)\nMin tx relay fee rate (BTC/kvB): 0.00000100\n\n" +
		"\x1b[33mWarnings:\x1b[0m (none)\n"
	if got := call("-getinfo", "-color=always"); got != (result{0, want, ""}) {
		t.Errorf("with a network: %+v", got)
	}
	answers["getblockchaininfo"] = `[{"jsonrpc":"2.0","error":{"code":-28,"message":"Loading"},"id":0},` + chain + "]"
	if got := call("-getinfo"); got.code != 28 {
		t.Errorf("%+v", got)
	}
	if got := call("-addrinfo"); got.code != 1 || !strings.Contains(got.errs, "knows no addresses") {
		t.Errorf("%+v", got)
	}
	answers["getaddrmaninfo"] = `{"jsonrpc":"2.0","result":{"ipv4":{"new":1,"tried":2,"total":3},"all_networks":{"total":3}},"id":1}`
	if got := call("-addrinfo"); got != (result{0, "{\n  \"addresses_known\": {\n    \"ipv4\": 3,\n    \"total\": 3\n  }\n}\n", ""}) {
		t.Errorf("%+v", got)
	}
	if got := call("-generate", "2"); got.code != 1 || !strings.Contains(got.errs, "bitcoin-cli -named -generate 2 address=<address>") {
		t.Errorf("%+v", got)
	}
	answers["generatetoaddress"] = `{"jsonrpc":"2.0","result":["aa"],"id":1}`
	made := result{0, "{\n  \"address\": \"a1\",\n  \"blocks\": [\n    \"aa\"\n  ]\n}\n", ""}
	if got := call("-named", "-generate", "2", "address=a1", "50"); got != made || !strings.Contains(*last, `"params":[2,"a1",50]`) {
		t.Errorf("%+v, sent %s", got, *last)
	}
	answers["getnewaddress"] = `{"jsonrpc":"2.0","result":"a1","id":1}`
	if got := call("-generate"); got != made || !strings.Contains(*last, `"params":[1,"a1"]`) {
		t.Errorf("%+v, sent %s", got, *last)
	}
}

func FuzzParams(f *testing.F) {
	for _, s := range []string{"getblockhash 5", "createwallet my=wallet", "echojson {\"a\":1} x=y", "getblockstats 00 [1]"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, line string, named bool) {
		words := strings.Fields(line)
		if len(words) == 0 {
			return
		}
		conv, err := newConverter(words[0])
		if err != nil {
			t.Fatal(err)
		}
		var v rpc.Value
		if named {
			v, err = conv.byName(words[1:])
		} else {
			v, err = conv.positional(words[1:])
		}
		if err != nil {
			return
		}
		// Words that are no UTF-8 cannot be sent; the node says so.
		if text := string(v.AppendJSON(nil)); strings.ToValidUTF8(line, "") == line {
			if _, err := rpc.ParseJSON([]byte(text)); err != nil {
				t.Fatalf("%q became %q", line, text)
			}
		}
	})
}
