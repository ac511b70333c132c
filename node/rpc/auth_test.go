package rpc

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func basic(userpass string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(userpass))
}

func TestAuthorize(t *testing.T) {
	a := NewAuth()
	a.AddPassword("alice", "pass:word")
	// HMAC-SHA256 under the salt as key: the form that the ecosystem's rpcauth script prints.
	salt := "f7efda5c189b999524f151318c0c86"
	if err := a.AddRPCAuth("rt:" + salt + "$" + passwordHash(salt, "cA773lm788buwYe4g4WT+05pKyNruVKjQ25x3n0DQcM=")); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		header, user string
		ok           bool
	}{
		{basic("alice:pass:word"), "alice", true},
		{"Basic  " + strings.TrimPrefix(basic("alice:pass:word"), "Basic ") + " ", "alice", true},
		{basic("rt:cA773lm788buwYe4g4WT+05pKyNruVKjQ25x3n0DQcM="), "rt", true},
		{basic("alice:pass"), "alice", false},
		{basic("alice:"), "alice", false},
		{basic("bob:pass:word"), "bob", false},
		{basic("alice"), "", false},
		{basic(":"), "", false},
		{"basic " + strings.TrimPrefix(basic("alice:pass:word"), "Basic "), "", false},
		{"Bearer x", "", false},
		{"Basic %%%", "", false},
		{"", "", false},
	}
	for _, c := range cases {
		if user, ok := a.authorize(c.header); ok != c.ok || user != c.user {
			t.Errorf("%q: %q %v", c.header, user, ok)
		}
	}
	if _, ok := NewAuth().authorize(basic(":")); ok {
		t.Error("an Auth without users let somebody in")
	}
}

func TestRPCAuthKnownHash(t *testing.T) {
	// RFC 4231, test case 2.
	if got := passwordHash("Jefe", "what do ya want for nothing?"); got != "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" {
		t.Error(got)
	}
}

func TestRPCAuthForm(t *testing.T) {
	for value, ok := range map[string]bool{"u:s$h": true, "u:s": false, "u": false, "": false, "u:s$h$x": false, "u:s:t$h": false, "u:s$h:x": false, "u$h": false} {
		if err := NewAuth().AddRPCAuth(value); (err == nil) != ok {
			t.Errorf("%q: %v", value, err)
		}
	}
}

func TestWhitelist(t *testing.T) {
	a := NewAuth()
	a.AddWhitelist("one:getblock,getblockcount")
	a.AddWhitelist("two:getblock, help")
	a.AddWhitelist("two:help,stop")
	a.AddWhitelist("three")
	a.AddWhitelist("four:")
	cases := []struct {
		user, method string
		dflt, want   bool
	}{
		{"one", "getblock", true, true}, {"one", "stop", true, false}, {"one", "getblock", false, true}, {"one", "stop", false, false},
		{"two", "help", true, true}, {"two", "getblock", true, false}, {"two", "stop", true, false},
		{"three", "help", false, false}, {"four", "help", false, false},
		{"else", "help", true, false}, {"else", "help", false, true},
	}
	for _, c := range cases {
		a.SetWhitelistDefault(c.dflt)
		if got := a.whitelist(c.user).has(c.method); got != c.want {
			t.Errorf("%s %s (default %v): %v", c.user, c.method, c.dflt, got)
		}
	}
}

func TestCookie(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, ".cookie")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	perm, ok := CookiePerms("group")
	if !ok {
		t.Fatal("group is a value of -rpccookieperms")
	}
	c, err := WriteCookie(path, perm)
	if err != nil {
		t.Fatal(err)
	}
	line, err := ReadCookie(path)
	if err != nil || line != "__cookie__:"+c.Password || len(c.Password) != 64 {
		t.Errorf("%q, %v", line, err)
	}
	if st, err := os.Stat(path); err != nil || (runtime.GOOS != "windows" && st.Mode().Perm() != 0o640) {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	c2, err := WriteCookie(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if c2.Password == c.Password {
		t.Error("the same password twice")
	}
	if err := c.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error("removed the cookie of another process")
	}
	if err := c2.Remove(); err != nil {
		t.Error(err)
	}
	if names, _ := os.ReadDir(dir); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
	if _, err := WriteCookie(filepath.Join(dir, "no", "such"), 0o600); err == nil {
		t.Error("wrote into a directory that is none")
	}
	for _, w := range []string{"0600", "world", "Owner"} {
		if _, ok := CookiePerms(w); ok {
			t.Errorf("%q is no value of -rpccookieperms", w)
		}
	}
}

func TestParseSubnet(t *testing.T) {
	good := map[string]string{
		"1.2.3.4": "1.2.3.4/32", "1.2.3.4/24": "1.2.3.0/24", "1.2.3.4/255.255.255.0": "1.2.3.0/24", "0.0.0.0/0": "0.0.0.0/0", "::/0": "::/0", "::1": "::1/128",
		"1.2.3.4/255.255.255.255": "1.2.3.4/32", "::ffff:1.2.3.4": "1.2.3.4/32", "fe80::1/ffff::": "fe80::/16",
	}
	for in, want := range good {
		if p, err := ParseSubnet(in); err != nil || p.String() != want {
			t.Errorf("%q: %v, %v", in, p, err)
		}
	}
	for _, in := range []string{"", "1.2.3", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/255.0.255.0", "1.2.3.4/", "::1/129", "host", "1.2.3.4/ffff::", "fe80::1%eth0"} {
		if p, err := ParseSubnet(in); err == nil || !strings.Contains(err.Error(), "Invalid -rpcallowip subnet specification: "+in) {
			t.Errorf("%q: %v, %v", in, p, err)
		}
	}
}
