/** A live API server as a process of its own: pods of node n1 and networks as JSON in argv, `{url, ca}` on stdout. Runs until stdin ends. */
import { makeCertificates } from './certificates';
import { serveLive } from './live-api';

const certificates = makeCertificates();
const { pods, networks, port } = JSON.parse(process.argv[2] ?? '{}');
const server = serveLive(certificates, port);
for (const pod of pods) server.putPod(pod, 'n1');
for (const network of networks) server.putNetwork(network);
console.log(JSON.stringify({ url: server.url, ca: certificates.ca }));
process.stdin.on('end', () => process.exit(0)).resume();
