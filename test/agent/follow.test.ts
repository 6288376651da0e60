/** When the agent's snapshot is written, and when it is said to be right: looks at times that the test gives. */
import { expect, it } from 'vitest';
import { SnapshotKeeper, unseen } from '../../src/agent/follow';
import type { Content } from '../../src/agent/snapshot';
import { View } from '../../src/agent/view';
import type { NetworkDefinition } from '../../src/attach/ports';
import { CniError } from '../../src/error';
import { fakeLog } from '../../src/model/log';

const lan: NetworkDefinition = {
  namespace: 'default',
  name: 'lan',
  config: '{}',
  source: 'api',
  resourceName: undefined,
};

/** A keeper with a store that writes down what it is asked for; `before`: what an earlier agent left. */
function kept(before?: Content) {
  const view = new View();
  const standing = unseen();
  const log = fakeLog();
  const asked: string[] = [];
  const failing = { save: false };
  const store = {
    find: () => before,
    save(content: Content) {
      if (failing.save) throw new CniError('IoFailed', 'Cannot write: no space');
      asked.push(`save ${[...content.networks].map(({ name }) => name).join()}`);
    },
    confirm: (now: Date) => void asked.push(`confirm ${now.getTime()}`),
  };
  const keeper = new SnapshotKeeper(view, standing, store, log);
  keeper.restore();
  const inStep = (): void => void Object.assign(standing.problems, { pods: undefined, networks: undefined });
  return { view, standing, log, asked, failing, keeper, inStep };
}

it('is written once for all changes since the last look, and not without one', () => {
  const { view, asked, keeper, inStep } = kept();
  inStep();
  for (const name of ['lan', 'wan']) view.networks.set({ ...lan, name });
  keeper.keep(1000);
  keeper.keep(2000);
  expect(asked).toEqual(['save lan,wan']);
});

it('is confirmed every 15 seconds while both watches are in step', () => {
  const { standing, asked, keeper, inStep } = kept();
  inStep();
  for (let now = 1000; now <= 31_000; now += 1000) keeper.keep(now);
  standing.problems.pods = 'ECONNREFUSED';
  for (let now = 32_000; now <= 90_000; now += 1000) keeper.keep(now);
  expect(asked).toEqual(['confirm 15000', 'confirm 30000']);
});

it('waits for lists that are still to come: they would only make it poorer', () => {
  const { view, standing, asked, keeper } = kept();
  standing.problems.networks = undefined;
  view.networks.set(lan);
  keeper.keep(60_000);
  expect(asked).toEqual([]);
});

it('of an earlier agent counts, and is not written again as it is', () => {
  const { view, asked, keeper, inStep } = kept({ pods: [], networks: [lan] });
  expect(view.networks.get('default', 'lan')).toEqual(lan);
  inStep();
  keeper.keep(1000);
  expect(asked).toEqual([]);
});

it('has at the end what came last', () => {
  const { view, asked, keeper, inStep } = kept();
  const stop = keeper.start(60_000);
  inStep();
  view.networks.set(lan);
  stop();
  expect(asked).toEqual(['save lan']);
});

it('that could not be written is written at the next look, and the log says so', () => {
  const { view, log, asked, failing, keeper, inStep } = kept();
  inStep();
  view.networks.set(lan);
  failing.save = true;
  keeper.keep(1000);
  failing.save = false;
  keeper.keep(2000);
  expect(asked).toEqual(['save lan']);
  expect(log.entries.map(({ message }) => message)).toEqual(['cannot write the snapshot']);
});
