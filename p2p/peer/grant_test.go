package peer

import (
	"strings"
	"testing"

	"grapevine/wire"
)

func TestBinds(t *testing.T) {
	for text, want := range map[string]Permissions{
		"1.2.3.4:32":                          Implicit,
		"bloom@1.2.3.4:32":                    BloomFilter,
		"bloomfilter@1.2.3.4:32":              BloomFilter,
		"@1.2.3.4:32":                         0,
		"noban@1.2.3.4:32":                    NoBan,
		"noban,download@1.2.3.4:32":           NoBan,
		"download,noban@1.2.3.4:32":           NoBan,
		"download@1.2.3.4:32":                 Download,
		"bloom,forcerelay@1.2.3.4:32":         BloomFilter | ForceRelay | Relay,
		"bloom,relay,noban@1.2.3.4:32":        BloomFilter | Relay | NoBan,
		"bloom,relay,,noban,noban@1.2.3.4:32": BloomFilter | Relay | NoBan | Download,
		"all@[::1]:32":                        AllPermissions,
		",,@1.2.3.4:32":                       0,
		"in,relay@1.2.3.4:32":                 Relay,
		"mempool,addr@1.2.3.4:32":             Mempool | Addr,
	} {
		b, err := ParseBind(text)
		if err != nil || b.Permissions != want || b.Addr.Port() != 32 {
			t.Errorf("%q: %v %v, %v", text, b.Permissions, b.Addr, err)
		}
	}
	for text, want := range map[string]string{
		"":                                "Cannot resolve -whitebind address: ''",
		"127.0.0.1":                       "Need to specify a port with -whitebind: '127.0.0.1'",
		"noban@127.0.0.1:0":               "Need to specify a port with -whitebind: '127.0.0.1:0'",
		"noban@host:1":                    "Cannot resolve -whitebind address: 'host:1'",
		"out,forcerelay@1.2.3.4:32":       `whitebind may only be used for incoming connections ("out" was passed)`,
		"bloom,forcerelay,oops@1.2.3.4:3": "Invalid P2P permission: 'oops'",
		"in@1.2.3.4:32":                   "Only direction was set, no permissions: 'in@1.2.3.4:32'",
	} {
		if _, err := ParseBind(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestGrants(t *testing.T) {
	for text, want := range map[string]Grant{
		"noban@1.2.3.4":         {Permissions: NoBan, In: true},
		"1.2.3.4/32":            {Permissions: Implicit, In: true},
		"in,relay@1.2.3.4":      {Permissions: Relay, In: true},
		"out,bloom@1.2.3.4":     {Permissions: BloomFilter, Out: true},
		"in,out,bloom@1.2.3.4":  {Permissions: BloomFilter, In: true, Out: true},
		"bloom,all@1.2.3.4":     {Permissions: AllPermissions, In: true},
		"relay,mempool@1.2.3.4": {Permissions: Relay | Mempool, In: true},
	} {
		g, err := ParseGrant(text)
		if err != nil || g.Net.String() != "1.2.3.4/32" {
			t.Errorf("%q: %v %v", text, g.Net, err)
		}
		if g.Net = (Subnet{}); g != want {
			t.Errorf("%q: %+v", text, g)
		}
	}
	for text, want := range map[string]string{
		"bloom,forcerelay,noban@1.2.3.4:32": "Invalid netmask specified in -whitelist: '1.2.3.4:32'",
		"@":                                 "Invalid netmask specified in -whitelist: ''",
		"out@1.2.3.4":                       "Only direction was set, no permissions: 'out@1.2.3.4'",
	} {
		if _, err := ParseGrant(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestGrantsAreAddedUp(t *testing.T) {
	g := Grants{Relay: true}
	for _, text := range []string{"noban@10.0.0.0/8", "out,addr@10.1.0.0/16", "in,out,bloom@10.1.1.0/24", "11.0.0.0/8"} {
		one, err := ParseGrant(text)
		if err != nil {
			t.Fatal(err)
		}
		g.List = append(g.List, one)
	}
	for _, c := range []struct {
		base    Permissions
		addr    string
		inbound bool
		want    Permissions
	}{
		{0, "10.0.0.1", true, NoBan},
		{0, "10.0.0.1", false, 0},
		{0, "10.1.1.1", true, NoBan | BloomFilter},
		{0, "10.1.1.1", false, Addr | BloomFilter},
		{Mempool, "9.9.9.9", true, Mempool},
		{0, "11.0.0.1", true, NoBan | Mempool | Relay},
		{Implicit, "9.9.9.9", true, NoBan | Mempool | Relay},
	} {
		a, err := wire.ParseAddress(c.addr)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.To(c.base, a, c.inbound); got != c.want {
			t.Errorf("%+v: %v (%#x)", c, got, got)
		}
	}
	if got := (&Grants{ForceRelay: true}).Usual(Implicit); got != NoBan|Mempool|ForceRelay {
		t.Errorf("with forcerelay: %v", got)
	}
	if got := (&Grants{}).Usual(Implicit); got != NoBan|Mempool {
		t.Errorf("without relay: %v", got)
	}
}

func TestAllPermissionsAreNamed(t *testing.T) {
	if got := AllPermissions.String(); got != "bloomfilter,noban,forcerelay,relay,mempool,download,addr" {
		t.Error(got)
	}
}

func FuzzParseGrant(f *testing.F) {
	for _, s := range []string{"noban@1.2.3.0/24", "in,out,all@::1", "1.2.3.4", "@", "relay@[::1]:8333", "out@x", ",@1.2.3.4/255.0.0.0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if g, err := ParseGrant(s); err == nil {
			again, err := ParseGrant(strings.Join(g.Permissions.Names(), ",") + "@" + g.Net.String())
			if err != nil || again.Net != g.Net || again.Permissions != g.Permissions&^Implicit {
				t.Fatalf("%q: %+v, then %+v, %v", s, g, again, err)
			}
		}
		if b, err := ParseBind(s); err == nil && b.Addr.Port() == 0 {
			t.Fatalf("%q: no port", s)
		}
	})
}
