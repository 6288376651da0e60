/** A process that works under the lock of container `c`: DIR hold, or DIR TIMES to count up DIR/counter. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRecords } from '../../src/disk/records';
import { fakeLog } from '../../src/model/log';
import { id } from './sample';

const [cniDir = '', times = ''] = process.argv.slice(2);
const records = createRecords(cniDir, fakeLog());
if (times === 'hold') {
  await records.locked(id('c'), async () => {
    console.log('held');
    await Bun.sleep(60_000);
  });
}
for (let i = 0; i < Number(times); i++) {
  await records.locked(id('c'), async () => {
    const counted = Number(readFileSync(join(cniDir, 'counter'), 'utf8'));
    await Bun.sleep(0); // others would read the same number here
    writeFileSync(join(cniDir, 'counter'), String(counted + 1));
  });
}
