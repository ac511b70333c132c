package rpc

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
)

// FuzzAuthorize: no header but that of the user and the password lets anybody
// in.
func FuzzAuthorize(f *testing.F) {
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, h := range []string{basic("user:pass:word"), basic("user:pass"), basic("user"), basic(":"), "Basic ", "Bearer x", "basic dXNlcjpwYXNzOndvcmQ=", ""} {
		f.Add(h)
	}
	a := NewAuth()
	a.AddPassword("user", "pass:word")
	f.Fuzz(func(t *testing.T, header string) {
		user, ok := a.authorize(header)
		encoded, isBasic := strings.CutPrefix(header, "Basic ")
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
		if want := isBasic && err == nil && string(raw) == "user:pass:word"; ok != want || ok && user != "user" {
			t.Fatalf("%q: %q, %v", header, user, ok)
		}
	})
}

// FuzzAddRPCAuth: a value is taken when it has the form USER:SALT$HASH.
func FuzzAddRPCAuth(f *testing.F) {
	for _, s := range []string{"user:salt$hash", "u:s", "u$h", ":$", "u:s$h$", "u:s:t$h", "a$b:s$h", ""} {
		f.Add(s)
	}
	form := regexp.MustCompile(`(?s)^[^:]*:[^:$]*\$[^:$]*$`)
	f.Fuzz(func(t *testing.T, s string) {
		a := NewAuth()
		if err := a.AddRPCAuth(s); (err == nil) != form.MatchString(s) || (err == nil) != (len(a.users) == 1) {
			t.Fatalf("%q: %v, %d users", s, err, len(a.users))
		}
	})
}

// FuzzParseSubnet: what is taken is a network without host bits, and reads the
// same in its usual form.
func FuzzParseSubnet(f *testing.F) {
	for _, s := range []string{
		"127.0.0.1", "10.1.2.3/8", "10.0.0.0/255.0.0.0", "10.0.0.0/255.0.255.0", "::1", "fe80::1%eth0", "2001:db8::/32",
		"::ffff:1.2.3.4/24", "1.2.3.4/33", "1.2.3.4/", "/8", "1.2.3.4/ffff::", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParseSubnet(s)
		if err != nil {
			return
		}
		again, err := ParseSubnet(p.String())
		if !p.IsValid() || p.Masked() != p || err != nil || again != p {
			t.Fatalf("%q is %s, which is %s, %v", s, p, again, err)
		}
	})
}
