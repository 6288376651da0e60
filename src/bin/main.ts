/** The executable's full runtime: which of its programs runs. Each is a bundle of its own in the file. Reads the environment only. */
const { BRAID_QUESTION: question, CNI_COMMAND: command } = process.env;
delete process.env.BRAID_RUNTIME; // which said to begin here (src/lean/entry.c); not for programs that are started
delete process.env.BRAID_QUESTION;
if (question !== undefined) void import('./asked').then(({ answerQuestion }) => answerQuestion(question));
else if (command === undefined) void import('./cli').then(({ runCli }) => runCli());
else if (command === 'VERSION') void import('./versions').then(({ tellVersions }) => tellVersions());
else void import('./plugin').then(({ runPlugin }) => runPlugin());
