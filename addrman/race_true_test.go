//go:build race

package addrman

const raceEnabled = true
