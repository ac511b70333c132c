package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// errLocked is returned by lockFile when another process holds the lock.
var errLocked = errors.New("locked by another process")

// lockDir takes the lock on a directory, making it if it is not there. It uses the same file and kind of lock as the programs that
// share such directories, so that two different ones cannot work on one either. The block files have a lock of their own, which
// their store takes.
func lockDir(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("Cannot write to directory '%s'; check permissions.", dir)
	}
	f, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("Cannot write to directory '%s'; check permissions.", dir)
	}
	err = lockFile(f)
	if err == nil {
		return func() { _ = f.Close() }, nil // which gives the lock back
	}
	_ = f.Close()
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("Cannot obtain a lock on directory %s. Grapevine is probably already running.", dir)
	}
	return nil, fmt.Errorf("Cannot lock directory %s: %w", dir, err)
}
