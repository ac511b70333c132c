package wire

// Message is one message of the peer-to-peer protocol. Those that were decoded
// may alias the payload that they were read from and must not be changed;
// they are then safe for concurrent reading.
type Message interface {
	// Command is the name in the frame, at most 12 bytes of ASCII.
	Command() string
	// AppendPayload appends the encoded payload, without the frame.
	AppendPayload(b []byte) []byte
	// PayloadSize is the length of the encoded payload in bytes.
	PayloadSize() int
}
