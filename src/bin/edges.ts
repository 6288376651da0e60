/** Makes the edges of one call from its configuration; each opens what it needs when first used. */

import { builtInTypes, findDelegate } from '../../plugins';
import type { Edges, Meter } from '../attach/ports';
import { type NetConf, prefersExternal } from '../cni/config';
import { readBootId } from '../disk/boot-id';
import { deviceFiles } from '../disk/device-files';
import { files } from '../disk/files';
import { createHostLinks } from '../disk/host-links';
import { createLeaseStore, defaultLeaseRoots } from '../disk/leases';
import { createNetworks } from '../disk/networks';
import { createRecords } from '../disk/records';
import { openDhcp } from '../exec/dhcp';
import { createForeign } from '../exec/foreign';
import { createNft } from '../exec/nft';
import { openKernel } from '../kernel/kernel';
import { openDevices, openPublisher, openView, withCluster } from './cluster';
import { type LogSettings, openLog } from './log';
import { openAgent } from './tell-agent';

/** Multus' log levels as pino's; its `panic` lets nothing through but the error object itself. */
const levels = { panic: 'silent', error: 'warn', verbose: 'info', debug: 'debug' } as const satisfies Record<
  NetConf['log']['level'],
  LogSettings['level']
>;

/** For who is not counted. */
const noMeter: Meter = { begin: () => () => undefined, elapsed: () => 0 };

/** Everything one call acts through. `path`: CNI_PATH. */
export function openEdges(conf: NetConf, path: readonly string[], meter: Meter = noMeter): Edges {
  const log = openLog({ level: levels[conf.log.level], file: conf.log.file, toStderr: conf.log.toStderr });
  const cluster = openView(conf, process.env, log);
  const networks = createNetworks({ networksDirs: conf.networksDir, confDir: conf.confDir }, log);
  return {
    findDelegate: (type) => (prefersExternal(conf, type) ? undefined : findDelegate(type)),
    kernel: openKernel(),
    records: createRecords(conf.cniDir, log),
    leases: createLeaseStore({ roots: defaultLeaseRoots, cniDir: conf.cniDir }),
    dhcp: openDhcp(conf.delegateTimeout, [conf.binDir, ...path]),
    hostLinks: createHostLinks(conf.cniDir),
    networks: withCluster(networks, cluster),
    cluster,
    publisher: openPublisher(conf, process.env, log),
    agent: openAgent(conf.cniDir),
    devices: openDevices(conf, process.env, log),
    deviceFiles,
    foreign: createForeign(
      {
        directories: [conf.binDir, ...path],
        timeout: conf.delegateTimeout,
        locks: `${conf.cniDir}/locks`,
        env: process.env,
        builtIn: builtInTypes,
      },
      log,
    ),
    nft: createNft(process.env),
    iptables: {
      nat: async (...call) => (await import('../exec/iptables')).createIptables(process.env).nat(...call),
    },
    files,
    log,
    meter,
    bootId: readBootId(),
    now: () => new Date().toISOString(),
  };
}
