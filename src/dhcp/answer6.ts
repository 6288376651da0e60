/** What a DHCPv6 client makes of the answers that it gets (RFC 8415, sections 18.2.9 and 18.2.10). Pure. */
import { type Answer6, type Client6, toAnswer6 } from './lease6';
import type { Moment, Refusal } from './life';
import type { Message6 } from './message6';
import { findNumber6, findOnly, opt6, status6, statusOf } from './option6';
import { bind, request, type Step6, seekAfter, seekOther, stay, take, toldOnce } from './seek6';
import type { AskingState6, State6 } from './state6';

/** The next state. What is for somebody else, or answers no question of now, changes nothing. */
export function hear6(state: State6, message: Message6, moment: Moment, client: Client6): Step6 {
  if (!('xid' in state) || message.xid !== state.xid) return stay(state);
  if (message.type === 'advertise')
    return state.at === 'soliciting' ? hearOffer(state, message, moment, client) : stay(state);
  return message.type === 'reply' ? hearReply(state, message, moment, client) : stay(state);
}

type Soliciting = Extract<State6, { at: 'soliciting' }>;
type Leased = Extract<State6, { at: 'renewing' | 'rebinding' }>;
type Requesting = Extract<State6, { at: 'requesting' }>;

const gladly = 255; // preference: ask nobody else

/** The first wait is for all servers, the best of them is asked then; while the pod has an address, only one that offers that. */
function hearOffer(told: Soliciting, message: Message6, moment: Moment, client: Client6): Step6 {
  const state = { ...told, longest: longestOf(message) ?? told.longest };
  const answer = toAnswer6(message, client, moment.now, state.keep?.address);
  if (answer === undefined) return stay(state);
  if (answer.kind === 'refusal') {
    const refused = toRefusal(answer);
    return { state: { ...state, refused }, actions: toldOnce(refused, state) };
  }
  const preference = findNumber6(message.options, opt6.preference, 1) ?? 0;
  const best = state.best !== undefined && state.best.preference >= preference ? state.best : { ...answer, preference };
  if (preference < gladly && state.tries === 1) return stay({ ...state, best });
  return request(state, best.lease, moment, client);
}

/** SOL_MAX_RT, seconds on the wire, when it makes sense (section 21.24). */
function longestOf({ options }: Message6): number | undefined {
  const seconds = findNumber6(options, opt6.longestSolicit, 4);
  return seconds !== undefined && seconds >= 60 && seconds <= 86_400 ? 1000 * seconds : undefined;
}

function hearReply(state: AskingState6, message: Message6, moment: Moment, client: Client6): Step6 {
  switch (state.at) {
    case 'soliciting':
      return hearRapid(state, message, moment, client);
    case 'requesting':
      return hearRequested(state, message, moment, client);
    case 'confirming':
      return hearConfirmed(state, message, moment, client);
    case 'declining':
      return serverOf(message, client) === state.offer.server ? seekOther(state, moment, client) : stay(state);
    default:
      return hearRenewed(state, message, moment, client);
  }
}

/** A lease at once, where that was asked for (section 18.2.1). */
function hearRapid(state: Soliciting, message: Message6, moment: Moment, client: Client6): Step6 {
  const answer = toAnswer6(message, client, moment.now);
  const isRapid = state.keep === undefined && message.options.has(opt6.rapidCommit);
  return isRapid && answer?.kind === 'lease' ? take(answer.lease, state) : stay(state);
}

function hearRequested(state: Requesting, message: Message6, moment: Moment, client: Client6): Step6 {
  const answer = toAnswer6(message, client, moment.now, state.keep?.address);
  if (answer === undefined || serverOf(message, client) !== state.offer.server || isPassing(answer)) return stay(state);
  return answer.kind === 'lease' ? take(answer.lease, state) : seekAfter(toRefusal(answer), state, moment);
}

/** Of the server that has the lease, or of any when all were asked. One that has forgotten it is asked for it anew. */
function hearRenewed(state: Leased, message: Message6, moment: Moment, client: Client6): Step6 {
  const { lease } = state;
  const answer = toAnswer6(message, client, moment.now, lease.address);
  if (answer === undefined || isPassing(answer)) return stay(state);
  if (state.at === 'renewing' && serverOf(message, client) !== lease.server) return stay(state);
  if (answer.kind === 'lease') return bind(answer.lease);
  const search = { keep: lease, until: lease.endsAt, refused: undefined };
  if (answer.status.code === status6.noBinding)
    return request(search, { ...lease, server: answer.server }, moment, client);
  return seekAfter(toRefusal(answer), search, moment);
}

/** Only whether the address is of this link is answered; the lease's times stay. */
function hearConfirmed(
  state: Extract<State6, { at: 'confirming' }>,
  message: Message6,
  moment: Moment,
  client: Client6,
): Step6 {
  const { lease } = state;
  const [server, status] = [serverOf(message, client), statusOf(message.options)];
  if (server === undefined || (status.code !== status6.success && status.code !== status6.notOnLink))
    return stay(state);
  if (status.code === status6.success) return stay({ at: 'bound', lease });
  const search = { keep: lease, until: lease.endsAt, refused: undefined };
  return seekAfter(toRefusal({ server, status }), search, moment);
}

/** The server that answers this client; `undefined` when it is not for this one. */
function serverOf({ options }: Message6, { duid }: Client6): string | undefined {
  if (findOnly(options, opt6.clientId)?.equals(duid) !== true) return undefined;
  return findOnly(options, opt6.serverId)?.toString('hex');
}

/** Something that the server could not do just now: the question is asked again in its time. */
const isPassing = (answer: Answer6): boolean => answer.kind === 'refusal' && answer.status.code === status6.failed;

const toRefusal = ({ server, status }: Pick<Extract<Answer6, { kind: 'refusal' }>, 'server' | 'status'>): Refusal => ({
  why: 'refusal',
  said: `server ${server.slice(0, 40)}: ${status.said}`,
});
