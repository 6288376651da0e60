/** Values of kernel settings as texts. Pure. */

/** The value as it is compared: where people write spaces the kernel has tabs. */
export function sysctlWords(value: string): string {
  const isOne = !value.includes('\t') && !value.includes(' ') && !value.includes('\n');
  return isOne ? value : value.trim().split(/\s+/).join(' ');
}
