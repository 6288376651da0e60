/** A pod's devices from kubelet and from the API server. Asks both. */
import type { Devices, Files, Log } from '../attach/ports';
import { type AccessPlace, readAccess } from './access';
import { findClaimed } from './claims';
import { createClient } from './client';
import { usualPatience } from './patience';
import { findAllocated, type KubeletPaths, kubeletPaths } from './pod-resources';

/** Without a place there is no API server, and nothing was claimed. */
export function createDevices(
  place: AccessPlace | undefined,
  files: Files,
  log: Log,
  paths: KubeletPaths = kubeletPaths,
): Devices {
  return {
    allocated: (pod) => findAllocated(pod, paths, files),
    async claimed(pod) {
      if (place === undefined) return new Map();
      return findClaimed(pod, createClient(await readAccess(place, files), files, usualPatience, log));
    },
  };
}
