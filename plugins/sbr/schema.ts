/** The keys of sbr. Data only. */
import { chained } from '../../src/cni/schema';
import { ipAddress } from '../../src/net/schema';
import { flag, integer, list } from '../../src/schema';

export const sbrSchema = chained(
  'sbr',
  'Answers leave by the link that was asked: routing by source address. Goes after another plugin.',
  {
    table: integer(1, 2 ** 32 - 1, 'Routing table. Default: one of its own for each address.'),
    gateways: list(
      ipAddress('A gateway.', { minLength: 1 }),
      'At most one gateway of each family; they win over those of the addresses.',
      { maxItems: 2 },
    ),
    addSourceHints: flag('The subnets stay in the main table, too.', true),
  },
);
