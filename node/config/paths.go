package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Program is as whom the binary was called: it decides the default data directory and which options there are.
type Program uint8

const (
	// Node is `grapevine node`.
	Node Program = iota
	// CLI is `grapevine cli`.
	CLI
	// Bitcoind is the node called as bitcoind.
	Bitcoind
	// BitcoinCLI is the client called as bitcoin-cli.
	BitcoinCLI
)

func (p Program) client() bool { return p == CLI || p == BitcoinCLI }

// Command is how users call the program.
func (p Program) Command() string {
	switch p {
	case CLI:
		return "grapevine cli"
	case Bitcoind:
		return "bitcoind"
	case BitcoinCLI:
		return "bitcoin-cli"
	}
	return "grapevine node"
}

// DefaultDataDir is where data lies unless -datadir says otherwise: the directory that bitcoind would use when called as it, one
// of our own otherwise.
func (p Program) DefaultDataDir() (string, error) {
	name := "Grapevine"
	if p == Bitcoind || p == BitcoinCLI {
		name = "Bitcoin"
	}
	switch runtime.GOOS {
	case "windows":
		// An old Bitcoin directory may lie in the roaming folder; a new one goes into the local one.
		if dir := os.Getenv("APPDATA"); dir != "" && isDir(filepath.Join(dir, name)) {
			return filepath.Join(dir, name), nil
		}
		if dir := os.Getenv("LOCALAPPDATA"); dir != "" {
			return filepath.Join(dir, name), nil
		}
		return "", errors.New("neither APPDATA nor LOCALAPPDATA is set: please give -datadir")
	case "darwin":
		return filepath.Join(home(), "Library", "Application Support", name), nil
	}
	if name == "Bitcoin" {
		return filepath.Join(home(), ".bitcoin"), nil
	}
	return filepath.Join(home(), ".grapevine"), nil
}

func home() string {
	if h := os.Getenv("HOME"); h != "" {
		return h
	}
	return "/"
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// path returns an option that is a path: "" when negated, def when not set or empty.
func (a *Args) path(name, def string) string {
	s := a.get(name)
	if s.negated() {
		return ""
	}
	if s.string() == "" {
		return def
	}
	return filepath.Clean(s.string())
}

func (a *Args) dataDirExists() bool {
	dir := a.path("datadir", "")
	return dir == "" || isDir(dir)
}

// DataDir returns the data directory shared by all networks, as an absolute path.
func (a *Args) DataDir() (string, error) {
	if a.base != "" {
		return a.base, nil
	}
	dir := a.path("datadir", "")
	var err error
	if dir == "" {
		dir, err = a.program.DefaultDataDir()
	} else {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return "", err
	}
	a.base = dir
	return dir, nil
}

// netDirName is the folder of a network below the data directory.
func netDirName(network string) string {
	switch network {
	case "main":
		return ""
	case "test":
		return "testnet3"
	}
	return network
}

// NetDir returns the network's own directory.
func (a *Args) NetDir() (string, error) {
	base, err := a.DataDir()
	return filepath.Join(base, netDirName(a.network)), err
}

// netPath is path below the network's directory unless it is absolute.
func (a *Args) netPath(name, def string) (string, error) {
	p := a.path(name, def)
	if p == "" || filepath.IsAbs(p) {
		return p, nil
	}
	dir, err := a.NetDir()
	return filepath.Join(dir, p), err
}

// confPath returns where bitcoin.conf is looked for, "" with -noconf.
func (a *Args) confPath() (string, error) {
	p := a.path("conf", confName)
	if p == "" || filepath.IsAbs(p) {
		return p, nil
	}
	base, err := a.DataDir()
	return filepath.Join(base, p), err
}

// checkIgnoredConf finds a bitcoin.conf in the data directory that was not the one read: its user thinks it counts.
func (a *Args) checkIgnoredConf(origBase, origConf string) error {
	base, err := a.DataDir()
	if err != nil {
		return err
	}
	inBase := filepath.Join(base, confName)
	st, err := os.Stat(inBase)
	if err != nil {
		return nil // there is none to be ignored
	}
	if origConf == "" {
		a.Notes = append(a.Notes, fmt.Sprintf("Data directory %q contains a %q file which is explicitly ignored using -noconf.", base, confName))
		return nil
	}
	if used, err := os.Stat(origConf); err == nil && os.SameFile(st, used) {
		return nil
	}
	source := fmt.Sprintf("data directory %q", origBase)
	if c := a.String("conf", ""); c != "" {
		source = fmt.Sprintf("command line argument %q", "-conf="+c)
	}
	msg := fmt.Sprintf("Data directory %[1]q contains a %[2]q file which is ignored, because a different configuration file %[3]q from %[4]s is being used instead. Possible ways to address this would be to:\n"+
		"- Delete or rename the %[2]q file in data directory %[1]q.\n"+
		"- Change datadir= or conf= options to specify one configuration file, not two, and use includeconf= to include any other configuration files.",
		base, confName, origConf, source)
	if a.Bool("allowignoredconf", false) {
		a.Warnings = append(a.Warnings, msg)
		return nil
	}
	return errors.New(msg + "\n- Set allowignoredconf=1 option to treat this condition as a warning, not an error.")
}
