/** What can still be made of a record file that is cut off, or that a newer Braid wrote. Pure. */
import type { SalvagedRecord } from '../attach/ports';
import { type RecordedAttachment, recordVersion } from '../attach/record';
import { isRecord, type Json } from '../json';
import type { RecordOwner } from './owner';
import { parseAttachment, parseHeader } from './parse-record';

/** Never fails: what cannot be read is left out. */
export function salvageRecord(text: string, owner: RecordOwner): SalvagedRecord {
  const uncut = findObject(text);
  const found = uncut ?? findObject(closed(text)) ?? {};
  const isNewer = typeof found.version === 'number' && found.version > recordVersion;
  const header = attempt(() => parseHeader(found));
  if (header === undefined || header.containerId !== owner.containerId || header.ifName !== owner.ifName)
    return { record: undefined, isWhole: false, isNewer };
  const listed = Array.isArray(found.attachments) ? found.attachments : [];
  const read = listed.map((one) => attempt(() => parseAttachment(one, 'attachment')));
  const attachments = read.flatMap((one, at) => one ?? begun(listed[at]));
  const isWhole = uncut !== undefined && Array.isArray(found.attachments) && !read.includes(undefined);
  return { record: { ...header, attachments, result: undefined }, isWhole, isNewer };
}

/** An attachment whose result cannot be read: DEL takes it for one whose ADD never ended. */
function begun(value: unknown): readonly RecordedAttachment[] {
  const read = attempt(() =>
    parseAttachment({ ...(value as Json), result: undefined, routes: undefined }, 'attachment'),
  );
  return read === undefined ? [] : [read];
}

/** The text up to its last whole value, with the brackets closed that are open there. */
function closed(text: string): string {
  const open: string[] = [];
  let inText = false;
  let end = 0;
  let closers = '';
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (inText) {
      if (sign === '\\') at += 1;
      else if (sign === '"') inText = false;
    } else if (sign === '"') inText = true;
    else if (sign === '{' || sign === '[') open.push(sign === '{' ? '}' : ']');
    else if (sign === '}' || sign === ']') open.pop();
    if (inText || (sign !== ',' && sign !== '}' && sign !== ']')) continue;
    end = sign === ',' ? at : at + 1;
    closers = open.toReversed().join('');
  }
  return text.slice(0, end) + closers;
}

function findObject(text: string): Json | undefined {
  const value = attempt((): unknown => JSON.parse(text));
  return isRecord(value) ? value : undefined;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // not what it should be: left out
  }
}
