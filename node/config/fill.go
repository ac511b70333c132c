package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"grapevine/chain/params"
	"grapevine/internal/u256"
	"grapevine/wire"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

const (
	mib = 1 << 20
	// defaultCache is the default of -dbcache, minCache the least that it can be set to.
	defaultCache, minCache = 450 * mib, 4 * mib
	// maxCache is a terabyte: beyond it a typing error is likelier than a machine.
	maxCache = 1 << 40
)

// params builds the rules of the network, with the changes that tests make to them.
func (a *Args) params() (*params.Params, error) {
	var o params.Options
	if a.network == "main" {
		for _, name := range []string{"testactivationheight", "vbparams"} {
			if a.IsSet(name) {
				return nil, fmt.Errorf("The -%s option may not be used on mainnet.", name)
			}
		}
	}
	for _, v := range a.List("testactivationheight") {
		if err := o.Deployments.AddActivationHeight(v); err != nil {
			return nil, err
		}
	}
	for _, v := range a.List("vbparams") {
		if err := o.Deployments.AddVersionBits(v); err != nil {
			return nil, err
		}
	}
	if c := a.List("signetchallenge"); len(c) > 0 {
		if len(c) > 1 {
			return nil, errors.New("-signetchallenge cannot be multiple values.")
		}
		b, err := hex.DecodeString(c[0])
		if err != nil {
			return nil, fmt.Errorf("-signetchallenge must be hex, not '%s'.", c[0])
		}
		o.SignetChallenge = b
		if a.network != "signet" {
			a.Warnings = append(a.Warnings, "-signetchallenge has no effect outside -signet.")
		}
	}
	for _, t := range a.List("test") {
		switch {
		case a.network != "regtest":
			return nil, errors.New("-test=<option> can only be used with regtest")
		case t == "bip94":
			o.EnforceBIP94 = true
		default:
			a.Warnings = append(a.Warnings, fmt.Sprintf("Unrecognised option \"%s\" provided in -test=<option>.", t))
		}
	}
	return params.New(a.network, o)
}

// userHex reads up to 64 hex digits, 0x before them or not, short ones with zeros in front.
func userHex(s string) (string, bool) {
	s = strings.TrimPrefix(s, "0x")
	if len(s) > 64 {
		return "", false
	}
	s = strings.Repeat("0", 64-len(s)) + s
	_, err := hex.DecodeString(s)
	return s, err == nil
}

func (a *Args) chain() (Chain, error) {
	c := Chain{
		CacheBytes:        defaultCache,
		SigCacheBytes:     int(min(max(a.Int("maxsigcachesize", 32), 0), 16<<10) * mib / 2),
		Reindex:           a.Bool("reindex", false),
		ReindexChainstate: a.Bool("reindex-chainstate", false),
		NoXOR:             !a.Bool("blocksxor", true),
		CheckBlocks:       int(min(a.Int("checkblocks", 6), 1<<31-1)),
		CheckLevel:        int(min(max(a.Int("checklevel", 3), 0), 4)),
		MaxTipAge:         time.Duration(min(max(a.Int("maxtipage", 86400), 0), 1<<33)) * time.Second,
		BlockVersion:      int32(min(max(a.Int("blockversion", 0), -1<<31), 1<<31-1)),
		StopAtHeight:      int32(min(max(a.Int("stopatheight", 0), 0), 1<<31-1)),
	}
	if c.CheckBlocks <= 0 {
		c.CheckBlocks = -1 // 0 is how users say all
	}
	if a.IsSet("dbcache") {
		n := min(max(a.Int("dbcache", 0), 0), maxCache/mib)
		c.CacheBytes = max(n*mib, minCache)
	}
	if n := a.Int("par", 0); n > 0 {
		c.Workers = int(min(n, 1024))
	} else if n < 0 {
		c.Workers = int(max(int64(runtime.NumCPU())+n, 1))
	}
	if a.IsSet("minimumchainwork") {
		v := a.String("minimumchainwork", "")
		h, ok := userHex(v)
		if !ok {
			return c, fmt.Errorf("Invalid minimum work specified (%s), must be up to 64 hex digits", v)
		}
		work, err := u256.ParseHex(h)
		if err != nil {
			return c, fmt.Errorf("Invalid minimum work specified (%s): %w", v, err)
		}
		c.MinimumChainWork = &work
	}
	if a.IsSet("assumevalid") {
		v := a.String("assumevalid", "")
		h, ok := userHex(v)
		if !ok {
			return c, fmt.Errorf("Invalid assumevalid block hash specified (%s), must be up to 64 hex digits (or 0 to disable)", v)
		}
		hash, err := wire.ParseBlockHash(h)
		if err != nil {
			return c, fmt.Errorf("Invalid assumevalid block hash specified (%s): %w", v, err)
		}
		c.AssumeValid = &hash
	}
	return c, nil
}

// RPC says where and for whom calls are answered.
type RPC struct {
	Enabled bool
	// Listen are the addresses, host:port.
	Listen []string
	// AllowIP are networks besides loopback, as the user wrote them.
	AllowIP []string
	// CookieFile is where the cookie goes; "" for none.
	CookieFile  string
	CookiePerms string
	User        string
	Password    string
	Auth        []string // -rpcauth
	Whitelist   []string
	// WhitelistDefault: users without a list may call nothing.
	WhitelistDefault   bool
	Threads, WorkQueue int
	Timeout            time.Duration // 0: none
}

func (a *Args) rpc(p *params.Params) (RPC, error) {
	r := RPC{
		Enabled:          a.Bool("server", true),
		AllowIP:          a.List("rpcallowip"),
		CookiePerms:      a.String("rpccookieperms", ""),
		User:             a.String("rpcuser", ""),
		Password:         a.String("rpcpassword", ""),
		Auth:             a.List("rpcauth"),
		Whitelist:        a.List("rpcwhitelist"),
		WhitelistDefault: a.Bool("rpcwhitelistdefault", len(a.List("rpcwhitelist")) > 0),
		Threads:          int(min(max(a.Int("rpcthreads", 16), 1), 1024)),
		WorkQueue:        int(min(max(a.Int("rpcworkqueue", 64), 1), 1<<16)),
		Timeout:          time.Duration(min(max(a.Int("rpcservertimeout", 30), 0), 1<<31)) * time.Second,
	}
	var err error
	if r.CookieFile, err = a.netPath("rpccookiefile", ".cookie"); err != nil {
		return r, err
	}
	port, err := a.port("rpcport", p.RPCPort)
	if err != nil {
		return r, err
	}
	binds := a.List("rpcbind")
	for _, b := range binds {
		host, bindPort, ok := SplitHostPort(b, port)
		if !ok {
			return r, fmt.Errorf("Invalid port specified in -rpcbind: '%s'", b)
		}
		r.Listen = append(r.Listen, net.JoinHostPort(host, strconv.Itoa(int(bindPort))))
	}
	if len(binds) == 0 || len(r.AllowIP) == 0 {
		// One without the other is likelier a mistake than a wish to be reachable.
		if len(r.AllowIP) > 0 {
			a.Warnings = append(a.Warnings, "Option -rpcallowip was specified without -rpcbind; this doesn't usually make sense")
		}
		if len(binds) > 0 {
			a.Warnings = append(a.Warnings, "Option -rpcbind was ignored because -rpcallowip was not specified, refusing to allow everyone to connect")
		}
		p := strconv.Itoa(int(port))
		r.Listen = []string{net.JoinHostPort("::1", p), net.JoinHostPort("127.0.0.1", p)}
	}
	return r, nil
}

// port reads an option that is a port.
func (a *Args) port(name string, def uint16) (uint16, error) {
	if !a.IsSet(name) {
		return def, nil
	}
	v := a.String(name, "")
	n, err := strconv.ParseUint(v, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("Invalid port specified in -%s: '%s'", name, v)
	}
	return uint16(n), nil
}

// SplitHostPort takes host and port apart; an IPv6 address needs brackets when a port follows. ok is false for a port that is
// none.
func SplitHostPort(s string, def uint16) (host string, port uint16, ok bool) {
	host, port = s, def
	colon := strings.LastIndexByte(s, ':')
	bracketed := colon > 0 && s[0] == '[' && s[colon-1] == ']'
	if colon == 0 || bracketed || (colon > 0 && !strings.Contains(s[:colon], ":")) {
		n, err := strconv.ParseUint(s[colon+1:], 10, 16)
		if err != nil || n == 0 {
			return host, 0, false
		}
		host, port = s[:colon], uint16(n)
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	return host, port, true
}

func (a *Args) logging() (Log, error) {
	l := Log{
		Console:     a.Bool("printtoconsole", !a.Bool("daemon", false) && !a.Bool("daemonwait", false)),
		Debug:       a.List("debug"),
		Exclude:     a.List("debugexclude"),
		Levels:      a.List("loglevel"),
		Timestamps:  a.Bool("logtimestamps", true),
		Micros:      a.Bool("logtimemicros", false),
		Threads:     a.Bool("logthreadnames", false),
		Sources:     a.Bool("logsourcelocations", false),
		AlwaysLevel: a.Bool("loglevelalways", false),
		RateLimit:   a.Bool("logratelimit", true),
		IPs:         a.Bool("logips", false),
	}
	// Categories before a 0 or none do not count.
	for i, c := range slices.Backward(l.Debug) {
		if c == "0" || c == "none" {
			l.Debug = l.Debug[i+1:]
			break
		}
	}
	l.Shrink = a.Bool("shrinkdebugfile", len(l.Debug) == 0)
	var err error
	l.File, err = a.netPath("debuglogfile", "debug.log")
	return l, err
}
