// gocni calls CNI plugins as containerd does: by containerd's own library, go-cni. It stands for the runtime in the tests.
//
//	gocni add|check|del|status CONFLIST CONTAINER NETNS
//
// CNI_PATH and CNI_ARGS are those of CNI; GOCNI_PREFIX begins the name of the interface, which ends in 0.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	gocni "github.com/containerd/go-cni"
)

func main() {
	if len(os.Args) != 5 {
		exit(fmt.Errorf("want: gocni add|check|del|status CONFLIST CONTAINER NETNS"))
	}
	verb, list, container, netns := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	cni, err := gocni.New(
		gocni.WithPluginDir(filepath.SplitList(os.Getenv("CNI_PATH"))),
		gocni.WithInterfacePrefix(os.Getenv("GOCNI_PREFIX")),
		gocni.WithConfListFile(list),
	)
	if err != nil {
		exit(err)
	}
	ctx := context.Background()
	switch verb {
	case "add":
		_, err = cni.Setup(ctx, container, netns, args()...)
	case "check":
		err = cni.Check(ctx, container, netns, args()...)
	case "del":
		err = cni.Remove(ctx, container, netns, args()...)
	case "status":
		err = cni.Status()
	default:
		err = fmt.Errorf("no verb %q", verb)
	}
	exit(err)
}

// args gives the pairs of CNI_ARGS, as containerd gives the pod's name.
func args() []gocni.NamespaceOpts {
	var opts []gocni.NamespaceOpts
	for _, pair := range strings.Split(os.Getenv("CNI_ARGS"), ";") {
		if key, value, found := strings.Cut(pair, "="); found {
			opts = append(opts, gocni.WithArgs(key, value))
		}
	}
	return opts
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
