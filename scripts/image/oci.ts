/** An OCI image layout as one archive: an index with one image for each machine. Pure. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type TarEntry, toTar } from './tar';

/** One machine's image: its only layer is these files. */
export interface Image {
  readonly architecture: 'amd64' | 'arm64';
  readonly files: readonly TarEntry[];
}

/** What is the same for all of them. */
export interface ImageConfig {
  /** `repository:tag`, for tools that import the archive. */
  readonly name: string;
  readonly entrypoint: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: string; readonly os: 'linux' };
  readonly annotations?: Readonly<Record<string, string>>;
}

const type = (name: string): string => `application/vnd.oci.image.${name}`;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The archive: oci-layout, index.json and blobs, the same bytes for the same files. */
export function toOciArchive(images: readonly Image[], config: ImageConfig): Buffer {
  const blobs = new Map<string, Uint8Array>();
  const blob = (mediaType: string, content: Uint8Array | object): Descriptor => {
    const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content));
    const hash = sha256(bytes);
    blobs.set(hash, bytes);
    return { mediaType, digest: `sha256:${hash}`, size: bytes.length };
  };
  const manifests = images.map(({ architecture, files }) => {
    const layer = toTar(files);
    const manifest = {
      schemaVersion: 2,
      mediaType: type('manifest.v1+json'),
      config: blob(type('config.v1+json'), {
        architecture,
        os: 'linux',
        config: { Entrypoint: config.entrypoint, Env: ['PATH=/'], WorkingDir: '/', Labels: config.labels },
        rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
      }),
      layers: [blob(type('layer.v1.tar+gzip'), gzipSync(layer, { level: 6 }))],
    };
    return { ...blob(type('manifest.v1+json'), manifest), platform: { architecture, os: 'linux' as const } };
  });
  const [tag = ''] = config.name.split(':').slice(-1);
  const index = { schemaVersion: 2, mediaType: type('index.v1+json'), manifests };
  const named = {
    ...blob(type('index.v1+json'), index),
    annotations: { 'io.containerd.image.name': config.name, 'org.opencontainers.image.ref.name': tag },
  };
  const json = (path: string, content: object): TarEntry => ({
    path,
    mode: 0o644,
    bytes: Buffer.from(JSON.stringify(content)),
  });
  return toTar([
    json('oci-layout', { imageLayoutVersion: '1.0.0' }),
    json('index.json', { schemaVersion: 2, mediaType: type('index.v1+json'), manifests: [named] }),
    { path: 'blobs', mode: 0o755 },
    { path: 'blobs/sha256', mode: 0o755 },
    ...[...blobs]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([hash, bytes]) => ({ path: `blobs/sha256/${hash}`, mode: 0o644, bytes })),
  ]);
}
