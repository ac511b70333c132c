// Package ldbstorage gives LevelDB its files through a [vfs.FS], on the real
// disk as well as on the simulated one, with the guarantees that LevelDB's
// recovery rests on and with the question answered whose database it is.
//
// It differs from the storage that comes with goleveldb in this:
//   - The first sync of each new file also syncs the directory. goleveldb does
//     so for manifests only; a manifest on the disk may then name a table whose
//     directory entry is not, and a synced journal may be gone after a power
//     loss on file systems that take POSIX at its word.
//   - A synced write makes all writes before it last. When a journal is full
//     LevelDB goes on to the next and leaves the end of the old one unsynced
//     until its content has become a table: a loss of power could take writes
//     away from before a synced one. Here the sync of a journal covers those
//     that were closed before it.
//   - A database whose creation was cut short, a manifest that no CURRENT
//     names and nothing else, is made anew. goleveldb reports it as corrupt at
//     every start from then on. Tables or journals without a CURRENT, and a
//     CURRENT without its manifest, are corruption here too.
//   - Damage in the middle of a journal or manifest is an error where it cannot
//     come from a crash ([Config].AllSynced). goleveldb leaves out what it
//     cannot read there, and the writes in it are gone. The last record of
//     either cannot be told from one that a loss of power has torn.
//   - Tables are written through a buffer, not block by block.
//   - A file named OWNER says who made the database. A directory that holds a
//     LevelDB without it, or with another owner, is refused before anything in
//     it is opened or changed ([ErrForeign]).
//
// # Files
//
//	OWNER              the Owner of [Config] and a newline, made before all others
//	LOCK               held while the storage is open
//	CURRENT            name of the manifest in use, replaced by rename
//	MANIFEST-nnnnnn    the manifests
//	nnnnnn.log         journals
//	nnnnnn.ldb         tables
//
// A [Storage] is safe for concurrent use, as goleveldb requires.
package ldbstorage
