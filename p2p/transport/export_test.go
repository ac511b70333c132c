package transport

import "io"

// ReadFrom has an established link read from elsewhere.
func ReadFrom(l *Link, r io.Reader) Reader {
	l.src.Reset(r)
	return l
}
