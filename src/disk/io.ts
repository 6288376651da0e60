/** Turns what the file system says into IoFailed with path and errno. Touches nothing itself. */
import { CniError } from '../error';
import { errnoOf } from '../kernel/errno';

/** IoFailed: `Cannot write /x: ENOSPC: no space left on device`. */
export function ioFailed(action: string, path: string, error: unknown): CniError {
  const errno = errnoOf(error);
  const words = error instanceof Error ? error.message.replace(/, \w+( '.*)?$/s, '') : String(error);
  return new CniError('IoFailed', `Cannot ${action} ${path}: ${words}`, { cause: error, errno });
}

/** Runs file system calls; what they throw becomes IoFailed of that action and path. A CniError passes through. */
export function io<T>(action: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof CniError ? error : ioFailed(action, path, error);
  }
}

/** As `io`, but what does not exist gives `undefined`. */
export function ioUnlessMissing<T>(action: string, path: string, work: () => T): T | undefined {
  return io(action, path, () => {
    try {
      return work();
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  });
}

/** Whether the call failed because nothing has that path. */
export function isMissing(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}
