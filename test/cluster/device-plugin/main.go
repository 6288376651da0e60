// A device plugin of the test's cluster: network cards that do not exist, told to the kubelet. Serves a socket beside kubelet's.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	api "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

const usage = "device-plugin RESOURCE VARIABLE DEVICE...: a container gets the devices it was given in that variable"

type plugin struct {
	api.UnimplementedDevicePluginServer
	variable string
	devices  []string
}

func (p *plugin) GetDevicePluginOptions(context.Context, *api.Empty) (*api.DevicePluginOptions, error) {
	return &api.DevicePluginOptions{}, nil
}

func (p *plugin) ListAndWatch(_ *api.Empty, stream api.DevicePlugin_ListAndWatchServer) error {
	list := &api.ListAndWatchResponse{}
	for _, id := range p.devices {
		list.Devices = append(list.Devices, &api.Device{ID: id, Health: api.Healthy})
	}
	if err := stream.Send(list); err != nil {
		return err
	}
	<-stream.Context().Done() // they stay as they are
	return nil
}

func (p *plugin) Allocate(_ context.Context, request *api.AllocateRequest) (*api.AllocateResponse, error) {
	response := &api.AllocateResponse{}
	for _, container := range request.ContainerRequests {
		response.ContainerResponses = append(response.ContainerResponses, &api.ContainerAllocateResponse{
			Envs: map[string]string{p.variable: strings.Join(container.DevicesIDs, ",")},
		})
	}
	return response, nil
}

func main() {
	if len(os.Args) < 4 {
		fail(fmt.Errorf("need three arguments: %s", usage))
	}
	resource := os.Args[1]
	name := strings.ReplaceAll(resource, "/", "-") + ".sock"
	socket := filepath.Join(api.DevicePluginPath, name)
	os.Remove(socket)
	listener, err := net.Listen("unix", socket)
	fail(err)
	server := grpc.NewServer()
	api.RegisterDevicePluginServer(server, &plugin{variable: os.Args[2], devices: os.Args[3:]})
	go func() { fail(server.Serve(listener)) }()
	kubelet, err := grpc.NewClient("unix://"+api.KubeletSocket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	fail(err)
	_, err = api.NewRegistrationClient(kubelet).Register(context.Background(), &api.RegisterRequest{
		Version:      api.Version,
		Endpoint:     name,
		ResourceName: resource,
	})
	fail(err)
	select {}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "device-plugin:", err)
		os.Exit(1)
	}
}
