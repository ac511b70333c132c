package client

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"grapevine/node/rpc"
)

// netInfoHelp explains the dashboard.
const netInfoHelp = `-netinfo (level [outonly]) | help

Shows the node's connections, as getpeerinfo and getnetworkinfo tell of them. The form may change.

level     0  how many connections there are by network, and our own addresses (default)
          1  a line for each connection before that
          2  with the peer's address
          3  with its version
          4  with both
outonly   (or o) lines for outbound connections only; needs a level above 0

Columns:
<->      in: the peer connected to us, out: we to it
type     full, block (blocks only), manual, feeler, addr (address fetch), priv (private broadcast)
net      ipv4, ipv6, onion, i2p, cjdns, or npr: not publicly routable
serv     services: n network, b bloom filters, w witness, c compact filters, l the last blocks only, 2 encrypted transport, u unknown
v        version of the transport
mping    shortest ping in milliseconds, ping: the last one
send     seconds since something was last sent, recv: received
txn      minutes since a transaction came that was new, * for none wanted; blk: a block
hb       compact blocks unasked: . from the peer, * to it
addrp    addresses taken from the peer, . for none exchanged; addrl: too many
age      minutes that the connection lasts
asmap    autonomous system of the peer, where a map is loaded
id       number of the connection`

// maxLevel is the one that shows everything.
const maxLevel = 4

// netInfo shows the connections.
func (c *client) netInfo(words []string) (string, int, error) {
	if len(words) > 0 && (words[0] == "help" || words[0] == "h") {
		return netInfoHelp, 0, nil
	}
	more := "\nFor more information, run: " + c.args.Program().Command() + " -netinfo help"
	level, outOnly := 0, false
	if len(words) > 0 {
		n, err := strconv.ParseUint(words[0], 10, 8)
		if err != nil {
			return "", 1, fmt.Errorf("invalid -netinfo level argument: %s%s", words[0], more)
		}
		level = min(int(n), maxLevel)
	}
	if len(words) > 1 {
		if outOnly = level > 0 && (words[1] == "o" || words[1] == "outonly"); !outOnly {
			return "", 1, fmt.Errorf("invalid -netinfo outonly argument: %s%s", words[1], more)
		}
	}
	replies, err := c.batch("getnetworkinfo", "getpeerinfo")
	if err != nil {
		return "", 1, err
	}
	for _, r := range replies {
		if e := r.Member("error"); !e.IsNull() {
			return printedError(e)
		}
	}
	d := dashboard{level: level, net: replies[0].Member("result"), now: c.now().Unix()}
	d.read(replies[1].Member("result"), outOnly)
	chain := ""
	if c.network != "main" {
		chain = " " + map[string]string{"test": "testnet"}[c.network]
		if chain == " " {
			chain += c.network
		}
	}
	return d.text("Grapevine client " + string(c.version) + chain), 0, nil
}

// dashboard is what -netinfo shows.
type dashboard struct {
	level  int
	net    rpc.Value
	now    int64
	rows   []peerRow
	mapped bool
	// counts are the connections by direction and network, "" for all.
	counts        map[string]*[3]int
	block, manual int
}

// The rows of the counts.
const (
	inbound = iota
	outbound
	total
)

// peerRow is one connection.
type peerRow struct {
	out                                      bool
	kind, net, services, transport           string
	minPing, ping, sent, received, tx, block string
	highBandwidth, addrs, limited, age, as   string
	id, addr, version                        string
	order                                    float64 // the shortest ping
}

func integer(v rpc.Value) int64 {
	n, _ := v.Int64() // 0 where older nodes have none
	return n
}

func truth(v rpc.Value) bool {
	b, _ := v.Bool()
	return b
}

func (d *dashboard) read(peers rpc.Value, outOnly bool) {
	d.counts = map[string]*[3]int{"": {}}
	for i := range peers.Len() {
		p := peers.At(i)
		name := p.Member("network").Text()
		if d.counts[name] == nil {
			d.counts[name] = &[3]int{}
		}
		direction := outbound
		if truth(p.Member("inbound")) {
			direction = inbound
		}
		for _, n := range []string{name, ""} {
			d.counts[n][direction]++
			d.counts[n][total]++
		}
		switch p.Member("connection_type").Text() {
		case "block-relay-only":
			d.block++
		case "manual":
			d.manual++
		}
		if d.level > 0 && (!outOnly || direction == outbound) {
			d.rows = append(d.rows, d.row(p))
		}
	}
	slices.SortStableFunc(d.rows, func(a, b peerRow) int {
		if a.out != b.out {
			if b.out {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.order, b.order)
	})
}

func shortNetwork(name string) string {
	if name == "not_publicly_routable" {
		return "npr"
	}
	return name
}

func shortKind(name string) string {
	switch name {
	case "outbound-full-relay":
		return "full"
	case "block-relay-only":
		return "block"
	case "addr-fetch":
		return "addr"
	case "private-broadcast":
		return "priv"
	case "inbound":
		return ""
	}
	return name
}

func shortServices(names rpc.Value) string {
	out := ""
	for i := range names.Len() {
		switch name := names.At(i).Text(); {
		case name == "NETWORK_LIMITED":
			out += "l"
		case name == "P2P_V2":
			out += "2"
		case name != "":
			out += strings.ToLower(name[:1])
		}
	}
	return out
}

// milliseconds shows a ping, nothing for none, a dash for one of many minutes.
func milliseconds(v rpc.Value) (text string, seconds float64) {
	s, err := v.Float64()
	if err != nil || v.IsNull() {
		return "", -1
	}
	if ms := math.Round(s * 1000); ms <= 999999 {
		return strconv.FormatFloat(ms, 'f', -1, 64), s
	}
	return "-", s
}

// since shows how long ago a time was, none for never.
func (d *dashboard) since(v rpc.Value, unit int64, none string) string {
	at := integer(v)
	if at == 0 {
		return none
	}
	return strconv.FormatInt((d.now-at)/unit, 10)
}

// count shows a number, none for 0.
func count(v rpc.Value, none string) string {
	if n := integer(v); n != 0 {
		return strconv.FormatInt(n, 10)
	}
	return none
}

func unless(on bool, text string) string {
	if on {
		return ""
	}
	return text
}

func (d *dashboard) row(p rpc.Value) peerRow {
	minute := int64(time.Minute / time.Second)
	r := peerRow{
		out: !truth(p.Member("inbound")), kind: shortKind(p.Member("connection_type").Text()), net: shortNetwork(p.Member("network").Text()),
		services: shortServices(p.Member("servicesnames")), sent: d.since(p.Member("lastsend"), 1, ""), received: d.since(p.Member("lastrecv"), 1, ""),
		tx:    d.since(p.Member("last_transaction"), minute, unless(truth(p.Member("relaytxes")), "*")),
		block: d.since(p.Member("last_block"), minute, ""), age: d.since(p.Member("conntime"), minute, ""),
		addrs:   count(p.Member("addr_processed"), unless(truth(p.Member("addr_relay_enabled")), ".")),
		limited: count(p.Member("addr_rate_limited"), ""), as: count(p.Member("mapped_as"), ""), id: p.Member("id").Text(), addr: p.Member("addr").Text(),
	}
	if t := p.Member("transport_protocol_type").Text(); len(t) == 2 && t[0] == 'v' {
		r.transport = t[1:]
	}
	r.minPing, r.order = milliseconds(p.Member("minping"))
	r.ping, _ = milliseconds(p.Member("pingtime"))
	hb := []byte("  ")
	if truth(p.Member("bip152_hb_to")) {
		hb[0] = '.'
	}
	if truth(p.Member("bip152_hb_from")) {
		hb[1] = '*'
	}
	r.highBandwidth = string(hb)
	if v := p.Member("version").Text(); v != "0" {
		r.version = v + p.Member("subver").Text()
	}
	d.mapped = d.mapped || r.as != ""
	return r
}

// cells are the columns of a row, of which the last two are aligned to the left.
func (d *dashboard) cells(r *peerRow, direction string) []string {
	out := []string{direction, r.kind, r.net, r.services, r.transport, r.minPing, r.ping, r.sent, r.received, r.tx, r.block, r.highBandwidth, r.addrs, r.limited, r.age}
	if d.mapped {
		out = append(out, r.as)
	}
	out = append(out, r.id)
	if d.level == 2 || d.level == maxLevel {
		out = append(out, r.addr)
	}
	if d.level >= 3 {
		out = append(out, r.version)
	}
	return out
}

// table aligns the lines of the connections.
func (d *dashboard) table() string {
	head := d.cells(&peerRow{
		kind: "type", net: "net", services: "serv", transport: "v", minPing: "mping", ping: "ping", sent: "send", received: "recv", tx: "txn", block: "blk", highBandwidth: "hb",
		addrs: "addrp", limited: "addrl", age: "age", as: "asmap", id: "id", addr: "address", version: "version",
	}, "<->")
	units := d.cells(&peerRow{minPing: "ms", ping: "ms", sent: "sec", received: "sec", tx: "min", block: "min", age: "min"}, "")
	lines := [][]string{head}
	for i := range d.rows {
		direction := "in"
		if d.rows[i].out {
			direction = "out"
		}
		lines = append(lines, d.cells(&d.rows[i], direction))
	}
	lines = append(lines, units)
	widths := make([]int, len(head))
	for _, l := range lines {
		for i, cell := range l {
			widths[i] = max(widths[i], len(cell))
		}
	}
	right := slices.Index(head, "id")
	var b strings.Builder
	for _, l := range lines {
		var line strings.Builder
		for i, cell := range l {
			if i > right {
				fmt.Fprintf(&line, "%-*s ", widths[i], cell)
			} else {
				fmt.Fprintf(&line, "%*s ", widths[i], cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

func (d *dashboard) text(client string) string {
	var b strings.Builder
	names := d.net.Member("localservicesnames")
	fmt.Fprintf(&b, "%s - server %s%s", client, d.net.Member("protocolversion").Text(), d.net.Member("subversion").Text())
	if d.level > 0 {
		b.WriteString(" - services " + shortServices(names))
	}
	b.WriteString("\n\n")
	if len(d.rows) > 0 {
		b.WriteString(d.table() + "\n")
	}
	d.totals(&b)
	if d.level == 0 {
		var list []string
		for i := range names.Len() {
			list = append(list, strings.ReplaceAll(strings.ToLower(names.At(i).Text()), "_", " "))
		}
		b.WriteString("\n\nLocal services: " + strings.Join(list, ", "))
	}
	own := d.net.Member("localaddresses")
	if own.Len() == 0 {
		b.WriteString("\n\nLocal addresses: n/a")
		return b.String()
	}
	b.WriteString("\n\nLocal addresses")
	width := 0
	for i := range own.Len() {
		width = max(width, len(own.At(i).Member("address").Text()))
	}
	for i := range own.Len() {
		a := own.At(i)
		fmt.Fprintf(&b, "\n%-*s     port %6s    score %6s", width, a.Member("address").Text(), a.Member("port").Text(), a.Member("score").Text())
	}
	return b.String()
}

// totals counts the connections of the networks that are reached, and of others that there are any of.
func (d *dashboard) totals(b *strings.Builder) {
	var names []string
	nets := d.net.Member("networks")
	for i := range nets.Len() {
		if truth(nets.At(i).Member("reachable")) {
			names = append(names, nets.At(i).Member("name").Text())
		}
	}
	const nowhere = "not_publicly_routable"
	if d.counts[nowhere] != nil {
		names = append(names, nowhere)
	}
	b.WriteString("     ")
	for _, n := range names {
		fmt.Fprintf(b, "%8s", shortNetwork(n))
	}
	b.WriteString("   total   block")
	if d.manual > 0 {
		b.WriteString("  manual")
	}
	for row, label := range []string{inbound: "in", outbound: "out", total: "total"} {
		fmt.Fprintf(b, "\n%-5s", label)
		for _, n := range append(names, "") {
			got := 0
			if d.counts[n] != nil {
				got = d.counts[n][row]
			}
			fmt.Fprintf(b, "%8d", got)
		}
		if row == outbound {
			fmt.Fprintf(b, "%8d", d.block)
			if d.manual > 0 {
				fmt.Fprintf(b, "%8d", d.manual)
			}
		}
	}
}
