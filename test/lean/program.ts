/** What test/lean/said.ts says under the lean engine, as its program. Writes stdout. */
import '../../src/lean/main';
import { readInput, writeOutput } from '../../src/bin/stdio';
import { handOver } from '../../src/lean/full';
import { setProgram } from '../../src/lean/prelude';
import { said } from './said';

async function answer(): Promise<void> {
  const answers = await said(JSON.parse(readInput()) as string[]);
  writeOutput(JSON.stringify({ ...answers, handedOver: refusal() }));
  process.exit(0);
}

/** Why a call that has deleted files does not begin anew. */
function refusal(): string {
  try {
    return handOver('ask');
  } catch (error) {
    return String(error);
  }
}

setProgram(() => void answer());
