/** Routing policy rules as rtnetlink messages (linux/fib_rules.h). Pure. */
import { putU8 } from 'netlink/dist/structs.js';
import { addressOf, familyOf, ipBytes, lengthOf, toCidr } from '../net/ip';
import type { Rule } from '../net/route';
import { AttributeStream, type Parts, plainBytes } from './attribute-stream';
import { afOf, eachAttribute, familyOfAf, findAddress, type Message, text } from './codec';
import { fibRulesH as fra, netlinkH as nl, rtnetlinkH as rt } from './headers';

const headLength = 12; // struct fib_rule_hdr

/** Asks for the rules of all families. */
export function getRules(): Message {
  return { type: rt.RTM_GETRULE, flags: 0, parts: [plainBytes, Buffer.alloc(headLength)] };
}

/** Adds a rule; without a priority the kernel takes the next one above (in effect before) the rules it was born with. */
export function newRule(rule: Rule): Message {
  return {
    type: rt.RTM_NEWRULE,
    flags: nl.NLM_F_CREATE | nl.NLM_F_EXCL,
    parts: ruleParts({ ...rule, protocol: rule.protocol ?? rt.RTPROT_BOOT }),
  };
}

/** Takes a rule out. The kernel takes the first that agrees in what is given, so give everything. */
export function deleteRule(rule: Rule): Message {
  return { type: rt.RTM_DELRULE, flags: 0, parts: ruleParts(rule) };
}

function ruleParts(rule: Rule): Parts {
  const header = Buffer.alloc(headLength);
  header.writeUInt8(afOf(rule.family), 0);
  header.writeUInt8(rule.source === undefined ? 0 : lengthOf(rule.source), 2);
  header.writeUInt8(rule.table < 256 ? rule.table : rt.RT_TABLE_UNSPEC, 4);
  header.writeUInt8(rule.blackhole === true ? fra.FR_ACT_BLACKHOLE : fra.FR_ACT_TO_TBL, 7);
  const out = new AttributeStream();
  out.emit(header);
  if (rule.source !== undefined) out.push(fra.FRA_SRC, ipBytes(addressOf(rule.source)));
  if (rule.iif !== undefined) out.text(fra.FRA_IIFNAME, rule.iif);
  if (rule.table >= 256) out.u32(fra.FRA_TABLE, rule.table);
  if (rule.priority !== undefined) out.u32(fra.FRA_PRIORITY, rule.priority);
  if (rule.protocol !== undefined) out.push(fra.FRA_PROTOCOL, putU8(rule.protocol));
  return out.parts;
}

/** RTM_NEWRULE as the kernel sends it; `undefined` for a rule that does something else. Other selectors than source and link are not shown. */
export function decodeRule(data: Buffer): Rule | undefined {
  const family = familyOfAf(data.readUInt8(0));
  const act = data.readUInt8(7);
  let table = data.readUInt8(4);
  let priority = 0; // the kernel leaves out a zero
  let protocol: number | undefined;
  let source: Rule['source'];
  let iif: string | undefined;
  eachAttribute(data, headLength, (type, value) => {
    if (type === fra.FRA_TABLE) table = value.readUInt32LE(0);
    if (type === fra.FRA_PRIORITY) priority = value.readUInt32LE(0);
    if (type === fra.FRA_PROTOCOL) protocol = value.readUInt8(0);
    if (type === fra.FRA_IIFNAME) iif = text(value);
    const address = type === fra.FRA_SRC ? findAddress(value) : undefined;
    if (address !== undefined && familyOf(address) === family) source = toCidr(address, data.readUInt8(2));
  });
  if (family === undefined) return undefined;
  const rule = { family, source, table, priority, protocol, ...(iif === undefined ? {} : { iif }) };
  if (act === fra.FR_ACT_BLACKHOLE) return { ...rule, blackhole: true };
  return act === fra.FR_ACT_TO_TBL && table !== rt.RT_TABLE_UNSPEC ? rule : undefined;
}
