/** A kubelet's pod-resources API by gRPC's own library and its own reading of the protocol: answers as JSON in workerData. Runs until it is terminated. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { loadPackageDefinition, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { podResourcesProto } from './pod-resources-proto';

const { directory, pods, withGet, failing } = workerData;
const file = join(directory, 'api.proto');
writeFileSync(file, podResourcesProto);
const { v1 } = loadPackageDefinition(loadSync(file, { keepCase: true })) as never as {
  v1: { PodResourcesLister: { service: Parameters<Server['addService']>[0] } };
};
type Call = { readonly request: { readonly pod_name: string; readonly pod_namespace: string } };
type Done = (error: { code: number; details: string } | null, value?: unknown) => void;

const server = new Server();
server.addService(v1.PodResourcesLister.service, {
  List: (_: Call, done: Done) =>
    failing === undefined ? done(null, { pod_resources: pods }) : done({ code: status.INTERNAL, details: failing }),
  Get: ({ request }: Call, done: Done) => {
    const pod = pods.find(
      ({ name, namespace }: { name: string; namespace: string }) =>
        name === request.pod_name && namespace === request.pod_namespace,
    );
    if (withGet !== true) done({ code: status.UNKNOWN, details: 'PodResources API Get method disabled' });
    else if (pod === undefined) done({ code: status.UNKNOWN, details: 'pod not found' });
    else done(null, { pod_resources: pod });
  },
});
server.bindAsync(`unix:${join(directory, 'kubelet.sock')}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  parentPort?.postMessage('ready');
});
