package rpc

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeLog holds categories for the logging method.
type fakeLog map[string]bool

func (f fakeLog) Categories() []string            { return []string{"http", "net", "rpc"} }
func (f fakeLog) CategoryActive(name string) bool { return f[name] }
func (f fakeLog) SetCategory(name string, on bool) bool {
	for _, c := range f.Categories() {
		if c == name || name == "all" {
			f[c] = on
			if c == name {
				return true
			}
		}
	}
	return name == "all"
}

type fixture struct {
	srv  *Server
	auth *Auth
	mock time.Time
	stop int
}

func newFixture(t *testing.T, change func(*Config)) *fixture {
	t.Helper()
	f := &fixture{auth: NewAuth()}
	f.auth.AddPassword("u", "p")
	table, err := NewTable(testCommands(), ControlCommands(Control{
		Stop: func() { f.stop++ }, Started: time.Now(), LogPath: "/x/debug.log", Log: fakeLog{}, SetMockTime: func(at time.Time) { f.mock = at },
	}))
	if err != nil {
		t.Fatal(err)
	}
	table.SetReady()
	cfg := Config{Table: table, Auth: f.auth, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg)
	}
	f.srv = New(cfg)
	return f
}

// post sends a body as user u and returns status and answer.
func (f *fixture) post(body string) (int, string) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:1000"
	r.Header.Set("Authorization", basic("u:p"))
	w := httptest.NewRecorder()
	f.srv.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestDialects(t *testing.T) {
	f := newFixture(t, nil)
	cases := []struct {
		body   string
		status int
		want   string
	}{
		{`{"method":"echo","params":[1.50,"a",null],"id":1}`, 200, `{"result":[1.50,"a",null],"error":null,"id":1}` + "\n"},
		{`{"method":"echo","id":"x"}`, 200, `{"result":[],"error":null,"id":"x"}` + "\n"},
		{`{"method":"echo","params":null,"id":null}`, 200, `{"result":[],"error":null,"id":null}` + "\n"},
		{`{"method":"echo"}`, 200, `{"result":[],"error":null}` + "\n"},
		{`{"jsonrpc":"1.0","method":"echo","params":{"arg1":2},"id":{"a":[1]}}`, 200, `{"result":[null,2],"error":null,"id":{"a":[1]}}` + "\n"},
		{`{"jsonrpc":"2.0","method":"echo","params":[],"id":1}`, 200, `{"jsonrpc":"2.0","result":[],"id":1}` + "\n"},
		{`{"jsonrpc":"2.0","method":"half","id":1}`, 200, `{"jsonrpc":"2.0","error":{"code":-25,"message":"no more"},"id":1}` + "\n"},
		{`{"jsonrpc":"2.0","method":"nope","id":1}`, 200, `{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}` + "\n"},
		{`{"jsonrpc":"2.0","method":"echo"}`, 204, ``},
		{`{"jsonrpc":"2.0","method":"nope"}`, 204, ``},
		{`{"jsonrpc":"2.0","method":"echo","id":null}`, 200, `{"jsonrpc":"2.0","result":[],"id":null}` + "\n"},
		{`{"method":"half","id":1}`, 500, `{"result":null,"error":{"code":-25,"message":"no more"},"id":1}` + "\n"},
		{`{"method":"nope","id":1}`, 404, `{"result":null,"error":{"code":-32601,"message":"Method not found"},"id":1}` + "\n"},
		{`{"method":"panics","id":1}`, 500, `{"result":null,"error":{"code":-1,"message":"Internal bug detected: broken"},"id":1}` + "\n"},
		{`{"params":[],"id":1}`, 400, `{"result":null,"error":{"code":-32600,"message":"Missing method"},"id":1}` + "\n"},
		{`{"method":1,"id":1}`, 400, `{"result":null,"error":{"code":-32600,"message":"Method must be a string"},"id":1}` + "\n"},
		{`{"method":"echo","params":1,"id":1}`, 400, `{"result":null,"error":{"code":-32600,"message":"Params must be an array or object"},"id":1}` + "\n"},
		{`{"jsonrpc":2.0,"method":"echo","id":1}`, 400, `{"result":null,"error":{"code":-32600,"message":"jsonrpc field must be a string"},"id":1}` + "\n"},
		{`{"jsonrpc":"3.0","method":"echo","id":1}`, 400, `{"result":null,"error":{"code":-32600,"message":"JSON-RPC version not supported"},"id":1}` + "\n"},
		{`{"jsonrpc":"2.0","id":1}`, 400, `{"jsonrpc":"2.0","error":{"code":-32600,"message":"Missing method"},"id":1}` + "\n"},
		{`{"method"`, 500, `{"result":null,"error":{"code":-32700,"message":"Parse error"},"id":null}` + "\n"},
		{``, 500, `{"result":null,"error":{"code":-32700,"message":"Parse error"},"id":null}` + "\n"},
		{`"x"`, 500, `{"result":null,"error":{"code":-32700,"message":"Top-level object parse error"},"id":null}` + "\n"},

		{`[]`, 200, "[]\n"},
		{`[{"method":"echo","id":1},{"jsonrpc":"2.0","method":"nope","id":2},{"jsonrpc":"2.0","method":"echo"},7,{"method":"half"}]`, 200,
			`[{"result":[],"error":null,"id":1},{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":2},` +
				`{"result":null,"error":{"code":-32600,"message":"Invalid Request object"},"id":null},{"result":null,"error":{"code":-25,"message":"no more"}}]` + "\n"},
		{`[{"jsonrpc":"2.0","method":"echo"},{"jsonrpc":"2.0","method":"echo","id":5}]`, 200, `[{"jsonrpc":"2.0","result":[],"id":5}]` + "\n"},
		{`[{"jsonrpc":"2.0","method":"echo"},{"jsonrpc":"2.0","method":"nope"}]`, 204, ``},
	}
	for _, c := range cases {
		if status, got := f.post(c.body); status != c.status || got != c.want {
			t.Errorf("%s\n got  %d %s\n want %d %s", c.body, status, got, c.status, c.want)
		}
	}
}

func TestBatchLeavesInParts(t *testing.T) {
	f := newFixture(t, nil)
	arg := strings.Repeat("x", flushBytes/2)
	one := `{"method":"echo","params":["` + arg + `"],"id":1}`
	status, got := f.post("[" + strings.TrimSuffix(strings.Repeat(one+",", 5), ",") + "]")
	ans := `{"result":["` + arg + `"],"error":null,"id":1}`
	if want := "[" + strings.TrimSuffix(strings.Repeat(ans+",", 5), ",") + "]\n"; status != 200 || got != want {
		t.Errorf("%d, %d bytes, want %d", status, len(got), len(want))
	}
}

func TestHTTPRefusals(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Allow = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	body := `{"method":"echo","id":1}`
	cases := []struct {
		method, path, peer, auth string
		status                   int
		want                     string
	}{
		{"POST", "/", "127.0.0.1:1", basic("u:p"), 200, `{"result":[],"error":null,"id":1}` + "\n"},
		{"POST", "/", "[::1]:1", basic("u:p"), 200, `{"result":[],"error":null,"id":1}` + "\n"},
		{"POST", "/", "10.1.2.3:1", basic("u:p"), 200, `{"result":[],"error":null,"id":1}` + "\n"},
		{"POST", "/", "11.1.2.3:1", basic("u:p"), 403, ""},
		{"POST", "/", "[fe80::1%lo]:1", basic("u:p"), 403, ""},
		{"GET", "/", "127.0.0.1:1", "", 405, "JSONRPC server handles only POST requests"},
		{"PUT", "/", "127.0.0.1:1", "", 405, "JSONRPC server handles only POST requests"},
		{"DELETE", "/", "127.0.0.1:1", "", 405, ""},
		{"POST", "/wallet/x", "127.0.0.1:1", basic("u:p"), 404, ""},
		{"POST", "/?x", "127.0.0.1:1", basic("u:p"), 404, ""},
		{"POST", "/", "127.0.0.1:1", "", 401, ""},
		{"POST", "/", "127.0.0.1:1", basic("u:q"), 401, ""},
	}
	for _, c := range cases {
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(body))
		r.RemoteAddr = c.peer
		if c.auth != "" {
			r.Header.Set("Authorization", c.auth)
		}
		w := httptest.NewRecorder()
		start := time.Now()
		f.srv.ServeHTTP(w, r)
		if w.Code != c.status || w.Body.String() != c.want {
			t.Errorf("%s %s from %s: %d %q", c.method, c.path, c.peer, w.Code, w.Body)
		}
		if challenge := w.Header().Get("WWW-Authenticate"); (c.status == 401) != (challenge == `Basic realm="jsonrpc"`) {
			t.Errorf("%s %s: challenge %q", c.method, c.path, challenge)
		}
		if c.status == 401 && c.auth != "" && time.Since(start) < failDelay {
			t.Error("a wrong password was answered at once")
		}
	}
}

func TestWhitelistedCalls(t *testing.T) {
	f := newFixture(t, nil)
	f.auth.AddWhitelist("u:echo")
	for body, status := range map[string]int{
		`{"method":"echo","id":1}`:                 200,
		`{"method":"stop","id":1}`:                 403,
		`[{"method":"echo"},{"method":"echo"}]`:    200,
		`[{"method":"echo"},{"method":"stop"}]`:    403,
		`[{"method":"echo"},5]`:                    400,
		`[{"id":1}]`:                               500,
		`{"jsonrpc":"2.0","method":"stop","id":1}`: 403,
	} {
		if got, text := f.post(body); got != status {
			t.Errorf("%s: %d %s", body, got, text)
		}
	}
	if f.stop != 0 {
		t.Error("a method outside the list was run")
	}
	f.auth.lists = map[string]map[string]bool{}
	f.auth.SetWhitelistDefault(true)
	if got, _ := f.post(`{"method":"echo","id":1}`); got != 403 {
		t.Errorf("user without a list: %d", got)
	}
}

func TestBodyLimit(t *testing.T) {
	f := newFixture(t, nil)
	if got, _ := f.post(strings.Repeat(" ", MaxBody+1)); got != 413 {
		t.Errorf("one byte too many: %d", got)
	}
	if got, _ := f.post(`{"method":"echo","id":1}` + strings.Repeat(" ", MaxBody-24)); got != 200 {
		t.Errorf("exactly the limit: %d", got)
	}
}

func TestWorkQueue(t *testing.T) {
	entered, leave := make(chan struct{}, 8), make(chan struct{})
	f := newFixture(t, func(c *Config) {
		c.Threads, c.WorkQueue = 1, 1
		if err := c.Table.Add(Command{Category: "hidden", Name: "wait", Handler: func(_ context.Context, _ *Request, w *Writer) error {
			entered <- struct{}{}
			<-leave
			w.Null()
			return nil
		}}); err != nil {
			t.Fatal(err)
		}
	})
	var wg sync.WaitGroup
	statuses := make(chan int, 2)
	for range 2 {
		wg.Go(func() { s, _ := f.post(`{"method":"wait","id":1}`); statuses <- s })
	}
	<-entered // one runs; the other is, or soon will be, in line
	for f.srv.waiting.Load() == 0 {
		runtime.Gosched()
	}
	if status, text := f.post(`{"method":"echo","id":1}`); status != 503 || text != "Work queue depth exceeded" {
		t.Errorf("%d %s", status, text)
	}
	if got := f.srv.cfg.Table.active(); len(got) != 1 || got[0].method != "wait" {
		t.Errorf("running: %v", got)
	}
	close(leave)
	wg.Wait()
	if a, b := <-statuses, <-statuses; a != 200 || b != 200 {
		t.Errorf("%d %d", a, b)
	}
	if len(f.srv.cfg.Table.active()) != 0 {
		t.Error("still listed as running")
	}
}

func TestControlMethods(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct{ body, want string }{
		{`{"method":"uptime","id":1}`, `{"result":0,"error":null,"id":1}`},
		{`{"method":"stop","id":1}`, `{"result":"Bitcoin Core stopping","error":null,"id":1}`},
		{`{"method":"logging","id":1}`, `{"result":{"http":false,"net":false,"rpc":false},"error":null,"id":1}`},
		{`{"method":"logging","params":[["all"],["net"]],"id":1}`, `{"result":{"http":true,"net":false,"rpc":true},"error":null,"id":1}`},
		{`{"method":"logging","params":[["nope"]],"id":1}`, `{"result":null,"error":{"code":-8,"message":"unknown logging category nope"},"id":1}`},
		{`{"method":"logging","params":[[1]],"id":1}`, `{"result":null,"error":{"code":-3,"message":"JSON value of type number is not of expected type string"},"id":1}`},
		{`{"method":"setmocktime","params":[-1],"id":1}`, `{"result":null,"error":{"code":-8,"message":"Mocktime must be in the range [0, 4294967295], not -1."},"id":1}`},
		{`{"method":"setmocktime","params":[4294967296],"id":1}`, `{"result":null,"error":{"code":-8,"message":"Mocktime must be in the range [0, 4294967295], not 4294967296."},"id":1}`},
		{`{"method":"setmocktime","params":[1296779202],"id":1}`, `{"result":null,"error":null,"id":1}`},
	} {
		if _, got := f.post(c.body); got != c.want+"\n" {
			t.Errorf("%s\n got  %s want %s", c.body, got, c.want)
		}
	}
	if f.stop != 1 || !f.mock.Equal(time.Unix(1296779202, 0)) {
		t.Errorf("stop %d, clock %v", f.stop, f.mock)
	}
	if _, got := f.post(`{"method":"getrpcinfo","id":1}`); !strings.HasPrefix(got, `{"result":{"active_commands":[{"method":"getrpcinfo","duration":`) ||
		!strings.HasSuffix(got, `}],"logpath":"/x/debug.log"},"error":null,"id":1}`+"\n") {
		t.Error(got)
	}
}

func TestSetmocktimeOutsideRegtest(t *testing.T) {
	table, err := NewTable(ControlCommands(Control{Log: fakeLog{}}))
	if err != nil {
		t.Fatal(err)
	}
	table.SetReady()
	if _, err := call(t, table, "setmocktime", `[1]`); err == nil || asError(err).Code != CodeMisc ||
		err.Error() != "setmocktime is for regression testing (-regtest mode) only" {
		t.Error(err)
	}
}

// TestRunStops drives a real listener: a call that waits is told that the node stops, and Run returns.
func TestRunStops(t *testing.T) {
	entered := make(chan struct{})
	f := newFixture(t, func(c *Config) {
		c.Timeout = 5 * time.Second
		if err := c.Table.Add(Command{Category: "hidden", Name: "waitforever", Handler: func(ctx context.Context, _ *Request, _ *Writer) error {
			close(entered)
			<-ctx.Done()
			return ctx.Err()
		}}); err != nil {
			t.Fatal(err)
		}
	})
	ls, err := Listen(t.Context(), []string{"127.0.0.1:0"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.srv.Run(ctx, ls...) }()
	url := "http://" + ls[0].Addr().String() + "/"
	ask := func(body string) (string, error) {
		req, _ := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
		req.SetBasicAuth("u", "p")
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("Content-Type"), " ", string(b)), err
	}
	if got, err := ask(`{"method":"echo","id":1}`); err != nil || got != `200 application/json {"result":[],"error":null,"id":1}`+"\n" {
		t.Fatalf("%s, %v", got, err)
	}
	answer := make(chan string, 1)
	go func() { s, err := ask(`{"method":"waitforever","id":1}`); answer <- fmt.Sprint(s, err) }()
	<-entered
	cancel()
	if got, want := <-answer, `500 application/json {"result":null,"error":{"code":-9,"message":"Shutting down"},"id":1}`+"\n<nil>"; got != want {
		t.Errorf("got %s want %s", got, want)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", ls[0].Addr().String()); err == nil {
		t.Error("still listening")
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestListenNothing(t *testing.T) {
	if _, err := Listen(t.Context(), []string{"192.0.2.1:1"}, slog.New(slog.DiscardHandler)); err != ErrNoListener {
		t.Error(err)
	}
}

func FuzzServe(f *testing.F) {
	for _, s := range []string{`{"method":"echo","params":[1],"id":1}`, `[{"jsonrpc":"2.0","method":"help"}]`, `[1,[],{}]`, `{"jsonrpc":"2.0","method":"show","params":{"args":[1]},"id":[]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		status, got := newFixture(t, nil).post(body)
		if status == 204 {
			if got != "" {
				t.Fatalf("%q: 204 with %q", body, got)
			}
			return
		}
		if !strings.HasSuffix(got, "\n") {
			t.Fatalf("%q: %d %q", body, status, got)
		}
		if _, err := ParseJSON([]byte(got)); err != nil {
			t.Fatalf("%q: answer is no JSON: %q", body, got)
		}
	})
}
