package config

import (
	"strings"
	"testing"
	"time"

	"grapevine/chain/params"
	"grapevine/wire"
)

func TestNetErrors(t *testing.T) {
	for args, want := range map[string]string{
		"-port=0":                             "Invalid port specified in -port: '0'",
		"-port=65536":                         "Invalid port specified in -port: '65536'",
		"-bind=1.2.3.4:x":                     "Invalid port specified in -bind: '1.2.3.4:x'",
		"-bind=localhost":                     "Cannot resolve -bind address: 'localhost'",
		"-bind=":                              "Cannot resolve -bind address: ''",
		"-bind=1.2.3.4=tor":                   "Cannot resolve -bind address: '1.2.3.4=tor'",
		"-bind=127.0.0.1:5=onion":             "-bind=127.0.0.1:5=onion: this version of Grapevine does not listen for Tor connections, leave out =onion to listen at 127.0.0.1:5",
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
