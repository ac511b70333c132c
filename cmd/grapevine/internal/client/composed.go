package client

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"grapevine/node/rpc"
)

// batch makes calls without arguments, all at once, and returns the replies in order.
func (c *client) batch(methods ...string) ([]rpc.Value, error) {
	reqs := make([]rpc.Value, len(methods))
	for i, m := range methods {
		reqs[i] = c.request(m, rpc.ArrayValue(), rpc.IntValue(int64(i)))
	}
	reply, err := c.call(rpc.ArrayValue(reqs...))
	if err != nil {
		return nil, err
	}
	if reply.Kind() != rpc.Array {
		return nil, errors.New("Batch must be an array")
	}
	out := make([]rpc.Value, len(methods))
	for i := range reply.Len() {
		id, err := reply.At(i).Member("id").Int32()
		if err != nil || id < 0 || int(id) >= len(out) {
			return nil, errors.New("Batch member id is larger than batch size")
		}
		out[id] = reply.At(i)
	}
	return out, nil
}

// missing reports whether the node does not have the method.
func missing(reply rpc.Value) bool { return reply.Member("error").Member("code").Text() == "-32601" }

// paint puts a colour around a text.
type paint bool

func (p paint) in(colour int, text string) string {
	if !p {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", colour, text)
}

func (c *client) colours() (paint, error) {
	switch when := c.args.String("color", "auto"); when {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		f, ok := c.out.(*os.File)
		return paint(ok && term.IsTerminal(int(f.Fd()))), nil
	}
	return false, errors.New("Invalid value for -color option. Valid values: always, auto, never.")
}

// Colours of the overview.
const (
	green   = 32
	yellow  = 33
	blue    = 34
	magenta = 35
	cyan    = 36
)

// getInfo is the state of the node at a glance. What a node does not have (peers, a wallet) is left out.
func (c *client) getInfo(words []string) (string, int, error) {
	if len(words) > 0 {
		return "", 1, errors.New("-getinfo takes no arguments")
	}
	p, err := c.colours()
	if err != nil {
		return "", 1, err
	}
	replies, err := c.batch("getnetworkinfo", "getblockchaininfo", "getwalletinfo", "getbalances")
	if err != nil {
		return "", 1, err
	}
	network, chain := replies[0], replies[1]
	for _, r := range []rpc.Value{network, chain} {
		if e := r.Member("error"); !e.IsNull() && !missing(r) {
			return printedError(e)
		}
	}
	if missing(chain) {
		return printedError(chain.Member("error"))
	}
	var b strings.Builder
	ch := chain.Member("result")
	b.WriteString(p.in(blue, "Chain: "+ch.Member("chain").Text()) + "\n")
	fmt.Fprintf(&b, "Blocks: %s\nHeaders: %s\n", ch.Member("blocks").Text(), ch.Member("headers").Text())
	progress, err := ch.Member("verificationprogress").Float64()
	if err != nil {
		return "", 1, err
	}
	fmt.Fprintf(&b, "Verification progress: %s%.4f%%\nDifficulty: %s\n\n", bar(progress), progress*100, ch.Member("difficulty").Text())
	warnings := ch.Member("warnings")
	if net := network.Member("result"); !net.IsNull() {
		c.networkInfo(&b, p, net)
		warnings = net.Member("warnings")
	}
	if w := replies[2].Member("result"); !w.IsNull() {
		b.WriteString(p.in(magenta, "Wallet: "+quoteEmpty(w.Member("walletname").Text())) + "\nKeypool size: " + w.Member("keypoolsize").Text() + "\n")
	}
	if bal := replies[3].Member("result"); !bal.IsNull() {
		b.WriteString(p.in(cyan, "Balance:") + " " + bal.Member("mine").Member("trusted").Text() + "\n\n")
	}
	text := warnings.Text() // older nodes give one text
	for i := range warnings.Len() {
		if i > 0 {
			text += "; "
		}
		text += warnings.At(i).Text()
	}
	if text == "" {
		text = "(none)"
	}
	b.WriteString(p.in(yellow, "Warnings:") + " " + text)
	return b.String(), 0, nil
}

func (c *client) networkInfo(b *strings.Builder, p paint, net rpc.Value) {
	b.WriteString(p.in(green, fmt.Sprintf("Network: in %s, out %s, total %s", net.Member("connections_in").Text(), net.Member("connections_out").Text(),
		net.Member("connections").Text())) + "\n")
	fmt.Fprintf(b, "Version: %s\nTime offset (s): %s\n", net.Member("version").Text(), net.Member("timeoffset").Text())
	var proxies []string
	names := map[string][]string{}
	nets := net.Member("networks")
	for i := range nets.Len() {
		proxy := nets.At(i).Member("proxy").Text()
		if proxy == "" {
			continue
		}
		if names[proxy] == nil {
			proxies = append(proxies, proxy)
		}
		names[proxy] = append(names[proxy], nets.At(i).Member("name").Text())
	}
	for i, proxy := range proxies {
		proxies[i] = proxy + " (" + strings.Join(names[proxy], ", ") + ")"
	}
	list := strings.Join(proxies, ", ")
	if list == "" {
		list = "n/a"
	}
	fmt.Fprintf(b, "Proxies: %s\nMin tx relay fee rate (BTC/kvB): %s\n\n", list, net.Member("relayfee").Text())
}

func quoteEmpty(s string) string {
	if s == "" {
		return `""`
	}
	return s
}

// bar draws progress in steps of five percent, nothing once it is close to the end.
func bar(progress float64) string {
	if progress < 0 || progress >= 0.99 {
		return ""
	}
	done := int(progress*20 + 0.999999)
	return strings.Repeat("▒", done) + strings.Repeat("░", 20-done) + " "
}

// addrInfo counts known addresses by network.
func (c *client) addrInfo(words []string) (string, int, error) {
	if len(words) > 0 {
		return "", 1, errors.New("-addrinfo takes no arguments")
	}
	reply, err := c.call(c.request("getaddrmaninfo", rpc.ArrayValue(), rpc.IntValue(1)))
	if err != nil {
		return "", 1, err
	}
	if missing(reply) {
		return "", 1, errors.New("the node has no peer-to-peer network, so it knows no addresses")
	}
	if e := reply.Member("error"); !e.IsNull() {
		return printedError(e)
	}
	var keys []string
	var counts []rpc.Value
	result := reply.Member("result")
	for i := range result.Len() {
		name := result.KeyAt(i)
		if name == "all_networks" {
			name = "total"
		}
		keys, counts = append(keys, name), append(counts, result.At(i).Member("total"))
	}
	out := rpc.ObjectValue([]string{"addresses_known"}, []rpc.Value{rpc.ObjectValue(keys, counts)})
	return string(out.Indented(nil, 2)), 0, nil
}

// generate makes blocks to an address: a wallet's, or the one given with -named address=.
func (c *client) generate(words []string) (string, int, error) {
	var plain []string
	address := ""
	for _, w := range words {
		if a, ok := strings.CutPrefix(w, "address="); ok && c.args.Bool("named", false) {
			address = a
		} else {
			plain = append(plain, w)
		}
	}
	if len(plain) > 2 {
		return "", 1, errors.New("too many arguments (maximum 2 for nblocks and maxtries)")
	}
	if len(plain) == 0 {
		plain = []string{"1"}
	}
	if plain[0] == "0" {
		return "", 1, errors.New("the first argument (number of blocks to generate, default: 1) must be an integer value greater than zero")
	}
	if address == "" {
		reply, err := c.call(c.request("getnewaddress", rpc.ArrayValue(), rpc.IntValue(1)))
		if err != nil {
			return "", 1, err
		}
		if missing(reply) {
			return "", 1, fmt.Errorf("the node has no wallet to take an address from; give one: %s -named -generate %s address=<address>", c.args.Program().Command(), strings.Join(plain, " "))
		}
		if e := reply.Member("error"); !e.IsNull() {
			return printedError(e)
		}
		address = reply.Member("result").Text()
	}
	conv, err := newConverter("generatetoaddress")
	if err != nil {
		return "", 1, err
	}
	params, err := conv.positional(append([]string{plain[0], address}, plain[1:]...))
	if err != nil {
		return "", 1, err
	}
	reply, err := c.call(c.request("generatetoaddress", params, rpc.IntValue(1)))
	if err != nil {
		return "", 1, err
	}
	if e := reply.Member("error"); !e.IsNull() {
		return printedError(e)
	}
	out := rpc.ObjectValue([]string{"address", "blocks"}, []rpc.Value{rpc.StringValue(address), reply.Member("result")})
	return string(out.Indented(nil, 2)), 0, nil
}
