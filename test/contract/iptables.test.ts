/** The fake iptables keeps the contract. Touches the fake. */
import { fakeIptables } from '../../src/model/iptables';
import { iptablesContract } from './iptables';

iptablesContract(fakeIptables);
