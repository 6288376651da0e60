/** kubelet's pod-resources API, v1, in protocol buffers' own language, as far as devices go. */
export const podResourcesProto = `
syntax = "proto3";
package v1;
service PodResourcesLister {
  rpc List(ListPodResourcesRequest) returns (ListPodResourcesResponse) {}
  rpc Get(GetPodResourcesRequest) returns (GetPodResourcesResponse) {}
}
message ListPodResourcesRequest {}
message ListPodResourcesResponse { repeated PodResources pod_resources = 1; }
message GetPodResourcesRequest { string pod_name = 1; string pod_namespace = 2; }
message GetPodResourcesResponse { PodResources pod_resources = 1; }
message PodResources { string name = 1; string namespace = 2; repeated ContainerResources containers = 3; }
message ContainerResources {
  string name = 1;
  repeated ContainerDevices devices = 2;
  repeated int64 cpu_ids = 3;
  repeated ContainerMemory memory = 4;
}
message ContainerMemory { string memory_type = 1; uint64 size = 2; NUMATopology topology = 3; }
message ContainerDevices { string resource_name = 1; repeated string device_ids = 2; NUMATopology topology = 3; }
message NUMATopology { repeated NUMANode nodes = 1; }
message NUMANode { int64 ID = 1; }
`;
