package muhash

import "golang.org/x/sys/cpu"

// multiplyADX is [multiplyGeneric] with two carry chains at once, for CPUs
// with BMI2 and ADX (Intel since Broadwell, AMD since Zen).
//
//go:noescape
func multiplyADX(t *[2 * limbs]uint64, a, b *num)

func multiply(t *[2 * limbs]uint64, a, b *num) {
	if cpu.X86.HasADX && cpu.X86.HasBMI2 {
		multiplyADX(t, a, b)
		return
	}
	multiplyGeneric(t, a, b)
}
