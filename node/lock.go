package node

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"grapevine/internal/vfs"
)

// lockDir takes the lock on a directory, making it if it is not there. The block files have a lock of their own, which their
// store takes.
func lockDir(dir string) (io.Closer, error) {
	disk := vfs.OS()
	if err := disk.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("Cannot write to directory '%s'; check permissions.", dir)
	}
	lock, err := disk.Lock(filepath.Join(dir, ".lock"))
	if errors.Is(err, vfs.ErrLocked) {
		return nil, fmt.Errorf("Cannot obtain a lock on directory %s. Grapevine is probably already running.", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("Cannot write to directory '%s'; check permissions. (%w)", dir, err)
	}
	return lock, nil
}
