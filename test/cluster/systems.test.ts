/** What the source documents print and show of other systems, on a real cluster, what its kubelet gives out, and what its operator changes. Runs in namespaces that scripts/test.ts made. */
import { afterAll, beforeAll, describe } from 'vitest';
import { devices } from './devices';
import { printed } from './sources/openshift';
import { operator } from './sources/operator';
import { slides } from './sources/slides';
import { setUp, tearDown } from './sources/stage';

beforeAll(setUp);
afterAll(tearDown);

describe('source 001', printed);
describe('source 004', slides);
describe('devices', devices);
describe('an operator', operator);
