/** An API server as a process of its own: ApiOptions as JSON in argv, `{url, ca}` on stdout, then a line for each path asked for, and one for each object that was posted there, as JSON. Runs until stdin ends. */
import { serveApi } from './api-server';
import { makeCertificates } from './certificates';

const certificates = makeCertificates();
const server = serveApi(certificates, JSON.parse(process.argv[2] ?? '{}'), (path, posted) => {
  console.log(path);
  if (posted !== undefined) console.log(JSON.stringify(JSON.parse(posted)));
});
console.log(JSON.stringify({ url: server.url, ca: certificates.ca }));
process.stdin.on('end', () => process.exit(0)).resume();
