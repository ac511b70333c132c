package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// confName and settingsName are the files below the data directory.
const (
	confName     = "bitcoin.conf"
	settingsName = "settings.json"
)

// line is one name=value of a file; the name includes the section.
type line struct{ name, value string }

// parseConf takes a configuration file apart.
func parseConf(content, file string) (lines []line, sections []section, err error) {
	const blank = " \t\r\n"
	prefix := ""
	for i, str := range strings.Split(content, "\n") {
		str, _, comment := strings.Cut(str, "#")
		str = strings.Trim(str, blank)
		switch {
		case str == "":
		case str[0] == '[' && str[len(str)-1] == ']':
			name := str[1 : len(str)-1]
			sections = append(sections, section{name, file, i + 1})
			prefix = name + "."
		case str[0] == '-':
			return nil, nil, fmt.Errorf("parse error on line %d: %s, options in configuration file must be specified without leading -", i+1, str)
		default:
			name, value, ok := strings.Cut(str, "=")
			if !ok {
				msg := fmt.Sprintf("parse error on line %d: %s", i+1, str)
				if strings.HasPrefix(str, "no") {
					msg += fmt.Sprintf(", if you intended to specify a negated option, use %s=1 instead", str)
				}
				return nil, nil, errors.New(msg)
			}
			name = prefix + strings.Trim(name, blank)
			if comment && strings.Contains(name, "rpcpassword") {
				return nil, nil, fmt.Errorf("parse error on line %d, using # in rpcpassword can be ambiguous and should be avoided", i+1)
			}
			lines = append(lines, line{name, strings.Trim(value, blank)})
			if dot := strings.LastIndexByte(name, '.'); dot >= len(prefix) {
				sections = append(sections, section{name[:dot], file, i + 1})
			}
		}
	}
	return lines, sections, nil
}

// addConf takes in the text of one configuration file.
func (a *Args) addConf(content, file string) error {
	lines, sections, err := parseConf(content, file)
	if err != nil {
		return err
	}
	a.sections = append(a.sections, sections...)
	for _, l := range lines {
		k := splitKey(l.name)
		if k.name == "conf" {
			return errors.New("conf cannot be set in the configuration file; use includeconf= if you want to include additional config files")
		}
		o := a.options[k.name]
		if o == nil {
			a.Warnings = append(a.Warnings, "Ignoring unknown configuration value "+l.name)
			continue
		}
		if k.name == "reindex" {
			a.Warnings = append(a.Warnings, "reindex is set in the configuration file: every start will rebuild block index and coins. Consider removing it.")
		}
		s, err := a.interpret(k, o, l.value, true)
		if err != nil {
			return err
		}
		sec := a.conf[k.section]
		if sec == nil {
			sec = map[string]span{}
			a.conf[k.section] = sec
		}
		sec[k.name] = append(sec[k.name], s)
	}
	return nil
}

// ReadConf reads bitcoin.conf and what it includes. A file that is missing is an error only when -conf names it.
func (a *Args) ReadConf() error {
	path, err := a.confPath()
	if err != nil {
		return err
	}
	if a.confAt = path; path == "" {
		return nil
	}
	content, err := readConfFile(path)
	switch {
	case errors.Is(err, errIsDir):
		return fmt.Errorf("Config file \"%s\" is a directory.", path)
	case err != nil && a.IsSet("conf"):
		return fmt.Errorf("specified config file \"%s\" could not be opened.", path)
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		// Going on without the user's configuration could open what they closed.
		return fmt.Errorf("config file could not be read: %w", err)
	}
	if err := a.addConf(content, path); err != nil {
		return err
	}
	// Included files lie beside this one, whatever data directory it names.
	if err := a.readIncludes(); err != nil {
		return err
	}
	a.base = "" // the files may have named another
	if !a.dataDirExists() {
		return fmt.Errorf("specified data directory \"%s\" does not exist.", a.String("datadir", ""))
	}
	return nil
}

var errIsDir = errors.New("is a directory")

func readConfFile(path string) (string, error) {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return "", errIsDir
	}
	b, err := os.ReadFile(path)
	return string(b), err
}

// includes lists the files that a section includes, from the given value on.
func (a *Args) includes(sec string, skip int) (files []string, total int) {
	all := a.conf[sec]["includeconf"]
	for _, s := range all[min(max(skip, all.dropped()), len(all)):] {
		files = append(files, s.string())
	}
	return files, len(all)
}

// readIncludes reads included files, one level deep: first those of the network's section. Includes in them are reported.
func (a *Args) readIncludes() error {
	if len(a.command["includeconf"]) > 0 {
		return nil // only -noincludeconf gets here
	}
	network, _ := a.Network() // a wrong one is reported once all is read
	files, inSection := a.includes(network, 0)
	more, inDefault := a.includes("", 0)
	for _, f := range append(files, more...) {
		path := f
		if !filepath.IsAbs(path) {
			base, err := a.DataDir()
			if err != nil {
				return err
			}
			path = filepath.Join(base, path)
		}
		content, err := readConfFile(path)
		if errors.Is(err, errIsDir) {
			return fmt.Errorf("Included config file \"%s\" is a directory.", path)
		}
		if err != nil {
			return fmt.Errorf("Failed to include configuration file %s", f)
		}
		if err := a.addConf(content, f); err != nil {
			return err
		}
		a.Notes = append(a.Notes, "Included configuration file "+f)
	}
	files, _ = a.includes(network, inSection)
	more, _ = a.includes("", inDefault)
	files = append(files, more...)
	if now, _ := a.Network(); now != network {
		more, _ = a.includes(now, 0)
		files = append(files, more...)
	}
	for _, f := range files {
		a.Warnings = append(a.Warnings, "-includeconf cannot be used from included files; ignoring -includeconf="+f)
	}
	return nil
}

// unknownSections returns one warning line a section that is no network.
func (a *Args) unknownSections() []string {
	var out []string
	for _, s := range a.sections {
		if !networkName(s.name) {
			w := fmt.Sprintf("%s:%d Section [%s] is not recognized.", s.file, s.line, s.name)
			if !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	return out
}
