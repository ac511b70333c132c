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
// # Version 2
//
// BIP 324: each end sends a key of 64 bytes and up to 4095 bytes of garbage, then 16
// bytes that only the two can know, which end the garbage, and from there on
// packets (see the package bip324): first one for the version, whose contents nobody
// has defined yet, then one for each message:
//
//	offset  bytes  field
//	0       1      short id of the command, or 0
//	1       12     the command in full, after a 0 only, as in version 1
//	1 or 13 …      payload
//
// Decoys are passed over wherever they come; none are sent. The end that is called
// tells by the first sixteen bytes what the other speaks, and sends nothing before
// it knows; see [Link].
//
// # Concurrency
//
// A [Reader] belongs to one goroutine, a [Writer] to one goroutine (they may
// be different ones). Neither starts a goroutine, holds a lock, or sets a
// deadline: closing the connection, or a deadline on it, is what ends a
// blocked [Reader.Next]. The two halves of a [Link] wait for each other during the
// handshake, through channels; a context ends that.
//
// # Against whom
//
// A peer may claim a length and send nothing, on every connection that we have
// room for. The header is judged before memory is taken, and the payload's
// memory grows with what has arrived: 32 KiB at first, then at most four times
// what is there. A silent peer holds the read buffer and the first step, 64 KiB;
// 125 of them hold 8 MB. Growing costs a block of 1 MB a tenth of the time that
// its checksum takes. In version 2 it is the same, and 4 KB of garbage each way until
// the handshake ends; a key exchange takes a third of a millisecond, and comes only
// after a byte that is not of version 1. Payloads are decrypted where they were
// read, and encrypted where they were put together.
//
// What cannot be put right (another magic, a length over the limit, a packet that is
// not authentic) ends the connection, for nothing tells where the next frame begins. A wrong checksum
// or command spoils one frame only: [Error.Fatal] tells the two apart, and
// the caller may read on, as the network always has done.
package transport
