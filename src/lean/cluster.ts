/** src/kube/cluster.ts and devices.ts for the lean engine: who asks the API server or kubelet is the full runtime. Hands the call over. */
import type { Devices } from '../attach/ports';
import type { ClusterReader } from '../kube/cluster';
import { handOver } from './full';

/** As of src/kube/cluster.ts. */
export const createCluster = (): ClusterReader => ({
  findPod: async () => handOver('ask the API server for the pod'),
  findNetwork: async () => handOver('ask the API server for a network'),
  isBehind: async () => false,
});

/** As of src/kube/devices.ts. */
export const createDevices = (): Devices => ({
  allocated: async () => handOver('ask kubelet for devices'),
  claimed: async () => handOver('ask the API server for devices'),
});
