// Package transport cuts the bytes of a connection into messages and back. It
// knows frames and nothing of what is in them.
//
// # Version 1
//
// A frame is a header of 24 bytes and the payload:
//
//	offset  bytes  field
//	0       4      magic of the network
//	4       12     command, printable ASCII, padded with zeros
//	16      4      length of the payload, little endian, at most 4,000,000
//	20      4      first bytes of the payload's double SHA-256
//	24      …      payload
//
// # Concurrency
//
// A [Reader] belongs to one goroutine, a [Writer] to one goroutine (they may
// be different ones). Neither starts a goroutine, holds a lock, or sets a
// deadline: closing the connection, or a deadline on it, is what ends a
// blocked [Reader.Next].
//
// # Against whom
//
// A peer may claim a length and send nothing, on every connection that we have
// room for. The header is judged before memory is taken, and the payload's
// memory grows with what has arrived: 32 KiB at first, then at most four times
// what is there. A silent peer holds the read buffer and the first step, 64 KiB;
// 125 of them hold 8 MB. Growing costs a block of 1 MB a tenth of the time that
// its checksum takes.
//
// What cannot be put right (another magic, a length over the limit) ends the
// connection, for nothing tells where the next frame begins. A wrong checksum
// or command spoils one frame only: [Error.Fatal] tells the two apart, and
// the caller may read on, as the network always has done.
package transport
