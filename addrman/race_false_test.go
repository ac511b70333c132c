//go:build !race

package addrman

const raceEnabled = false
