package peer

import "slices"

// badPorts are those of well-known services of other kinds, in order. Addresses
// that name them may have been put about to make nodes pester somebody, and
// firewalls and browsers think ill of who connects there.
var badPorts = [...]uint16{
	1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143,
	161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3306, 3389, 3659,
	4045, 5060, 5061, 5432, 5900, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 10080, 27017,
}

// BadPort reports whether a port is that of a service of another kind: we do not
// choose such addresses ourselves while there are others.
func BadPort(port uint16) bool {
	_, found := slices.BinarySearch(badPorts[:], port)
	return found
}
