// Package crash is a disk in memory for tests: a vfs.FS that loses power at a
// chosen call and comes back with what a real disk might have kept, and that
// returns the errors of full and failing disks. Only tests import it.
//
// # What a loss of power does
//
// From the chosen call on (see [FS.CutAtSync], [FS.CutAtWrite]) every call
// fails with [ErrPowerLost], that one included. [FS.Reopen] makes the disk of
// the next start, and its seed chooses among all that POSIX allows:
//   - Content and length that a File.Sync covered are there.
//   - Each sector of 512 bytes holds what it held at the last sync or after
//     any one write since, whatever the other sectors hold; likewise the length.
//     So writes are kept, lost, torn and reordered.
//   - Names that a SyncDir covered are there. Each creation, removal and rename
//     since happened or not, whatever became of the others; a rename never
//     shows half. Syncing a file does not save its name.
//
// Seed 0 loses all that may be lost, seed 1 keeps everything (which is also
// what a killed process leaves behind); under other seeds each file and each
// directory draws lot by lot, or a point in time up to which all was kept.
//
// [FS.CaptureAtSync] keeps the disk of one moment aside instead, while the
// program runs on.
//
// # What it leaves out
//
// Sectors do not rot, and a sync that reported an error has synced nothing. A
// directory cannot be renamed, nor a file into another directory.
//
// All calls may be made from any goroutine.
package crash
