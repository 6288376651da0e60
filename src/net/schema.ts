/** Names and addresses as tables of keys have them: what their parsers take, as far as a pattern can say it. Pure. */
import { type Schema, text } from '../schema';

const octet = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const ipv4 = `${octet}(\\.${octet}){3}`;
const ipv6 = '[0-9a-fA-F:.]*:[0-9a-fA-F:.]*';
const first = '[0-9a-fA-F][02468aceACE]'; // the address of one host has an even first byte
const byte = '[0-9a-fA-F]{2}';
const mac = `(?![0:.-]+$)(${first}(:${byte}){5}|${first}(-${byte}){5}|${first}${byte}(\\.${byte}${byte}){2})`;

/** An interface name. */
export function ifName(description: string, more: Schema = {}): Schema {
  const pattern = '^(?!\\.{1,2}$)[^/:\\s\\u0000-\\u001f\\u007f-\\u009f]+$';
  return text(description, { maxLength: 15, pattern, ...more });
}

/** A MAC address of one host. */
export function macAddress(description: string): Schema {
  return text(description, { pattern: `^${mac}$`, examples: ['02:00:00:00:00:01'] });
}

/** An address without prefix length. */
export function ipAddress(description: string, more: Schema = {}): Schema {
  return text(description, { pattern: `^(${ipv4}|${ipv6})$`, ...more });
}

/** An address with prefix length; never empty. */
export function cidr(description: string, example: string): Schema {
  const pattern = `^(${ipv4}/(3[0-2]|[12]?[0-9])|${ipv6}/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))$`;
  return text(description, { minLength: 1, pattern, examples: [example] });
}

/** An absolute path. */
export function path(description: string, more: Schema = {}): Schema {
  return text(description, { pattern: '^/[^\\u0000]*$', ...more });
}
