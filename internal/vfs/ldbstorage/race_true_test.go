//go:build race

package ldbstorage

const raceEnabled = true
