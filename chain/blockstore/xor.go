package blockstore

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"grapevine/internal/vfs"
)

// XORKey obscures the bytes of blk and rev files, so that no virus scanner
// takes offence at what strangers put into blocks. The byte at file offset i
// is combined with byte i mod 8 of the key. The zero key changes nothing.
type XORKey [8]byte

// IsZero reports whether the key changes nothing.
func (k XORKey) IsZero() bool { return k == XORKey{} }

// String returns the key as hexadecimal digits in file order.
func (k XORKey) String() string { return hex.EncodeToString(k[:]) }

// patternLen is how many bytes are combined in one go: enough to make the
// call cheap, small enough for the stack.
const patternLen = 1024

// Apply writes to dst the bytes of src as they stand at offset of a file, in
// one direction or the other. dst and src have the same length and are the
// same memory or do not overlap.
func (k XORKey) Apply(dst, src []byte, offset int64) {
	if k.IsZero() {
		if len(src) > 0 && &dst[0] != &src[0] {
			copy(dst, src)
		}
		return
	}
	var pattern [patternLen]byte
	for i := range 8 {
		pattern[i] = k[(offset+int64(i))&7]
	}
	n := min(len(src), patternLen)
	for have := 8; have < n; have *= 2 {
		copy(pattern[have:], pattern[:have])
	}
	for len(src) > 0 {
		// patternLen is a multiple of 8: the phase stays.
		n := subtle.XORBytes(dst, src[:min(len(src), patternLen)], pattern[:])
		dst, src = dst[n:], src[n:]
	}
}

const (
	xorName = "xor.dat"
	xorTmp  = ".xor.dat.tmp" // hidden, so that it does not count as a used folder
)

// readKey returns the key of a blocks folder, and whether it has one. The
// file is the eight bytes and nothing else.
func readKey(fsys vfs.FS, dir string) (key XORKey, found bool, err error) {
	name := filepath.Join(dir, xorName)
	b, err := vfs.ReadFile(fsys, name, 4096)
	if errors.Is(err, fs.ErrNotExist) {
		return key, false, nil
	}
	if err != nil {
		return key, false, ioError(name, -1, err)
	}
	if len(b) != len(key) {
		return key, false, &Error{Kind: ErrKey, File: name, Offset: -1, Detail: "it must be 8 bytes long"}
	}
	return XORKey(b), true, nil
}

// initKey reads the folder's key or makes one: random in a folder that holds
// nothing but hidden files, unless plain is asked for, and zero in one that
// has been used without a key.
func initKey(fsys vfs.FS, dir string, plain bool, random io.Reader) (XORKey, error) {
	key, found, err := readKey(fsys, dir)
	if err != nil {
		return key, err
	}
	name := filepath.Join(dir, xorName)
	if found {
		if plain && !key.IsZero() {
			return key, &Error{Kind: ErrKey, File: name, Offset: -1,
				Detail: "-blocksxor=0 cannot be had, the files were written with the key " + key.String()}
		}
		return key, nil
	}
	list, err := fsys.ReadDir(dir)
	if err != nil {
		return key, ioError(dir, -1, err)
	}
	fresh := true
	for _, in := range list {
		if in.Dir || !strings.HasPrefix(in.Name, ".") {
			fresh = false
		}
	}
	if fresh && !plain {
		if random == nil {
			random = rand.Reader
		}
		if _, err := io.ReadFull(random, key[:]); err != nil {
			return key, ioError(name, -1, err)
		}
	}
	if err := vfs.WriteFileSync(fsys, name, filepath.Join(dir, xorTmp), key[:]); err != nil {
		return key, ioError(name, -1, err)
	}
	return key, nil
}
