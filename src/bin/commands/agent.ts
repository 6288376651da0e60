/** `braid agent`. Runs until a signal; its work is loaded when it starts. */
import { type Command, Option } from 'commander';

/** What the agent is told. */
export interface AgentOptions {
  readonly conf?: string;
  readonly node?: string;
}

export function register(program: Command): void {
  program
    .command('agent')
    .description('run the node agent: watch the cluster for this node, keep what it knows, repair what is left')
    .addOption(new Option('--node <name>', "this node's name in the cluster").env('NODE_NAME'))
    .option('--conf <file>', 'the configuration of type braid, for its directories and its kubeconfig')
    .action(async (options: AgentOptions) => (await import('../agent')).runAgent(options));
}
