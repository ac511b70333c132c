package rpc

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
)

// CookieUser is the name that stands before the colon in a cookie file.
const CookieUser = "__cookie__"

// CookiePerms translates -rpccookieperms. The second result is false for a word that is none of its values.
func CookiePerms(word string) (fs.FileMode, bool) {
	switch word {
	case "", "owner":
		return 0o600, true
	case "group":
		return 0o640, true
	case "all":
		return 0o644, true
	}
	return 0, false
}

// Cookie is a password that whoever may read a file knows.
type Cookie struct {
	Path     string
	Password string
}

// WriteCookie makes a new password and writes the cookie file: first beside it, then renamed, so that no reader sees half of it
// and an old one with looser permissions is never written into.
func WriteCookie(path string, perm fs.FileMode) (*Cookie, error) {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails: the runtime ends the process instead
	c := &Cookie{Path: path, Password: hex.EncodeToString(secret[:])}
	tmp := path + ".tmp"
	_ = os.Remove(tmp) // left by a crash; its permissions are not ours
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot write the authentication cookie: %w", err)
	}
	_, err = f.WriteString(CookieUser + ":" + c.Password)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil && perm != 0o600 {
		err = os.Chmod(tmp, perm)
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return nil, fmt.Errorf("cannot write the authentication cookie: %w", err)
	}
	return c, nil
}

// Remove deletes the file, unless another process has replaced it by its own since.
func (c *Cookie) Remove() error {
	if line, err := ReadCookie(c.Path); err == nil && line != CookieUser+":"+c.Password {
		return nil
	}
	return os.Remove(c.Path)
}

// ReadCookie returns the user:password line of a cookie file.
func ReadCookie(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Scan()
	return sc.Text(), sc.Err()
}
