package config

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"grapevine/chain/params"
	"grapevine/wire"
)

func TestNetErrors(t *testing.T) {
	for args, want := range map[string]string{
		"-port=0":           "Invalid port specified in -port: '0'",
		"-port=65536":       "Invalid port specified in -port: '65536'",
		"-bind=1.2.3.4:x":   "Invalid port specified in -bind: '1.2.3.4:x'",
		"-bind=localhost":   "Cannot resolve -bind address: 'localhost'",
		"-bind=":            "Cannot resolve -bind address: ''",
		"-bind=1.2.3.4=tor": "Cannot resolve -bind address: '1.2.3.4=tor'",
		"-bind=127.0.0.1:5=onion -bind=127.0.0.1:5":      "Duplicate binding configuration for address 127.0.0.1:5. Please check your -bind, -bind=...=onion and -whitebind settings.",
		"-whitebind=relay@127.0.0.1:5 -bind=127.0.0.1:5": "Duplicate binding configuration for address 127.0.0.1:5. Please check your -bind, -bind=...=onion and -whitebind settings.",
		"-whitebind=127.0.0.1":                           "Need to specify a port with -whitebind: '127.0.0.1'",
		"-whitebind=noban@x:5":                           "Cannot resolve -whitebind address: 'x:5'",
		"-whitebind=oops@127.0.0.1:5":                    "Invalid P2P permission: 'oops'",
		"-whitelist=1.2.3.4:5":                           "Invalid netmask specified in -whitelist: '1.2.3.4:5'",
		"-whitebind=127.0.0.1:x":                         "Invalid port specified in -whitebind: '127.0.0.1:x'",
		"-proxy=127.0.0.1:x":                             "Invalid port specified in -proxy: '127.0.0.1:x'",
		"-proxy=127.0.0.1:5=":                            "Invalid -proxy address or hostname, ends with '=': '127.0.0.1:5='",
		"-proxy=127.0.0.1:5=Tor":                         "Unrecognized network in -proxy='127.0.0.1:5=Tor': 'tor'",
		"-proxy=127.0.0.1:5=i2p":                         "Unrecognized network in -proxy='127.0.0.1:5=i2p': 'i2p'",
		"-proxy=nowhere.example -dns=0":                  "Invalid -proxy address or hostname: 'nowhere.example'",
		"-onion=nowhere.example -dns=0":                  "Invalid -onion address or hostname: 'nowhere.example'",
		"-onion=a:70000":                                 "Invalid port specified in -onion: 'a:70000'",
		"-onion=unix:":                                   "Invalid -onion address or hostname: 'unix:'",
		"-i2psam=nowhere.example -dns=0":                 "Invalid -i2psam address or hostname: 'nowhere.example'",
		"-i2psam=1.2.3.4:0":                              "Invalid port specified in -i2psam: '1.2.3.4:0'",
		"-torcontrol=1.2.3.4:0":                          "Invalid port specified in -torcontrol: '1.2.3.4:0'",
		"-onlynet=tor":                                   "Unknown network specified in -onlynet: 'tor'",
		"-onlynet=cjdns":                                 "Outbound connections restricted to CJDNS (-onlynet=cjdns) but -cjdnsreachable is not provided",
		"-onlynet=i2p":                                   "Outbound connections restricted to i2p (-onlynet=i2p) but -i2psam is not provided",
		"-onlynet=onion -onion=0":                        "Outbound connections restricted to Tor (-onlynet=onion) but the proxy for reaching the Tor network is explicitly forbidden: -onion=0",
		"-onlynet=onion -listenonion=0":                  "Outbound connections restricted to Tor (-onlynet=onion) but the proxy for reaching the Tor network is not provided: none of -proxy, -onion or -listenonion is given",
		"-onlynet=onion -dnsseed":                        "Incompatible options: -dnsseed=1 was explicitly specified, but -onlynet forbids connections to IPv4/IPv6",
		"-externalip=nowhere.example -dns=0":             "Cannot resolve -externalip address: 'nowhere.example'",
		"-externalip=0.0.0.0":                            "Cannot resolve -externalip address: '0.0.0.0'",
		"-maxuploadtarget=5x":                            "Unable to parse -maxuploadtarget: '5x'",
		"-maxuploadtarget=":                              "Unable to parse -maxuploadtarget: ''",
		"-asmap":                                         "Embedded asmap data not available",
		"-dnsserver=localhost":                           "Cannot resolve -dnsserver address: 'localhost'",
		"-privatebroadcast -listenonion=0":               "Private broadcast of own transactions requested (-privatebroadcast), but none of Tor or I2P networks is reachable",
		"-privatebroadcast -connect=0 -onion=127.0.0.1:5": "Private broadcast of own transactions requested (-privatebroadcast), but -connect is also configured. They are incompatible because the " +
			"private broadcast needs to open new connections to randomly chosen Tor or I2P peers. Consider using -maxconnections=0 -addnode=... instead",
		"-bind=127.0.0.1 -bind=[::1]":         "",
		"-bind=127.0.0.1 -bind=127.0.0.1":     "Duplicate binding configuration for address 127.0.0.1:18444. Please check your -bind, -bind=...=onion and -whitebind settings.",
		"-bind=[0::1]:5 -bind=[0:0::1]:5":     "Duplicate binding configuration for address [::1]:5. Please check your -bind, -bind=...=onion and -whitebind settings.",
		"-uacomment=a(b":                      "User Agent comment (a(b) contains unsafe characters.",
		"-uacomment=/":                        "User Agent comment (/) contains unsafe characters.",
		"-uacomment=AZaz09.,;-_?@":            "",
		"-uacomment=\u00e9":                   "User Agent comment (\u00e9) contains unsafe characters.",
		"-limitclustercount=65":               "limitclustercount must be less than or equal to 64",
		"-limitclustercount=-1":               "limitclustercount must be less than or equal to 64",
		"-maxmempool=4":                       "-maxmempool must be at least 5 MB",
		"-maxmempool=-1":                      "-maxmempool must be at least 5 MB",
		"-maxmempool=-9223372036854775808":    "-maxmempool must be at least 5 MB",
		"-maxmempool=4 -limitclustersize=100": "",
		"-maxmempool=0":                       "",
		"-minrelaytxfee=x":                    "Invalid amount for -minrelaytxfee=<amount>: 'x'",
		"-minrelaytxfee":                      "Invalid amount for -minrelaytxfee=<amount>: ''",
		"-incrementalrelayfee=-1":             "Invalid amount for -incrementalrelayfee=<amount>: '-1'",
		"-dustrelayfee=21000001":              "Invalid amount for -dustrelayfee=<amount>: '21000001'",
		"-blockmintxfee=1e-8":                 "Invalid amount for -blockmintxfee=<amount>: '1e-8'",
		"-blockmaxweight=4000001":             "-blockmaxweight (4000001) exceeds consensus maximum block weight (4000000)",
		"-blockreservedweight=1999":           "-blockreservedweight (1999) is lower than minimum safety value of (2000)",
		"-blockreservedweight=4000001":        "-blockreservedweight (4000001) exceeds consensus maximum block weight (4000000)",
		"-blockmaxweight=7999":                "-blockreservedweight (8000) exceeds -blockmaxweight (7999)",
	} {
		_, err := load(tree(t, nil), append([]string{"-regtest"}, strings.Fields(args)...)...)
		if (err == nil) != (want == "") || (err != nil && err.Error() != want) {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
	if _, err := load(tree(t, nil), "-acceptnonstdtxn"); err == nil || err.Error() != "acceptnonstdtxn is not currently supported for main chain" {
		t.Error(err)
	}
}

func TestFilesOfNet(t *testing.T) {
	dir := tree(t, map[string]string{"as.dat": "x", "seeds.txt": "1.2.3.4\n"})
	c, err := load(dir, "-asmap=as.dat", "-seedfile=seeds.txt")
	if err != nil || c.Net.ASMap != filepath.Join(dir, "as.dat") || c.Net.Seeds.File != filepath.Join(dir, "seeds.txt") {
		t.Errorf("%+v, %v", c, err)
	}
	for arg, want := range map[string]string{"-asmap=none.dat": "Could not find asmap file ", "-seedfile=none": "Could not find seed file "} {
		if _, err := load(dir, arg); err == nil || err.Error() != want+strconv.Quote(filepath.Join(dir, strings.SplitN(arg, "=", 2)[1])) {
			t.Errorf("%s: %v", arg, err)
		}
	}
	if c, err := load(dir, "-noasmap"); err != nil || c.Net.ASMap != "" {
		t.Error(err)
	}
}

func TestNetWarnings(t *testing.T) {
	const bad = " This port is considered \"bad\" and thus it is unlikely that any peer will connect to it."
	for args, want := range map[string]string{
		"":                                "",
		"-port=22":                        "-port request to listen on port 22." + bad,
		"-port=22 -bind=127.0.0.1:5":      "",
		"-bind=127.0.0.1:22":              "-bind request to listen on port 22." + bad,
		"-bind=127.0.0.1:22=onion":        "",
		"-whitebind=127.0.0.1:22 -port=9": "",
		"-privatebroadcast -proxyrandomize=0": "Private broadcast of own transactions requested (-privatebroadcast) and -proxyrandomize is disabled. Tor circuits for private broadcast " +
			"connections may be correlated to other connections over Tor. For maximum privacy set -proxyrandomize=1.",
	} {
		c, err := load(tree(t, nil), strings.Fields(args)...)
		if err != nil {
			t.Errorf("%s: %v", args, err)
		} else if got := strings.Join(c.Warnings, "|"); got != want {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
}

func TestByteUnits(t *testing.T) {
	for in, want := range map[string]uint64{
		"0": 0, "5": 5 * 7, "5k": 5000, "5K": 5 << 10, "5m": 5_000_000, "5M": 5 << 20, "5g": 5_000_000_000, "5G": 5 << 30, "5t": 5_000_000_000_000, "5T": 5 << 40,
		"16777215T": 16777215 << 40, "18446744073709551615k": 1, "16777216T": 1, "": 1, "k": 1, "-5": 1, "+5": 1, "5 ": 1, "5kk": 1, "0x5": 1, "1.5k": 1,
	} {
		got, ok := byteUnits(in, 7)
		if ok != (want != 1) || (ok && got != want) {
			t.Errorf("%q: %d, %v", in, got, ok)
		}
	}
}

func TestOnionTarget(t *testing.T) {
	for args, want := range map[string]string{
		"": "127.0.0.1:8334", "-bind=1.2.3.4": "1.2.3.4:8333", "-bind=1.2.3.4 -bind=[::1]:7=onion": "[::1]:7", "-whitebind=1.2.3.4:5": "127.0.0.1:8334",
		"-listen=0 -listenonion=0": "invalid AddrPort",
	} {
		a := parsed(t, "main", "", strings.Fields(args)...)
		if err := a.interact(); err != nil {
			t.Fatal(err)
		}
		n, err := a.net(params.Mainnet())
		if err != nil || n.OnionTarget().String() != want {
			t.Errorf("%s: %s, %v", args, n.OnionTarget(), err)
		}
		if n.Everywhere() == strings.Contains(args, "bind") {
			t.Errorf("%s: everywhere is %v", args, n.Everywhere())
		}
	}
}

func TestNetworkPorts(t *testing.T) {
	for flag, want := range map[string]uint16{"-nopid": 8333, "-testnet": 18333, "-testnet4": 48333, "-signet": 38333, "-regtest": 18444} {
		if c, err := load(tree(t, nil), flag); err != nil || c.Net.Port != want {
			t.Errorf("%s: %+v, %v", flag, c, err)
		}
	}
}

func TestPool(t *testing.T) {
	usual := Pool{MaxBytes: 300_000_000, Expiry: 336 * time.Hour, MinRelay: 100, Incremental: 100, Dust: 3000, DataCarrierBytes: 100_000, PermitBareMultisig: true, ClusterCount: 64, ClusterVBytes: 101_000}
	for args, want := range map[string]func(*Pool){
		"":                                  func(*Pool) {},
		"-blocksonly":                       func(p *Pool) { p.MaxBytes = 5_000_000 },
		"-datacarrier=0 -datacarriersize=9": func(p *Pool) { p.DataCarrierBytes = 0 },
		"-datacarriersize=83 -permitbaremultisig=0 -acceptnonstdtxn": func(p *Pool) {
			p.DataCarrierBytes, p.PermitBareMultisig, p.AcceptNonStandard = 83, false, true
		},
		"-incrementalrelayfee=0.00001":                          func(p *Pool) { p.Incremental, p.MinRelay = 1000, 1000 },
		"-incrementalrelayfee=0.00001 -minrelaytxfee=0.0000001": func(p *Pool) { p.Incremental, p.MinRelay = 1000, 10 },
		"-incrementalrelayfee=0":                                func(p *Pool) { p.Incremental = 0 },
		"-dustrelayfee=.5":                                      func(p *Pool) { p.Dust = 50_000_000 },
		"-maxmempool=50 -blocksonly -mempoolexpiry=1":           func(p *Pool) { p.MaxBytes, p.Expiry = 50_000_000, time.Hour },
		"-limitclustercount=7 -limitclustersize=20":             func(p *Pool) { p.ClusterCount, p.ClusterVBytes = 7, 20_000 },
		"-mempoolexpiry=9223372036854775807":                    func(p *Pool) { p.Expiry = (1 << 21) * time.Hour },
	} {
		a := parsed(t, "regtest", "", strings.Fields(args)...)
		if err := a.interact(); err != nil {
			t.Errorf("%s: %v", args, err)
			continue
		}
		w := usual
		want(&w)
		if got, err := a.pool(params.Regtest(params.RegtestOptions{})); err != nil || got != w {
			t.Errorf("%s: %+v, want %+v, %v", args, got, w, err)
		}
	}
	a := parsed(t, "main", "", "-blockmaxweight=9000", "-blockreservedweight=2000", "-blockmintxfee=1")
	if m, err := a.mining(); err != nil || m != (Mining{MaxWeight: 9000, Reserved: 2000, MinFeeRate: wire.FeeRate(wire.Coin)}) {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestParseMoney(t *testing.T) {
	for in, want := range map[string]wire.Amount{
		"0": 0, "1": wire.Coin, " 1.5\n": 150_000_000, "0.00000001": 1, "1.": wire.Coin, ".1": 10_000_000, ".": 0, "21000000": wire.MaxMoney, "0000000001": wire.Coin,
		"": -1, " ": -1, "-1": -1, "+1": -1, "1e3": -1, "0.000000001": -1, "1 2": -1, "1.2.3": -1, "21000000.00000001": -1, "00000000001": -1, "1\x00": -1, "99999999999": -1,
	} {
		if got, ok := parseMoney(in); ok != (want >= 0) || (ok && got != want) {
			t.Errorf("%q: %d, %v", in, got, ok)
		}
	}
}
