/** The executable: a runtime's call when CNI_COMMAND is set, else the command line for people. Reads the environment only. */
import { runPlugin } from './plugin';

if (process.env.CNI_COMMAND !== undefined) void runPlugin();
else void import('./cli').then(({ runCli }) => runCli());
