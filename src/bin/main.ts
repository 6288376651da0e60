/** The executable: which of its programs runs. Each is a bundle of its own in the file. Reads the environment only. */
if (process.env.CNI_COMMAND === undefined) void import('./cli').then(({ runCli }) => runCli());
else if (process.env.CNI_COMMAND === 'VERSION') void import('./versions').then(({ tellVersions }) => tellVersions());
else void import('./plugin').then(({ runPlugin }) => runPlugin());
