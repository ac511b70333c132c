// Package script holds our interpreter against btcd's on random spends. It has
// tests only; this file is here so that the folder is a package.
package script
