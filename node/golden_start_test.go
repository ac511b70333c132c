package node_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"grapevine/internal/testdata"
	"grapevine/node"
	"grapevine/node/config"
)

// goldenNode is a whole node on regtest that answers on a loopback port.
type goldenNode struct {
	url, user, password string
}

// startGolden starts a node that loads blocks from a file, waits until it has
// them, and stops it when the test ends.
func startGolden(t *testing.T, blocks string, height int32) *goldenNode {
	t.Helper()
	dir, port := t.TempDir(), testdata.FreePort(t)
	// The flags that the recording was made with, the indexes of coin statistics and of filters aside.
	args, err := config.Parse(config.Node, []string{
		"-regtest", "-datadir=" + dir, fmt.Sprintf("-rpcport=%d", port), "-listen=0", "-connect=0", "-dnsseed=0", "-fixedseeds=0",
		"-txindex=1", "-persistmempool=0", "-checkmempool=0", "-printtoconsole=0", "-maxtipage=999999999", "-loadblock=" + blocks,
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := args.Load()
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.New(cfg, node.Console{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var ended error // once done is closed
	go func() {
		defer close(done)
		ended = n.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		if ended != nil {
			t.Error(ended)
		}
	})
	g := &goldenNode{url: fmt.Sprintf("http://127.0.0.1:%d/", port)}
	g.wait(t, done, filepath.Join(dir, "regtest", ".cookie"), height)
	return g
}

// startTimeout is how long a node may take to start and to load 147 blocks.
const startTimeout = time.Minute

// wait returns once the node answers and its tip is at the height.
func (g *goldenNode) wait(t *testing.T, done <-chan struct{}, cookie string, height int32) {
	t.Helper()
	deadline := time.After(startTimeout)
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		if text, err := os.ReadFile(cookie); err == nil {
			g.user, g.password, _ = strings.Cut(string(text), ":")
			params := []json.RawMessage{fmt.Append(nil, height), fmt.Append(nil, startTimeout.Milliseconds())}
			got, err := g.post(t, &goldenCall{Method: "waitforblockheight", Params: params})
			if err == nil && got.Status == http.StatusOK {
				var tip struct{ Height int32 }
				if err := json.Unmarshal(got.Result, &tip); err != nil || tip.Height != height {
					t.Fatalf("the node came to %s (%v), want height %d", got.Result, err, height)
				}
				return
			}
		}
		select {
		case <-retry.C:
		case <-done:
			t.Fatal("the node ended")
		case <-deadline:
			t.Fatal("the node does not answer")
		}
	}
}

// ask makes one call as the recording did.
func (g *goldenNode) ask(t *testing.T, c *goldenCall) *goldenCall {
	t.Helper()
	got, err := g.post(t, c)
	if err != nil {
		t.Fatalf("%s: %v", c.id(), err)
	}
	return got
}

func (g *goldenNode) post(t *testing.T, c *goldenCall) (*goldenCall, error) {
	t.Helper()
	params := c.Params
	if params == nil {
		params = []json.RawMessage{}
	}
	body, err := json.Marshal(map[string]any{"id": 0, "method": c.Method, "params": params})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(g.user, g.password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var got goldenCall
	if err := json.Unmarshal(text, &got); err != nil {
		return nil, fmt.Errorf("%w in %q", err, clip(string(text)))
	}
	got.Status = resp.StatusCode
	return &got, nil
}
