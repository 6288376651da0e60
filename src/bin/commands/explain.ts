/** `braid explain`. Writes stdout. */
import { Argument, type Command, InvalidArgumentError } from 'commander';
import { reasons } from '../../error';
import { allPages, findPage, type KnownPage } from '../../error-pages';
import { findNearMiss } from '../../near';
import { writeOutput } from '../stdio';
import { toExplainText, toReasonsText } from '../text/explain';
import { type Common, command } from './options';

const reason = new Argument(
  '[reason]',
  'the reason that "details" begins with, or the code; without one all are listed',
)
  .choices(reasons().map((known) => known.reason)) // for completion
  .argParser(toPage);

export function register(program: Command): void {
  command(program, 'explain', 'tell why an error comes and what to do about it')
    .addArgument(reason)
    .addHelpText('after', '\nExamples:\n  braid explain PoolExhausted\n  braid explain 106')
    .action((page: KnownPage | undefined, { output }: Common) => {
      if (output === 'json') return writeOutput(`${JSON.stringify(page ?? allPages(), undefined, 2)}\n`);
      writeOutput(page === undefined ? toReasonsText(allPages()) : toExplainText(page));
    });
}

function toPage(name: string): KnownPage {
  const page = findPage(name);
  if (page !== undefined) return page;
  const meant = findNearMiss(
    name,
    reasons().map(({ reason }) => reason),
  );
  throw new InvalidArgumentError(meant === undefined ? '`braid explain` lists the reasons.' : `Did you mean ${meant}?`);
}
