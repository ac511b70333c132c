//go:build !amd64

package muhash

func multiply(t *[2 * limbs]uint64, a, b *num) { multiplyGeneric(t, a, b) }
