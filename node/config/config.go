package config

import (
	"errors"
	"fmt"
	"os"
	"time"

	"grapevine/chain/params"
	"grapevine/internal/u256"
	"grapevine/wire"
)

// Config is everything that the sources say, checked. It is read-only once built.
type Config struct {
	Program Program
	// Params are those of the network that was selected.
	Params *params.Params
	// DataDir is shared by all networks, NetDir is this network's own; both exist and are absolute.
	DataDir, NetDir string
	// ConfPath is the configuration file looked for, "" with -noconf.
	ConfPath string
	Chain    Chain
	RPC      RPC
	Log      Log
	Net      Net
	Pool     Pool
	Mining   Mining
	// TxIndex keeps an index of all confirmed transactions.
	TxIndex bool
	// LoadBlock are files and folders of blocks to import.
	LoadBlock []string
	// StopAfterImport ends the node once LoadBlock is imported.
	StopAfterImport bool
	// Daemon runs the node in the background; DaemonWait makes the command that starts it wait until it answers calls.
	Daemon, DaemonWait bool
	// PIDFile is the file for the process id, "" for none.
	PIDFile string
	// MockTime stops the clock there, in seconds since 1970; 0 means the system's clock.
	MockTime int64
	// Warnings are for the user's eyes; Notes go to the log; Settings are the options in use, as log lines.
	Warnings, Notes, Settings []string
}

// Chain says how blocks are validated and kept.
type Chain struct {
	CacheBytes    int64 // coins and databases; never 0
	SigCacheBytes int   // checked signatures
	Workers       int   // 0: one a core
	// AssumeValid and MinimumChainWork replace the network's own; nil keeps them.
	AssumeValid      *wire.BlockHash
	MinimumChainWork *u256.Int
	StopAtHeight     int32 // 0: never
	// CheckBlocks are verified at start, 0 for none, below 0 for all.
	CheckBlocks, CheckLevel    int
	Reindex, ReindexChainstate bool
	NoXOR                      bool
	MaxTipAge                  time.Duration // 0: a day
	BlockVersion               int32         // of blocks mined on regtest; 0: by the deployments
}

// Log says what is logged where.
type Log struct {
	// File is the log file, "" for none.
	File    string
	Console bool
	Shrink  bool
	// Debug and Exclude name categories, Levels are "level" or "category:level"; all are checked by the logger.
	Debug, Exclude, Levels                            []string
	Timestamps, Micros, Threads, Sources, AlwaysLevel bool
	RateLimit                                         bool
	IPs                                               bool
}

// Parse reads the command line alone, so that help and version can be answered before anything is read or made.
func Parse(p Program, args []string) (*Args, error) {
	a := NewArgs(p)
	if err := a.ParseCommandLine(args); err != nil {
		return nil, fmt.Errorf("Error parsing command line arguments: %w", err)
	}
	return a, nil
}

// ReadFiles reads the configuration file and selects the network: what client and node have in common.
func (a *Args) ReadFiles() error {
	if !a.dataDirExists() {
		return fmt.Errorf("Specified data directory \"%s\" does not exist.", a.String("datadir", ""))
	}
	if err := a.ReadConf(); err != nil {
		return fmt.Errorf("Error reading configuration file: %w", err)
	}
	network, err := a.Network()
	if err != nil {
		return err
	}
	a.network = network
	return nil
}

// ReadClientFiles is [Args.ReadFiles] for a client, which gets the name of the network.
func (a *Args) ReadClientFiles() (network string, err error) {
	err = a.ReadFiles()
	return a.network, err
}

// Program returns as what the program was called.
func (a *Args) Program() Program { return a.program }

// ConfPath returns the path of the configuration file that was looked for, "" with -noconf.
func (a *Args) ConfPath() string { return a.confAt }

// CookiePath returns where the cookie is, "" with -norpccookiefile.
func (a *Args) CookiePath() (string, error) { return a.netPath("rpccookiefile", ".cookie") }

// Load reads all sources and returns the node's configuration.
func (a *Args) Load() (*Config, error) {
	if !a.dataDirExists() {
		return nil, fmt.Errorf("Specified data directory \"%s\" does not exist.", a.String("datadir", ""))
	}
	origBase, err := a.DataDir()
	if err != nil {
		return nil, err
	}
	origConf, err := a.confPath()
	if err != nil {
		return nil, err
	}
	if err := a.ReadFiles(); err != nil {
		return nil, err
	}
	c := &Config{Program: a.program, ConfPath: a.confAt}
	if c.DataDir, err = a.DataDir(); err != nil {
		return nil, err
	}
	if c.NetDir, err = a.NetDir(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.NetDir, 0o700); err != nil {
		return nil, fmt.Errorf("Cannot write to directory '%s'; check permissions.", c.NetDir)
	}
	if err := a.checkIgnoredConf(origBase, origConf); err != nil {
		return nil, err
	}
	if err := a.ReadSettings(); err != nil {
		return nil, err
	}
	if len(a.words) > 0 {
		return nil, fmt.Errorf("Command line contains unexpected token '%s', see %s -h for a list of options.", a.words[0], a.program.Command())
	}
	if err := a.interact(); err != nil {
		return nil, err
	}
	if err := a.fill(c); err != nil {
		return nil, err
	}
	if err := a.checkSupport(); err != nil {
		return nil, err
	}
	c.Warnings, c.Notes, c.Settings = a.Warnings, a.Notes, a.inUse()
	return c, nil
}

// fill sets the fields of c from the options.
func (a *Args) fill(c *Config) (err error) {
	if c.Params, err = a.params(); err != nil {
		return err
	}
	if c.Chain, err = a.chain(); err != nil {
		return err
	}
	if c.RPC, err = a.rpc(c.Params); err != nil {
		return err
	}
	if c.Log, err = a.logging(); err != nil {
		return err
	}
	if c.Net, err = a.net(c.Params); err != nil {
		return err
	}
	if c.Pool, err = a.pool(c.Params); err != nil {
		return err
	}
	if c.Mining, err = a.mining(); err != nil {
		return err
	}
	c.TxIndex = a.Bool("txindex", false)
	c.LoadBlock = a.List("loadblock")
	c.DaemonWait = a.Bool("daemonwait", false)
	c.Daemon = c.DaemonWait || a.Bool("daemon", false)
	c.StopAfterImport = a.Bool("stopafterblockimport", false)
	if c.PIDFile, err = a.netPath("pid", "bitcoind.pid"); err != nil {
		return err
	}
	if c.MockTime = a.Int("mocktime", 0); c.MockTime != 0 {
		switch {
		case !c.Params.Mockable:
			return errors.New("-mocktime is for regression testing (-regtest mode) only")
		case c.MockTime < 0 || c.MockTime > 1<<32-1:
			return fmt.Errorf("Mocktime must be in the range [0, %d], not %d.", uint32(1<<32-1), c.MockTime)
		}
	}
	return nil
}

// inUse lists what each source sets, without what is secret.
func (a *Args) inUse() []string {
	var out []string
	show := func(prefix, name string, s setting) {
		o := a.options[name]
		if o == nil {
			return
		}
		text := s.quoted()
		if o.Flags&Sensitive != 0 {
			text = "****"
		}
		out = append(out, prefix+name+"="+text)
	}
	for _, sec := range sortedKeys(a.conf) {
		prefix := "Config file arg: "
		if sec != "" {
			prefix += "[" + sec + "] "
		}
		for _, name := range sortedKeys(a.conf[sec]) {
			for _, s := range a.conf[sec][name] {
				show(prefix, name, s)
			}
		}
	}
	for _, name := range sortedKeys(a.rw) {
		show("Setting file arg: ", name, a.rw[name])
	}
	for _, name := range sortedKeys(a.command) {
		for _, s := range a.command[name] {
			show("Command-line arg: ", name, s)
		}
	}
	return out
}
