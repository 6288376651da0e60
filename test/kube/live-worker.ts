/**
 * A live API server as a process of its own: pods of node n1 and networks as JSON in argv, with port and certificates of one
 * before it, if there was one. Those two on stdout, then a line for each pod or Event that was written. Runs until stdin ends.
 */
import { makeCertificates } from './certificates';
import { serveLive } from './live-api';

const { pods, networks, port, certificates = makeCertificates() } = JSON.parse(process.argv[2] ?? '{}');
const server = serveLive(certificates, port, (_, object) => console.log(JSON.stringify(object)));
for (const pod of pods) server.putPod(pod, 'n1');
for (const network of networks) server.putNetwork(network);
console.log(JSON.stringify({ port: server.port, certificates }));
process.stdin.on('end', () => process.exit(0)).resume();
