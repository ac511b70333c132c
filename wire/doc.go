// Package wire is the vocabulary of the node: identifiers, amounts, outpoints,
// transactions, headers and blocks, with their encoding as it stands on the
// network and in block files, and the messages between nodes. It imports the
// standard library only.
//
// # Reading
//
// A decoder is given one buffer that holds everything and reads it twice: the
// first pass checks the structure and counts inputs, outputs and witness
// items, the second fills slabs of exactly that size. Scripts and witness
// items are sub-slices of the buffer and lists are sub-slices of the slabs, so
// a block costs a handful of allocations however many inputs it has. Txid and
// wtxid are hashed straight from the buffer on the way.
//
// Consequently a decoded value owns the buffer that it was decoded from: the
// caller must not write to it again, and holding one script of a block holds
// the whole block.
//
// # Messages
//
// [DecodeMessage] turns the payload of a frame into one of the Msg types,
// [Message.AppendPayload] does the reverse. The limits of the protocol are
// checked on the way (protocol.go lists them); what depends on the state of a
// connection, such as whether a message may come now, is not. Names that are
// not known make a [MsgUnknown], for the protocol grows.
//
// # Against whom
//
// The bytes come from anyone. A reader allocates in proportion to the bytes
// that have arrived and never to a count that they claim: what is claimed and
// not there fails in the first pass, which takes no memory.
// The worst ratio is a witness of empty items, 24 bytes of memory for each
// byte of input. Of transactions, headers and blocks every encoding but one is
// refused: compact sizes must be the shortest form and at most [MaxSize], a witness
// record with nothing in it and unknown optional data are errors, and so are
// bytes after the end. What decodes therefore encodes to the same bytes. Messages
// are read more freely, see [DecodeMessage]. Errors are [*Error] and match an
// [ErrorKind] with errors.Is; nothing panics.
//
// # Concurrency
//
// All values are plain data. A decoded or sealed transaction or block is safe
// for concurrent reading: no method writes to its receiver except [Tx.Seal].
//
// The forms are those of the original protocol and BIP 144 (serialization
// with witness), the size measures those of BIP 141; messages are those of BIP
// 31, 35, 37, 130, 133, 152, 155, 157, 330, 339 and 434.
package wire
