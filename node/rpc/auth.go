package rpc

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// Auth is who may call and what. Passwords are kept as salted hashes only. It is built before the server runs and then only
// read.
type Auth struct {
	users     []credential
	lists     map[string]map[string]bool
	listedAll bool // users without a list of their own may call nothing
}

type credential struct{ user, salt, hash string }

// ErrRPCAuth says that an -rpcauth value is not USER:SALT$HASH.
var ErrRPCAuth = errors.New("Invalid -rpcauth argument.")

// NewAuth returns an Auth that lets nobody in yet.
func NewAuth() *Auth { return &Auth{lists: map[string]map[string]bool{}} }

// AddPassword lets a user with a plain password in. Only a salted hash of it is kept.
func (a *Auth) AddPassword(user, password string) {
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // never fails: the runtime ends the process instead
	s := hex.EncodeToString(salt[:])
	a.users = append(a.users, credential{user, s, passwordHash(s, password)})
}

// AddRPCAuth lets the user of an -rpcauth value in: USER:SALT$HASH, the hash being HMAC-SHA256 of the password under the salt.
func (a *Auth) AddRPCAuth(value string) error {
	user, rest, ok := strings.Cut(value, ":")
	salt, hash, ok2 := strings.Cut(rest, "$")
	if !ok || !ok2 || strings.ContainsAny(hash, ":$") || strings.Contains(salt, ":") {
		return ErrRPCAuth
	}
	a.users = append(a.users, credential{user, salt, hash})
	return nil
}

func passwordHash(salt, password string) string {
	h := hmac.New(sha256.New, []byte(salt))
	h.Write([]byte(password))
	return hex.EncodeToString(h.Sum(nil))
}

// AddWhitelist restricts a user to methods, from a value such as "user:getblock,getblockcount". Several lists for one user
// are intersected. A value without a colon restricts the user to nothing.
func (a *Auth) AddWhitelist(value string) {
	user, methods, named := strings.Cut(value, ":")
	old, again := a.lists[user]
	if old == nil {
		old = map[string]bool{}
		a.lists[user] = old
	}
	if !named {
		return
	}
	set := map[string]bool{}
	for _, m := range strings.FieldsFunc(methods, func(r rune) bool { return r == ',' || r == ' ' }) {
		if !again || old[m] {
			set[m] = true
		}
	}
	a.lists[user] = set
}

// SetWhitelistDefault says whether users without a list may call nothing (true) or everything.
func (a *Auth) SetWhitelistDefault(on bool) { a.listedAll = on }

// methodSet is what one user may call.
type methodSet struct {
	all     bool
	listed  bool
	methods map[string]bool
}

func (m methodSet) has(method string) bool { return m.all || m.methods[method] }
func (m methodSet) none() bool             { return !m.all && !m.listed }

func (a *Auth) whitelist(user string) methodSet {
	if set, ok := a.lists[user]; ok {
		return methodSet{listed: true, methods: set}
	}
	return methodSet{all: !a.listedAll}
}

// authorize checks the value of an Authorization header.
func (a *Auth) authorize(header string) (user string, ok bool) {
	encoded, basic := strings.CutPrefix(header, "Basic ")
	if !basic {
		return "", false
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", false
	}
	user, password, ok := strings.Cut(string(raw), ":")
	if !ok {
		return "", false
	}
	for _, c := range a.users {
		if !constantTimeEqual(c.user, user) {
			continue
		}
		if constantTimeEqual(passwordHash(c.salt, password), c.hash) {
			return user, true
		}
	}
	return user, false
}

func constantTimeEqual(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
