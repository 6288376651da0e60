/** Every built-in delegate keeps the contract on the fake node. Touches the fakes. */
import { describe } from 'vitest';
import { delegateContract } from './delegates';
import { fakeWorld } from './fake-world';

describe('on the fake node', () => {
  delegateContract(fakeWorld);
});
