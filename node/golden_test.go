package node_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"grapevine/internal/testdata"
)

// goldenCall is one recorded call: what was asked and what the reference
// implementation answered.
type goldenCall struct {
	Method string            `json:"method"`
	Params []json.RawMessage `json:"params"`
	Status int               `json:"status"`
	Result json.RawMessage   `json:"result"`
	Error  json.RawMessage   `json:"error"`
}

// id names a call in the table of exceptions: the method and its arguments.
func (c *goldenCall) id() string {
	parts := []string{c.Method}
	for _, p := range c.Params {
		parts = append(parts, shorten(string(p)))
	}
	return strings.Join(parts, " ")
}

// shorten keeps what tells one hash from another.
func shorten(s string) string {
	if len(s) > 40 {
		return s[:12] + ".." + s[len(s)-5:] // the quotes included
	}
	return s
}

// own are the methods that this version has to answer. A call of one of them is
// compared unless [excepted] says why not.
var own = []string{
	"addnode", "clearbanned", "createrawtransaction", "decoderawtransaction", "decodescript", "disconnectnode", "echo", "echojson",
	"estimatesmartfee", "generate", "generatetoaddress", "getaddednodeinfo", "getbestblockhash", "getblock",
	"getblockchaininfo", "getblockcount", "getblockhash", "getblockheader", "getblockstats", "getblocktemplate",
	"getchainstates", "getchaintips", "getchaintxstats", "getconnectioncount", "getdeploymentinfo",
	"getdescriptorinfo", "getdifficulty", "getindexinfo", "getinfo", "getmempoolancestors", "getmempoolcluster", "getmempooldescendants",
	"getmempoolentry", "getmempoolfeeratediagram", "getmempoolinfo", "getmininginfo", "getnettotals", "getnetworkhashps", "getnetworkinfo",
	"getnodeaddresses",
	"getpeerinfo", "getprioritisedtransactions", "getrawmempool", "getrawtransaction", "gettxout",
	"gettxoutsetinfo", "gettxspendingprevout", "getzmqnotifications", "invalidateblock", "listbanned", "nosuchmethod", "ping",
	"preciousblock", "prioritisetransaction", "reconsiderblock", "sendrawtransaction", "setban", "setmocktime",
	"setnetworkactive", "signrawtransactionwithkey", "submitblock", "submitheader", "testmempoolaccept", "uptime",
	"validateaddress", "verifychain", "waitforblock", "waitforblockheight", "waitfornewblock",
}

// Why a call of our own methods is not compared.
const (
	needsCoinIndex = "answered from the index of coin statistics"
	needsIndexes   = "lists indexes"
	ownBudget      = "tells memory budgets, which are each program's own"
)

// excepted lists those calls.
var excepted = map[string]string{
	`getindexinfo`:                            needsIndexes,
	`getchainstates`:                          ownBudget,
	`gettxoutsetinfo "none"`:                  needsCoinIndex,
	`gettxoutsetinfo "muhash"`:                needsCoinIndex,
	`gettxoutsetinfo "muhash" 142`:            needsCoinIndex,
	`gettxoutsetinfo "hash_serialized_3" 142`: needsCoinIndex,
}

func TestGoldenAnswers(t *testing.T) {
	calls := readGolden(t, testdata.Shared(t, "golden/rpc.jsonl"))
	n := startGolden(t, testdata.Shared(t, "golden/regtest.blk"), 147)
	missing := map[string]int{}
	var same, different, except int
	used := map[string]bool{}
	for i := range calls {
		c := &calls[i]
		got := n.ask(t, c)
		if got.Status == http.StatusNotFound && !slices.Contains(own, c.Method) {
			missing[c.Method]++
			continue
		}
		diff := got.differs(c)
		reason, ok := excepted[c.id()]
		switch {
		case ok:
			used[c.id()] = true
			except++
			if diff == "" {
				t.Errorf("call %d, %s: excepted (%s), but it matches", i, c.id(), reason)
			}
		case diff != "":
			different++
			t.Errorf("call %d, %s:\n%s", i, c.id(), diff)
		default:
			same++
		}
	}
	for id := range excepted {
		if !used[id] {
			t.Errorf("excepted, but never asked: %s", id)
		}
	}
	t.Logf("%d calls: %d the same, %d different, %d excepted, %d of methods that are not here yet", len(calls), same, different, except, total(missing))
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		t.Logf("not here yet: %s (%d)", name, missing[name])
	}
	if same+different+except+total(missing) != len(calls) {
		t.Errorf("the counts do not add up to %d calls", len(calls))
	}
}

func total(m map[string]int) (sum int) {
	for _, n := range m {
		sum += n
	}
	return sum
}

func readGolden(t *testing.T, path string) []goldenCall {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var calls []goldenCall
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var c goldenCall
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		calls = append(calls, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return calls
}

// differs compares an answer with the recorded one, to the letter: order of
// members and text of numbers included. It returns what differs, or nothing.
func (c *goldenCall) differs(want *goldenCall) string {
	var out strings.Builder
	if c.Status != want.Status {
		fmt.Fprintf(&out, "   status %d, want %d\n", c.Status, want.Status)
	}
	for _, part := range []struct {
		name      string
		got, want json.RawMessage
	}{{"result", c.Result, want.Result}, {"error", c.Error, want.Error}} {
		g, w := canonical(part.got, false), canonical(part.want, true)
		if part.name == "error" {
			g = maskHelp(g)
		}
		if g == w {
			continue
		}
		at := 0
		for at < len(g) && at < len(w) && g[at] == w[at] {
			at++
		}
		from := max(0, at-60)
		fmt.Fprintf(&out, "   %s differs at %d:\n      got  ..%s\n      want ..%s\n", part.name, at, clip(g[min(from, len(g)):]), clip(w[min(from, len(w)):]))
	}
	return out.String()
}

func clip(s string) string {
	if len(s) > 300 {
		return s[:300] + ".."
	}
	return s
}

// maskHelp replaces a help text inside an error by the word that the recording
// has for it: only that it is one is compared.
func maskHelp(text string) string {
	var e struct {
		Code    json.Number
		Message string
	}
	if json.Unmarshal([]byte(text), &e) == nil && strings.Contains(e.Message, "\n") {
		return fmt.Sprintf(`{"code":%s,"message":"HELP"}`, e.Code)
	}
	return text
}

// canonical rewrites JSON without white space, with strings in one spelling and
// numbers as they stand. In the recording, a number with a fraction stands as an
// object {"number": its text}.
func canonical(raw json.RawMessage, recorded bool) string {
	if len(raw) == 0 {
		return "null"
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var out strings.Builder
	if err := rewrite(d, &out, recorded); err != nil {
		return "no JSON: " + err.Error()
	}
	return out.String()
}

func rewrite(d *json.Decoder, out *strings.Builder, recorded bool) error {
	tok, err := d.Token()
	if err != nil {
		return err
	}
	switch tok := tok.(type) {
	case json.Delim:
		if tok == '[' {
			return rewriteList(d, out, recorded)
		}
		return rewriteObject(d, out, recorded)
	case json.Number:
		out.WriteString(tok.String())
	default:
		text, err := json.Marshal(tok)
		if err != nil {
			return err
		}
		out.Write(text)
	}
	return nil
}

func rewriteList(d *json.Decoder, out *strings.Builder, recorded bool) error {
	out.WriteByte('[')
	for first := true; d.More(); first = false {
		if !first {
			out.WriteByte(',')
		}
		if err := rewrite(d, out, recorded); err != nil {
			return err
		}
	}
	_, err := d.Token()
	out.WriteByte(']')
	return err
}

func rewriteObject(d *json.Decoder, out *strings.Builder, recorded bool) error {
	var inner strings.Builder
	var keys, lastValue = 0, ""
	key := ""
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return err
		}
		key = tok.(string)
		var value strings.Builder
		if err := rewrite(d, &value, recorded); err != nil {
			return err
		}
		if keys++; keys > 1 {
			inner.WriteByte(',')
		}
		name, _ := json.Marshal(key)
		lastValue = value.String()
		inner.Write(name)
		inner.WriteByte(':')
		inner.WriteString(lastValue)
	}
	_, err := d.Token()
	if recorded && keys == 1 && key == "number" {
		out.WriteString(strings.Trim(lastValue, `"`))
		return err
	}
	out.WriteString("{" + inner.String() + "}")
	return err
}
