/** Pre-flight checks of a node, each harmless: the list of them, and how they run. */
import { askWires } from './ask';
import { broken, type Check, type DoctorView, type Look, type Verdict } from './check';
import { checkConfiguration } from './configuration';
import { checkCluster, checkCredentials } from './credentials';
import { checkDisk, checkState } from './disk';
import { checkKernel } from './kernel';
import { checkLeftovers } from './leftovers';
import { checkLimits } from './limits';
import { checkMasters } from './masters';
import { checkDhcp, checkFirewall, checkPlugins } from './programs';
import { checkVersions } from './versions';
import { checkDuplicates, checkGateways, checkVlans, checkWays } from './wire-checks';

/** In the order of the report. */
export const checks: readonly Check[] = [
  { name: 'kernel', run: checkKernel },
  { name: 'masters', run: checkMasters },
  { name: 'limits', run: checkLimits },
  { name: 'vlans', run: checkVlans },
  { name: 'gateways', run: checkGateways },
  { name: 'mtu', run: checkWays },
  { name: 'duplicates', run: checkDuplicates },
  { name: 'firewall', run: checkFirewall },
  { name: 'configuration', run: checkConfiguration },
  { name: 'plugins', run: checkPlugins },
  { name: 'dhcp', run: checkDhcp },
  { name: 'credentials', run: checkCredentials },
  { name: 'cluster', run: checkCluster },
  { name: 'disk', run: checkDisk },
  { name: 'versions', run: checkVersions },
  { name: 'state', run: checkState },
  { name: 'leftovers', run: checkLeftovers },
];

/** Every check; one that breaks is a line of its own and stops no other. `progress` is told what is being done. */
export async function runChecks(view: DoctorView, progress: (what: string) => void): Promise<readonly Verdict[]> {
  let current = '';
  const tell = (what: string): void => progress(`${current}: ${what}`);
  let asked: ReturnType<Look['answers']> | undefined;
  const look: Look = { ...view, tell, answers: () => (asked ??= askWires(view, tell)) };
  const verdicts: Verdict[] = [];
  for (const [at, { name, run }] of checks.entries()) {
    current = `${at + 1}/${checks.length} ${name}`;
    progress(current);
    const lines = await run(look).catch((error) => [broken(error, view.isRoot)]);
    verdicts.push(...lines.map(({ light, ...line }) => ({ light, check: name, ...line })));
  }
  return verdicts;
}
