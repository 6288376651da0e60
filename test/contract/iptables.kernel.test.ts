/** The node's iptables commands keep the contract. Touches the guest's nat tables. */
import { createIptables } from '../../src/exec/iptables';
import { iptablesContract } from './iptables';

iptablesContract(() => createIptables(process.env));
