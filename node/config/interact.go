package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"grapevine/wire"
)

// interact applies the rules by which one option sets the default of another, then refuses contradictions.
func (a *Args) interact() error {
	for _, bind := range []string{"bind", "whitebind"} {
		if len(a.List(bind)) > 0 {
			a.soft("listen", true, "-"+bind+" set")
		}
	}
	if len(a.List("connect")) > 0 || a.IsNegated("connect") || a.Int("maxconnections", defaultConnections) <= 0 {
		a.soft("dnsseed", false, "-connect or -maxconnections=0 set")
		a.soft("listen", false, "-connect or -maxconnections=0 set")
	}
	if p := a.String("proxy", ""); p != "" && p != "0" {
		for _, name := range []string{"listen", "natpmp", "discover"} {
			a.soft(name, false, "-proxy set")
		}
	}
	if !a.Bool("listen", true) {
		for _, name := range []string{"natpmp", "discover", "listenonion", "i2pacceptincoming"} {
			a.soft(name, false, "-listen=0")
		}
	}
	if len(a.List("externalip")) > 0 {
		a.soft("discover", false, "-externalip set")
	}
	if a.Bool("blocksonly", false) {
		a.soft("whitelistrelay", false, "-blocksonly=1")
		a.softText("maxmempool", strconv.Itoa(defaultPoolBlocksMB), "-blocksonly=1")
	}
	if a.Bool("whitelistforcerelay", false) {
		a.soft("whitelistrelay", true, "-whitelistforcerelay=1")
	}
	clear := func(name string) bool {
		n, _ := wire.ParseNetwork(name)
		return n == wire.NetIPv4 || n == wire.NetIPv6
	}
	if nets := a.List("onlynet"); len(nets) > 0 && !slices.ContainsFunc(nets, clear) {
		a.soft("dnsseed", false, "-onlynet excludes IPv4 and IPv6")
	}
	return a.contradictions()
}

func (a *Args) contradictions() error {
	var lines []string
	for _, name := range a.misplaced() {
		lines = append(lines, fmt.Sprintf("Config setting for -%s only applied on %s network when in [%s] section.", name, a.network, a.network))
	}
	if lines != nil {
		return errors.New(strings.Join(lines, "\n"))
	}
	a.Warnings = append(a.Warnings, a.unknownSections()...)
	prune := a.Int("prune", 0)
	for _, c := range []struct {
		wrong bool
		text  string
	}{
		{prune < 0, "Prune cannot be configured with a negative value."},
		{prune != 0 && a.Bool("txindex", false), "Prune mode is incompatible with -txindex."},
		{prune != 0 && a.Bool("txospenderindex", false), "Prune mode is incompatible with -txospenderindex."},
		{prune != 0 && a.Bool("reindex-chainstate", false), "Prune mode is incompatible with -reindex-chainstate. Use full -reindex instead."},
	} {
		if c.wrong {
			return errors.New(c.text)
		}
	}
	return a.checkNet()
}

func (a *Args) filterIndex() bool {
	v := a.String("blockfilterindex", "0")
	return v != "0"
}

// checkSupport refuses or reports what this version does not do.
func (a *Args) checkSupport() error {
	var refused, ignored []string
	for _, name := range sortedKeys(a.options) {
		o := a.options[name]
		if o.Support == Full {
			continue
		}
		if _, set := a.forced[name]; set {
			continue // our own default
		}
		s := a.get(name)
		if s.kind == unset || (o.Off && isOff(s)) {
			continue
		}
		if o.Support == Refused {
			refused = append(refused, "-"+name)
		} else {
			ignored = append(ignored, "-"+name)
		}
	}
	if refused != nil {
		return fmt.Errorf("This version of Grapevine does not support %s.", strings.Join(refused, ", "))
	}
	if ignored != nil {
		a.Warnings = append(a.Warnings, "This version of Grapevine does not support the following options, they have no effect: "+strings.Join(ignored, ", "))
	}
	return nil
}

// isOff reports whether a value switches an option off: -nox, or a number that is 0.
func isOff(s setting) bool { return s.negated() || (s.kind == text && s.text == "0") }
