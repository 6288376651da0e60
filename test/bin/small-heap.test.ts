/** How a process that lives for months begins anew. The agent's own beginning is in test/agent/memory.test.ts. */
import { expect, it } from 'vitest';
import { planSmallHeap } from '../../src/bin/small-heap';

const executable = {
  argv: ['bun', '/$bunfs/root/braid', 'agent', '--node', 'n1'],
  execArgv: [],
  execPath: '/opt/cni/bin/braid',
};

it('has its own arguments and environment, and the settings beside them', () => {
  const plan = planSmallHeap({ ...executable, env: { PATH: '/bin', BUN_JSC_forceRAMSize: '1000000000' } });
  expect(plan).toMatchObject({ path: '/opt/cni/bin/braid', args: ['/opt/cni/bin/braid', 'agent', '--node', 'n1'] });
  expect(plan?.env).toMatchObject({ PATH: '/bin', BUN_JSC_useDFGJIT: '0', BUN_JSC_forceRAMSize: '1000000000' });
});

it('is a script again when it was one', () => {
  const plan = planSmallHeap({
    argv: ['/bun', '/src/main.ts', 'agent'],
    execArgv: ['--smol'],
    execPath: '/bun',
    env: {},
  });
  expect(plan?.args).toEqual(['/bun', '--smol', '/src/main.ts', 'agent']);
});

it('begins anew once', () => {
  const env = planSmallHeap({ ...executable, env: {} })?.env ?? {};
  expect(planSmallHeap({ ...executable, env })).toBeUndefined();
});
