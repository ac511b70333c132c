package params

import (
	"fmt"
	"testing"
)

// FuzzDeploymentOptions: what is read from -vbparams and -testactivationheight
// reads the same once written in full; what is refused changes nothing.
func FuzzDeploymentOptions(f *testing.F) {
	for _, s := range []string{
		"testdummy:0:9223372036854775807", "testdummy:-1:99:8", "testdummy:1:2:+3", "testdummy:1", "taproot:0:1:2", "a:b:c:d:e", "",
		"segwit@0", "csv@2147483646", "csv@2147483647", "bip34@-1", "bip65@ 2", "bip66", "x@1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var o, again DeploymentOptions
		if o.AddVersionBits(s) != nil && len(o.VersionBits) > 0 || o.AddActivationHeight(s) != nil && len(o.ActivationHeights) > 0 {
			t.Fatalf("%q is refused and taken", s)
		}
		for name, v := range o.VersionBits {
			if err := again.AddVersionBits(fmt.Sprintf("%s:%d:%d:%d", name, v.StartTime, v.Timeout, v.MinActivationHeight)); err != nil || again.VersionBits[name] != v {
				t.Fatalf("%q: %v becomes %v, %v", s, v, again.VersionBits[name], err)
			}
		}
		for name, height := range o.ActivationHeights {
			if err := again.AddActivationHeight(fmt.Sprintf("%s@%d", name, height)); err != nil || again.ActivationHeights[name] != height || height < 0 {
				t.Fatalf("%q: %d becomes %d, %v", s, height, again.ActivationHeights[name], err)
			}
		}
		Regtest(RegtestOptions{Deployments: o})
	})
}
