// Package wire holds our frames and messages against btcd's. It has tests only;
// this file is here so that the folder is a package.
package wire
