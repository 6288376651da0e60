/** `braid agent`. Runs until a signal; its work is loaded when it starts. */
import { type Command, InvalidArgumentError, Option } from 'commander';

/** What the agent is told. */
export interface AgentOptions {
  readonly conf?: string;
  readonly node?: string;
  readonly listen: string;
  /** Path of the DHCP daemon's socket, or off. */
  readonly dhcp: string;
  /** Its servers are asked to answer by broadcast. */
  readonly dhcpBroadcast: boolean;
  /** Seconds. */
  readonly gcEvery: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

export function register(program: Command): void {
  program
    .command('agent')
    .description('run the node agent: watch the cluster for this node, keep what it knows, repair what is left')
    .addOption(new Option('--node <name>', "this node's name in the cluster").env('NODE_NAME'))
    .option('--conf <file>', 'the configuration of type braid (default: the installed one)')
    .option(
      '--listen <address>',
      'health and metrics: loopback address with port, unix:/PATH, or off',
      '127.0.0.1:9808',
    )
    .option(
      '--dhcp <socket>',
      'lease addresses by DHCP for networks with that IPAM: path of the socket, or off',
      '/run/cni/dhcp.sock',
    )
    .option(
      '--dhcp-broadcast',
      'ask DHCP servers to answer by broadcast, for networks that drop what else they say',
      false,
    )
    .option('--gc-every <seconds>', 'time between clean-ups', toSeconds, 300)
    .addOption(new Option('--log-level <level>').choices(['debug', 'info', 'warn', 'error']).default('info'))
    .action(async (options: AgentOptions) => {
      (await import('../small-heap')).beginWithSmallHeap();
      await (await import('../agent')).runAgent(options);
    });
}

function toSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 10 || seconds > 86_400)
    throw new InvalidArgumentError('need a whole number from 10 to 86400');
  return seconds;
}
