package config

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// tree makes files below a new data directory.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", filepath.Join(dir, "home")) // a -datadir that is lost on the way must not find the user's
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(dir string, args ...string) (*Config, error) {
	a, err := Parse(Bitcoind, append([]string{"-datadir=" + dir}, args...))
	if err != nil {
		return nil, err
	}
	return a.Load()
}

// load2 is load for a configuration file that may set the data directory; the default one is dir.
func load2(conf, dir string) (*Config, error) {
	a, err := Parse(Bitcoind, []string{"-conf=" + conf, "-allowignoredconf"})
	if err != nil {
		return nil, err
	}
	a.base = dir
	return a.Load()
}

func TestLoadDefaults(t *testing.T) {
	dir := tree(t, nil)
	c, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c.Params.Name != "main" || c.NetDir != dir || c.DataDir != dir || c.PIDFile != filepath.Join(dir, "bitcoind.pid") || c.Log.File != filepath.Join(dir, "debug.log") {
		t.Errorf("%+v", c)
	}
	want := Chain{CacheBytes: 450 << 20, SigCacheBytes: 16 << 20, CheckBlocks: 6, CheckLevel: 3, MaxTipAge: 24 * time.Hour}
	if c.Chain != want {
		t.Errorf("%+v", c.Chain)
	}
	r := RPC{Enabled: true, Listen: []string{"[::1]:8332", "127.0.0.1:8332"}, CookieFile: filepath.Join(dir, ".cookie"), Threads: 16, WorkQueue: 64, Timeout: 30 * time.Second}
	if !reflect.DeepEqual(c.RPC, r) {
		t.Errorf("%+v", c.RPC)
	}
	if len(c.Warnings) != 0 {
		t.Errorf("%q", c.Warnings)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "settings.json")); err != nil || !strings.HasPrefix(string(b), "{\n    \"_warning_\": \"") {
		t.Errorf("%s, %v", b, err)
	}
	if _, err := load(dir); err != nil {
		t.Errorf("the settings.json that it wrote: %v", err)
	}
}

func TestLoadNetworks(t *testing.T) {
	for flag, want := range map[string]struct {
		name, sub, port string
	}{
		"-testnet": {"test", "testnet3", "18332"}, "-testnet4": {"testnet4", "testnet4", "48332"}, "-signet": {"signet", "signet", "38332"}, "-regtest": {"regtest", "regtest", "18443"},
	} {
		dir := tree(t, nil)
		c, err := load(dir, flag, "-debuglogfile=x/y.log", "-rpccookiefile=/z/c", "-nopid", "-norpccookiefile=0")
		if err != nil {
			t.Fatal(err)
		}
		if c.Params.Name != want.name || c.NetDir != filepath.Join(dir, want.sub) || c.RPC.Listen[1] != "127.0.0.1:"+want.port || c.PIDFile != "" ||
			c.Log.File != filepath.Join(dir, want.sub, "x", "y.log") {
			t.Errorf("%s: %+v", flag, c)
		}
		if st, err := os.Stat(c.NetDir); err != nil || !st.IsDir() {
			t.Error(err)
		}
	}
}

func TestLoadFields(t *testing.T) {
	dir := tree(t, map[string]string{"bitcoin.conf": "loadblock=a\nloadblock=b\nassumevalid=0\n[regtest]\nrpcport=99\nrpcbind=0.0.0.0\nrpcbind=[::]:5\nrpcallowip=10.0.0.0/8\n"})
	c, err := load(dir, "-regtest", "-dbcache=1", "-par=-1000", "-minimumchainwork=0xff", "-stopatheight=7", "-checkblocks=0", "-checklevel=9", "-blocksxor=0", "-reindex",
		"-stopafterblockimport", "-rpcuser=u", "-rpcpassword=p", "-mocktime=12", "-debug=net", "-debug=0", "-debug=rpc", "-nodebuglogfile", "-rpcwhitelist=u:help", "-maxsigcachesize=0")
	if err != nil {
		t.Fatal(err)
	}
	ch := c.Chain
	if ch.CacheBytes != 4<<20 || ch.Workers != 1 || ch.MinimumChainWork == nil || ch.MinimumChainWork.Hex() != strings.Repeat("0", 62)+"ff" || ch.AssumeValid == nil || !ch.AssumeValid.IsZero() ||
		ch.StopAtHeight != 7 || ch.CheckBlocks != -1 || ch.CheckLevel != 4 || !ch.NoXOR || !ch.Reindex || ch.SigCacheBytes != 0 {
		t.Errorf("%+v", ch)
	}
	if !reflect.DeepEqual(c.RPC.Listen, []string{"0.0.0.0:99", "[::]:5"}) || !reflect.DeepEqual(c.RPC.AllowIP, []string{"10.0.0.0/8"}) || !c.RPC.WhitelistDefault {
		t.Errorf("%+v", c.RPC)
	}
	if !reflect.DeepEqual(c.LoadBlock, []string{"a", "b"}) || !c.StopAfterImport || c.MockTime != 12 || c.Log.File != "" || !reflect.DeepEqual(c.Log.Debug, []string{"rpc"}) || c.Log.Shrink {
		t.Errorf("%+v", c)
	}
	for _, s := range c.Settings {
		if strings.Contains(s, "rpcpassword") && s != "Command-line arg: rpcpassword=****" {
			t.Errorf("a secret in the log: %s", s)
		}
	}
	if !strings.Contains(strings.Join(c.Settings, "\n"), `Config file arg: [regtest] rpcport="99"`) {
		t.Errorf("%q", c.Settings)
	}
}

func TestLoadErrors(t *testing.T) {
	for arg, want := range map[string]string{
		"-chain=nope":                    "Unknown chain nope.",
		"word":                           "Command line contains unexpected token 'word', see bitcoind -h for a list of options.",
		"-foo":                           "Error parsing command line arguments: Invalid parameter -foo",
		"-conf=missing.conf":             "Error reading configuration file: specified config file \"DIR/missing.conf\" could not be opened.",
		"-conf=":                         "Error reading configuration file: specified config file \"DIR/bitcoin.conf\" could not be opened.",
		"-conf=.":                        "Error reading configuration file: Config file \"DIR\" is a directory.",
		"-assumevalid=xyz":               "Invalid assumevalid block hash specified (xyz), must be up to 64 hex digits (or 0 to disable)",
		"-minimumchainwork=xyz":          "Invalid minimum work specified (xyz), must be up to 64 hex digits",
		"-rpcport=0":                     "Invalid port specified in -rpcport: '0'",
		"-rpcport=70000":                 "Invalid port specified in -rpcport: '70000'",
		"-rpcbind=1.2.3.4:x":             "Invalid port specified in -rpcbind: '1.2.3.4:x'",
		"-testactivationheight=segwit@5": "The -testactivationheight option may not be used on mainnet.",
		"-vbparams=testdummy:0:1":        "The -vbparams option may not be used on mainnet.",
		"-mocktime=5":                    "-mocktime is for regression testing (-regtest mode) only",
		"-test=bip94":                    "-test=<option> can only be used with regtest",
		"-signetchallenge=zz":            "-signetchallenge must be hex, not 'zz'.",
		"-prune=1000":                    "This version of Grapevine does not support -prune.",
	} {
		dir := tree(t, nil)
		_, err := load(dir, arg)
		want = strings.ReplaceAll(want, "DIR", dir)
		if runtime.GOOS == "windows" && strings.Contains(want, dir) {
			continue
		}
		if (err == nil) != (want == "") || (err != nil && err.Error() != want) {
			t.Errorf("%s: %v, want %s", arg, err, want)
		}
	}
	if _, err := load(filepath.Join(t.TempDir(), "none")); err == nil || !strings.HasPrefix(err.Error(), "Specified data directory \"") {
		t.Error(err)
	}
	dir := tree(t, map[string]string{"settings.json": "{"})
	if _, err := load(dir); err == nil || !strings.HasPrefix(err.Error(), "Settings file could not be read: ") {
		t.Error(err)
	}
	if _, err := load(dir, "-nosettings"); err != nil {
		t.Error(err)
	}
}

func TestIncludes(t *testing.T) {
	dir := tree(t, map[string]string{
		"bitcoin.conf": "includeconf=a.conf\nregtest=1\n[regtest]\nincludeconf=b.conf\n[signet]\nincludeconf=missing.conf\n",
		"a.conf":       "par=1\nincludeconf=c.conf\n",
		"b.conf":       "par=2\n",
	})
	c, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c.Chain.Workers != 2 || c.Params.Name != "regtest" { // the network's includes come first
		t.Errorf("par %d", c.Chain.Workers)
	}
	if len(c.Warnings) != 1 || c.Warnings[0] != "-includeconf cannot be used from included files; ignoring -includeconf=c.conf" {
		t.Errorf("%q", c.Warnings)
	}
	if c, err = load(dir, "-noincludeconf"); err != nil || c.Chain.Workers != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	dir = tree(t, map[string]string{"bitcoin.conf": "includeconf=a.conf\n", "a.conf": "par=3\n", "other/a.conf": "par=4\n"})
	if err := os.WriteFile(filepath.Join(dir, "bitcoin.conf"), []byte("includeconf=a.conf\ndatadir="+filepath.Join(dir, "other")), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err = load2(filepath.Join(dir, "bitcoin.conf"), dir); err != nil || c.Chain.Workers != 3 || c.DataDir != filepath.Join(dir, "other") {
		t.Errorf("%+v, %v", c, err)
	}
	dir = tree(t, map[string]string{"bitcoin.conf": "includeconf=missing.conf\n"})
	if _, err := load(dir); err == nil || err.Error() != "Error reading configuration file: Failed to include configuration file missing.conf" {
		t.Error(err)
	}
}

func TestIgnoredConf(t *testing.T) {
	dir := tree(t, map[string]string{"bitcoin.conf": "", "other/bitcoin.conf": "par=3"})
	if err := os.WriteFile(filepath.Join(dir, "bitcoin.conf"), []byte("datadir="+filepath.Join(dir, "other")), 0o600); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "bitcoin.conf")
	a, err := Parse(Bitcoind, []string{"-conf=" + conf})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Load(); err == nil || !strings.Contains(err.Error(), "file which is ignored, because a different configuration file") {
		t.Error(err)
	}
	a, _ = Parse(Bitcoind, []string{"-conf=" + conf, "-allowignoredconf"})
	c, err := a.Load()
	if err != nil || c.DataDir != filepath.Join(dir, "other") || c.Chain.Workers != 0 || len(c.Warnings) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = load(filepath.Join(dir, "other"), "-noconf")
	if err != nil || c.ConfPath != "" || c.Chain.Workers != 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestDefaultDataDir(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("the default folder stands elsewhere on this system")
	}
	t.Setenv("HOME", "/h")
	for p, want := range map[Program]string{Node: "/h/.grapevine", CLI: "/h/.grapevine", Bitcoind: "/h/.bitcoin", BitcoinCLI: "/h/.bitcoin"} {
		if got, err := p.DefaultDataDir(); err != nil || got != want {
			t.Errorf("%v: %s, %v", p.Command(), got, err)
		}
	}
}

func TestSplitHostPort(t *testing.T) {
	for in, want := range map[string]struct {
		host string
		port uint16
		ok   bool
	}{
		"1.2.3.4": {"1.2.3.4", 9, true}, "1.2.3.4:5": {"1.2.3.4", 5, true}, "[::1]:5": {"::1", 5, true}, "::1": {"::1", 9, true}, "[::1]": {"::1", 9, true}, "host:5": {"host", 5, true},
		":5": {"", 5, true}, "host:0": {"host:0", 0, false}, "host:": {"host:", 0, false}, "host:65536": {"host:65536", 0, false}, "": {"", 9, true}, "::1:5": {"::1:5", 9, true},
	} {
		if host, port, ok := SplitHostPort(in, 9); host != want.host || port != want.port || ok != want.ok {
			t.Errorf("%q: %q %d %v", in, host, port, ok)
		}
	}
}
