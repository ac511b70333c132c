package node

import (
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"grapevine/internal/vfs"
	"grapevine/p2p/bans"
	"grapevine/p2p/peer"
)

// banKeeper is the list of bans with its file. What changes the list is on disk, and in force, when it returns.
type banKeeper struct {
	*bans.List
	path string
	now  func() time.Time
	log  *slog.Logger
	// enforce ends the connections to whom is banned.
	enforce func()
	// writing keeps writers of the file apart. Nothing else waits for it.
	writing sync.Mutex
}

// openBans reads the file. Bans that cannot be read are lost, which is no reason not to run.
func openBans(list *bans.List, dir string, now func() time.Time, cjdns bool, log *slog.Logger) *banKeeper {
	k := &banKeeper{List: list, path: filepath.Join(dir, bans.FileName), now: now, log: log, enforce: func() {}}
	content, err := vfs.ReadFile(vfs.OS(), k.path, bans.MaxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return k
	case err != nil:
		log.Warn("Cannot read the list of bans", "path", k.path, "error", err)
		return k
	}
	dropped, err := list.Load(now(), content, cjdns)
	if err != nil {
		log.Warn("Cannot parse the list of bans", "path", k.path, "error", err)
	}
	for _, what := range dropped {
		log.Warn("Dropped from the list of bans: " + what)
	}
	log.Info("Loaded bans", "bans", len(list.Entries(now())))
	return k
}

// Ban is [bans.List.Ban].
func (k *banKeeper) Ban(now time.Time, s peer.Subnet, seconds int64, absolute bool) bool {
	changed := k.List.Ban(now, s, seconds, absolute)
	k.enforce()
	k.save()
	return changed
}

// Unban is [bans.List.Unban].
func (k *banKeeper) Unban(s peer.Subnet) bool {
	was := k.List.Unban(s)
	k.save()
	return was
}

// Clear is [bans.List.Clear].
func (k *banKeeper) Clear() {
	k.List.Clear()
	k.save()
}

// save writes the file if there is something new.
func (k *banKeeper) save() {
	k.writing.Lock()
	defer k.writing.Unlock()
	content, ok := k.Save(k.now())
	if !ok {
		return
	}
	if err := vfs.WriteFileSync(vfs.OS(), k.path, k.path+".new", content); err != nil {
		k.Unsaved()
		k.log.Error("Cannot write the list of bans; it is lost with the node", "path", k.path, "error", err)
	}
}
