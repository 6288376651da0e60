/** The fake kernel keeps the contract of Netns. Touches the fake. */
import { describe, expect } from 'vitest';
import { fakeKernel } from '../../src/model/kernel';
import { netnsPath } from '../../src/net/names';
import { netnsContract, type World } from './netns';

describe('the fake Netns', () => {
  netnsContract(async (): Promise<World> => {
    const kernel = fakeKernel({ hostLinks: ['up0'] });
    const podPath = netnsPath('/var/run/netns/pod');
    const other = kernel.addNamespace('/var/run/netns/other');
    return {
      kernel,
      host: kernel.host,
      pod: kernel.pod,
      podPath,
      other,
      async witness() {
        for (const space of [kernel.host, kernel.pod, other])
          expect(
            space.devices.every((device) => device.ns === space),
            'each device is in its namespace',
          ).toBe(true);
      },
      async close() {},
    };
  }, new Set());
});
