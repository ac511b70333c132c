// Package vfs is the small part of a file system that the stores of a node
// need, as an interface: files read and written at offsets, an explicit sync
// of files and of directories, and locks. [OS] is the machine's own.
// [grapevine/internal/vfs/crash] is a disk in memory that loses power, and
// [grapevine/internal/vfs/ldbstorage] runs LevelDB on either of them, so that
// a test can cut the power under block files and databases at the same moment.
//
// The rules that callers follow, since they are all that POSIX promises:
//   - Data is safe once [File.Sync] has returned without an error. After a
//     failed Sync nothing is known about what was written before, and a second
//     Sync that succeeds proves nothing: the caller stops using the file.
//   - A file that was created, renamed or removed is so for good once
//     [FS.SyncDir] of its directory has returned.
//   - A write may be torn at any boundary of 512 bytes, and unsynced writes
//     may reach the disk in any order.
//
// An FS and its files are safe for concurrent use as far as the calls go;
// concurrent writes to the same bytes are the caller's to prevent. Names are
// those of the platform (use filepath.Join).
package vfs
