/** The networks of the source documents on a real cluster, as conf/networks has them: what needs VLANs and ipvlan, too. Runs in a guest. */
import { afterAll, beforeAll, describe } from 'vitest';
import { cloud } from './sources/cloud';
import { customer } from './sources/customer';
import { microk8s } from './sources/microk8s';
import { openshift } from './sources/openshift';
import { danm } from './sources/slides';
import { setUp, tearDown } from './sources/stage';
import { trunk } from './sources/trunk';

beforeAll(setUp);
afterAll(tearDown);

describe('source 000', customer);
describe('source 001', openshift);
describe('source 002', microk8s);
describe('source 003', cloud);
describe('source 004', danm);
describe('a trunk', trunk);
