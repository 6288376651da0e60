/** Which processor this runs on. Pure but for the question. */

/** arm64; else x86-64. Bun's compiler replaces `process.arch` by the processor of the machine that builds. */
export const isArm = Reflect.get(process, 'arch') === 'arm64';
