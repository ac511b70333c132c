// Package probe decides, in a test binary in which every check of the product
// has been wrapped, which one of them is off. One binary so stands for all
// mutants of a package: the environment names the one to be.
//
// Without a variable set, every function gives what the expression that it
// wraps would have given.
package probe

import (
	"cmp"
	"os"
	"strconv"
	"sync/atomic"
)

// Env names the mutant that is active, and EnvTrace a file to which the
// numbers of mutants are appended, one a line, that would have behaved in
// another way at some moment of the run.
const (
	Env      = "GRAPEVINE_MUTANT"
	EnvTrace = "GRAPEVINE_MUTANT_TRACE"
)

// MaxMutants bounds the numbers of mutants.
const MaxMutants = 1 << 14

var (
	active = number(os.Getenv(Env))
	trace  = opened(os.Getenv(EnvTrace))
	noted  [MaxMutants]atomic.Bool
)

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

func opened(path string) *os.File {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	return f
}

func note(id int) {
	if trace != nil && !noted[id].Swap(true) {
		trace.WriteString(strconv.Itoa(id) + "\n")
	}
}

// On reports whether the mutant is active; every call is one at which it would
// matter.
func On(id int) bool {
	note(id)
	return id == active
}

// Never is v, or false when the mutant is active.
func Never[B ~bool](id int, v B) B {
	if v {
		note(id)
		return id != active
	}
	return false
}

// Always is v, or true when the mutant is active.
func Always[B ~bool](id int, v B) B {
	if !v {
		note(id)
		return id == active
	}
	return true
}

// Less is a < b, or a <= b when the mutant is active.
func Less[T cmp.Ordered](id int, a, b T) bool {
	if a == b {
		note(id)
		return id == active
	}
	return a < b
}

// LessEqual is a <= b, or a < b when the mutant is active.
func LessEqual[T cmp.Ordered](id int, a, b T) bool {
	if a == b {
		note(id)
		return id != active
	}
	return a < b
}

// Greater is a > b, or a >= b when the mutant is active.
func Greater[T cmp.Ordered](id int, a, b T) bool { return Less(id, b, a) }

// GreaterEqual is a >= b, or a > b when the mutant is active.
func GreaterEqual[T cmp.Ordered](id int, a, b T) bool { return LessEqual(id, b, a) }

// Max is the greater of a and b, or a when the mutant is active.
func Max[T cmp.Ordered](id int, a, b T) T {
	if a < b {
		note(id)
		if id != active {
			return b
		}
	}
	return a
}

// Min is the lesser of a and b, or a when the mutant is active.
func Min[T cmp.Ordered](id int, a, b T) T {
	if b < a {
		note(id)
		if id != active {
			return b
		}
	}
	return a
}

// Const is v, one more when the mutant is active, one less when the mutant
// after it is.
func Const[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](id int, v T) T {
	note(id)
	note(id + 1)
	switch active {
	case id:
		return v + 1
	case id + 1:
		return v - 1
	}
	return v
}
