package rpc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"grapevine/chain"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/node/mining"
	"grapevine/node/rpc"
)

// mockClock is the clock of a node, which setmocktime sets.
type mockClock struct{ mock atomic.Pointer[time.Time] }

func (c *mockClock) Now() time.Time {
	if t := c.mock.Load(); t != nil {
		return *t
	}
	return time.Now()
}

func (c *mockClock) set(t time.Time) {
	if t.IsZero() {
		c.mock.Store(nil)
		return
	}
	c.mock.Store(&t)
}

// noLog has no categories.
type noLog struct{}

func (noLog) Categories() []string          { return nil }
func (noLog) CategoryActive(string) bool    { return false }
func (noLog) SetCategory(string, bool) bool { return false }

// goldenNode is chain and server without network and files of configuration.
type goldenNode struct{ server http.Handler }

// startGolden opens an empty chain, imports blocks and serves its methods until
// the test ends.
func startGolden(t *testing.T, blocks string, height int32) *goldenNode {
	t.Helper()
	p := params.Regtest(params.RegtestOptions{})
	clock := &mockClock{}
	log := slog.New(slog.DiscardHandler)
	c, err := chain.Open(chain.Config{Params: p, Dir: t.TempDir(), Now: clock.Now, MaxTipAge: 999999999 * time.Second, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	if err := c.Import(ctx, blocks); err != nil {
		t.Fatal(err)
	}
	if got := c.Active().Height(); got != height {
		t.Fatalf("imported %d blocks, want %d", got, height)
	}
	versions := headers.NewVersionBits(p)
	miner, err := mining.New(mining.Config{Params: p, Chain: c, Versions: versions, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	methods, err := rpc.LedgerCommands(rpc.LedgerConfig{
		Params: p, Blocks: c, Coins: c, Acceptor: c, Operator: c, Miner: miner, Versions: versions, Events: c.Events(),
		Logger: log, Warnings: []string{rpc.PreReleaseWarning},
	})
	if err != nil {
		t.Fatal(err)
	}
	table, err := rpc.NewTable(methods, rpc.ControlCommands(rpc.Control{Stop: cancel, Started: time.Now(), Log: noLog{}, SetMockTime: clock.set}))
	if err != nil {
		t.Fatal(err)
	}
	table.SetReady()
	auth := rpc.NewAuth()
	auth.AddPassword("user", "password")
	return &goldenNode{rpc.New(rpc.Config{Table: table, Auth: auth, Logger: log})}
}

// ask makes one call as the recording did.
func (n *goldenNode) ask(t *testing.T, c *goldenCall) *goldenCall {
	t.Helper()
	params := c.Params
	if params == nil {
		params = []json.RawMessage{}
	}
	body, err := json.Marshal(map[string]any{"id": 0, "method": c.Method, "params": params})
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
	req.RemoteAddr = "127.0.0.1:1"
	req.SetBasicAuth("user", "password")
	answer := httptest.NewRecorder()
	n.server.ServeHTTP(answer, req)
	var got goldenCall
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
		t.Fatalf("%s: %v in %q", c.id(), err, clip(answer.Body.String()))
	}
	got.Status = answer.Code
	return &got
}
