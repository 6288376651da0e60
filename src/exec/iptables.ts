/** iptables by its commands, one for each family. Starts them in the host namespace, where Braid runs. */
import type { Iptables } from '../attach/ports';
import { fail } from '../error';
import { runFirewall, whyEnded } from './nft';

const commands = { 4: 'iptables', 6: 'ip6tables' } as const;

/** How the commands say that a chain or rule is not there; iptables-nft says the last of a chain that it is asked to list. */
const absent =
  /No chain\/target\/match by that name|does a matching rule exist|No such file or directory|does not exist|chain `[^']*' in table `[^']*' is incompatible/;

/** The iptables commands of this node, in `PATH` or where distributions put them. */
export function createIptables(env: Readonly<Record<string, string | undefined>>): Iptables {
  return {
    async nat(family, args) {
      const name = commands[family];
      const end = await runFirewall({ name, source: 'iptables', args: ['--wait', '-t', 'nat', ...args], env });
      if (end.exitCode === 0) return end.stdout.split('\n').filter((line) => line !== '');
      if (absent.test(end.stderr)) return undefined;
      return fail('FirewallFailed', `Cannot run ${name} -t nat ${args.slice(0, 2).join(' ')}: ${whyEnded(name, end)}`);
    },
  };
}
