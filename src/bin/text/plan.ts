/** `braid plan`: what pods would get, in each format. Pure. */
import type { Plan } from '../plan';
import { toMermaid } from './mermaid';
import { networksTable, routeLine, ruleLine, section, tellingRoutes } from './picture';
import { toPodSvg } from './pod-svg';

/** How a plan is printed. */
export const planFormats = ['table', 'json', 'yaml', 'mermaid', 'svg'] as const;
export type PlanFormat = (typeof planFormats)[number];

/** The plans in that format; one pod is an object in JSON and YAML, several are a list. */
export async function toPlans(plans: readonly Plan[], format: PlanFormat): Promise<string> {
  const value = plans.length === 1 ? plans[0] : plans;
  switch (format) {
    case 'table':
      return plans.map(toPlanText).join('\n');
    case 'json':
      return `${JSON.stringify(value, undefined, 2)}\n`;
    case 'yaml':
      return (await import('yaml')).stringify(value);
    case 'mermaid':
      return toMermaid(plans);
    case 'svg':
      return toPodSvg(plans);
  }
}

function toPlanText(plan: Plan): string {
  return [
    `Pod ${plan.pod} would get\n\n`,
    networksTable(plan.networks),
    section('Routes', tellingRoutes(plan).map(routeLine)),
    section('Rules', plan.rules.map(ruleLine)),
    section('Made on the node when missing', plan.made),
    section('Assumed', plan.assumed),
    section('Warnings', plan.warnings),
  ].join('');
}
